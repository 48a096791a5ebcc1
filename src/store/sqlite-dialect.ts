import { setTimeout } from 'node:timers/promises'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type Dialect,
  type Driver,
  type SqliteDatabase,
  type SqliteStatement,
} from 'kysely'
import { PlatformError } from '../core/errors.ts'
import { busyMsMax, guard, toRow } from './sqlite.ts'

const statementsMax = 256

/** Kysely over `node:sqlite`. Integers are numbers while that is exact and bigints beyond, as on PostgreSQL. */
export function createSqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createDriver: () => createDriver(database),
  }
}

function createDriver(database: DatabaseSync): Driver {
  database.exec('pragma busy_timeout = 0')
  const driver = new SqliteDriver({ database: toKyselyDatabase(database) })
  const acquire = driver.acquireConnection.bind(driver)
  driver.acquireConnection = async () => {
    const connection = await acquire()
    return {
      executeQuery: (query) => waitForWriter(() => connection.executeQuery(query)),
      streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
    }
  }
  // A deferred transaction that reads first and writes later fails when another writer came between.
  driver.beginTransaction = async (connection) => {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
  // Where the disk is full or fails, SQLite has rolled back itself, and what it said of that is what has to be told.
  const rollback = driver.rollbackTransaction.bind(driver)
  driver.rollbackTransaction = async (connection) => {
    if (database.isTransaction) await rollback(connection)
  }
  return driver
}

/**
 * SQLite's own waiting would block the event loop, and for ever where the other writer runs on it too. A statement that
 * found the database locked has done nothing; inside a transaction none does.
 */
async function waitForWriter<T>(act: () => Promise<T>): Promise<T> {
  let waitMs = 1
  for (let waitedMs = 0; ; waitedMs += waitMs) {
    try {
      return await act()
    } catch (thrown) {
      if (waitedMs >= busyMsMax || !isBusy(thrown)) throw thrown
      waitMs = Math.min(20, waitMs * 2)
      await setTimeout(waitMs)
    }
  }
}

function isBusy(thrown: unknown): boolean {
  const cause = thrown instanceof PlatformError ? thrown.cause : thrown
  return (
    cause instanceof Error && 'errcode' in cause && typeof cause.errcode === 'number' && (cause.errcode & 0xff) === 5
  )
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
