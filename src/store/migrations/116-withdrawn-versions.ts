import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Versions of deleted documents: what was answered from them is known by it, in every record that names them. */
export const withdrawnVersions: Migration = {
  id: 116,
  name: 'withdrawn-versions',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table withdrawn_version (
      tenant ${id} not null, version_id ${id} not null, document_id ${id} not null, withdrawn_at_ms bigint not null,
      primary key (tenant, version_id)
    )${sql.raw(engine === 'sqlite' ? ' without rowid' : '')}`.execute(database)
    await sql`create index withdrawn_version_document on withdrawn_version (tenant, document_id)`.execute(database)
  },
}
