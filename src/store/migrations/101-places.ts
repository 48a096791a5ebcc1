import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Where the text of a version stands in its file: pages with boxes, cells, slides. What was taken in before has none. */
export const places: Migration = {
  id: 101,
  name: 'places',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table version_place (
      tenant ${id} not null, version_id ${id} not null, start_at integer not null, end_at integer not null,
      places text not null, primary key (tenant, version_id, start_at),
      foreign key (tenant, version_id) references document_version on delete cascade
    )`.execute(database)
  },
}
