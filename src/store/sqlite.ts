import { chmodSync, closeSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type Dialect,
  type SqliteDatabase,
  type SqliteStatement,
} from 'kysely'
import { PlatformError } from '../core/errors.ts'

/** How long a statement waits for another writer; the longest writer is one fold, a few milliseconds. */
const busyMsMax = 5_000
const statementsMax = 256

/**
 * Opens the embedded database, readable by its owner only: write-ahead log, foreign keys on, no extensions, no
 * double-quoted strings. A commit survives the death of the process; the last ones may be lost when power fails.
 */
export function openSqlite(path: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  const readOnly = options.readOnly ?? false
  return guard(() => {
    if (!readOnly) {
      closeSync(openSync(path, 'a', 0o600)) // SQLite gives its -wal and -shm files the mode of the database
      chmodSync(path, 0o600)
    }
    const database = new DatabaseSync(path, { timeout: busyMsMax, enableForeignKeyConstraints: true, readOnly })
    if (!readOnly) {
      database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma journal_size_limit = 67108864')
    }
    return database
  })
}

/** Kysely over `node:sqlite`. Integers are numbers while that is exact and bigints beyond, as on PostgreSQL. */
export function createSqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createDriver() {
      const driver = new SqliteDriver({ database: toKyselyDatabase(database) })
      // A deferred transaction that reads first and writes later fails when another writer came between.
      driver.beginTransaction = async (connection) => {
        await connection.executeQuery(CompiledQuery.raw('begin immediate'))
      }
      return driver
    },
  }
}

function toKyselyDatabase(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>()
  return {
    close: () => database.close(),
    prepare(text) {
      const known = statements.get(text)
      if (known !== undefined) return known
      const statement = guard(() => toKyselyStatement(database, text))
      if (statements.size >= statementsMax) statements.clear()
      statements.set(text, statement)
      return statement
    },
  }
}

function toKyselyStatement(database: DatabaseSync, text: string): SqliteStatement {
  const statement = database.prepare(text)
  statement.setReadBigInts(true)
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => guard(() => statement.all(...toInputs(parameters)).map(toRow)),
    run: (parameters) => guard(() => statement.run(...toInputs(parameters))),
    // Its own statement: a cached one may be run again while this one is still being read.
    iterate: (parameters) => readRows(database.prepare(text), toInputs(parameters)),
  }
}

function* readRows(statement: StatementSync, inputs: readonly SQLInputValue[]): IterableIterator<unknown> {
  statement.setReadBigInts(true)
  for (const row of statement.iterate(...inputs)) yield toRow(row)
}

function toInputs(parameters: readonly unknown[]): readonly SQLInputValue[] {
  return parameters as readonly SQLInputValue[] // node:sqlite itself refuses what is none, and says which
}

function toRow(row: Record<string, unknown>): Record<string, unknown> {
  for (const column in row) {
    const value = row[column]
    if (typeof value === 'bigint') row[column] = toInteger(value)
  }
  return row
}

/** A number while that is exact, the bigint beyond. */
export function toInteger(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

const unavailable: Readonly<Record<number, string>> = {
  5: 'another process keeps it locked',
  6: 'another connection keeps a table locked',
  8: 'it is read-only',
  10: 'the disk reports an error',
  11: 'its file is damaged; restore a backup',
  13: 'the disk is full',
  14: 'its file cannot be opened; check store.folder and its permissions',
  26: 'its file is not a database',
}

/** Runs an act on SQLite; what is the fault of disk or lock comes out as `STORE_UNAVAILABLE`. */
function guard<T>(act: () => T): T {
  try {
    return act()
  } catch (thrown) {
    const reason = findReason(thrown)
    if (reason === undefined) throw thrown
    throw new PlatformError('STORE_UNAVAILABLE', `the embedded database cannot be used: ${reason}`, { cause: thrown })
  }
}

function findReason(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined
  if ('errcode' in thrown && typeof thrown.errcode === 'number') return unavailable[thrown.errcode & 0xff]
  if ('syscall' in thrown && 'code' in thrown) return `${String(thrown.code)} on its file in store.folder`
  return undefined
}
