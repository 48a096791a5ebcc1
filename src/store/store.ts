import { mkdirSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { Kysely, Transaction } from 'kysely'
import type { Config } from '../config/index.ts'
import { assert } from '../core/assert.ts'
import { PlatformError } from '../core/errors.ts'
import type { CallRecorder, EventLog } from '../core/ports.ts'
import { createSystemRandom } from '../core/random.ts'
import type { Clock } from '../core/time.ts'
import { backupDatabase } from './backup.ts'
import { createCallReader, type CallReader } from './calls.ts'
import { createCallScan } from './scan.ts'
import { openDatabase, type Engine, type Location } from './engine.ts'
import { createJournal, type JournalStats, type SideWork } from './journal/index.ts'
import { migrate, migrations } from './migrations/index.ts'
import { countBytes, rewriteDatabase, scrubDatabase } from './scrub.ts'
import type { Tables } from './tables.ts'

/** One SQL database and the journal before it. */
export interface Store {
  readonly engine: Engine
  /** Where the database is, for a thread that opens it on its own. On PostgreSQL it holds the password. */
  readonly location: Location
  /** For queries. Inside `transaction` use the handle given there: this one would wait for the transaction to end. */
  readonly sql: Kysely<Tables>
  /** All or nothing; on SQLite it holds the one place of a writer, so no slow work inside. */
  transaction<T>(work: (sql: Transaction<Tables>) => Promise<T>): Promise<T>
  /** The durable record on the request path. Throws `STORE_UNAVAILABLE` when the journal is full or the disk fails. */
  readonly recorder: CallRecorder
  readonly calls: CallReader
  /** Everything recorded before the call can be read afterwards. Rejects with `STORE_UNAVAILABLE`. */
  flush(): Promise<void>
  /** A copy of the living database; PostgreSQL is refused with `INVALID_REQUEST`, a taken name with `CONFLICT`. */
  backup(path: string): Promise<void>
  /**
   * One piece of a work on the database that no request waits for, done between two folds by the thread that folds; the
   * number of things done, 0 when nothing is left. Rejects with `STORE_UNAVAILABLE`.
   */
  work(work: SideWork): Promise<number>
  /**
   * From now on the attendant of the work is told of every tree in the transaction that writes it. What is written without it waits
   * in table `outbox`.
   */
  attend(work: SideWork): void
  /** Names this process in the ledger: what it holds there ends with it. Throws `STORE_UNAVAILABLE`. */
  owner(): string
  /** Makes what was deleted from the tables leave the disk; false when that could not be done now. */
  scrub(tables: readonly (keyof Tables)[]): Promise<boolean>
  /** Writes the embedded database anew; on PostgreSQL it does nothing. */
  rewrite(): Promise<void>
  /** How often each of the byte strings stands in the database's files; `undefined` where they cannot be read. */
  countBytes(needles: readonly Uint8Array[]): Promise<readonly number[] | undefined>
  stats(): StoreStats
  /** Folds what is left and lets go of everything. */
  close(): Promise<void>
}

export type StoreStats = JournalStats

export interface StoreDeps {
  /** `folder` is absolute. */
  readonly config: Config['store']
  readonly clock: Clock
  readonly log: EventLog
}

/**
 * Opens or makes the database, brings its schema up, and starts to fold what dead processes have left. Rejects with
 * `STORE_UNAVAILABLE` or, for a URL that names a file and for a database of a newer version, `CONFIG_INVALID`.
 */
export async function createStore(deps: StoreDeps): Promise<Store> {
  const { config, clock, log } = deps
  assert(isAbsolute(config.folder), 'store.folder has been resolved')
  makeFolder(config.folder)
  const location = toLocation(config)
  const { engine } = location
  const database = await openDatabase(location, log)
  const journal = createJournal({ ...config, location, log, createJournalId: () => createJournalId(clock) })
  try {
    await migrate({ database, engine, clock, migrations })
    journal.recover(await listForsaken(database, engine))
  } catch (thrown) {
    await journal.close()
    await database.destroy()
    throw thrown
  }
  const reading = { database, flush: () => journal.flush() }
  return {
    engine,
    location,
    sql: database,
    transaction: (work) => database.transaction().execute(work),
    recorder: journal.recorder,
    calls: createCallReader({ ...reading, scan: createCallScan({ ...reading, location }) }),
    flush: () => journal.flush(),
    async backup(path) {
      await journal.flush()
      await backupDatabase(location, path)
    },
    work: (work) => journal.work(work, Math.trunc(clock.now())),
    attend: (work) => journal.attend(work),
    owner: () => journal.owner(),
    scrub: (tables) => scrubDatabase({ engine, database }, tables),
    rewrite: () => (engine === 'sqlite' ? rewriteDatabase(database) : Promise.resolve()),
    countBytes: (needles) => countBytes(location, needles),
    stats: () => journal.stats(),
    async close() {
      await journal.close()
      await database.destroy()
    },
  }
}

/**
 * Journals that the database knows. On SQLite one without files is of a database that was restored from a backup, and
 * what was open in it never comes to an end; on PostgreSQL it is another machine's.
 */
async function listForsaken(database: Kysely<Tables>, engine: Engine): Promise<readonly string[]> {
  if (engine === 'postgres') return []
  const rows = await database.selectFrom('journal').select('id').execute()
  return rows.map((row) => row.id)
}

function toLocation(config: Config['store']): Location {
  if (config.url === 'sqlite:') return { engine: 'sqlite', path: join(config.folder, 'strata.db') }
  if (config.url.startsWith('sqlite:')) {
    const message = 'store.url names a file; write "sqlite:" alone, the embedded database lies in store.folder'
    throw new PlatformError('CONFIG_INVALID', message, { param: 'store.url' })
  }
  return { engine: 'postgres', url: config.url, connectionsMax: config.connectionsMax }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason'
    throw new PlatformError('STORE_UNAVAILABLE', `the data folder ${folder} cannot be made: ${code}`, { cause: thrown })
  }
}

/** Unique among all processes that share a database; it decides nothing, so its chance is the system's. */
function createJournalId(clock: Clock): string {
  const chance = Buffer.from(createSystemRandom().bytes(8)).toString('hex')
  return `${Math.trunc(clock.now()).toString(36)}${chance}`
}
