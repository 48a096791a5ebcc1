import type { Picodollars } from './money.ts'

/** Most that a node and everything below it may spend. `undefined` is not limited. */
export interface BudgetLimits {
  readonly usd?: Picodollars | undefined
  /** Input and output together. */
  readonly tokens?: number | undefined
  /** Tries at endpoints, retries and hedges included. */
  readonly calls?: number | undefined
}

/** An upper bound of what one call will spend. */
export interface Estimate {
  readonly tokens: number
  /** `undefined` when the price is not known: then it fits no budget of money. */
  readonly cost: Picodollars | undefined
}

/** What one call has spent; a figure that is not known keeps what was held for it. */
export interface Spent {
  readonly tokens: number | undefined
  readonly cost: Picodollars | undefined
}

/** Part of a budget put aside for one call under way. */
export interface Hold {
  /** The call is over; `undefined` when nothing was generated. The first statement stands. */
  settle(spent: Spent | undefined): void
  /** There was no call after all: everything is given back, the call itself too. */
  release(): void
}

/**
 * What a node may still spend: its own limits and those of every node above, whatever is least. Nothing is spent that was
 * not held before, and what is held counts as spent until it is settled, so that no number of calls at once exceeds it.
 */
export interface Budget {
  readonly isLimited: boolean
  /** Never below zero. */
  left(): BudgetLimits
  /** A budget below this one: draws on it, and has limits of its own. */
  narrow(limits: BudgetLimits): Budget
  /** Puts aside one call; `undefined` when it does not fit. */
  hold(estimate: Estimate): Hold | undefined
}

const noLimits: BudgetLimits = Object.freeze({})
const noHold: Hold = Object.freeze({ settle: () => undefined, release: () => undefined })

/** The budget of a call that nobody has limited. Costs nothing. */
export const unlimitedBudget: Budget = Object.freeze({
  isLimited: false,
  left: () => noLimits,
  narrow: (limits: BudgetLimits) => (isEmpty(limits) ? unlimitedBudget : new Scope(limits, undefined)),
  hold: () => noHold,
})

/** Which limit a call does not fit, in the order in which they are looked at; `undefined` when it fits. */
export function findExceeded(left: BudgetLimits, estimate: Estimate): keyof BudgetLimits | undefined {
  if (left.calls !== undefined && left.calls < 1) return 'calls'
  if (left.tokens !== undefined && estimate.tokens > left.tokens) return 'tokens'
  if (left.usd !== undefined && (estimate.cost === undefined || estimate.cost > left.usd)) return 'usd'
  return undefined
}

/** The lesser of two limits, limit by limit. */
export function leastLimits(left: BudgetLimits, right: BudgetLimits): BudgetLimits {
  return {
    usd: least(left.usd, right.usd),
    tokens: least(left.tokens, right.tokens),
    calls: least(left.calls, right.calls),
  }
}

class Scope implements Budget {
  readonly isLimited = true
  readonly #limits: BudgetLimits
  readonly #parent: Scope | undefined
  #usd = 0n
  #tokens = 0
  #calls = 0

  constructor(limits: BudgetLimits, parent: Scope | undefined) {
    this.#limits = limits
    this.#parent = parent
  }

  left(): BudgetLimits {
    const { usd, tokens, calls } = this.#limits
    const own: BudgetLimits = {
      usd: usd === undefined ? undefined : usd > this.#usd ? usd - this.#usd : 0n,
      tokens: tokens === undefined ? undefined : Math.max(0, tokens - this.#tokens),
      calls: calls === undefined ? undefined : Math.max(0, calls - this.#calls),
    }
    return this.#parent === undefined ? own : leastLimits(own, this.#parent.left())
  }

  narrow(limits: BudgetLimits): Budget {
    return isEmpty(limits) ? this : new Scope(limits, this)
  }

  hold(estimate: Estimate): Hold | undefined {
    if (findExceeded(this.left(), estimate) !== undefined) return undefined
    const held = { tokens: estimate.tokens, cost: estimate.cost ?? 0n }
    this.#add(held, 1)
    let isSettled = false
    const change = (tokens: number, cost: Picodollars, calls: number): void => {
      if (isSettled) return
      isSettled = true
      this.#add({ tokens: tokens - held.tokens, cost: cost - held.cost }, calls)
    }
    return {
      settle(spent) {
        if (spent === undefined) change(0, 0n, 0)
        else change(spent.tokens ?? held.tokens, spent.cost ?? held.cost, 0)
      },
      release: () => change(0, 0n, -1),
    }
  }

  #add(amount: { readonly tokens: number; readonly cost: Picodollars }, calls: number): void {
    this.#usd += amount.cost
    this.#tokens += amount.tokens
    this.#calls += calls
    if (this.#parent !== undefined) this.#parent.#add(amount, calls)
  }
}

function isEmpty({ usd, tokens, calls }: BudgetLimits): boolean {
  return usd === undefined && tokens === undefined && calls === undefined
}

function least<Amount extends number | bigint>(
  left: Amount | undefined,
  right: Amount | undefined,
): Amount | undefined {
  if (left === undefined || right === undefined) return left ?? right
  return left < right ? left : right
}
