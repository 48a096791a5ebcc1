import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Deleting by the clock, what stops it, and which records of the audit log have gone that way. */
export const retention: Migration = {
  id: 56,
  name: 'retention',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table legal_hold (
      id ${id} primary key, tenant ${id} not null, name text not null, reason text not null, use_case ${id},
      from_ms bigint, until_ms bigint, key_id ${id} not null, created_at_ms bigint not null, released_at_ms bigint
    )`.execute(database)
    await sql`create index legal_hold_tenant on legal_hold (tenant, id)`.execute(database)
    await sql`alter table audit_leaf add column gone_at_ms bigint`.execute(database)
    // Whoever deletes and whoever holds writes this row first, so that nothing is deleted while a hold is made.
    await sql`create table retention_head (id integer primary key, turns bigint not null)`.execute(database)
    await sql`insert into retention_head (id, turns) values (1, 0)`.execute(database)
  },
}
