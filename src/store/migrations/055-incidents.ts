import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Incidents with the clock of their reports, and everything that was said of them. */
export const incidents: Migration = {
  id: 55,
  name: 'incidents',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table incident (
      id ${id} primary key, tenant ${id} not null, use_case ${id}, title text not null, kind text not null,
      state text not null, occurred_at_ms bigint not null, aware_at_ms bigint not null, due_at_ms bigint,
      reported_at_ms bigint, closed_at_ms bigint, reference text, key_id ${id} not null, created_at_ms bigint not null
    )`.execute(database)
    await sql`create index incident_tenant on incident (tenant, id)`.execute(database)
    await sql`create index incident_due on incident (state, due_at_ms)`.execute(database)
    await sql`create table incident_note (
      incident ${id} not null, number integer not null, tenant ${id} not null, what text not null, text text not null,
      key_id ${id} not null, at_ms bigint not null, primary key (incident, number)
    )`.execute(database)
  },
}
