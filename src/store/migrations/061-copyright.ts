import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Rights in documents. Rows outlive the documents: a work that was withdrawn stays so when somebody brings it again. */
export const copyright: Migration = {
  id: 61,
  name: 'copyright',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table document_right (
      tenant ${id} not null, document ${id} not null, work ${id} not null, licence text, attribution text,
      may_search integer not null, may_ground integer not null, may_train integer not null, may_copy integer not null,
      verdicts text not null, signals text not null, decided_at_ms bigint not null, withdrawn_at_ms bigint,
      primary key (tenant, document)
    )`.execute(database)
    await sql`create index document_right_work on document_right (tenant, work)`.execute(database)
  },
}
