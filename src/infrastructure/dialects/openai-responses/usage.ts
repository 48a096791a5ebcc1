import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import type { Usage } from '../../../core/usage.ts'
import { isArray, memberOf, toCount, toUsageOf, withTier } from '../shared/index.ts'

/** The usage of a response; `undefined` when it reports none. */
export function readUsage(body: JsonObject): Usage | undefined {
  const own = body['usage']
  if (!isJsonObject(own)) return undefined
  const raw = withTier(withSearches(own, body), body['service_tier'])
  const details = detailsOf(own, 'input_tokens_details', 'input_token_details')
  const output = toCount(own['output_tokens'])
  const reasoning = toCount(detailsOf(own, 'output_tokens_details', 'output_token_details')['reasoning_tokens'])
  return toUsageOf(raw, {
    inputTotal: toCount(own['input_tokens']),
    cacheRead: toCount(details['cached_tokens']),
    cacheWrite5m: toCount(details['cache_write_tokens']),
    outputTotal: output === undefined ? undefined : output + besideOf(own, output, reasoning),
    reasoning,
  })
}

/** The realtime API drops an s. */
function detailsOf(raw: JsonObject, name: string, other: string): JsonObject {
  return isJsonObject(raw[name]) ? memberOf(raw, name) : memberOf(raw, other)
}

/** Reasoning that is not inside the output: a total says so (xAI), or, without one, there is more of it than output. */
function besideOf(raw: JsonObject, output: number, reasoning: number | undefined): number {
  const [input, total] = [toCount(raw['input_tokens']), toCount(raw['total_tokens'])]
  if (input !== undefined && total !== undefined) return Math.max(0, total - input - output)
  return reasoning !== undefined && reasoning > output ? reasoning : 0
}

/** Searches are charged by number, and stand among what the model did. */
function withSearches(raw: JsonObject, body: JsonObject): JsonObject {
  const items = isArray(body['output']) ? body['output'] : []
  let web = 0
  let file = 0
  for (const item of items) {
    if (!isJsonObject(item)) continue
    if (item['type'] === 'web_search_call' && isSearch(item)) web++
    else if (item['type'] === 'file_search_call') file++
  }
  if (web === 0 && file === 0) return raw
  const counted = { ...(web === 0 ? {} : { web_searches: web }), ...(file === 0 ? {} : { file_searches: file }) }
  return { ...raw, strata: counted }
}

/** Opening a page and looking inside it are not charged as searches. */
function isSearch(item: JsonObject): boolean {
  const { type } = memberOf(item, 'action')
  return type === undefined || type === 'search'
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
