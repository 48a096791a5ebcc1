import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import { createUsage, type Usage } from '../../../core/usage.ts'
import { memberOf, toCount } from '../shared/index.ts'

/** The usage of a response; `undefined` when it reports none. */
export function readUsage(body: JsonObject): Usage | undefined {
  const raw = body['usage']
  if (!isJsonObject(raw)) return undefined
  const details = memberOf(raw, 'input_tokens_details')
  return createUsage({
    inputTotal: toCount(raw['input_tokens']),
    cacheRead: toCount(details['cached_tokens']),
    cacheWrite5m: toCount(details['cache_write_tokens']),
    outputTotal: toCount(raw['output_tokens']),
    reasoning: toCount(memberOf(raw, 'output_tokens_details')['reasoning_tokens']),
    raw,
  })
}

/**
 * The usage as clients get it; `undefined` unless both totals are known. The shape demands a number for each part: a
 * part that nobody reported is 0 there, so the totals are what to rely on.
 */
export function encodeUsage(usage: Usage | undefined): JsonObject | undefined {
  if (usage?.inputTotal === undefined || usage.outputTotal === undefined) return undefined
  return {
    input_tokens: usage.inputTotal,
    input_tokens_details: {
      cached_tokens: usage.cacheRead ?? 0,
      cache_write_tokens: (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0),
    },
    output_tokens: usage.outputTotal,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: usage.inputTotal + usage.outputTotal,
  }
}
