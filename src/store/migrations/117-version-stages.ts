import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What was done with each version on its way in, and what its reading came to, so that the same is not read twice. */
export const versionStages: Migration = {
  id: 117,
  name: 'version-stages',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    const blob = sql.raw(engine === 'sqlite' ? 'blob' : 'bytea')
    await sql`create table version_stage (
      tenant ${id} not null, version_id ${id} not null, stages text not null, parse_key ${id}, parsed ${blob},
      primary key (tenant, version_id),
      foreign key (tenant, version_id) references document_version on delete cascade
    )`.execute(database)
    await sql`create index version_stage_parsed on version_stage (tenant, parse_key) where parsed is not null`.execute(
      database,
    )
  },
}
