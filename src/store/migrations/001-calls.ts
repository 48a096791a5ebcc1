import { sql, type Kysely } from 'kysely'
import type { Engine } from '../engine.ts'
import type { Migration } from './migration.ts'

/** Calls and the way they come in, configurations in force, jobs. */
export const calls: Migration = {
  id: 1,
  name: 'calls',
  async up(database, engine) {
    const id = toIdType(engine)
    await createJournal(database, engine)
    await createCall(database, engine)
    await sql`create table config_version (
      version integer primary key, hash text not null, text text not null, applied_at_ms bigint not null
    )`.execute(database)
    await sql`create table job (
      tenant ${id} not null, id ${id} not null, kind text not null, state text not null, input text not null,
      output text, error_code text, created_at_ms bigint not null, started_at_ms bigint, ended_at_ms bigint,
      primary key (tenant, id)
    )`.execute(database)
  },
}

async function createJournal(database: Kysely<unknown>, engine: Engine): Promise<void> {
  const id = toIdType(engine)
  await sql`create table journal (
    id ${id} primary key, segment integer not null, position bigint not null, is_closed integer not null
  )`.execute(database)
  await sql`create table intent (
    root_id ${id} not null, call_id ${id} not null, journal_id ${id} not null, tenant ${id} not null,
    key_id text not null, endpoint text not null, vendor_model text not null, at_ms bigint not null,
    primary key (root_id, call_id)
  )`.execute(database)
}

/** The key alone serves a tree, a tenant's newest trees and a span of time: ids sort by the time of making. */
async function createCall(database: Kysely<unknown>, engine: Engine): Promise<void> {
  const id = toIdType(engine)
  const real = sql.raw(engine === 'sqlite' ? 'real' : 'double precision')
  await sql`create table call (
    tenant ${id} not null, root_id ${id} not null, id ${id} not null, parent_id ${id}, kind text not null,
    name text not null, key_id text not null, started_at_ms bigint not null, duration_ms ${real} not null,
    status text not null, detail text, first_byte_ms ${real}, error_code text, vendor_model text, regions text,
    usage_source text, input_total bigint, cache_read bigint, cache_write_5m bigint, cache_write_1h bigint,
    output_total bigint, reasoning bigint, usage_raw text, cost bigint, price_version text,
    primary key (tenant, root_id, id)
  ) ${sql.raw(engine === 'sqlite' ? 'without rowid' : '')}`.execute(database)
}

/** Ids sort by their bytes on both engines, whatever the locale of the database. */
function toIdType(engine: Engine): ReturnType<typeof sql.raw> {
  return sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
}
