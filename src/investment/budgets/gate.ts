import { PlatformError } from '../../core/errors.ts'
import type { Price } from '../../core/ports.ts'
import type { Charge, SpendAsk, SpendGate, SpendHold, SpendMeasure, SpendOutcome } from '../../core/spending.ts'
import type { Clock } from '../../core/time.ts'
import { countAdvice } from '../../core/usage-steps.ts'
import { createScopes, type Budget, type Scope } from './budget.ts'
import { larger, smaller, type Need, type Purse } from './purse.ts'
import type { Purses } from './purses.ts'
import { createTrust, unseenTokens, type Trust } from './trust.ts'

export interface GateDeps {
  readonly purses: Purses
  readonly clock: Clock
  /** As it is in force now. */
  readonly config: () => GateConfig
  /** The budgets of a tenant; `undefined` when it has none. */
  readonly budgetsOf: (tenant: string) => readonly Budget[] | undefined
}

export interface GateConfig {
  /** Output held at first, and each time an answer needs more. */
  readonly sliceTokens: number
  /** An answer shorter than this is not worth beginning. */
  readonly outputTokensMin: number
  /** Output of an answer that neither client nor endpoint bounds. */
  readonly outputTokensDefault: number
}

/** A purse with room for so many worst cases is not short: then nothing is cut into slices. */
const ampleFactor = 64n
/** Who gives no bound on output gets this part of what is left, at most. */
const unboundedShare = 8n

/** Holds what dispatches may cost and do in every account they fall under. */
export function createSpendGate(deps: GateDeps): SpendGate {
  const { purses, clock, config, budgetsOf } = deps
  const trust = createTrust()
  const allScopes = createScopes()
  /** Whether a price is nothing, whatever is used: asked once for each. */
  const free = new WeakMap<Price, boolean>()

  function isFree(price: Price | undefined): boolean {
    if (price === undefined) return false
    let answer = free.get(price)
    if (answer === undefined) {
      answer = price.costMax(freely) === 0n
      free.set(price, answer)
    }
    return answer
  }

  function prepare(ask: SpendAsk, scopes: readonly Scope[]): CallHold | undefined {
    const hasMoney = scopes.some(isMoney)
    if (hasMoney && ask.price === undefined) throw unpriced(ask)
    // What costs nothing is not held up by a budget of money that is used up.
    const counted = hasMoney && isFree(ask.price) ? scopes.filter((scope) => !isMoney(scope)) : scopes
    if (counted.length === 0) return undefined
    const found = counted.map((scope) => purses.find(scope))
    return new CallHold({ ask, purses: found, keeper: purses, config: config(), trust, measure: ask.measure() })
  }

  return {
    hold(ask) {
      const budgets = budgetsOf(ask.call.principal.tenant)
      if (budgets === undefined) return undefined
      const scopes = allScopes.of(budgets, ask.call, clock.now())
      if (scopes.length === 0) return undefined
      return prepare(ask, scopes)?.begin()
    },
  }
}

const freely = { input: 1_000_000_000, output: 1_000_000_000 }

interface CallHoldParts {
  readonly ask: SpendAsk
  readonly purses: readonly Purse[]
  readonly keeper: Purses
  readonly config: GateConfig
  readonly trust: Trust
  readonly measure: SpendMeasure
}

/** What one dispatch holds. A class because it changes while the answer comes. */
class CallHold implements SpendHold {
  readonly #parts: CallHoldParts
  readonly #price: Price | undefined
  /** In the order of the purses: what is lent of each. */
  #lent: bigint[] = []
  /** Output that is held, of all answers together. */
  #covered = 0
  #isSettled = false
  /** Of all answers together, if the request goes as it is. */
  readonly #outputMax: number
  readonly #sliced: boolean
  /** Of the whole output: asked for several times. */
  #costMost: bigint | undefined
  #cap: number | undefined
  #extended: (() => void) | undefined

  constructor(parts: CallHoldParts) {
    const { measure, config, ask } = parts
    this.#parts = parts
    this.#price = ask.price
    const each = measure.outputTokensMax ?? measure.outputTokensLimit ?? config.outputTokensDefault
    this.#outputMax = Math.min(each, measure.outputTokensLimit ?? each) * measure.answers
    this.#sliced = this.#isWorthSlicing()
  }

  get outputTokensCap(): number | undefined {
    return this.#cap
  }

  get isSliced(): boolean {
    return this.#sliced && this.#covered < this.#outputMax
  }

  get bounds(): SpendHold['bounds'] {
    return { inputTokensMax: this.#parts.measure.inputTokensMax, outputTokensMax: this.#covered }
  }

  get charges(): readonly Charge[] {
    const charges: Charge[] = []
    for (const [index, { number, scope }] of this.#parts.purses.entries()) {
      // What runs at once is never spent, so nobody has to know of it later.
      if (scope.budget.counts !== 'concurrency') charges.push({ purse: number, amount: this.#lent[index] ?? 0n })
    }
    return charges
  }

  begin(): SpendHold | Promise<SpendHold> {
    const given = this.#parts.keeper.take(this.#needs(), this.#parts.ask.call)
    return given instanceof Promise ? given.then((amounts) => this.#accept(amounts)) : this.#accept(given)
  }

  onExtended(listener: () => void): void {
    this.#extended = listener
  }

  cover(outputTokens: number): boolean | Promise<boolean> {
    const needed = Math.min(outputTokens + unseenTokens, this.#outputMax)
    if (needed <= this.#covered || !this.#sliced) return true
    return this.#extend(Math.min(needed + this.#parts.config.sliceTokens, this.#outputMax))
  }

  settle(outcome: SpendOutcome): readonly Charge[] {
    if (this.#isSettled) return []
    this.#isSettled = true
    const { purses, keeper, ask, trust, measure } = this.#parts
    if (measure.isCountable && outcome.countedTokens > 0) trust.learn(ask.endpoint, outcome)
    const charges: Charge[] = []
    for (const [index, purse] of purses.entries()) {
      const used = this.#usedOf(purse, this.#lent[index] ?? 0n, outcome)
      keeper.giveBack(purse, this.#lent[index] ?? 0n, used)
      if (used > 0n) charges.push({ purse: purse.number, amount: used })
    }
    return charges
  }

  /** An answer that is counted as it comes need not be held whole when money is short. */
  #isWorthSlicing(): boolean {
    const { measure, config, purses, ask, trust } = this.#parts
    if (!measure.isCountable || this.#outputMax <= config.sliceTokens || !trust.has(ask.endpoint)) return false
    return purses.some((purse) => isMoney(purse.scope) && purse.open < ampleFactor * this.#costOf(this.#outputMax))
  }

  #needs(): readonly Need[] {
    const { measure, config } = this.#parts
    const least = Math.min(this.#outputMax, config.outputTokensMin * measure.answers)
    const most = this.#sliced ? config.sliceTokens : this.#outputMax
    const isBounded = measure.outputTokensMax !== undefined
    return this.#parts.purses.map((purse) => {
      const needed = this.#amountOf(purse, least)
      const wished = larger(needed, this.#amountOf(purse, most))
      const waitFor = isBounded || this.#sliced ? wished : needed
      return { purse, least: needed, most: wished, waitFor, shareOf: isBounded ? undefined : unboundedShare }
    })
  }

  #amountOf({ scope }: Purse, outputTokens: number): bigint {
    switch (scope.budget.counts) {
      case 'money':
        return this.#costOf(outputTokens)
      case 'tokens':
        return BigInt(this.#parts.measure.inputTokens + outputTokens)
      case 'requests':
      case 'concurrency':
        return 1n
    }
  }

  #costOf(outputTokens: number): bigint {
    if (outputTokens === this.#outputMax && this.#costMost !== undefined) return this.#costMost
    const { inputTokensMax: input, tiers } = this.#parts.measure
    const tokens = { input, output: outputTokens, tiers }
    const cost = this.#price?.costMax(tokens) ?? 0n
    if (outputTokens === this.#outputMax) this.#costMost = cost
    return cost
  }

  #accept(amounts: readonly bigint[]): SpendHold {
    this.#lent = [...amounts]
    const { purses, measure } = this.#parts
    this.#covered = this.#outputMax
    for (const [index, purse] of purses.entries())
      this.#covered = Math.min(this.#covered, this.#outputFor(purse, amounts[index] ?? 0n))
    const { outputTokensMax, outputTokensLimit, answers } = measure
    const isHeldWhole = this.#covered >= this.#outputMax || this.#sliced
    // What nobody bounds is bounded here, or it could cost more than is held.
    const isBounded = outputTokensMax !== undefined || outputTokensLimit !== undefined
    if (answers > 0 && !(isHeldWhole && isBounded)) {
      this.#cap = Math.floor((isHeldWhole ? this.#outputMax : this.#covered) / answers)
    }
    return this
  }

  /** The most output that an amount pays for. */
  #outputFor(purse: Purse, amount: bigint): number {
    if (this.#amountOf(purse, this.#outputMax) <= amount) return this.#outputMax
    let [low, high] = [0, this.#outputMax]
    while (low + 1 < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.#amountOf(purse, middle) <= amount) low = middle
      else high = middle
    }
    return low
  }

  /** One purse after the other: what a refused extension has borrowed goes back with the rest at the end. */
  async #extend(outputTokens: number): Promise<boolean> {
    const { purses, keeper, ask } = this.#parts
    for (const [index, purse] of purses.entries()) {
      const holding = this.#lent[index] ?? 0n
      const more = this.#amountOf(purse, outputTokens) - holding
      if (more <= 0n) continue
      const isHad = await keeper.more({ purse, least: more, most: more, waitFor: more, holding }, ask.call)
      if (!isHad) return false
      this.#lent[index] = holding + more
    }
    this.#covered = outputTokens
    this.#extended?.()
    return true
  }

  /** What is not known is not nothing: an answer that does not say what it used counts as what was seen of it, at most. */
  #usedOf(purse: Purse, lent: bigint, outcome: SpendOutcome): bigint {
    const { usage, cost, isSent, isAnswered, countedTokens } = outcome
    const atMost = (): bigint =>
      isAnswered ? smaller(lent, this.#amountOf(purse, Math.min(countedTokens, this.#outputMax))) : 0n
    switch (purse.scope.budget.counts) {
      case 'money':
        return cost ?? atMost()
      case 'tokens': {
        const { inputTotal, outputTotal } = usage ?? {}
        const isKnown = inputTotal !== undefined || outputTotal !== undefined
        return isKnown ? BigInt((inputTotal ?? 0) + (outputTotal ?? 0) + countAdvice(usage?.raw)) : atMost()
      }
      case 'requests':
        return isSent ? 1n : 0n
      case 'concurrency':
        return 0n
    }
  }
}

function isMoney({ budget }: Scope): boolean {
  return budget.counts === 'money'
}

function unpriced({ endpoint }: SpendAsk): PlatformError {
  const message = `a budget of money limits this call, and the price of endpoint ${endpoint} is not known`
  return new PlatformError('PRICE_UNKNOWN', message, { details: { endpoint, sent: false } })
}
