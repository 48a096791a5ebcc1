import { sql, type Kysely, type Transaction } from 'kysely'
import { PlatformError } from '../../core/errors.ts'
import type { Clock } from '../../core/time.ts'
import type { Engine } from '../engine.ts'
import type { Tables } from '../tables.ts'
import type { Migration } from './migration.ts'

export interface MigrateOptions {
  readonly database: Kysely<Tables>
  readonly engine: Engine
  readonly clock: Clock
  readonly migrations: readonly Migration[]
}

/**
 * Brings the schema up to the last migration; resolves with the ids applied. Several processes may do so at once. Rejects
 * with `CONFIG_INVALID` when the database has seen a migration that this version does not know.
 */
export async function migrate(options: MigrateOptions): Promise<readonly number[]> {
  const applied: number[] = []
  for (;;) {
    const id = await options.database.transaction().execute((transaction) => applyNext(transaction, options))
    if (id === undefined) return applied
    applied.push(id)
  }
}

async function applyNext(transaction: Transaction<Tables>, options: MigrateOptions): Promise<number | undefined> {
  // On SQLite the transaction itself is the lock.
  if (options.engine === 'postgres') await sql`select pg_advisory_xact_lock(5740913)`.execute(transaction)
  const known = await readApplied(transaction)
  const stranger = known.find((id) => !options.migrations.some((migration) => migration.id === id))
  if (stranger !== undefined) {
    throw new PlatformError(
      'CONFIG_INVALID',
      `the database has seen migration ${stranger}, which this version does not know; start the version that wrote it, or newer`,
      { param: 'store.url' },
    )
  }
  const next = options.migrations
    .filter((migration) => !known.includes(migration.id))
    .reduce<Migration | undefined>(
      (least, other) => (least === undefined || other.id < least.id ? other : least),
      undefined,
    )
  if (next === undefined) return undefined
  await next.up(transaction as unknown as Kysely<unknown>, options.engine) // a migration knows no tables but its own
  await transaction
    .insertInto('migration')
    .values({ id: next.id, name: next.name, applied_at_ms: Math.trunc(options.clock.now()) })
    .execute()
  return next.id
}

async function readApplied(transaction: Transaction<Tables>): Promise<readonly number[]> {
  await sql`create table if not exists migration (
    id integer primary key, name text not null, applied_at_ms bigint not null)`.execute(transaction)
  const rows = await transaction.selectFrom('migration').select('id').execute()
  return rows.map((row) => row.id)
}
