import { Kysely, PostgresDialect } from 'kysely'
import type { EventLog } from '../core/ports.ts'
import { createSqliteDialect } from './sqlite-dialect.ts'
import { openSqlite } from './sqlite.ts'
import type { Tables } from './tables.ts'

export type Engine = 'sqlite' | 'postgres'

/** Where the database is: a file, or a server. Plain data, so that it can be handed to a thread. */
export type Location =
  | { readonly engine: 'sqlite'; readonly path: string }
  | { readonly engine: 'postgres'; readonly url: string; readonly connectionsMax: number }

/**
 * Opens the database for queries. Rejects with `STORE_UNAVAILABLE` when the file cannot be opened; a server is asked later.
 * `pageBytesMax` is memory for pages of the embedded database; its own 2 MB when absent.
 */
export async function openDatabase(
  location: Location,
  log: EventLog,
  { pageBytesMax }: { readonly pageBytesMax?: number } = {},
): Promise<Kysely<Tables>> {
  if (location.engine === 'sqlite') {
    const database = openSqlite(location.path)
    if (pageBytesMax !== undefined) database.exec(`pragma cache_size = -${Math.trunc(pageBytesMax / 1_024)}`)
    return new Kysely<Tables>({ dialect: createSqliteDialect(database) })
  }
  const { createPostgresPool } = await import('./postgres.ts') // its driver is loaded only where it is used
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: createPostgresPool(location, log) }) })
}
