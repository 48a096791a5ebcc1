import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Kinds of outcome, tasks, and what happened to them. */
export const outcomes: Migration = {
  id: 31,
  name: 'outcomes',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table outcome_kind (
      tenant ${id} not null, id ${id} not null, body text not null, created_at_ms bigint not null, primary key (tenant, id)
    )`.execute(database)
    await sql`create table outcome (
      tenant ${id} not null, id ${id} not null, kind ${id} not null, account ${id} not null, arm text not null,
      opened_at_ms bigint not null, calls text not null, primary key (tenant, id)
    )`.execute(database)
    await sql`create index outcome_opened on outcome (tenant, account, opened_at_ms)`.execute(database)
    await sql`create table outcome_act (
      tenant ${id} not null, outcome ${id} not null, number integer not null, act text not null, at_ms bigint not null,
      body text not null, recorded_at_ms bigint not null, primary key (tenant, outcome, number)
    )`.execute(database)
  },
}
