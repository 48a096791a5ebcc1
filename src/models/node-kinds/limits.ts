import type { BudgetConfig, NodeCommons } from '../../config/index.ts'
import { followAnswer, toFailure } from '../../core/answer.ts'
import { leastLimits, type BudgetLimits } from '../../core/budget.ts'
import type { ChatRequest, ReasoningEffort } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Model, Traits } from '../../core/model.ts'
import { fromDollars, toDollars } from '../../core/money.ts'
import type { Clock } from '../../core/time.ts'

/** A model that spends no more than its budget and leaves no region of its own; the same model when it has neither. */
export function limitModel(model: Model, { budget, regions }: NodeCommons, clock: Clock): Model {
  if (budget === undefined && regions === undefined) return model
  return {
    id: model.id,
    traits: limitTraits(model.traits, budget),
    answer: async (request, call) => {
      const limits = budget === undefined ? undefined : toLimits(budget, findEffort(budget, request))
      const child = call.child({
        kind: 'model',
        name: model.id,
        budget: limits?.amounts,
        ...(limits?.ms === undefined ? {} : { deadlineMs: clock.monotonicMs() + limits.ms }),
        ...(regions === undefined ? {} : { allowedRegions: regions }),
      })
      const detail: JsonObject = {
        node: 'limits',
        ...(limits === undefined ? {} : { budget: describeLimits(limits) }),
        ...(regions === undefined ? {} : { regions: [...regions] }),
      }
      try {
        const answer = await model.answer(request, child)
        return followAnswer(answer, child, { detail })
      } catch (thrown) {
        child.end({ ...toFailure(thrown), detail })
        throw thrown
      }
    },
  }
}

/** Limits of amounts, and of time. */
export interface Limits {
  readonly amounts: BudgetLimits
  readonly ms: number | undefined
}

type LimitConfig = Omit<BudgetConfig, 'efforts'>

function toLimits(budget: BudgetConfig, effort: ReasoningEffort | undefined): Limits {
  const own = readLimits(budget)
  if (effort === undefined) return own
  const configured = budget.efforts?.[effort]
  if (configured === undefined) {
    // Somebody who writes limits for some efforts has thought of the others too.
    return budget.efforts === undefined ? { ...own, amounts: shareOf(own.amounts, effortShares[effort]) } : own
  }
  const given = readLimits(configured)
  const ms = own.ms === undefined || given.ms === undefined ? (own.ms ?? given.ms) : Math.min(own.ms, given.ms)
  return { amounts: leastLimits(own.amounts, given.amounts), ms }
}

/** Hundredths of a budget that an effort may use when the configuration does not say. */
const effortShares: Readonly<Record<ReasoningEffort, number>> = {
  none: 10,
  minimal: 10,
  low: 25,
  medium: 50,
  high: 100,
  xhigh: 100,
  max: 100,
}

function shareOf({ usd, tokens, calls }: BudgetLimits, hundredths: number): BudgetLimits {
  return {
    usd: usd === undefined ? undefined : (usd * BigInt(hundredths)) / 100n,
    tokens: tokens === undefined ? undefined : Math.floor((tokens * hundredths) / 100),
    // One call at least: less would answer nothing.
    calls: calls === undefined ? undefined : Math.max(1, Math.floor((calls * hundredths) / 100)),
  }
}

function readLimits({ usd, tokens, calls, ms }: LimitConfig): Limits {
  return { amounts: { usd: usd === undefined ? undefined : fromDollars(usd), tokens, calls }, ms }
}

/** The effort is looked at only where there is a budget for it to share: looking decodes the request. */
function findEffort({ usd, tokens, calls, efforts }: BudgetConfig, request: ChatRequest): ReasoningEffort | undefined {
  if (usd === undefined && tokens === undefined && calls === undefined && efforts === undefined) return undefined
  try {
    return request.chat.reasoningEffort
  } catch (thrown) {
    // A request that cannot be decoded may still be forwarded; it is then one without an effort.
    if (thrown instanceof PlatformError && thrown.code === 'UNSUPPORTED_PARAMETER') return undefined
    throw thrown
  }
}

/** Calls and cost are bounded by the budget too, and a cost that was not known by what may be spent at most. */
function limitTraits(traits: Traits, budget: BudgetConfig | undefined): Traits {
  if (budget === undefined) return traits
  const { usd, calls } = readLimits(budget).amounts
  const { costMax } = traits
  return {
    ...traits,
    callsMax: calls === undefined ? traits.callsMax : Math.min(traits.callsMax, calls),
    costMax: usd === undefined ? costMax : costMax === undefined || usd < costMax ? usd : costMax,
  }
}

function describeLimits({ amounts: { usd, tokens, calls }, ms }: Limits): JsonObject {
  return {
    ...(usd === undefined ? {} : { usd: toDollars(usd) }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(calls === undefined ? {} : { calls }),
    ...(ms === undefined ? {} : { ms }),
  }
}
