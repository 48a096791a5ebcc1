import type { calcPrice, ConditionalPrice, findProvider, ModelPrice, Provider } from '@pydantic/genai-prices'
import { assert } from '../../core/assert.ts'
import { loadPackage } from '../../core/packages.ts'
import { parseDecimal, shift, toText } from './decimal.ts'
import type { UsageUnit } from '../../core/usage-units.ts'
import type { ModalityPrice, PriceTable, TieredDollars } from './price-table.ts'

/** The release of the catalogue in use, and its date: part of every price's version. Data is never fetched while running. */
const catalogueRelease = '0.1.8+20260923'

/** What the catalogue has for a model at an instant, and how long that holds. */
export interface CatalogueAnswer {
  readonly entry: { readonly version: string; readonly table: PriceTable } | undefined
  readonly window: TimeWindow
}

/** From `fromMs` until just before `untilMs`, milliseconds UTC; infinite where it has no end. */
export interface TimeWindow {
  readonly fromMs: number
  readonly untilMs: number
}

export const allTime: TimeWindow = { fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY }

/**
 * The library with its data: loaded when the first price is looked up there, because a process whose endpoints have
 * prices of their own need not carry it (12 MB).
 */
export interface CatalogueLibrary {
  readonly calcPrice: typeof calcPrice
  readonly findProvider: typeof findProvider
}

export function loadCatalogue(): CatalogueLibrary {
  return loadPackage<CatalogueLibrary>('@pydantic/genai-prices')
}

/** The catalogue's name of the vendor whose service a URL belongs to; `undefined` when it knows none. */
export function findVendorAt(library: CatalogueLibrary, url: string): string | undefined {
  return library.findProvider({ providerApiUrl: url })?.id
}

/**
 * The catalogue's price of a vendor's model. No entry when it has none, none it has words for, or only the statement that
 * nothing is charged: such entries stand for free trials and flat subscriptions alike.
 */
export function findInCatalogue(library: CatalogueLibrary, query: CatalogueQuery): CatalogueAnswer {
  const { atMs } = query
  const found = resolve(library, query)
  if (found === undefined) return { entry: undefined, window: allTime }
  const { provider, prices, modelId } = found
  const list: readonly ConditionalPrice[] = isList(prices) ? prices : [{ prices }]
  const window = findWindow(list, atMs)
  const index = findInForce(list, atMs)
  const inForce = index === undefined ? undefined : list[index]
  const table = inForce === undefined ? undefined : toTable(inForce.prices, tiersOf[provider.id])
  if (table === undefined) return { entry: undefined, window }
  return { entry: { version: `genai-prices@${catalogueRelease}/${provider.id}/${modelId}#${index}`, table }, window }
}

export interface CatalogueQuery {
  readonly vendor: string
  readonly model: string
  /** Milliseconds UTC. */
  readonly atMs: number
}

function isList(prices: Resolved['prices']): prices is readonly ConditionalPrice[] {
  return Array.isArray(prices)
}

interface Resolved {
  readonly provider: Provider
  readonly modelId: string
  readonly prices: readonly ConditionalPrice[] | ModelPrice
}

/** Lets the catalogue match the model's name: dated, prefixed and second names, and vendors that resell others'. */
function resolve(library: CatalogueLibrary, { vendor, model }: CatalogueQuery): Resolved | undefined {
  const provider = library.findProvider({ providerId: vendor })
  // By its exact name only: the catalogue would also take "my-openai-proxy" for openai.
  if (provider?.id !== vendor) return undefined
  try {
    // An instant before any dated price: only the match is wanted here, the price in force is chosen below.
    const found = library.calcPrice({}, model, { providerId: vendor, timestamp: new Date(0) })
    return found === null ? undefined : { provider, modelId: found.model.id, prices: found.model.prices }
  } catch {
    // The catalogue refuses an entry that contradicts itself: that is no price.
    return undefined
  }
}

/** The last entry whose condition holds, as the catalogue orders them; the first when none does. */
function findInForce(list: readonly ConditionalPrice[], atMs: number): number | undefined {
  for (let index = list.length - 1; index >= 0; index--) {
    const constraint = list[index]?.constraint
    if (constraint === undefined) return index
    if (constraint.type === 'start_date') {
      if (atMs >= Date.parse(constraint.start_date)) return index
    } else {
      const start = toTimeOfDay(constraint.start_time)
      const end = toTimeOfDay(constraint.end_time)
      if (start === undefined || end === undefined) return undefined
      const time = ((atMs % dayMs) + dayMs) % dayMs
      if (start <= end ? time >= start && time < end : time >= start || time < end) return index
    }
  }
  return list.length === 0 ? undefined : 0
}

const dayMs = 86_400_000

/** The stretch around an instant in which no condition of the list changes. */
function findWindow(list: readonly ConditionalPrice[], atMs: number): TimeWindow {
  const midnight = atMs - (((atMs % dayMs) + dayMs) % dayMs)
  const edges = list.flatMap(({ constraint }) => {
    if (constraint === undefined) return []
    if (constraint.type === 'start_date') return [Date.parse(constraint.start_date)]
    const times = [toTimeOfDay(constraint.start_time) ?? 0, toTimeOfDay(constraint.end_time) ?? 0]
    return times.flatMap((time) => [midnight + time - dayMs, midnight + time, midnight + time + dayMs])
  })
  return {
    fromMs: Math.max(allTime.fromMs, ...edges.filter((edge) => edge <= atMs)),
    untilMs: Math.min(allTime.untilMs, ...edges.filter((edge) => edge > atMs)),
  }
}

/** Milliseconds after midnight UTC of `16:30:00Z` or `16:30:00+08:00`. */
function toTimeOfDay(text: string): number | undefined {
  const instantMs = Date.parse(`1970-01-02T${text}`)
  return Number.isNaN(instantMs) ? undefined : instantMs % dayMs
}

/** Kinds of token with prices of their own: how the catalogue names their prices, and where a usage counts them. */
const modalities = [
  modality('audio input tokens', 'input', [
    'input_audio_mtok',
    'inputAudio',
    'cache_audio_read_mtok',
    'cacheReadAudio',
  ]),
  modality('image input tokens', 'input', [
    'input_image_mtok',
    'inputImage',
    'cache_image_read_mtok',
    'cacheReadImage',
  ]),
  modality('video input tokens', 'input', [
    'input_video_mtok',
    'inputVideo',
    'cache_video_read_mtok',
    'cacheReadVideo',
  ]),
  modality('audio output tokens', 'output', ['output_audio_mtok', 'outputAudio']),
  modality('image output tokens', 'output', ['output_image_mtok', 'outputImage']),
  modality('video output tokens', 'output', ['output_video_mtok', 'outputVideo']),
  modality('citation tokens', 'output', ['output_citation_mtok', 'citation']),
] as const

function modality(
  name: string,
  direction: ModalityPrice['direction'],
  [key, unit, cacheKey, cacheUnit]: readonly [string, UsageUnit, string?, UsageUnit?],
) {
  return { name, direction, key, unit, cacheKey, cacheUnit }
}

/** Fees by other counts than tokens: how the catalogue names their prices, and where a usage counts them. */
const fees = [
  { key: 'web_searches_kcount', name: 'web searches', unit: 'webSearches', per: 1_000, isRequired: false },
  { key: 'storage_searches_kcount', name: 'file searches', unit: 'fileSearches', per: 1_000, isRequired: false },
  { key: 'rerank_searches_kcount', name: 'rankings', unit: 'rankings', per: 1_000, isRequired: true },
  { key: 'input_audio_hours', name: 'seconds of audio', unit: 'audioSeconds', per: 3_600, isRequired: true },
  { key: 'input_document_kpages', name: 'pages', unit: 'pages', per: 1_000, isRequired: true },
] as const

/** Prices the table has a place for. An entry with another one would be charged too little: it is no price. */
const known: ReadonlySet<string> = new Set([
  'input_mtok',
  'output_mtok',
  'cache_read_mtok',
  'cache_write_mtok',
  'cache_write_5m_mtok',
  'cache_write_1h_mtok',
  'output_reasoning_mtok',
  'requests_kcount',
  'audio_hours',
  'input_annotated_document_kpages',
  ...modalities.flatMap(({ key, cacheKey }) => [key, ...(cacheKey === undefined ? [] : [cacheKey])]),
  ...fees.map(({ key }) => key),
])

/**
 * What vendors multiply all token prices by in a service tier that their answers tell, as their pages of prices state for
 * every model that has the tier. Those that differ from model to model (priority, speed) are not here, nor those that leave
 * the price of cached tokens as it is (batches of Google).
 */
const tiersOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  openai: { flex: '0.5' },
  anthropic: { batch: '0.5', 'inference_geo:us': '1.1' },
  google: { flex: '0.5', on_demand_flex: '0.5' },
}

function toTable(prices: ModelPrice, tiers: Readonly<Record<string, string>> = {}): PriceTable | undefined {
  const stated = Object.keys(prices).filter((key) => prices[key] !== undefined)
  const input = toTiered(prices, 'input_mtok')
  const charged = fees.filter(({ key }) => prices[key] !== undefined)
  if (!stated.every((key) => known.has(key)) || (input === undefined && !charged.some((fee) => fee.isRequired))) {
    return undefined
  }
  const output = toTiered(prices, 'output_mtok')
  const cacheRead = toTiered(prices, 'cache_read_mtok')
  const write = toTiered(prices, 'cache_write_mtok')
  const requests = toTiered(prices, 'requests_kcount')
  return {
    input,
    output,
    cacheRead,
    cacheWrite5m: toTiered(prices, 'cache_write_5m_mtok') ?? write,
    cacheWrite1h: toTiered(prices, 'cache_write_1h_mtok') ?? write,
    reasoning: toTiered(prices, 'output_reasoning_mtok'),
    perRequest: requests === undefined ? undefined : toExactText(requests.base, -3),
    fees: charged.map(({ key, ...fee }) => ({ ...fee, price: toTiered(prices, key)?.base ?? '0' })),
    modalities: modalities.flatMap(({ key, cacheKey, ...kind }) => {
      const price = toTiered(prices, key)
      const ofCached = cacheKey === undefined ? undefined : toTiered(prices, cacheKey)
      const isSameCached = ofCached === undefined || isSame(ofCached, cacheRead ?? input)
      if (price === undefined) return []
      if (isSameCached && isSame(price, kind.direction === 'input' ? input : output)) return []
      // A cached token of the kind costs as the others do, unless it has a price of its own or nothing cached has.
      return [
        { ...kind, price, cacheRead: ofCached ?? (cacheRead === undefined ? price : undefined), isOptional: false },
      ]
    }),
    serviceTiers: tiers,
  }
}

function toTiered(prices: ModelPrice, key: string): TieredDollars | undefined {
  const price = prices[key]
  if (price === undefined) return undefined
  if (typeof price === 'number') return { base: toExactText(price), tiers: [] }
  const tiers = price.tiers.map((tier) => ({ above: tier.start, price: toExactText(tier.price) }))
  return { base: toExactText(price.base), tiers: tiers.toSorted((a, b) => a.above - b.above) }
}

/** Times 10^`exponent`. The catalogue's numbers are decimals written short, so their text is their exact value. */
function toExactText(price: number | string, exponent = 0): string {
  const decimal = parseDecimal(String(price))
  assert(decimal !== undefined, `the catalogue's prices are numbers, ${price} is not`)
  return toText(shift(decimal, exponent))
}

function isSame(left: TieredDollars, right: TieredDollars | undefined): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
