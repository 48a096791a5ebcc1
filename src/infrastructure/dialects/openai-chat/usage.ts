import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import type { Usage } from '../../../core/usage.ts'
import { isArray, memberOf, toCount, toUsageOf, withTier } from '../shared/index.ts'

/** The usage of a body or of a chunk, Groq's and Moonshot's places for it included; `undefined` when there is none. */
export function readUsage(body: JsonObject): Usage | undefined {
  const raw = findUsage(body)
  return raw === undefined ? undefined : toOpenaiUsage(withTier(raw, body['service_tier']))
}

/** Where OpenAI and those who follow it have the usage object of a body or a chunk. */
export function findUsage(body: JsonObject): JsonObject | undefined {
  const own = body['usage']
  if (isJsonObject(own)) return own
  const ofGroq = memberOf(body, 'x_groq')['usage']
  if (isJsonObject(ofGroq)) return ofGroq
  const choice = isArray(body['choices']) ? body['choices'][0] : undefined
  const ofMoonshot = isJsonObject(choice) ? choice['usage'] : undefined
  return isJsonObject(ofMoonshot) ? ofMoonshot : undefined
}

/**
 * The normal form of a usage object of the OpenAI family. Input includes the cached, unless there is more of it than input
 * (Grok, its maker's and Azure's). Reasoning is inside the
 * output, but beside it where the total counts more than input and output (xAI, Gemini's thoughts), where it stands at the
 * top (xAI's old form, Perplexity), and where there is more of it than output and no total. Audio that only the total
 * counts is input.
 */
export function toOpenaiUsage(raw: JsonObject): Usage {
  const prompt = toCount(raw['prompt_tokens']) ?? toCount(raw['input_tokens'])
  const completion = toCount(raw['completion_tokens']) ?? toCount(raw['output_tokens'])
  const total = toCount(raw['total_tokens'])
  const inputDetails = detailsOf(raw, inputDetailNames)
  const topReasoning = toCount(raw['reasoning_tokens'])
  const reasoning = toCount(detailsOf(raw, outputDetailNames)['reasoning_tokens']) ?? topReasoning
  const citation = toCount(raw['citation_tokens']) ?? 0
  const uncounted =
    prompt !== undefined && completion !== undefined && total !== undefined
      ? Math.max(0, total - prompt - completion)
      : 0
  const isAudio = (toCount(raw['prompt_audio_seconds']) ?? 0) > 0
  const isMore = total === undefined && completion !== undefined && (reasoning ?? 0) > completion
  const isBeside = topReasoning !== undefined || isMore
  const besides = isBeside ? (reasoning ?? 0) + citation : citation
  const cacheRead = readCached(raw, inputDetails)
  const apart = prompt !== undefined && cacheRead !== undefined && cacheRead > prompt ? cacheRead : 0
  return toUsageOf(raw, {
    inputTotal: prompt === undefined ? undefined : prompt + apart + (isAudio ? uncounted : 0),
    cacheRead,
    cacheWrite5m: toCount(inputDetails['cache_write_tokens']) ?? toCount(inputDetails['cache_creation_input_tokens']), // Alibaba
    outputTotal: completion === undefined ? undefined : completion + Math.max(besides, isAudio ? 0 : uncounted),
    reasoning,
  })
}

/** Each vendor has a name of its own for what was read from its cache. */
function readCached(raw: JsonObject, details: JsonObject): number | undefined {
  return (
    toCount(details['cached_tokens']) ??
    toCount(raw['prompt_cache_hit_tokens']) ?? // DeepSeek
    toCount(raw['num_cached_tokens']) ?? // Mistral
    toCount(raw['cached_tokens']) ?? // Moonshot
    toCount(raw['cached_prompt_text_tokens']) // xAI's old form
  )
}

const inputDetailNames = [
  'prompt_tokens_details',
  'input_tokens_details',
  'prompt_token_details', // Mistral
  'input_token_details', // transcriptions
] as const
const outputDetailNames = ['completion_tokens_details', 'output_tokens_details', 'output_token_details'] as const

function detailsOf(raw: JsonObject, names: readonly string[]): JsonObject {
  for (const name of names) {
    const details = raw[name]
    if (isJsonObject(details)) return details
  }
  return none
}

const none: JsonObject = Object.freeze({})

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
