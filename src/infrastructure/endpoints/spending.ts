import { findExceeded, type Budget, type BudgetLimits, type Hold } from '../../core/budget.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Picodollars } from '../../core/money.ts'
import type { Price } from '../../core/ports.ts'
import { readTierChoice, type TierChoice } from '../../core/usage-units.ts'
import { capRequest } from './cap.ts'
import { countAnswers, countInput, type TokenBounds } from './estimate.ts'
import { findTiers } from './measure.ts'
import type { EndpointEntry } from './registry.ts'

/** A request that fits the budget it is made under, and what was put aside for it. */
export interface Funded {
  readonly request: ChatRequest
  readonly hold: Hold
  /** The tokens that `hold` pays for. */
  readonly bounds: TokenBounds
}

export interface FundingOptions {
  readonly entry: EndpointEntry
  readonly budget: Budget
  /** Output tokens of a request that nobody bounds. */
  readonly outputTokensAssumed: number
}

/**
 * Puts aside what a chat may cost at most at this endpoint. An output bound that the budget cannot pay is lowered to what
 * it can. Throws BUDGET_SPENT when not even a short answer fits, PRICE_UNKNOWN when a budget of money meets no price.
 */
export function fundChat(request: ChatRequest, options: FundingOptions): Funded {
  const { entry, budget, outputTokensAssumed } = options
  const left = budget.left()
  const price = requirePrice(entry, left)
  const input = padInput(countInput(request))
  const answers = countAnswers(request)
  const known = least(request.outputTokensMax, entry.config.outputTokensMax)
  const wanted = known ?? outputTokensAssumed
  const costOf = createCostOf(price, findTiers(entry, request))
  const each = fitOutput({ input, wanted, answers, left, costOf })
  if (each < Math.min(wanted, outputTokensMin)) throw toSpent(entry.id, left, { input, answers, costOf })
  const output = each * answers
  const hold = budget.hold({ tokens: input + output, cost: costOf?.({ input, output }) })
  if (hold === undefined) throw toSpent(entry.id, left, { input, answers, costOf })
  const isBounded = request.outputTokensMax !== undefined && request.outputTokensMax <= each
  const bounds = { inputTokensMax: input, outputTokensMax: output }
  return { hold, bounds, request: isBounded ? request : capRequest(request, each) }
}

/** Puts aside what an embedding may cost at most. Throws as `fundChat` does. */
export function fundEmbedding(inputTokens: number, { entry, budget }: FundingOptions): Hold {
  const left = budget.left()
  const price = requirePrice(entry, left)
  const input = padInput(inputTokens)
  const costOf = createCostOf(price, readTierChoice())
  const hold = budget.hold({ tokens: input, cost: costOf?.({ input, output: 0 }) })
  if (hold === undefined) throw toSpent(entry.id, left, { input, answers: 0, costOf })
  return hold
}

/** Tokenizers differ by a quarter from the estimate, and a chat template adds some of its own. */
function padInput(estimated: number): number {
  return Math.ceil(estimated * 1.25) + 16
}

/** A shorter answer than this says nothing, so it is not paid for; unless the client wants no more. */
const outputTokensMin = 16

function requirePrice(entry: EndpointEntry, left: BudgetLimits): Price | undefined {
  if (left.usd === undefined) return undefined
  const price = entry.findPrice()
  if (price !== undefined) return price
  throw new PlatformError(
    'PRICE_UNKNOWN',
    `the price of ${entry.config.model} at endpoint ${entry.id} is not known, so it fits no budget of money`,
    { details: { endpoint: entry.id, sent: false } },
  )
}

interface Fit {
  readonly input: number
  /** For each answer. */
  readonly wanted: number
  /** Answers that the request asks for. */
  readonly answers: number
  readonly left: BudgetLimits
  readonly costOf: CostOf
}

/** The most that so many tokens cost in the tiers that may be; `undefined` without a price. */
type CostOf = ((tokens: { readonly input: number; readonly output: number }) => Picodollars) | undefined

function createCostOf(price: Price | undefined, tiers: TierChoice): CostOf {
  return price && ((tokens) => price.costMax({ ...tokens, tiers }))
}

/** The most output tokens of an answer, up to `wanted`, that fit; 0 when none do. Costs rise with the output, so halving finds it. */
function fitOutput({ input, wanted, answers, left, costOf }: Fit): number {
  const isPaid = (each: number): boolean => {
    const output = each * answers
    return findExceeded(left, { tokens: input + output, cost: costOf?.({ input, output }) ?? 0n }) === undefined
  }
  if (isPaid(wanted)) return wanted
  let paid = 0
  let unpaid = wanted
  while (unpaid - paid > 1) {
    const middle = Math.floor((paid + unpaid) / 2)
    if (isPaid(middle)) paid = middle
    else unpaid = middle
  }
  return paid
}

function toSpent(
  endpoint: string,
  left: BudgetLimits,
  { input, answers, costOf }: Pick<Fit, 'input' | 'answers' | 'costOf'>,
): PlatformError {
  const output = outputTokensMin * answers
  const limit = findExceeded(left, { tokens: input + output, cost: costOf?.({ input, output }) ?? 0n }) ?? 'usd'
  return new PlatformError(
    'BUDGET_SPENT',
    `what is left of the budget of ${limit} does not pay for a call of ${endpoint}`,
    {
      details: { endpoint, limit, sent: false },
    },
  )
}

function least(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? (left ?? right) : Math.min(left, right)
}
