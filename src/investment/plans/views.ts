import { PlatformError } from '../../core/errors.ts'
import { periodAt, type Span } from './period.ts'
import type { Subscription } from './history.ts'
import { accountSchema, creditSchema, planSchema, type Account, type Credit, type Plan } from './schema.ts'
import type { BillingQueries, InvoiceRow, PlanRow } from './store.ts'

/** A plan in one of its versions. */
export interface PlanView {
  readonly plan: Plan
  readonly version: number
  readonly createdAtMs: number
}

/** An account with the plans that hold for it, the first one first, and how far it is billed. */
export interface AccountView {
  readonly account: Account
  readonly subscriptions: readonly (Subscription & { readonly version: number; readonly number: number })[]
  /** End of the last period that is billed. */
  readonly closedUntilMs: number | undefined
  readonly invoices: readonly InvoiceRow[]
}

export function toPlanView(row: PlanRow): PlanView {
  return { plan: planSchema.parse(JSON.parse(row.body)), version: row.version, createdAtMs: row.created_at_ms }
}

/** `undefined` when the tenant has no such account. */
export async function readAccount(
  queries: BillingQueries,
  tenant: string,
  id: string,
): Promise<AccountView | undefined> {
  const row = await queries.findAccount(tenant, id)
  if (row === undefined) return undefined
  const subscriptions = []
  for (const each of await queries.listSubscriptions(tenant, id)) {
    const plan = await queries.findPlan(tenant, each.plan, each.version)
    if (plan === undefined) throw new PlatformError('INTERNAL', `the plan ${each.plan} of an account is not there`)
    const active = { startMs: each.starts_at_ms, endMs: each.ends_at_ms ?? Number.MAX_SAFE_INTEGER }
    subscriptions.push({ plan: toPlanView(plan).plan, version: each.version, number: each.number, active })
  }
  const invoices = await queries.listInvoices(tenant, id)
  const closed = invoices.filter(({ purpose }) => purpose === 'period').map((invoice) => invoice.period_end_ms)
  const closedUntilMs = closed.length === 0 ? undefined : Math.max(...closed)
  return { account: accountSchema.parse(JSON.parse(row.body)), subscriptions, closedUntilMs, invoices }
}

export async function readCredits(
  queries: BillingQueries,
  tenant: string,
  account: string,
): Promise<readonly Credit[]> {
  return (await queries.listCredits(tenant, account)).map((row) => creditSchema.parse(JSON.parse(row.body)))
}

/** The next period to be billed. */
export function nextSpan({ account, subscriptions, closedUntilMs }: AccountView): Span {
  const atMs = closedUntilMs ?? Date.parse(account.starts_at)
  const inForce = subscriptions.findLast(({ active }) => active.startMs <= atMs) ?? subscriptions[0]
  return periodAt(inForce?.plan.period ?? 'month', atMs)
}
