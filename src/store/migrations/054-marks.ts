import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Keyed fingerprints of texts that were generated here, so that one given back is known again. */
export const marks: Migration = {
  id: 54,
  name: 'marks',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table mark (
      call ${id} primary key, tenant ${id} not null, model ${id} not null, use_case ${id}, at_ms bigint not null,
      words integer not null, prints integer not null
    )`.execute(database)
    await sql`create index mark_time on mark (at_ms)`.execute(database)
    await sql`create table mark_print (
      tenant ${id} not null, print bigint not null, call ${id} not null, primary key (tenant, print, call)
    )`.execute(database)
    await sql`create index mark_print_call on mark_print (call)`.execute(database)
  },
}
