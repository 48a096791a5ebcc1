import type { Call } from '../../core/call.ts'
import type { PlatformError } from '../../core/errors.ts'
import type { Need, Purse } from './purse.ts'

/** A call that waits for its purses to have enough. */
export interface Waiter {
  readonly needs: readonly Need[]
  readonly resolve: (given: readonly bigint[]) => void
  readonly reject: (error: PlatformError) => void
  /** Monotonic milliseconds, as are the others. */
  readonly sinceMs: number
  /** How long it waits once it knows what there is; the first half of that for what it would like rather than take the least. */
  readonly waitMs: number
  readonly call: Call
  /** When the ledger first said what there is. How long a database takes to answer is no sign that money is short. */
  toldMs: number | undefined
  /** The ledger has been asked since the purses last changed. */
  isAsked: boolean
}

/** How long other processes are given to hand over what they do not use, milliseconds. */
export const recallMs = 600

/** How long the ledger is given to say what there is. */
const ledgerMsMax = 10_000

/** Until when it waits at the longest. */
function toEndMs({ sinceMs, waitMs, toldMs, call }: Waiter): number {
  const endMs = toldMs === undefined ? sinceMs + Math.max(waitMs, ledgerMsMax) : toldMs + waitMs
  return Math.min(endMs, call.deadlineMs)
}

/** Whether so much can come: calls under way end, here or elsewhere, and what others have in reserve they hand over. */
function mayCome(purse: Purse, amount: bigint, waiters: readonly Waiter[]): boolean {
  const { standing, scope, used, lent } = purse
  if (standing !== undefined) {
    const { balance, posted, heldByOthers } = standing
    if (balance.limit - (balance.spent - posted + used) < amount) return false
    if (heldByOthers > 0n) return true
  }
  if (scope.budget.counts !== 'money') return false
  // What is lent to answers that themselves wait for more does not come back.
  const needs = waiters.flatMap((waiter) => waiter.needs.filter((need) => need.purse === purse))
  return lent > needs.reduce((sum, { holding }) => sum + (holding ?? 0n), 0n)
}

/** Whether a call had better wait for all it would like: while there is time, and more may come. */
export function isPatient(waiter: Waiter, waiters: readonly Waiter[], nowMs: number): boolean {
  const toldMs = waiter.toldMs ?? nowMs
  if (toldMs + (toEndMs(waiter) - toldMs) / 2 <= nowMs) return false
  return waiter.needs.every(({ purse, waitFor }) => {
    // What others have in reserve has come by then; what their calls use may take as long as it likes.
    const isOnlyElsewhere = purse.lent === 0n && nowMs - toldMs > 2 * recallMs
    return !isOnlyElsewhere && mayCome(purse, waitFor, waiters)
  })
}

/**
 * Who waits for nothing that could still come, and who goes on. Of answers that all wait for each other only the newest is
 * told: what it gives back may be enough for the rest.
 */
export function partHopeless(
  waiters: readonly Waiter[],
  nowMs: number,
  which: 'expired' | 'hopeless',
): { readonly staying: readonly Waiter[]; readonly told: readonly Waiter[] } {
  const staying: Waiter[] = []
  const told: Waiter[] = []
  let isExtensionTold = false
  for (const waiter of waiters.toReversed()) {
    const hasHope = waiter.needs.every(({ purse, least }) => purse.open >= least || mayCome(purse, least, waiters))
    const isExtension = waiter.needs.some(({ holding }) => holding !== undefined)
    const isHopeless = which === 'hopeless' && !hasHope && !(isExtension && isExtensionTold)
    if (waiter.call.cancellation.isCancelled || toEndMs(waiter) <= nowMs || isHopeless) {
      isExtensionTold ||= isExtension
      told.push(waiter)
    } else staying.push(waiter)
  }
  return { staying: staying.reverse(), told }
}

export function sharesPurse(needs: readonly Need[], others: readonly Need[]): boolean {
  return needs.some(({ purse }) => others.some((other) => other.purse === purse))
}

/** What those who wait need of a purse: the first of them, and all together. */
export interface Wish {
  readonly first: bigint
  readonly least: bigint
  readonly most: bigint
}

/** What those who wait need of each purse. */
export function toWishes(waiters: readonly Waiter[]): ReadonlyMap<Purse, Wish> {
  const wishes = new Map<Purse, Wish>()
  for (const { purse, least, most, waitFor } of waiters.flatMap((waiter) => waiter.needs)) {
    const wish = wishes.get(purse) ?? { first: waitFor, least: 0n, most: 0n }
    wishes.set(purse, { first: wish.first, least: wish.least + least, most: wish.most + most })
  }
  return wishes
}
