import type { Kysely, Transaction } from 'kysely'
import type { Store, Tables } from '../../store/index.ts'
import { createSpendQueries, type SpendQueries } from '../spend/index.ts'
import type { Reading } from './meters.ts'
import type { Span } from './period.ts'

export type PlanRow = Tables['billing_plan']
export type AccountRow = Tables['billing_account']
export type SubscriptionRow = Tables['billing_subscription']
export type CreditRow = Tables['billing_credit']
export type EventRow = Tables['usage_event']
export type InvoiceRow = Tables['invoice']

/** The SQL of plans and bills. Everything is of one tenant. */
export interface BillingQueries extends SpendQueries {
  readonly readOutcomes: OutcomeMeter['read']
  findPlan(tenant: string, id: string, version?: number): Promise<PlanRow | undefined>
  listPlans(tenant: string): Promise<readonly PlanRow[]>
  insertPlan(row: PlanRow): Promise<void>
  findAccount(tenant: string, id: string): Promise<AccountRow | undefined>
  listAccounts(tenant: string): Promise<readonly AccountRow[]>
  insertAccount(row: AccountRow): Promise<void>
  listSubscriptions(tenant: string, account: string): Promise<readonly SubscriptionRow[]>
  insertSubscription(row: SubscriptionRow): Promise<void>
  endSubscription(row: Pick<SubscriptionRow, 'tenant' | 'account' | 'number'>, endsAtMs: number): Promise<void>
  listCredits(tenant: string, account: string): Promise<readonly CreditRow[]>
  insertCredit(row: CreditRow): Promise<void>
  findEvent(tenant: string, source: string, id: string): Promise<EventRow | undefined>
  insertEvent(row: EventRow): Promise<void>
  listEvents(tenant: string, account: string, span: Span): Promise<readonly EventRow[]>
  /** Once for each different event and reason. */
  park(row: Omit<Tables['usage_parked'], 'number'>): Promise<void>
  listParked(
    tenant: string,
    limit: number,
  ): Promise<
    readonly {
      readonly number: number
      readonly body: string
      readonly reason: string
      readonly received_at_ms: number
    }[]
  >
  putOutbox(row: Omit<Tables['meter_outbox'], 'number'>): Promise<void>
  listInvoices(tenant: string, account?: string): Promise<readonly InvoiceRow[]>
  findInvoice(tenant: string, number: string): Promise<InvoiceRow | undefined>
  insertInvoice(row: InvoiceRow): Promise<void>
}

export interface BillingStore extends BillingQueries {
  /** All or nothing. On SQLite it holds the one place of a writer. */
  inTransaction<T>(work: (queries: BillingQueries) => Promise<T>): Promise<T>
  /** Everything recorded before can be read afterwards. */
  flush(): Promise<void>
}

/** What outcomes count for an account in a stretch of time, by kind; read where the given handle reads. Filled by `outcomes`. */
export interface OutcomeMeters {
  on(sql: Kysely<Tables>): OutcomeMeter
}

export interface OutcomeMeter {
  read(tenant: string, account: string, span: Span): Promise<readonly Reading[]>
}

export function createBillingStore(
  store: Pick<Store, 'sql' | 'transaction' | 'flush'>,
  outcomes: OutcomeMeters,
): BillingStore {
  return {
    ...createQueries(store.sql, outcomes),
    inTransaction: (work) => store.transaction((sql) => work(createQueries(sql, outcomes))),
    flush: () => store.flush(),
  }
}

function createQueries(sql: Kysely<Tables> | Transaction<Tables>, outcomes: OutcomeMeters): BillingQueries {
  const meter = outcomes.on(sql)
  const readOutcomes: OutcomeMeter['read'] = (tenant, account, span) => meter.read(tenant, account, span)
  return {
    ...plansOf(sql),
    ...subscriptionsOf(sql),
    ...eventsOf(sql),
    ...invoicesOf(sql),
    ...createSpendQueries(sql),
    readOutcomes,
  }
}

type Part<Names extends keyof BillingQueries> = Pick<BillingQueries, Names>

function plansOf(
  sql: Kysely<Tables>,
): Part<'findPlan' | 'listPlans' | 'insertPlan' | 'findAccount' | 'listAccounts' | 'insertAccount'> {
  return {
    findPlan(tenant, id, version) {
      const plans = sql.selectFrom('billing_plan').selectAll().where('tenant', '=', tenant).where('id', '=', id)
      const wanted =
        version === undefined ? plans.orderBy('version', 'desc').limit(1) : plans.where('version', '=', version)
      return wanted.executeTakeFirst()
    },
    listPlans: (tenant) =>
      sql
        .selectFrom('billing_plan')
        .selectAll()
        .where('tenant', '=', tenant)
        .orderBy('id')
        .orderBy('version')
        .execute(),
    async insertPlan(row) {
      await sql.insertInto('billing_plan').values(row).execute()
    },
    findAccount: (tenant, id) =>
      sql
        .selectFrom('billing_account')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst(),
    listAccounts: (tenant) =>
      sql.selectFrom('billing_account').selectAll().where('tenant', '=', tenant).orderBy('id').execute(),
    async insertAccount(row) {
      await sql.insertInto('billing_account').values(row).execute()
    },
  }
}

function subscriptionsOf(
  sql: Kysely<Tables>,
): Part<'listSubscriptions' | 'insertSubscription' | 'endSubscription' | 'listCredits' | 'insertCredit'> {
  return {
    listSubscriptions: (tenant, account) =>
      sql
        .selectFrom('billing_subscription')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('account', '=', account)
        .orderBy('number')
        .execute(),
    async insertSubscription(row) {
      await sql.insertInto('billing_subscription').values(row).execute()
    },
    async endSubscription({ tenant, account, number }, endsAtMs) {
      await sql
        .updateTable('billing_subscription')
        .set({ ends_at_ms: endsAtMs })
        .where('tenant', '=', tenant)
        .where('account', '=', account)
        .where('number', '=', number)
        .execute()
    },
    listCredits: (tenant, account) =>
      sql
        .selectFrom('billing_credit')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('account', '=', account)
        .orderBy('id')
        .execute(),
    async insertCredit(row) {
      await sql.insertInto('billing_credit').values(row).execute()
    },
  }
}

function eventsOf(
  sql: Kysely<Tables>,
): Part<'findEvent' | 'insertEvent' | 'listEvents' | 'park' | 'listParked' | 'putOutbox'> {
  return {
    findEvent: (tenant, source, id) =>
      sql
        .selectFrom('usage_event')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('source', '=', source)
        .where('id', '=', id)
        .executeTakeFirst(),
    async insertEvent(row) {
      await sql.insertInto('usage_event').values(row).execute()
    },
    listEvents: (tenant, account, { startMs, endMs }) =>
      sql
        .selectFrom('usage_event')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('account', '=', account)
        .where('at_ms', '>=', startMs)
        .where('at_ms', '<', endMs)
        .execute(),
    async park(row) {
      await sql
        .insertInto('usage_parked')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    listParked: (tenant, limit) =>
      sql
        .selectFrom('usage_parked')
        .select(['number', 'body', 'reason', 'received_at_ms'])
        .where('tenant', '=', tenant)
        .orderBy('number', 'desc')
        .limit(limit)
        .execute(),
    async putOutbox(row) {
      await sql
        .insertInto('meter_outbox')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
  }
}

function invoicesOf(sql: Kysely<Tables>): Part<'listInvoices' | 'findInvoice' | 'insertInvoice'> {
  return {
    listInvoices(tenant, account) {
      const all = sql.selectFrom('invoice').selectAll().where('tenant', '=', tenant)
      const wanted = account === undefined ? all : all.where('account', '=', account)
      return wanted.orderBy('period_start_ms').orderBy('issued_at_ms').orderBy('number').execute()
    },
    findInvoice: (tenant, number) =>
      sql
        .selectFrom('invoice')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('number', '=', number)
        .executeTakeFirst(),
    async insertInvoice(row) {
      await sql.insertInto('invoice').values(row).execute()
    },
  }
}
