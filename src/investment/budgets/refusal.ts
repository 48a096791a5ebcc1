import { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { toAmountText } from '../../core/money.ts'
import { toIso } from '../../core/time.ts'
import type { Budget } from './budget.ts'
import type { Purse } from './purse.ts'

/** Why a call may not go on, with the figures of the account that is short. */
export function toRefusal(purse: Purse | undefined, least: bigint, nowMs: number): PlatformError {
  if (purse === undefined) return new PlatformError('BUDGET_EXCEEDED', 'a budget is used up')
  const { budget, endsAtMs } = purse.scope
  const figures = toFigures(purse)
  const write = (amount: bigint): string => toAmountText(budget, amount)
  const resetsAtMs = budget.spanMs === undefined ? endsAtMs : toFreeMs(purse, nowMs + budget.spanMs)
  const details: JsonObject = {
    budget: budget.id,
    name: budget.name,
    counts: budget.counts,
    subject: purse.scope.subject === '' ? null : purse.scope.subject,
    limit: write(figures.limit),
    posted: write(figures.posted),
    held: write(figures.held),
    needed: write(least),
    resets_at: resetsAtMs === undefined ? null : toIso(resetsAtMs),
    sent: false,
  }
  const message = `budget "${budget.name}" has a limit of ${write(figures.limit)}${unitOf(budget)}: ${write(figures.posted)} spent, ${write(figures.held)} held, ${write(least)} needed`
  const retryAfterMs = toRetryMs(budget, { resetsAtMs, nowMs, isHeld: figures.held > 0n })
  const code = budget.counts === 'money' ? 'BUDGET_EXCEEDED' : 'RATE_LIMITED'
  return new PlatformError(code, message, { details, retryAfterMs })
}

/** Why a call may not go on of whose budgets nobody has said anything: that is no word about them. */
export function toUntold(): PlatformError {
  return new PlatformError('STORE_UNAVAILABLE', 'the ledger has not said in time what is left of a budget', {
    details: { sent: false },
    retryAfterMs: 1_000,
  })
}

/** When the next of a sliding limit comes free; what was spent just now has its whole span before it. */
function toFreeMs({ standing }: Purse, latestMs: number): number {
  const freeMs = standing?.nextFreeMs
  return freeMs !== undefined && Number.isFinite(freeMs) ? Math.min(freeMs, latestMs) : latestMs
}

function toFigures({ standing, scope, used, lent, drawn }: Purse): {
  readonly limit: bigint
  readonly posted: bigint
  readonly held: bigint
} {
  if (standing === undefined) return { limit: scope.budget.limit, posted: used, held: lent }
  const { balance, posted, heldByOthers } = standing
  // What was charged here and is on its way into the ledger is spent, not held.
  const isOwn = drawn > 0n
  return {
    limit: balance.limit,
    posted: isOwn ? balance.spent - posted + used : balance.spent,
    held: heldByOthers + lent,
  }
}

/** What is held may come free any moment; what is spent only when the period is over. */
function toRetryMs(
  budget: Budget,
  state: { readonly resetsAtMs: number | undefined; readonly nowMs: number; readonly isHeld: boolean },
): number | undefined {
  if (budget.counts === 'concurrency' || state.isHeld) return 1_000
  if (state.resetsAtMs !== undefined) return Math.max(1, state.resetsAtMs - state.nowMs)
  return budget.counts === 'money' ? undefined : 1_000
}

function unitOf(budget: Budget): string {
  return budget.counts === 'money' ? ' dollars' : budget.counts === 'concurrency' ? ' at once' : ` ${budget.counts}`
}
