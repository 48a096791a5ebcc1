import type { CallFacts } from '../../core/call.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Picodollars } from '../../core/money.ts'

/** What came of one call. */
export interface Tallied {
  readonly isServed: boolean
  readonly errorCode: ErrorCode | undefined
  readonly dispatches: readonly CallFacts[]
  readonly estimated: ReadonlySet<string>
}

export interface Tally {
  add(call: Tallied): void
  /** A call that was never begun. */
  deny(reason: 'BUDGET'): void
  report(): TallyReport
}

export interface TallyReport {
  readonly calls: number
  readonly served: number
  readonly denied: number
  /** By error code; `BUDGET` for calls after the money was spent. */
  readonly reasons: Readonly<Record<string, number>>
  readonly residencyRefused: number
  readonly cost: Picodollars
  /** Dispatches that used something and whose cost is not known. */
  readonly costUnknown: number
  /** Of `cost`: of tries whose outcome is estimated. With its 95 % interval, from how much such costs differ. */
  readonly estimatedCost: { readonly cost: Picodollars; readonly low: Picodollars; readonly high: Picodollars }
  /** Of calls that were served: the time of their tries, milliseconds; `undefined` without any. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | undefined
  /** By endpoint: tries that answered, and their cost. */
  readonly endpoints: Readonly<Record<string, { readonly served: number; readonly cost: Picodollars }>>
  /** Σ share² of the served tries (Herfindahl and Hirschman): 1 when one endpoint serves all. `undefined` without any. */
  readonly concentration: number | undefined
}

export function createTally(): Tally {
  const latencies: number[] = []
  const reasons = new Map<string, number>()
  const endpoints = new Map<string, { served: number; cost: Picodollars }>()
  const estimates = { count: 0, sum: 0, squares: 0, cost: 0n }
  let [calls, served, costUnknown, cost] = [0, 0, 0, 0n]

  const addDispatch = (dispatch: CallFacts, isEstimated: boolean): void => {
    if (dispatch.usage !== undefined && dispatch.cost === undefined) costUnknown++
    const amount = dispatch.cost ?? 0n
    cost += amount
    if (isEstimated) {
      estimates.count++
      estimates.cost += amount
      estimates.sum += Number(amount)
      estimates.squares += Number(amount) ** 2
    }
    const own = endpoints.get(dispatch.name) ?? { served: 0, cost: 0n }
    endpoints.set(dispatch.name, { served: own.served + (dispatch.status === 'ok' ? 1 : 0), cost: own.cost + amount })
  }

  const refuse = (reason: string): void => {
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }

  return {
    add({ isServed, errorCode, dispatches, estimated }) {
      calls++
      for (const dispatch of dispatches) addDispatch(dispatch, estimated.has(dispatch.id))
      if (isServed) {
        served++
        latencies.push(durationOf(dispatches))
      } else refuse(errorCode ?? 'INTERNAL')
    },
    deny(reason) {
      calls++
      refuse(reason)
    },
    report() {
      const all = [...endpoints.values()].reduce((sum, each) => sum + each.served, 0)
      return {
        calls,
        served,
        denied: calls - served,
        reasons: Object.fromEntries(reasons),
        residencyRefused: reasons.get('REGION_REFUSED') ?? 0,
        cost,
        costUnknown,
        estimatedCost: toInterval(estimates),
        latencyMs: toQuantiles(latencies),
        endpoints: Object.fromEntries([...endpoints].toSorted(([left], [right]) => (left < right ? -1 : 1))),
        concentration:
          all === 0 ? undefined : [...endpoints.values()].reduce((sum, each) => sum + (each.served / all) ** 2, 0),
      }
    },
  }
}

function toInterval({
  count,
  sum,
  squares,
  cost,
}: {
  count: number
  sum: number
  squares: number
  cost: Picodollars
}): TallyReport['estimatedCost'] {
  if (count < 2) return { cost, low: cost, high: cost }
  const variance = Math.max(0, squares / count - (sum / count) ** 2)
  const half = BigInt(Math.ceil(1.96 * Math.sqrt(variance * count)))
  return { cost, low: cost > half ? cost - half : 0n, high: cost + half }
}

function toQuantiles(values: number[]): TallyReport['latencyMs'] {
  if (values.length === 0) return undefined
  const sorted = Float64Array.from(values).sort()
  const at = (share: number): number =>
    toMicroseconds(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

/** Sums of times differ in their last digits by the order of adding. */
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}

/** What was refused before it was sent took no time worth telling. */
function durationOf(dispatches: readonly CallFacts[]): number {
  return dispatches.reduce((sum, { durationMs, detail }) => (detail?.['sent'] === false ? sum : sum + durationMs), 0)
}
