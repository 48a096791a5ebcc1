import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { createUsage, type Usage } from '../../../core/usage.ts'
import { memberOf, toCount } from '../shared/index.ts'

/** The usage of a body or of a chunk, Groq's place for it included; `undefined` when there is none. */
export function readUsage(body: JsonObject): Usage | undefined {
  return toUsage(body['usage']) ?? toUsage(memberOf(body, 'x_groq')['usage'])
}

/**
 * The normal form of a usage object. `prompt_tokens` includes cached ones everywhere. Tokens that the total counts
 * beyond input and output are output: xAI leaves reasoning out of `completion_tokens`, Gemini's OpenAI face thoughts.
 */
function toUsage(raw: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(raw)) return undefined
  const input = toCount(raw['prompt_tokens'])
  const completion = toCount(raw['completion_tokens'])
  const total = toCount(raw['total_tokens'])
  const inputDetails = memberOf(raw, 'prompt_tokens_details')
  const uncounted =
    input !== undefined && completion !== undefined && total !== undefined ? Math.max(0, total - input - completion) : 0
  return createUsage({
    inputTotal: input,
    cacheRead: toCount(inputDetails['cached_tokens']) ?? toCount(raw['prompt_cache_hit_tokens']),
    cacheWrite5m: toCount(inputDetails['cache_write_tokens']),
    outputTotal: completion === undefined ? undefined : completion + uncounted,
    reasoning: toCount(memberOf(raw, 'completion_tokens_details')['reasoning_tokens']),
    raw,
  })
}

/** The usage as clients get it; `undefined` unless both totals are known, since the shape has no word for unknown. */
export function encodeUsage(usage: Usage | undefined): JsonObject | undefined {
  if (usage?.inputTotal === undefined || usage.outputTotal === undefined) return undefined
  const { cacheRead, reasoning } = usage
  const cacheWrite = sum(usage.cacheWrite5m, usage.cacheWrite1h)
  const hasInputDetails = cacheRead !== undefined || cacheWrite !== undefined
  return {
    prompt_tokens: usage.inputTotal,
    completion_tokens: usage.outputTotal,
    total_tokens: usage.inputTotal + usage.outputTotal,
    ...(hasInputDetails ? { prompt_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite } } : {}),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  }
}

function sum(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined && right === undefined ? undefined : (left ?? 0) + (right ?? 0)
}
