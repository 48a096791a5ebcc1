import type { Call } from '../../core/call.ts'
import type { PlatformError } from '../../core/errors.ts'
import type { Need, Purse } from './purse.ts'

/** A call that waits for its purses to have enough. */
export interface Waiter {
  readonly needs: readonly Need[]
  readonly resolve: (given: readonly bigint[]) => void
  readonly reject: (error: PlatformError) => void
  /** Monotonic milliseconds, both. */
  readonly untilMs: number
  /** Until when it waits for what it would like rather than take the least. */
  readonly patientUntilMs: number
  readonly call: Call
  /** The ledger has been asked since the purses last changed. */
  isAsked: boolean
}

/** Money comes back when calls under way end, here or elsewhere; what others have in reserve they hand over. */
export function mayComeBack(purse: Purse, waiters: readonly Waiter[]): boolean {
  if ((purse.shortage?.heldByOthers ?? 0n) > 0n) return true
  if (purse.scope.budget.counts !== 'money') return false
  // What is lent to answers that themselves wait for more does not come back.
  const needs = waiters.flatMap((waiter) => waiter.needs.filter((need) => need.purse === purse))
  return purse.lent > needs.reduce((sum, { holding }) => sum + (holding ?? 0n), 0n)
}

/**
 * Who waits for nothing that could still come, and who goes on. Of answers that all wait for each other only the newest is
 * told: what it gives back may be enough for the rest.
 */
export function partHopeless(
  waiters: readonly Waiter[],
  nowMs: number,
): { readonly staying: readonly Waiter[]; readonly told: readonly Waiter[] } {
  const staying: Waiter[] = []
  const told: Waiter[] = []
  let isExtensionTold = false
  for (const waiter of waiters.toReversed()) {
    const mayCome = waiter.needs.every(({ purse, least }) => purse.open >= least || mayComeBack(purse, waiters))
    const isExtension = waiter.needs.some(({ holding }) => holding !== undefined)
    const isHopeless = !mayCome && !(isExtension && isExtensionTold)
    if (waiter.call.cancellation.isCancelled || waiter.untilMs <= nowMs || isHopeless) {
      isExtensionTold ||= isExtension
      told.push(waiter)
    } else staying.push(waiter)
  }
  return { staying: staying.reverse(), told }
}

export function sharesPurse(needs: readonly Need[], others: readonly Need[]): boolean {
  return needs.some(({ purse }) => others.some((other) => other.purse === purse))
}
