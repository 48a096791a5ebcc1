import type { Standing } from '../ledger/index.ts'
import type { Scope } from './budget.ts'

/**
 * What this process has in hand of one account: a hold in the ledger, out of which calls are given theirs without asking
 * the database. A class because its sums change with every request.
 */
export class Purse {
  /** The budget as it was last read. */
  scope: Scope
  /** Of the ledger's account; `undefined` until it is opened there. */
  account: number | undefined
  /** Names its hold: never the same twice in a process. */
  number: number
  /** What the ledger holds for it, what of that has been charged, and what calls under way may still need. */
  drawn = 0n
  /** What the ledger last said it holds: more than is drawn until what was given back has arrived there. */
  granted = 0n
  used = 0n
  lent = 0n
  /** Milliseconds UTC at which the ledger's hold ends unless it is prolonged. */
  leaseMs = 0
  lastUsedMs = 0
  /** The account as the ledger saw it the last time it was asked. */
  standing: Standing | undefined
  /** What is asked of the ledger for it goes one after the other, so that no answer is older than the purse. */
  turn: Promise<unknown> = Promise.resolve()
  /** Until when the ledger need not be asked again, monotonic; what comes back meanwhile comes back here. */
  shortUntilMs = 0
  /** Nobody keeps it up any more; who needs its account finds another. */
  isForgotten = false

  constructor(scope: Scope, number: number) {
    this.scope = scope
    this.number = number
  }

  get open(): bigint {
    return this.drawn - this.used - this.lent
  }
}

/** What one call needs of a purse: `least` it must have, `most` is what it would like. */
export interface Need {
  readonly purse: Purse
  readonly least: bigint
  readonly most: bigint
  /** Of less than this it waits for more to come back, for a while. */
  readonly waitFor: bigint
  /** What the call has of the purse already: it asks for more. */
  readonly holding?: bigint | undefined
  /** A part of what is open at most, beyond `least`: for who could not say what it needs. */
  readonly shareOf?: bigint | undefined
}

/**
 * What each need is given, when all purses have enough; else `undefined`, and nothing is given. Enough is the least for who
 * has no patience left.
 */
export function lend(
  needs: readonly Need[],
  { nowMs, isPatient }: { readonly nowMs: number; readonly isPatient: boolean },
): readonly bigint[] | undefined {
  for (const { purse, least, waitFor } of needs) {
    if (purse.open < (isPatient ? waitFor : least) || (purse.leaseMs <= nowMs && least > 0n)) return undefined
  }
  return needs.map(({ purse, least, most, shareOf }) => {
    const share = shareOf === undefined ? most : larger(least, purse.open / shareOf)
    const given = larger(least, smaller(smaller(most, share), purse.open))
    purse.lent += given
    purse.lastUsedMs = nowMs
    return given
  })
}

export function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}

export function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other
}
