import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Documents that are on record and wait to be taken in, by whichever process comes first. */
export const ingestion: Migration = {
  id: 103,
  name: 'ingestion',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    const blob = sql.raw(engine === 'sqlite' ? 'blob' : 'bytea')
    await sql`create table ingestion_job (
      tenant ${id} not null, id ${id} not null, collection ${id} not null, external_id ${id} not null, document text not null,
      bytes ${blob}, state text not null, attempts integer not null, outcome text, reason text, owner ${id},
      lease_until_ms bigint not null, created_at_ms bigint not null, ended_at_ms bigint, primary key (tenant, id)
    )`.execute(database)
    await sql`create index ingestion_job_open on ingestion_job (id) where ended_at_ms is null`.execute(database)
    await sql`create index ingestion_job_ended on ingestion_job (ended_at_ms)`.execute(database)
  },
}
