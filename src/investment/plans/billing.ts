import { PlatformError } from '../../core/errors.ts'
import { toIso, type Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { hashOf, toCanonicalJson } from './canonical.ts'
import { draftInvoice, remainingOf, type Draft } from './closing.ts'
import { changePlan, getAccount, getPlan } from './changing.ts'
import { giveBack } from './giving-back.ts'
import { checkBatch, takeEvent, type EventVerdict } from './intake.ts'
import { hashOfInvoice, type Invoice } from './invoice.ts'
import { getInvoiceRow, toStored, type StoredInvoice } from './stored.ts'
import { periodAt, type Span } from './period.ts'
import { accountSchema, type Account, type Credit, type Plan } from './schema.ts'
import type { CallSum, DaySum } from '../spend/index.ts'
import {
  createBillingStore,
  type BillingQueries,
  type BillingStore,
  type InvoiceRow,
  type OutcomeMeters,
} from './store.ts'
import { nextSpan, readAccount, readCredits, toPlanView, type AccountView, type PlanView } from './views.ts'

/** Plans, accounts, counted usage and invoices of tenants. */
export interface Billing {
  /** A plan that is there already, word for word, keeps its version; else it gets the next one. */
  putPlan(tenant: string, plan: Plan): Promise<PlanView>
  listPlans(tenant: string): Promise<readonly PlanView[]>
  /** Rejects with NOT_FOUND (the plan) or CONFLICT (another account of that id). */
  putAccount(tenant: string, account: Account): Promise<AccountView>
  getAccount(tenant: string, id: string): Promise<AccountView>
  listAccounts(tenant: string): Promise<readonly Account[]>
  /** Another plan from an instant on. Rejects with PERIOD_CLOSED for one that lies in a billed period. */
  changePlan(tenant: string, id: string, change: { readonly plan: string; readonly atMs: number }): Promise<AccountView>
  putCredit(tenant: string, credit: Credit): Promise<CreditView>
  listCredits(tenant: string, account: string): Promise<readonly CreditView[]>
  /** One verdict for each event, in their order. All that are accepted are on record when it resolves. */
  record(tenant: string, events: readonly unknown[]): Promise<readonly EventVerdict[]>
  listParked(tenant: string, limit: number): ReturnType<BillingQueries['listParked']>
  /** What the calls of a stretch of time used and cost. */
  sumCalls(tenant: string, span: Span): Promise<readonly CallSum[]>
  /** The same by day, for comparing with vendors' statements. */
  sumDays(tenant: string, span: Span): Promise<readonly DaySum[]>
  /** The invoice as it would be now; the next period to be billed when no instant is given. */
  preview(tenant: string, account: string, atMs: number | undefined): Promise<Invoice>
  /** Bills the period that an instant lies in, or the next one. Again gives the same. Rejects with CONFLICT, PERIOD_OPEN. */
  close(tenant: string, account: string, atMs: number | undefined): Promise<StoredInvoice>
  listInvoices(tenant: string, account: string | undefined): Promise<readonly StoredInvoice[]>
  getInvoice(tenant: string, number: string): Promise<StoredInvoice>
  /** Gives back part of an invoice. Rejects with INVALID_REQUEST for more than is left of it. */
  giveBack(
    tenant: string,
    number: string,
    credit: { readonly amount: string; readonly reason: string },
  ): Promise<StoredInvoice>
}

export interface CreditView {
  readonly credit: Credit
  readonly remaining: string
}

export interface BillingDeps {
  readonly store: Pick<Store, 'sql' | 'transaction' | 'flush'>
  readonly clock: Clock
  readonly outcomes: OutcomeMeters
  /** Names of the meters elsewhere that events go on to, as they are now. */
  readonly sinks: () => readonly string[]
}

/** Most events in one call of `record`. */
const eventsMax = 1_000

export function createBilling(deps: BillingDeps): Billing {
  const store = createBillingStore(deps.store, deps.outcomes)
  const now = (): number => Math.trunc(deps.clock.now())
  return { ...plansOf(store, now), ...creditsOf(store, now), ...usageOf(store, deps, now), ...invoicesOf(store, now) }
}

type Part<Names extends keyof Billing> = Pick<Billing, Names>

function plansOf(
  store: BillingStore,
  now: () => number,
): Part<'putPlan' | 'listPlans' | 'putAccount' | 'getAccount' | 'listAccounts' | 'changePlan'> {
  return {
    putPlan: (tenant, plan) =>
      store.inTransaction(async (queries) => {
        const last = await queries.findPlan(tenant, plan.id)
        const hash = hashOf(plan)
        if (last?.hash === hash) return toPlanView(last)
        const row = {
          tenant,
          id: plan.id,
          version: (last?.version ?? 0) + 1,
          hash,
          body: toCanonicalJson(plan),
          created_at_ms: now(),
        }
        await queries.insertPlan(row)
        return toPlanView(row)
      }),
    listPlans: async (tenant) => (await store.listPlans(tenant)).map(toPlanView),
    putAccount: (tenant, account) =>
      store.inTransaction(async (queries) => {
        const before = await readAccount(queries, tenant, account.id)
        if (before !== undefined) {
          if (hashOf(before.account) === hashOf(account)) return before
          throw new PlatformError(
            'CONFLICT',
            `there is another account ${account.id}; accounts are not rewritten, their plan is changed`,
          )
        }
        const plan = await getPlan(queries, tenant, account.plan)
        const startsMs = Date.parse(account.starts_at)
        const endsMs = account.ends_at === undefined ? null : Date.parse(account.ends_at)
        if (endsMs !== null && endsMs <= startsMs)
          throw new PlatformError('INVALID_REQUEST', 'the account ends before it begins', { param: 'ends_at' })
        await queries.insertAccount({ tenant, id: account.id, body: toCanonicalJson(account), created_at_ms: now() })
        await queries.insertSubscription({
          tenant,
          account: account.id,
          number: 1,
          plan: plan.plan.id,
          version: plan.version,
          starts_at_ms: startsMs,
          ends_at_ms: endsMs,
        })
        return getAccount(queries, tenant, account.id)
      }),
    getAccount: (tenant, id) => getAccount(store, tenant, id),
    listAccounts: async (tenant) =>
      (await store.listAccounts(tenant)).map((row) => accountSchema.parse(JSON.parse(row.body))),
    changePlan: (tenant, id, change) =>
      store.inTransaction((queries) => changePlan(queries, { tenant, id, ...change })),
  }
}

function creditsOf(store: BillingStore, now: () => number): Part<'putCredit' | 'listCredits'> {
  return {
    putCredit: (tenant, credit) =>
      store.inTransaction(async (queries) => {
        const view = await getAccount(queries, tenant, credit.account)
        if (credit.expires_at !== undefined && Date.parse(credit.expires_at) <= Date.parse(credit.starts_at)) {
          throw new PlatformError('INVALID_REQUEST', 'the credit expires before it begins', { param: 'expires_at' })
        }
        const before = (await readCredits(queries, tenant, credit.account)).find(({ id }) => id === credit.id)
        if (before !== undefined && hashOf(before) !== hashOf(credit)) {
          throw new PlatformError('CONFLICT', `there is another credit ${credit.id}; credits are not rewritten`)
        }
        if (before === undefined) {
          await queries.insertCredit({
            tenant,
            account: credit.account,
            id: credit.id,
            body: toCanonicalJson(credit),
            created_at_ms: now(),
          })
        }
        return { credit, remaining: remainingOf(view, credit.id, credit.amount) }
      }),
    async listCredits(tenant, account) {
      const view = await getAccount(store, tenant, account)
      return (await readCredits(store, tenant, account)).map((credit) => ({
        credit,
        remaining: remainingOf(view, credit.id, credit.amount),
      }))
    },
  }
}

function usageOf(
  store: BillingStore,
  deps: BillingDeps,
  now: () => number,
): Part<'record' | 'listParked' | 'sumCalls' | 'sumDays'> {
  return {
    async record(tenant, events) {
      checkBatch(events, eventsMax)
      return store.inTransaction(async (queries) => {
        const accounts = new Map<string, AccountView | undefined>()
        const findAccount = async (id: string): Promise<AccountView | undefined> => {
          if (!accounts.has(id)) accounts.set(id, await readAccount(queries, tenant, id))
          return accounts.get(id)
        }
        const intake = { queries, tenant, nowMs: now(), sinks: deps.sinks(), findAccount }
        const verdicts: EventVerdict[] = []
        for (const event of events) verdicts.push(await takeEvent(intake, event))
        return verdicts
      })
    },
    listParked: (tenant, limit) => store.listParked(tenant, limit),
    async sumCalls(tenant, span) {
      await store.flush()
      return store.sumCalls(tenant, span, undefined)
    },
    async sumDays(tenant, span) {
      await store.flush()
      return store.sumDays(tenant, span)
    },
  }
}

function invoicesOf(
  store: BillingStore,
  now: () => number,
): Part<'preview' | 'close' | 'listInvoices' | 'getInvoice' | 'giveBack'> {
  return {
    async preview(tenant, account, atMs) {
      await store.flush()
      const view = await getAccount(store, tenant, account)
      const span = spanOf(view, atMs)
      return (await draftInvoice({ queries: store, tenant, nowMs: now() }, view, span)).invoice
    },
    async close(tenant, account, atMs) {
      await store.flush()
      return store.inTransaction(async (queries) => {
        const view = await getAccount(queries, tenant, account)
        const span = spanOf(view, atMs)
        const done = view.invoices.find((row) => row.purpose === 'period' && row.period_start_ms === span.startMs)
        if (done !== undefined) return toStored(done)
        checkClosing(view, span, now())
        const draft = await draftInvoice({ queries, tenant, nowMs: now() }, view, span)
        const row = toRow(tenant, span, draft)
        await queries.insertInvoice(row)
        return toStored(row)
      })
    },
    listInvoices: async (tenant, account) => (await store.listInvoices(tenant, account)).map(toStored),
    getInvoice: async (tenant, number) => toStored(await getInvoiceRow(store, tenant, number)),
    giveBack: (tenant, number, credit) =>
      store.inTransaction((queries) => giveBack(queries, { tenant, number, nowMs: now(), ...credit })),
  }
}

function spanOf(view: AccountView, atMs: number | undefined): Span {
  if (atMs === undefined) return nextSpan(view)
  const inForce = view.subscriptions.findLast(({ active }) => active.startMs <= atMs) ?? view.subscriptions[0]
  return periodAt(inForce?.plan.period ?? 'month', atMs)
}

/** Periods are billed one after another, each after its end. Throws PERIOD_OPEN or CONFLICT. */
function checkClosing(view: AccountView, span: Span, nowMs: number): void {
  const next = nextSpan(view)
  if (span.startMs !== next.startMs) {
    throw new PlatformError(
      'CONFLICT',
      `periods are billed in their order: the one from ${toIso(next.startMs)} comes next`,
    )
  }
  const endMs = view.subscriptions.at(-1)?.active.endMs ?? span.endMs
  if (endMs <= span.startMs)
    throw new PlatformError('CONFLICT', `the account ended at ${toIso(endMs)}; there is nothing more to bill`)
  if (span.endMs > nowMs) {
    throw new PlatformError(
      'PERIOD_OPEN',
      `the period from ${toIso(span.startMs)} ends at ${toIso(span.endMs)}; it is billed after that`,
    )
  }
}

function toRow(tenant: string, span: Span, { invoice, evidence, billed }: Draft): InvoiceRow {
  return {
    tenant,
    number: invoice.number,
    account: invoice.account.id,
    purpose: 'period',
    period_start_ms: span.startMs,
    period_end_ms: span.endMs,
    issued_at_ms: Date.parse(invoice.issued_at),
    body: toCanonicalJson(invoice),
    evidence: toCanonicalJson(evidence),
    billed: toCanonicalJson(billed),
    hash: hashOfInvoice(invoice),
  }
}
