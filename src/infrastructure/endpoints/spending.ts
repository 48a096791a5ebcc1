import { findExceeded, type Budget, type BudgetLimits, type Hold } from '../../core/budget.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Picodollars } from '../../core/money.ts'
import type { Price } from '../../core/ports.ts'
import { capRequest } from './cap.ts'
import { countInput } from './estimate.ts'
import type { EndpointEntry } from './registry.ts'

/** A request that fits the budget it is made under, and what was put aside for it. */
export interface Funded {
  readonly request: ChatRequest
  readonly hold: Hold
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
  const known = least(request.outputTokensMax, entry.config.outputTokensMax)
  const wanted = known ?? outputTokensAssumed
  const output = fitOutput({ input, wanted, left, price })
  if (output < Math.min(wanted, outputTokensMin)) throw toSpent(entry.id, left, { input, price })
  const hold = budget.hold({ tokens: input + output, cost: price?.costMax({ input, output }) })
  if (hold === undefined) throw toSpent(entry.id, left, { input, price })
  const isBounded = request.outputTokensMax !== undefined && request.outputTokensMax <= output
  return { hold, request: isBounded ? request : capRequest(request, output) }
}

/** Puts aside what an embedding may cost at most. Throws as `fundChat` does. */
export function fundEmbedding(inputTokens: number, { entry, budget }: FundingOptions): Hold {
  const left = budget.left()
  const price = requirePrice(entry, left)
  const input = padInput(inputTokens)
  const hold = budget.hold({ tokens: input, cost: price?.costMax({ input, output: 0 }) })
  if (hold === undefined) throw toSpent(entry.id, left, { input, price })
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
  readonly wanted: number
  readonly left: BudgetLimits
  readonly price: Price | undefined
}

/** The most output tokens up to `wanted` that fit; 0 when none do. Costs rise with the output, so halving finds it. */
function fitOutput({ input, wanted, left, price }: Fit): number {
  const isPaid = (output: number): boolean =>
    findExceeded(left, { tokens: input + output, cost: costOf(price, input, output) }) === undefined
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

function costOf(price: Price | undefined, input: number, output: number): Picodollars {
  return price?.costMax({ input, output }) ?? 0n
}

function toSpent(
  endpoint: string,
  left: BudgetLimits,
  { input, price }: { readonly input: number; readonly price: Price | undefined },
): PlatformError {
  const limit =
    findExceeded(left, { tokens: input + outputTokensMin, cost: costOf(price, input, outputTokensMin) }) ?? 'usd'
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
