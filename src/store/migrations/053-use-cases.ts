import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** The registry of use cases: what was answered, which documents there are, what content hinted at; who learnt what. */
export const useCases: Migration = {
  id: 53,
  name: 'use-cases',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table use_case (
      tenant ${id} not null, name ${id} not null, latest integer not null, active integer,
      created_at_ms bigint not null, activated_at_ms bigint, retired_at_ms bigint, primary key (tenant, name)
    )`.execute(database)
    await sql`create table use_case_version (
      tenant ${id} not null, name ${id} not null, version integer not null, title text not null, purpose text not null,
      owner text not null, answers text not null, key_id ${id} not null, at_ms bigint not null,
      primary key (tenant, name, version)
    )`.execute(database)
    await sql`create table use_case_document (
      tenant ${id} not null, name ${id} not null, slot ${id} not null, number integer not null, hash text not null,
      dated text not null, owner text not null, place text, key_id ${id} not null, at_ms bigint not null,
      primary key (tenant, name, slot, number)
    )`.execute(database)
    await sql`create table use_case_signal (
      tenant ${id} not null, name ${id} not null, signal ${id} not null, count bigint not null,
      first_at_ms bigint not null, last_at_ms bigint not null, primary key (tenant, name, signal)
    )`.execute(database)
    await sql`create table literacy_record (
      id ${id} primary key, tenant ${id} not null, person ${id} not null, measure text not null, dated text not null,
      hash text, key_id ${id} not null, at_ms bigint not null
    )`.execute(database)
    await sql`create index literacy_record_tenant on literacy_record (tenant, id)`.execute(database)
    // Counts changes, so that every process sees that there was one.
    await sql`create table use_case_head (id integer primary key, turns bigint not null)`.execute(database)
    await sql`insert into use_case_head (id, turns) values (1, 0)`.execute(database)
  },
}
