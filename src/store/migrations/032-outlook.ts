import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Budgets that are forecast: from which probability on somebody is told, and what the forecast last said of each account. */
export const outlook: Migration = {
  id: 32,
  name: 'outlook',
  async up(database) {
    await sql`alter table budget add column forecast double precision`.execute(database)
    await sql`alter table alert add column detail text`.execute(database)
    await sql`create table outlook (account integer primary key, as_of_ms bigint not null, body text)`.execute(database)
  },
}
