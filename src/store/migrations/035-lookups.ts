import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What vendors can be asked about dispatches that did not report their usage, and what they said. */
export const lookups: Migration = {
  id: 35,
  name: 'lookups',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`alter table intent add column answer text`.execute(database)
    await sql`create table call_lookup (
      tenant ${id} not null, root_id ${id} not null, call_id ${id} not null, endpoint ${id} not null, vendor_model ${id} not null,
      answer text not null, started_at_ms bigint not null, assumed text, state text not null default 'open',
      attempts integer not null default 0, next_at_ms bigint not null, reason text, told_at_ms bigint, input_total bigint,
      cache_read bigint, cache_write_5m bigint, cache_write_1h bigint, output_total bigint, reasoning bigint, usage_raw text,
      primary key (root_id, call_id)
    )`.execute(database)
    await sql`create index call_lookup_due on call_lookup (next_at_ms) where state in ('open', 'found')`.execute(
      database,
    )
  },
}
