import type { CallFacts } from './call.ts'
import type { Picodollars } from './money.ts'
import { createUsage, type Usage } from './usage.ts'

/** What all dispatches of a call tree used and cost together. */
export interface CallTotals {
  /** `undefined` when no dispatch reported or estimated any. */
  readonly usage: Usage | undefined
  /** `undefined` when a dispatch that used something has no known cost, or when there was none. */
  readonly cost: Picodollars | undefined
  readonly dispatches: number
}

/** Sums the dispatches among `facts`. A figure that one of them lacks is absent from the sum: absent is not zero. */
export function sumDispatches(facts: readonly CallFacts[]): CallTotals {
  let usage: Usage | undefined
  let cost: Picodollars | undefined
  let isCostKnown = true
  let dispatches = 0
  for (const fact of facts) {
    if (fact.kind !== 'dispatch') continue
    dispatches++
    if (fact.usage === undefined) continue
    usage = usage === undefined ? fact.usage : addUsage(usage, fact.usage)
    if (fact.cost === undefined) isCostKnown = false
    else cost = (cost ?? 0n) + fact.cost
  }
  return { usage, cost: isCostKnown ? cost : undefined, dispatches }
}

/** The sum of two; a figure that one of them lacks is absent from it. */
export function addUsage(left: Usage, right: Usage): Usage {
  return createUsage({
    inputTotal: add(left.inputTotal, right.inputTotal),
    cacheRead: add(left.cacheRead, right.cacheRead),
    cacheWrite5m: add(left.cacheWrite5m, right.cacheWrite5m),
    cacheWrite1h: add(left.cacheWrite1h, right.cacheWrite1h),
    outputTotal: add(left.outputTotal, right.outputTotal),
    reasoning: add(left.reasoning, right.reasoning),
    source: left.source === 'estimated' || right.source === 'estimated' ? 'estimated' : 'reported',
  })
}

function add(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : left + right
}
