import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What an edge node has to tell its centre, what it was lent, and how far a centre has heard its nodes. */
export const edge: Migration = {
  id: 77,
  name: 'edge',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table edge_queue (
      sequence bigint primary key, root_id ${id} not null unique, tree text, mac text not null
    )`.execute(database)
    await sql`create index edge_queue_waiting on edge_queue (sequence) where tree is not null`.execute(database)
    await sql`create table edge_uplink (
      id integer primary key, epoch text not null, key_mark text not null, granted text not null, regions text not null,
      expires_at_ms bigint not null
    )`.execute(database)
    await sql`create table edge_node (
      tenant ${id} not null, node ${id} not null, epoch text not null, acknowledged bigint not null, head text not null, granted text not null,
      spent text not null, unpriced bigint not null, expires_at_ms bigint not null, seen_at_ms bigint not null,
      primary key (tenant, node)
    )`.execute(database)
  },
}
