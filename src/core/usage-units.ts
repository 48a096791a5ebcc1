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
  /** Rankings, as their vendor counts them. */
  readonly rankings: number | undefined
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
    citation: toCount(usage['citation_tokens']),
    webSearches:
      toCount(memberOf(usage, 'server_tool_use')['web_search_requests']) ?? // Anthropic
      toCount(memberOf(usage, 'server_tool_use_details')['web_search_requests']) ?? // OpenRouter
      toCount(memberOf(usage, 'server_side_tool_usage_details')['web_search_calls']) ?? // xAI
      toCount(usage['num_search_queries']) ?? // Perplexity
      toCount(beside['web_searches']),
    fileSearches:
      toCount(memberOf(usage, 'server_side_tool_usage_details')['file_search_calls']) ?? // xAI
      toCount(beside['file_searches']),
    audioSeconds: secondsOf(usage),
    pages: toCount(usage['pages_processed']),
    rankings: toCount(memberOf(usage, 'billed_units')['search_units']), // Cohere
    images: toCount(beside['images']),
  }
}

/** The vendor's service tiers as it names them, several joined by `+`; `undefined` for its ordinary one. */
export function readServiceTier(raw: JsonValue | undefined): string | undefined {
  if (!isJsonObject(raw)) return undefined
  const { inference_geo: place, speed } = raw
  const tier = tierPlaces.map((name) => raw[name]).find(isSpecialTier) ?? memberOf(raw, 'strata')['service_tier']
  const isPlaced = typeof place === 'string' && place !== '' && !ordinaryPlaces.has(place)
  const isFast = typeof speed === 'string' && speed !== 'standard'
  if (!isPlaced && !isFast) return isSpecialTier(tier) ? tier.toLowerCase() : undefined
  const names = [
    isPlaced ? `${placePrefix}${place}` : '',
    isFast ? `${speedPrefix}${speed}` : '',
    isSpecialTier(tier) ? tier.toLowerCase() : '',
  ]
  return names.filter((name) => name !== '').join('+')
}

const placePrefix = 'inference_geo:'
const speedPrefix = 'speed:'

/** What is told apart in a service tier, in the order in which `readServiceTier` joins the names. */
export const tierKinds = ['place', 'speed', 'tier'] as const

/** Of one of the names that `readServiceTier` joins. */
export function kindOfTier(name: string): (typeof tierKinds)[number] {
  if (name.startsWith(placePrefix)) return 'place'
  return name.startsWith(speedPrefix) ? 'speed' : 'tier'
}

/** Whether an answer may be given elsewhere, faster, or in another tier than the ordinary one. */
export type TierChoice = Readonly<Record<(typeof tierKinds)[number], boolean>>

/** What the body of a request leaves open: place and tier are the vendor account's default where it does not ask for the ordinary one. */
export function readTierChoice(body: JsonObject = {}): TierChoice {
  const { inference_geo: place, speed } = body
  const tiers = tierPlaces.map((name) => body[name]).filter((tier) => typeof tier === 'string')
  return {
    place: !(typeof place === 'string' && ordinaryPlaces.has(place)),
    speed: typeof speed === 'string' && speed !== 'standard',
    tier: tiers.every((tier) => leftOpen.has(tier.toLowerCase()) || !isOrdinaryTier(tier)),
  }
}

/** Of the names of the ordinary tier, those by which a request leaves the choice to the vendor. */
const leftOpen: ReadonlySet<string> = new Set(['', 'auto', 'traffic_type_unspecified', 'service_tier_unspecified'])

/** Google has one for each of its two services. */
const tierPlaces = ['service_tier', 'serviceTier', 'trafficType'] as const

function isSpecialTier(tier: JsonValue | undefined): tier is string {
  return typeof tier === 'string' && !isOrdinaryTier(tier)
}

/** Whether a tier is the one that list prices are for. */
export function isOrdinaryTier(tier: string): boolean {
  return ordinaryTiers.has(tier.toLowerCase())
}

/**
 * Path of the first figure of a usage object that is no count; `undefined` when every figure is one or absent. Cost: one
 * pass; only members whose value is neither a whole number nor holds others are looked at by name.
 */
export function findUsageFault(raw: JsonObject): string | undefined {
  for (const key in raw) {
    const value = raw[key]
    if (typeof value === 'number') {
      if (!(Number.isSafeInteger(value) && value >= 0) && isCountName(key)) return key
    } else if (typeof value === 'string' || typeof value === 'boolean') {
      if (isCountName(key)) return key
    } else if (typeof value === 'object' && value !== null) {
      const inner = findUsageFault(value as JsonObject) // a list has its members by number
      if (inner !== undefined) return `${key}.${inner}`
    }
  }
  return undefined
}

const ordinaryTiers: ReadonlySet<string> = new Set([
  '',
  'auto',
  'default',
  'standard',
  'on_demand',
  'standard_only',
  'traffic_type_unspecified',
  'service_tier_unspecified',
])
const ordinaryPlaces: ReadonlySet<string> = new Set(['global', 'not_available'])

/** By any vendor's name: of tokens, searches, pages and rankings. */
function isCountName(key: string): boolean {
  return /(?:^|_)tokens$|Tokens$|^tokens_|(?:^t|T)okenCount$|_(?:count|calls|requests|queries|units)$|^pages_processed$/.test(
    key,
  )
}

type Kind = 'audio' | 'image' | 'video'

/** One place with details: an object of `audio_tokens`, or Google's list of modalities. */
const inputPlaces = [
  'prompt_tokens_details',
  'input_tokens_details',
  'input_token_details',
  'prompt_token_details',
  'promptTokensDetails',
  'promptTokenDetails', // Google's embeddings
  'toolUsePromptTokensDetails',
  'input_tokens_by_modality',
  'tool_use_tokens_by_modality',
]
const outputPlaces = [
  'completion_tokens_details',
  'output_tokens_details',
  'output_token_details',
  'candidatesTokensDetails',
  'responseTokensDetails',
  'output_tokens_by_modality',
]
const cachePlaces = ['cacheTokensDetails', 'cached_tokens_details', 'cached_tokens_by_modality']

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
  if (isJsonObject(details)) return toCount(details[`${kind}_tokens`]) ?? 0
  if (!Array.isArray(details)) return 0
  return details.reduce<number>((sum, detail) => {
    if (!isJsonObject(detail) || kindOfModalityOf(detail['modality']) !== kind) return sum
    return sum + (toCount(detail['tokenCount']) ?? toCount(detail['tokens']) ?? 0)
  }, 0)
}

function kindOfModalityOf(modality: JsonValue | undefined): Kind | undefined {
  if (typeof modality === 'number') return kindOfModality[modality]
  return typeof modality === 'string' ? kindOfModality[modality.toUpperCase()] : undefined
}

/** By name, or by number where enumerations are told so. Pages of documents are priced as pictures. */
const kindOfModality: Readonly<Record<string, Kind>> = {
  AUDIO: 'audio',
  IMAGE: 'image',
  DOCUMENT: 'image',
  VIDEO: 'video',
  2: 'image',
  3: 'video',
  4: 'audio',
  5: 'image',
}

function secondsOf(usage: JsonObject): number | undefined {
  const seconds = usage['seconds'] ?? usage['billable_audio_seconds'] ?? usage['prompt_audio_seconds']
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}

/** A member that is an object; an empty one when it is not. */
export function memberOf(object: JsonObject, key: string): JsonObject {
  const value = object[key]
  return isJsonObject(value) ? value : {}
}

/** A count a vendor reports; anything else, absence too, is not a count. */
export function toCount(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
