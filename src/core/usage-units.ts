import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'

/**
 * What a usage counts beside its totals: kinds of token with prices of their own, and what vendors charge by other than
 * tokens. Each is `undefined` where the vendor says nothing about it; where it lists kinds and leaves one out, that one is 0.
 */
export interface UsageUnits {
  /** Of the input, cached ones included. */
  readonly inputAudio: number | undefined
  readonly inputImage: number | undefined
  readonly inputVideo: number | undefined
  /** Of the cached input. */
  readonly cacheReadAudio: number | undefined
  readonly cacheReadImage: number | undefined
  readonly cacheReadVideo: number | undefined
  /** Of the output. */
  readonly outputAudio: number | undefined
  readonly outputImage: number | undefined
  readonly outputVideo: number | undefined
  readonly citation: number | undefined
  /** Searches of the web that the vendor made. */
  readonly webSearches: number | undefined
  /** Searches of files that the vendor made. */
  readonly fileSearches: number | undefined
  readonly audioSeconds: number | undefined
  readonly pages: number | undefined
  readonly images: number | undefined
}

export type UsageUnit = keyof UsageUnits

/** The units in a vendor's usage object, whichever vendor's it is: no two give one name two meanings. */
export function readUnits(raw: JsonValue | undefined): UsageUnits {
  const usage = isJsonObject(raw) ? raw : {}
  const input = kindsOf(usage, inputPlaces)
  const output = kindsOf(usage, outputPlaces)
  const cached = kindsOf(usage, cachePlaces)
  const beside = memberOf(usage, 'strata')
  return {
    inputAudio: input('audio'),
    inputImage: input('image'),
    inputVideo: input('video'),
    cacheReadAudio: cached('audio'),
    cacheReadImage: cached('image'),
    cacheReadVideo: cached('video'),
    outputAudio: output('audio'),
    outputImage: output('image'),
    outputVideo: output('video'),
    citation: countOf(usage['citation_tokens']),
    webSearches:
      countOf(memberOf(usage, 'server_tool_use')['web_search_requests']) ?? // Anthropic
      countOf(usage['num_search_queries']) ?? // Perplexity
      countOf(beside['web_searches']),
    fileSearches: countOf(beside['file_searches']),
    audioSeconds: secondsOf(usage),
    pages: countOf(usage['pages_processed']),
    images: countOf(beside['images']),
  }
}

/** The vendor's service tier as it names it; `undefined` for its ordinary one. */
export function readServiceTier(raw: JsonValue | undefined): string | undefined {
  if (!isJsonObject(raw)) return undefined
  const place = raw['inference_geo']
  if (typeof place === 'string' && place !== '' && !ordinaryPlaces.has(place)) return `inference_geo:${place}`
  if (typeof raw['speed'] === 'string' && raw['speed'] !== 'standard') return `speed:${raw['speed']}`
  const tier = raw['service_tier'] ?? memberOf(raw, 'strata')['service_tier'] ?? raw['trafficType']
  return typeof tier === 'string' && !isOrdinaryTier(tier) ? tier.toLowerCase() : undefined
}

/** Whether a tier is the one that list prices are for. */
export function isOrdinaryTier(tier: string): boolean {
  return ordinaryTiers.has(tier.toLowerCase())
}

/**
 * Path of the first figure of a usage object that is no count; `undefined` when every figure is one or absent. Cost: one
 * pass; only members whose value is neither a whole number nor an object are looked at by name.
 */
export function findUsageFault(raw: JsonObject): string | undefined {
  for (const key in raw) {
    const value = raw[key]
    if (typeof value === 'number') {
      if (!(Number.isSafeInteger(value) && value >= 0) && isCountName(key)) return key
    } else if (typeof value === 'string' || typeof value === 'boolean') {
      if (isCountName(key)) return key
    } else if (isJsonObject(value)) {
      const inner = findUsageFault(value)
      if (inner !== undefined) return `${key}.${inner}`
    }
  }
  return undefined
}

const ordinaryTiers: ReadonlySet<string> = new Set(['', 'auto', 'default', 'standard', 'on_demand', 'standard_only'])
const ordinaryPlaces: ReadonlySet<string> = new Set(['global', 'not_available'])

/** Token counts by any vendor's name, and Anthropic's and Perplexity's counts of searches. */
function isCountName(key: string): boolean {
  return /(?:^|_)tokens$|Tokens$|TokenCount$|_requests$|^num_search_queries$/.test(key)
}

type Kind = 'audio' | 'image' | 'video'

/** One place with details: an object of `audio_tokens`, or Google's list of modalities. */
const inputPlaces = [
  'prompt_tokens_details',
  'input_tokens_details',
  'input_token_details',
  'prompt_token_details',
  'promptTokensDetails',
  'toolUsePromptTokensDetails',
]
const outputPlaces = [
  'completion_tokens_details',
  'output_tokens_details',
  'output_token_details',
  'candidatesTokensDetails',
  'responseTokensDetails',
]
const cachePlaces = ['cacheTokensDetails', 'cached_tokens_details']

function kindsOf(usage: JsonObject, places: readonly string[]): (kind: Kind) => number | undefined {
  const found = places.flatMap((place) => {
    const own = usage[place] ?? (place === 'cached_tokens_details' ? cachedDetailsOf(usage) : undefined)
    return own === undefined || own === null ? [] : [own]
  })
  return (kind) => {
    if (found.length === 0) return undefined
    return found.reduce<number>((sum, details) => sum + kindIn(details, kind), 0)
  }
}

/** OpenAI has the details of what was cached inside those of the input. */
function cachedDetailsOf(usage: JsonObject): JsonValue | undefined {
  for (const place of inputPlaces) {
    const details = memberOf(usage, place)['cached_tokens_details']
    if (details !== undefined) return details
  }
  return undefined
}

function kindIn(details: JsonValue, kind: Kind): number {
  if (isJsonObject(details)) return countOf(details[`${kind}_tokens`]) ?? 0
  if (!Array.isArray(details)) return 0
  return details.reduce<number>((sum, detail) => {
    const modality = isJsonObject(detail) ? detail['modality'] : undefined
    if (!isJsonObject(detail) || typeof modality !== 'string' || kindOfModality[modality] !== kind) return sum
    return sum + (countOf(detail['tokenCount']) ?? 0)
  }, 0)
}

/** Pages of documents are priced as pictures. */
const kindOfModality: Readonly<Record<string, Kind>> = {
  AUDIO: 'audio',
  IMAGE: 'image',
  DOCUMENT: 'image',
  VIDEO: 'video',
}

function secondsOf(usage: JsonObject): number | undefined {
  const seconds = usage['seconds'] ?? usage['billable_audio_seconds'] ?? usage['prompt_audio_seconds']
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}

function memberOf(object: JsonObject, key: string): JsonObject {
  const value = object[key]
  return isJsonObject(value) ? value : {}
}

function countOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
