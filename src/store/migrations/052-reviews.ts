import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Requests and answers held for people, who decided what, and the words they decided on, which are erased apart from it. */
export const reviews: Migration = {
  id: 52,
  name: 'reviews',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table review (
      id ${id} primary key, tenant ${id} not null, stage text not null, state text not null, call ${id} not null,
      key_id ${id} not null, askers text not null, use_case ${id}, model ${id} not null, dialect text not null,
      reason text not null, request_hash text not null, answer_hash text, persons integer not null,
      version integer not null, created_at_ms bigint not null, deadline_ms bigint not null, ended_at_ms bigint,
      used_at_ms bigint, used_call ${id}
    )`.execute(database)
    await sql`create index review_state on review (tenant, state, id)`.execute(database)
    await sql`create index review_deadline on review (state, deadline_ms)`.execute(database)
    await sql`create table review_decision (
      review ${id} not null, version integer not null, person ${id} not null, tenant ${id} not null,
      key_id ${id} not null, decision text not null, reason text not null, salt text not null, at_ms bigint not null,
      primary key (review, version, person)
    )`.execute(database)
    await sql`create table review_content (
      review ${id} not null, part text not null, tenant ${id} not null, text text not null, primary key (review, part)
    )`.execute(database)
  },
}
