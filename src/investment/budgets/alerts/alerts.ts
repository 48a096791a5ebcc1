import { toPlatformError } from '../../../core/errors.ts'
import type { Ids } from '../../../core/ids.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { EventLog } from '../../../core/ports.ts'
import { toIso, type Clock } from '../../../core/time.ts'
import type { Ledger, StatedAccount } from '../../ledger/index.ts'
import type { Budget } from '../budget.ts'
import type { Outlooks } from '../outlooks/outlooks.ts'
import type { AlertRow, AlertStore } from './store.ts'
import { toAmountText } from '../../../core/money.ts'

/**
 * Tells a webhook when an account has reached a share of its limit, or when the forecast says that it will be used up before its
 * period ends: at least once, each time under the same id.
 */
export interface Alerts {
  /** How they are sent from now on; `undefined` keeps them until there is a way. */
  use(send: SendAlert | undefined): void
  close(): void
}

/** Rejects when the webhook has not taken it. */
export type SendAlert = (alert: JsonObject) => Promise<void>

export interface AlertsDeps {
  readonly store: AlertStore
  readonly ledger: Pick<Ledger, 'read'>
  readonly outlooks: Outlooks
  /** Every budget that has alerts or is forecast. */
  readonly budgets: () => readonly Budget[]
  readonly ids: Ids
  readonly clock: Clock
  readonly log: EventLog
}

/** No share of a limit is 0. */
const forecastPercent = 0
const lookMs = 1_000
const sentAtOnceMax = 20
const retryMsMax = 3_600_000

export function createAlerts(deps: AlertsDeps): Alerts {
  const { clock, log } = deps
  let send: SendAlert | undefined
  let isBusy = false
  const tick = async (): Promise<void> => {
    const budgets = deps.budgets()
    if (isBusy || budgets.length === 0) return
    isBusy = true
    try {
      const nowMs = Math.trunc(clock.now())
      const accounts = await readAccounts(deps, budgets)
      await note(deps, accounts, nowMs)
      await noteNextForecast(deps, accounts, nowMs)
      if (send !== undefined) await sendDue(deps, { send, accounts, nowMs })
    } catch (thrown) {
      log.warn({ reason: toPlatformError(thrown).message }, 'alerts of budgets could not be looked at')
    } finally {
      isBusy = false
    }
  }
  const timer = setInterval(() => void tick(), lookMs).unref()
  return {
    use(next) {
      send = next
    },
    close: () => clearInterval(timer),
  }
}

interface Watched {
  readonly budget: Budget
  readonly account: StatedAccount
}

async function readAccounts({ ledger }: AlertsDeps, budgets: readonly Budget[]): Promise<readonly Watched[]> {
  const watched: Watched[] = []
  for (const tenant of new Set(budgets.map((budget) => budget.tenant))) {
    for (const account of await ledger.read({ tenant })) {
      const budget = budgets.find((each) => each.tenant === tenant && each.id === account.budget)
      if (budget !== undefined) watched.push({ budget, account })
    }
  }
  return watched
}

async function note({ store, ids }: AlertsDeps, accounts: readonly Watched[], nowMs: number): Promise<void> {
  for (const { budget, account } of accounts) {
    if (account.endsAtMs !== undefined && account.endsAtMs <= nowMs) continue
    for (const percent of budget.alerts) {
      if (account.spent * 100n < account.limit * BigInt(percent) || account.limit === 0n) continue
      await store.note({ account: account.id, percent, id: ids.create('alert') }, nowMs)
    }
  }
}

/** Once for each account, which is once for each period. */
async function noteNextForecast(
  { store, ids, outlooks }: AlertsDeps,
  accounts: readonly Watched[],
  nowMs: number,
): Promise<void> {
  const forecast = accounts.filter(({ budget }) => budget.forecast !== undefined)
  const warning = await outlooks.lookAtNext(forecast, nowMs)
  if (warning === undefined) return
  const { account, detail } = warning
  await store.note(
    { account, percent: forecastPercent, id: ids.create('alert'), detail: JSON.stringify(detail) },
    nowMs,
  )
}

interface Sending {
  readonly send: SendAlert
  readonly accounts: readonly Watched[]
  readonly nowMs: number
}

/** One that is not taken is tried again, later each time. */
async function sendDue({ store, log }: AlertsDeps, { send, accounts, nowMs }: Sending): Promise<void> {
  for (const alert of await store.listDue(nowMs, sentAtOnceMax)) {
    const found = accounts.find(({ account }) => account.id === alert.account)
    const nextMs = nowMs + Math.min(retryMsMax, lookMs * 2 ** (alert.tries + 2))
    if (!(await store.claim(alert, nextMs))) continue
    // Its budget was removed, or has no alerts any more. It waits like one that is not taken, so that others get their turn.
    if (found === undefined) continue
    try {
      await send(toAlertJson(alert, found))
      await store.markSent(alert, nowMs)
    } catch (thrown) {
      log.warn({ alert: alert.id, reason: toPlatformError(thrown).code }, 'the webhook did not take an alert')
    }
  }
}

function toAlertJson(alert: AlertRow, { budget, account }: Watched): JsonObject {
  return {
    object: 'budget.alert',
    id: alert.id,
    at: toIso(alert.at_ms),
    ...toReason(alert),
    tenant: budget.tenant,
    budget: budget.id,
    name: budget.name,
    counts: budget.counts,
    subject: account.subject,
    limit: toAmountText(budget, account.limit),
    posted: toAmountText(budget, account.spent),
    resets_at: account.endsAtMs === undefined ? null : toIso(account.endsAtMs),
  }
}

function toReason({ percent, detail }: AlertRow): JsonObject {
  if (detail === null) return { reason: 'share', percent }
  const forecast = JSON.parse(detail) as JsonObject // as noted here
  return { reason: 'forecast', percent: null, forecast }
}
