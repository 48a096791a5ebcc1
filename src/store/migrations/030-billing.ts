import { sql, type Kysely } from 'kysely'
import type { Engine } from '../engine.ts'
import type { Migration } from './migration.ts'

/** The price book, corrections of what calls cost, plans, accounts, counted events, credits, invoices, exports. */
export const billing: Migration = {
  id: 30,
  name: 'billing',
  async up(database, engine) {
    const id = toIdType(engine)
    await sql`create table price_entry (
      id ${id} primary key, kind text not null, model ${id} not null, body text not null, note text, replaces ${id} unique,
      created_at_ms bigint not null
    )`.execute(database)
    await sql`create table call_adjustment (
      tenant ${id} not null, root_id ${id} not null, call_id ${id} not null, price_version ${id} not null, before bigint,
      after bigint not null, created_at_ms bigint not null, primary key (tenant, root_id, call_id, price_version)
    )`.execute(database)
    await createPlans(database, id)
    await createEvents(database, engine, id)
    await createInvoices(database, id)
  },
}

type IdType = ReturnType<typeof sql.raw>

async function createPlans(database: Kysely<unknown>, id: IdType): Promise<void> {
  await sql`create table billing_plan (
    tenant ${id} not null, id ${id} not null, version integer not null, hash text not null, body text not null,
    created_at_ms bigint not null, primary key (tenant, id, version)
  )`.execute(database)
  await sql`create table billing_account (
    tenant ${id} not null, id ${id} not null, body text not null, created_at_ms bigint not null, primary key (tenant, id)
  )`.execute(database)
  await sql`create table billing_subscription (
    tenant ${id} not null, account ${id} not null, number integer not null, plan ${id} not null, version integer not null,
    starts_at_ms bigint not null, ends_at_ms bigint, primary key (tenant, account, number)
  )`.execute(database)
  await sql`create table billing_credit (
    tenant ${id} not null, account ${id} not null, id ${id} not null, body text not null, created_at_ms bigint not null,
    primary key (tenant, account, id)
  )`.execute(database)
}

async function createEvents(database: Kysely<unknown>, engine: Engine, id: IdType): Promise<void> {
  await sql`create table usage_event (
    tenant ${id} not null, source ${id} not null, id ${id} not null, account ${id} not null, meter ${id} not null,
    quantity text not null, at_ms bigint not null, received_at_ms bigint not null, dimensions text not null,
    hash text not null, primary key (tenant, source, id)
  )`.execute(database)
  await sql`create index usage_event_time on usage_event (tenant, account, at_ms)`.execute(database)
  const number = sql.raw(
    engine === 'sqlite' ? 'integer primary key autoincrement' : 'bigint generated always as identity primary key',
  )
  await sql`create table usage_parked (
    number ${number}, tenant ${id} not null, hash text not null, body text not null, reason text not null,
    received_at_ms bigint not null, unique (tenant, hash)
  )`.execute(database)
  await sql`create table meter_outbox (
    number ${number}, tenant ${id} not null, sink ${id} not null, event_id ${id} not null, body text not null,
    attempts integer not null, next_at_ms bigint not null, sent_at_ms bigint, unique (tenant, sink, event_id)
  )`.execute(database)
}

async function createInvoices(database: Kysely<unknown>, id: IdType): Promise<void> {
  await sql`create table invoice (
    tenant ${id} not null, number ${id} not null, account ${id} not null, purpose text not null,
    period_start_ms bigint not null, period_end_ms bigint not null, issued_at_ms bigint not null, body text not null,
    evidence text not null, billed text not null, hash text not null, primary key (tenant, number)
  )`.execute(database)
  await sql`create index invoice_period on invoice (tenant, account, period_start_ms)`.execute(database)
}

/** Ids sort by their bytes on both engines, whatever the locale of the database. */
function toIdType(engine: Engine): IdType {
  return sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
}
