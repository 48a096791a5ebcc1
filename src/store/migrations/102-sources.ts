import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What each source has, and its syncs: where one is, what it has done, who is at it. */
export const sources: Migration = {
  id: 102,
  name: 'sources',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table source_item (
      tenant ${id} not null, source ${id} not null, item ${id} not null, mark text not null, document_id ${id},
      reason text, seen_in ${id} not null, primary key (tenant, source, item)
    )`.execute(database)
    await sql`create table source_sync (
      tenant ${id} not null, id ${id} not null, source ${id} not null, state text not null, counts text not null,
      reason text, confirmed integer not null, started_at_ms bigint not null, ended_at_ms bigint,
      owner ${id}, lease_until_ms bigint not null, primary key (tenant, id)
    )`.execute(database)
    await sql`create index source_sync_latest on source_sync (tenant, source, id)`.execute(database)
    // One at a time: who begins another finds this one.
    await sql`create unique index source_sync_open on source_sync (tenant, source) where ended_at_ms is null`.execute(
      database,
    )
  },
}
