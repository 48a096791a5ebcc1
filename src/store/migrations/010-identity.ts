import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Tenants and their keys. Keys are never deleted: a revoked one stays, so that calls can still name it. */
export const identity: Migration = {
  id: 10,
  name: 'identity',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table tenant (
      id ${id} primary key, name ${id} not null unique, created_at_ms bigint not null
    )`.execute(database)
    await sql`create table api_key (
      id ${id} primary key, tenant ${id} not null references tenant (id), name text not null, role text not null,
      source text not null, hash ${id} not null unique, prefix text not null, models text, regions text,
      created_at_ms bigint not null, expires_at_ms bigint, revoked_at_ms bigint
    )`.execute(database)
  },
}
