import { PlatformError } from '../../core/errors.ts'
import { toIso } from '../../core/time.ts'
import type { BillingQueries } from './store.ts'
import { readAccount, toPlanView, type AccountView, type PlanView } from './views.ts'

/** Another plan from an instant on; the one before ends there. Nothing that is billed changes. */
export async function changePlan(
  queries: BillingQueries,
  {
    tenant,
    id,
    plan,
    atMs,
  }: { readonly tenant: string; readonly id: string; readonly plan: string; readonly atMs: number },
): Promise<AccountView> {
  const view = await getAccount(queries, tenant, id)
  const next = await getPlan(queries, tenant, plan)
  const last = view.subscriptions.at(-1)
  if (last === undefined) throw new PlatformError('INTERNAL', 'an account has a plan')
  if (view.closedUntilMs !== undefined && atMs < view.closedUntilMs) {
    throw new PlatformError(
      'PERIOD_CLOSED',
      `everything before ${toIso(view.closedUntilMs)} is billed; change the plan from then on`,
      { param: 'at' },
    )
  }
  if (atMs <= last.active.startMs || atMs >= last.active.endMs) {
    throw new PlatformError(
      'INVALID_REQUEST',
      `the plan in force began at ${toIso(last.active.startMs)}; another begins after that, and before the account ends`,
      { param: 'at' },
    )
  }
  if (next.plan.currency !== last.plan.currency || next.plan.period !== last.plan.period) {
    throw new PlatformError('INVALID_REQUEST', 'an account keeps its currency and its periods; make another account', {
      param: 'plan',
    })
  }
  await queries.endSubscription({ tenant, account: id, number: last.number }, atMs)
  const endsMs = last.active.endMs === Number.MAX_SAFE_INTEGER ? null : last.active.endMs
  await queries.insertSubscription({
    tenant,
    account: id,
    number: last.number + 1,
    plan,
    version: next.version,
    starts_at_ms: atMs,
    ends_at_ms: endsMs,
  })
  return getAccount(queries, tenant, id)
}

/** The plan in its latest version. Rejects with NOT_FOUND. */
export async function getPlan(queries: BillingQueries, tenant: string, id: string): Promise<PlanView> {
  const row = await queries.findPlan(tenant, id)
  if (row === undefined) throw new PlatformError('NOT_FOUND', `there is no plan ${id}`, { param: 'plan' })
  return toPlanView(row)
}

/** Rejects with NOT_FOUND. */
export async function getAccount(queries: BillingQueries, tenant: string, id: string): Promise<AccountView> {
  const view = await readAccount(queries, tenant, id)
  if (view === undefined)
    throw new PlatformError('NOT_FOUND', `there is no account ${id.slice(0, 64)}`, { param: 'account' })
  return view
}
