import { Kysely, PostgresDialect } from 'kysely'
import type { EventLog } from '../core/ports.ts'
import { createPostgresPool } from './postgres.ts'
import { createSqliteDialect, openSqlite } from './sqlite.ts'
import type { Tables } from './tables.ts'

export type Engine = 'sqlite' | 'postgres'

/** Where the database is: a file, or a server. Plain data, so that it can be handed to a thread. */
export type Location =
  | { readonly engine: 'sqlite'; readonly path: string }
  | { readonly engine: 'postgres'; readonly url: string; readonly connectionsMax: number }

/** Opens the database for queries. Throws `STORE_UNAVAILABLE` when the file cannot be opened; a server is asked later. */
export function openDatabase(location: Location, log: EventLog): Kysely<Tables> {
  if (location.engine === 'sqlite') {
    return new Kysely<Tables>({ dialect: createSqliteDialect(openSqlite(location.path)) })
  }
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: createPostgresPool(location, log) }) })
}
