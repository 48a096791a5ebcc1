import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** The log that auditors check: its leaves, what it said of itself, the acts of administrators, and what decisions are made from. */
export const audit: Migration = {
  id: 51,
  name: 'audit',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table audit_leaf (
      place bigint primary key, tenant ${id} not null, sequence bigint not null, kind text not null,
      subject ${id} not null unique, hash text not null, unique (tenant, sequence)
    )`.execute(database)
    await sql`create table audit_checkpoint (
      size bigint primary key, at_ms bigint not null, note text not null, frontier text not null
    )`.execute(database)
    await sql`create table audit_act (
      id ${id} primary key, tenant ${id} not null, at_ms bigint not null, body text not null
    )`.execute(database)
    await sql`create table audit_material (hash ${id} primary key, kind text not null, text text not null)`.execute(
      database,
    )
    // Whoever appends writes this row first, so that one appends at a time.
    await sql`create table audit_head (id integer primary key, turns bigint not null)`.execute(database)
    await sql`insert into audit_head (id, turns) values (1, 0)`.execute(database)
  },
}
