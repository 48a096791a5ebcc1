import { sql, type Kysely } from 'kysely'
import type { Engine } from '../engine.ts'
import type { Migration } from './migration.ts'

/**
 * Budgets, their accounts, what is held on them, and the log of transfers. Amounts are decimal text: they go beyond 64
 * bits, and are added where they are locked.
 */
export const ledger: Migration = {
  id: 20,
  name: 'ledger',
  async up(database, engine) {
    await createBudget(database, engine)
    await createAccount(database, engine)
    await createAround(database, engine)
  },
}

async function createBudget(database: Kysely<unknown>, engine: Engine): Promise<void> {
  const id = toIdType(engine)
  await sql`create table budget (
    tenant ${id} not null, id ${id} not null, name ${id} not null, counts text not null, limit_amount text not null,
    match text not null, each_of text not null, period text not null, span_ms bigint, alerts text not null,
    created_at_ms bigint not null, changed_at_ms bigint not null, removed_at_ms bigint,
    primary key (tenant, id)
  )`.execute(database)
  await sql`create unique index budget_name on budget (tenant, name) where removed_at_ms is null`.execute(database)
}

async function createAccount(database: Kysely<unknown>, engine: Engine): Promise<void> {
  const id = toIdType(engine)
  await sql`create table account (
    number ${toNumbered(engine)}, tenant ${id} not null, budget ${id} not null, subject ${id} not null,
    starts_at_ms bigint not null, ends_at_ms bigint, span_ms bigint,
    limit_amount text not null, spent text not null, held text not null,
    unique (tenant, budget, subject, starts_at_ms)
  )`.execute(database)
  await sql`create table hold (
    id ${id} not null, account integer not null, owner ${id} not null, purpose text not null, amount text not null,
    posted text not null, deadline_ms bigint not null, state text not null, primary key (id, account)
  )`.execute(database)
  await sql`create index hold_live on hold (account, deadline_ms) where state = 'live'`.execute(database)
  await sql`create index hold_owner on hold (owner) where state = 'live'`.execute(database)
  await sql`create table transfer (
    number ${toNumbered(engine)}, account integer not null, kind text not null, debit text not null,
    credit text not null, amount text not null, hold ${id}, reference ${id}, at_ms bigint not null
  )`.execute(database)
  await sql`create index transfer_account on transfer (account, number)`.execute(database)
  await sql`create unique index transfer_reference on transfer (reference) where reference is not null`.execute(
    database,
  )
  await sql`create table lapse (
    account integer not null, at_ms bigint not null, amount text not null, primary key (account, at_ms)
  )`.execute(database)
}

/** What the accounts are joined to: open dispatches, processes in need, exporters, alerts, repeated requests, keys. */
async function createAround(database: Kysely<unknown>, engine: Engine): Promise<void> {
  const id = toIdType(engine)
  await sql`alter table intent add column charges text`.execute(database)
  await sql`create table want (
    account integer not null, owner ${id} not null, until_ms bigint not null, primary key (account, owner)
  )`.execute(database)
  await sql`create table outbox (
    number ${toNumbered(engine)}, journal_id ${id} not null, at_ms bigint not null, calls text not null
  )`.execute(database)
  await sql`create table alert (
    account integer not null, percent integer not null, id ${id} not null, at_ms bigint not null, sent_at_ms bigint,
    tries integer not null, next_ms bigint not null, primary key (account, percent)
  )`.execute(database)
  await sql`create table repeatable (
    tenant ${id} not null, id ${id} not null, fingerprint text not null, state text not null, answer text,
    owner ${id} not null, call_id ${id}, expires_at_ms bigint not null, primary key (tenant, id)
  )`.execute(database)
  for (const column of ['team', 'project', 'user_name'])
    await sql`alter table api_key add column ${sql.raw(column)} text`.execute(database)
}

function toNumbered(engine: Engine): ReturnType<typeof sql.raw> {
  return sql.raw(
    engine === 'sqlite' ? 'integer primary key autoincrement' : 'integer generated always as identity primary key',
  )
}

function toIdType(engine: Engine): ReturnType<typeof sql.raw> {
  return sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
}
