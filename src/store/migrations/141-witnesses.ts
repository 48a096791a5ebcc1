import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What others have said of the audit log: cosignatures of witnesses, time-stamps of an authority. */
export const witnesses: Migration = {
  id: 141,
  name: 'witnesses',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table audit_cosignature (
      size bigint not null, witness ${id} not null, line text not null, primary key (size, witness)
    )`.execute(database)
    await sql`create table audit_timestamp (
      size bigint primary key, at_ms bigint not null, token text not null
    )`.execute(database)
  },
}
