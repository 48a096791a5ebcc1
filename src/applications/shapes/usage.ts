import { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { parseInstant, toIso } from '../../core/time.ts'
import type { CallSum } from '../../investment/index.ts'
import { toMoneyJson } from './billing.ts'

const dayMs = 86_400_000

export interface UsageSpan {
  readonly startMs: number
  readonly endMs: number
}

/** From `from` to `to`; the last thirty days when absent. Throws INVALID_REQUEST. */
export function toSpan(from: string | undefined, to: string | undefined, nowMs: number): UsageSpan {
  const read = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined
    const atMs = parseInstant(text)
    if (atMs !== undefined) return atMs
    throw new PlatformError(
      'INVALID_REQUEST',
      `${name} must be a day or an instant with its zone: 2026-11-23, 2026-11-23T08:00:00Z`,
      { param: name },
    )
  }
  const endMs = read('to', to) ?? nowMs
  const startMs = read('from', from) ?? endMs - 30 * dayMs
  if (startMs >= endMs) throw outOfOrder()
  return { startMs, endMs }
}

/** Sums by model or key. Costs that are not known are counted, never added as 0. */
export function toUsageReport(sums: readonly CallSum[], span: UsageSpan, by: 'model' | 'key'): JsonObject {
  const groups = Map.groupBy(sums, (sum) => sum[by])
  return {
    object: 'usage',
    from: toIso(span.startMs),
    to: toIso(span.endMs),
    by,
    total: toSumJson(sums),
    data: [...groups].map(([name, rows]) => ({ [by]: name, ...toSumJson(rows) })),
  }
}

function toSumJson(sums: readonly CallSum[]): JsonObject {
  const count = (of: (sum: CallSum) => number): number => sums.reduce((total, sum) => total + of(sum), 0)
  const tokens = (of: (sum: CallSum) => bigint): string => sums.reduce((total, sum) => total + of(sum), 0n).toString()
  return {
    dispatches: count(({ dispatches }) => dispatches),
    unknown_usage: count(({ unknownUsage }) => unknownUsage),
    unknown_cost: count(({ unknownCost }) => unknownCost),
    input_tokens: tokens(({ inputTokens }) => inputTokens),
    cache_read_tokens: tokens(({ cacheRead }) => cacheRead),
    cache_write_tokens: tokens(({ cacheWrite }) => cacheWrite),
    output_tokens: tokens(({ outputTokens }) => outputTokens),
    reasoning_tokens: tokens(({ reasoning }) => reasoning),
    cost: toMoneyJson(sums.reduce((total, { cost }) => total + cost, 0n)),
  }
}

/** Of a stretch of time that ends before it begins. */
export function outOfOrder(): PlatformError {
  return new PlatformError('INVALID_REQUEST', 'from must lie before to', { param: 'from' })
}
