import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Learned routers in their versions, what was said of answers, and choices with the chance each had. */
export const learning: Migration = {
  id: 75,
  name: 'learning',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    const real = sql.raw(engine === 'sqlite' ? 'real' : 'double precision')
    await sql`create table router (
      tenant ${id} not null, name ${id} not null, version integer not null, certificate text, drift text, bandit text,
      updated_at_ms bigint not null, primary key (tenant, name)
    )`.execute(database)
    await sql`create table router_version (
      tenant ${id} not null, name ${id} not null, version integer not null, hash text not null, file text not null,
      created_at_ms bigint not null, primary key (tenant, name, version)
    )`.execute(database)
    await sql`create table router_decision (
      tenant ${id} not null, id ${id} not null, router ${id} not null, model text not null, arms text not null,
      at_ms bigint not null, score ${real}, primary key (tenant, id)
    )`.execute(database)
    await sql`create table feedback (
      tenant ${id} not null, id ${id} not null, source text not null, call_id text, decision_id text,
      model text not null, score ${real} not null, cost ${real}, prompt text, answer text, comment text, key_id text not null,
      at_ms bigint not null, primary key (tenant, id)
    )`.execute(database)
    await sql`create table evaluation (
      tenant ${id} not null, id ${id} not null, name text not null, models text not null, summary text not null,
      results text not null, at_ms bigint not null, primary key (tenant, id)
    )`.execute(database)
  },
}
