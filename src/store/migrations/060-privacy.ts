import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** The vault of personal data: one key for each tenant, and what is sealed with it. */
export const privacy: Migration = {
  id: 60,
  name: 'privacy',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table privacy_key (
      tenant ${id} primary key, wrapped text not null, created_at_ms bigint not null
    )`.execute(database)
    await sql`create table privacy_value (
      tenant ${id} not null, token ${id} not null, type text not null, sealed text not null,
      created_at_ms bigint not null, primary key (tenant, token)
    )`.execute(database)
  },
}
