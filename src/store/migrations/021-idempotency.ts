import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Requests with an idempotency key, in place of the table of 20 that nothing was ever written to. */
export const idempotency: Migration = {
  id: 21,
  name: 'idempotency',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    const blob = sql.raw(engine === 'sqlite' ? 'blob' : 'bytea')
    await sql`drop table repeatable`.execute(database)
    await sql`create table repeatable (
      tenant ${id} not null, id ${id} not null, fingerprint text not null, state text not null, owner ${id} not null,
      call_id ${id}, answer ${blob}, answer_bytes integer not null, expires_at_ms bigint not null,
      primary key (tenant, id)
    )`.execute(database)
    await sql`create index repeatable_kept on repeatable (tenant, expires_at_ms, id, answer_bytes)`.execute(database)
    await sql`create index repeatable_expiry on repeatable (expires_at_ms)`.execute(database)
    await sql`create index repeatable_owner on repeatable (owner) where state = 'begun'`.execute(database)
  },
}
