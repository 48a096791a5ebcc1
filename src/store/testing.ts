/** For tests only: the same tests on both engines, each store in a place of its own. */
import { randomUUID } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { Kysely, PGliteDialect } from 'kysely'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, inject } from 'vitest'
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
  createPlace(options?: PlaceOptions): Promise<Place>
}

export interface PlaceOptions {
  /** Without a schema; else a new place has today's, so that no store has to bring it up. */
  readonly isEmpty?: boolean
}

/** What the tests share; `test/setup/databases.ts` makes it. */
export interface TestDatabases {
  /** An embedded database with today's schema and nothing in it. */
  readonly sqlitePath: string
  /** Where the URL of the PostgreSQL server is told. */
  readonly postgresPort: number
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly databases: TestDatabases
  }
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
    define(prepare('sqlite'))
  })
  describe(`${name} (PostgreSQL)`, () => {
    let server: PostgresServer | undefined
    beforeAll(async () => {
      server = await startPostgres()
    })
    afterAll(async () => {
      await server?.stop()
    })
    const createUrl = async (options?: PlaceOptions): Promise<string> => {
      assert(server !== undefined, 'the server is started before the tests')
      return server.createUrl(options)
    }
    define(prepare('postgres', createUrl))
  })
}

function prepare(engine: Engine, createUrl?: PostgresServer['createUrl']): OpenStore {
  const stores: Store[] = []
  const folders: string[] = []

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  const createPlace = async (options?: PlaceOptions): Promise<Place> => {
    const folder = mkdtempSync(join(tmpdir(), 'strata-store-'))
    folders.push(folder)
    if (createUrl !== undefined) return { folder, url: await createUrl(options) }
    if (options?.isEmpty !== true) putDatabase(folder)
    return { folder, url: 'sqlite:' }
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

/** Puts an embedded database with today's schema into a data folder. A scorecard has none at hand: there the store makes it. */
export function putDatabase(folder: string): void {
  if (process.env['VITEST'] === undefined) return
  copyFileSync(inject('databases').sqlitePath, join(folder, 'strata.db'))
}

const defaults = {
  foldMs: 5,
  foldRowsMax: 2_000,
  journalBytesMax: 67_108_864,
  connectionsMax: 4,
} as const

/** A real PostgreSQL server on loopback, which all test files share; databases of their own keep them apart. */
export interface PostgresServer {
  /** The URL of a new database with today's schema, or with none. */
  createUrl(options?: PlaceOptions): Promise<string>
  /** Lets go of the databases that were made here. */
  stop(): Promise<void>
}

export async function startPostgres(): Promise<PostgresServer> {
  const url = await askForUrl(inject('databases').postgresPort)
  const admin = new pg.Client(`${url}/postgres`)
  await admin.connect()
  const made: string[] = []
  return {
    async createUrl({ isEmpty = false } = {}) {
      const name = `test_${process.pid}_${randomUUID().slice(0, 8)}`
      await admin.query(`create database ${name} template ${isEmpty ? 'template0' : 'template_strata'}`)
      made.push(name)
      return `${url}/${name}`
    },
    async stop() {
      for (const name of made.splice(0)) await admin.query(`drop database ${name} with (force)`)
      await admin.end()
    },
  }
}

async function askForUrl(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const url = await text(socket)
  assert(url !== '', 'the PostgreSQL server of the tests has started')
  return url
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
