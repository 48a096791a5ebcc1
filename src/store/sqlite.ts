import { chmodSync, closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { PlatformError } from '../core/errors.ts'

/** How long a statement waits for another writer; the longest of ours is one fold, a few milliseconds. */
export const busyMsMax = 5_000

/**
 * Opens the embedded database, readable by its owner only: write-ahead log, foreign keys on, no extensions, no
 * double-quoted strings. A commit survives the death of the process; the last ones may be lost when power fails.
 */
export function openSqlite(path: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  const readOnly = options.readOnly ?? false
  return guard(
    () => {
      if (!readOnly) createFile(path)
      const database = new DatabaseSync(path, { timeout: busyMsMax, enableForeignKeyConstraints: true, readOnly })
      if (!readOnly) {
        // Pages of 16 KiB take rows of calls a quarter cheaper than the usual ones of 4. Only a new database heeds it.
        database.exec('pragma page_size = 16384; pragma journal_mode = wal; pragma synchronous = normal')
        database.exec('pragma journal_size_limit = 67108864')
        // What is deleted is written over with zeros, so that it can be shown to be gone.
        database.exec('pragma secure_delete = on')
      }
      return database
    },
    readOnly ? undefined : path,
  )
}

/**
 * SQLite gives its -wal and -shm files the mode of the database. A file that is there is never opened here: to close it
 * again would drop the locks that SQLite holds on it elsewhere in this process.
 */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown
    chmodSync(path, 0o600)
  }
}

/** A number while that is exact, the bigint beyond. */
export function toInteger(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

/** A row read with bigints, its integers numbers while that is exact. */
export function toRow(row: Record<string, unknown>): Record<string, unknown> {
  for (const column in row) {
    const value = row[column]
    if (typeof value === 'bigint') row[column] = toInteger(value)
  }
  return row
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

/** Runs an act on SQLite; what is the fault of disk or lock comes out as `STORE_UNAVAILABLE`, which names a path it is given. */
export function guard<T>(act: () => T, path?: string): T {
  try {
    return act()
  } catch (thrown) {
    const reason = findReason(thrown)
    if (reason === undefined) throw thrown
    const database = path === undefined ? 'the embedded database' : `the embedded database ${path}`
    throw new PlatformError('STORE_UNAVAILABLE', `${database} cannot be used: ${reason}`, { cause: thrown })
  }
}

function findReason(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined
  if ('errcode' in thrown && typeof thrown.errcode === 'number') return unavailable[thrown.errcode & 0xff]
  if ('syscall' in thrown && 'code' in thrown) return `${String(thrown.code)} on its file`
  return undefined
}
