import { hash } from 'node:crypto'
import type { Config, PriceConfig } from '../../config/index.ts'
import { assert } from '../../core/assert.ts'
import { allTime, type TimeWindow } from './catalogue.ts'
import { multiply, parseDecimal, toText } from './decimal.ts'
import type { Fee, ModalityPrice, PriceTable, TieredDollars } from './price-table.ts'

/** One dated price of the operator's: of the configuration, or of the book in the database. */
export type PriceRow = Config['investment']['prices'][number]

/** An operator price as the common table, in dollars: other currencies are turned into them at the rate it states. */
export function toTable(price: PriceConfig): PriceTable {
  const rate = price.usdRate ?? '1'
  const get = (name: TokenPrice): TieredDollars | undefined => toTiered(price, name, rate)
  const input = get('input') ?? nothing
  const kind = (direction: ModalityPrice['direction'], name: TokenPrice, unit: ModalityPrice['unit']) => {
    const own = get(name)
    if (own === undefined) return []
    return [
      {
        name: names[name] ?? name,
        direction,
        unit,
        cacheUnit: undefined,
        price: own,
        cacheRead: undefined,
        isOptional: true,
      },
    ]
  }
  const fee = (text: string | undefined, name: string, unit: Fee['unit']): readonly Fee[] =>
    text === undefined ? [] : [{ name, unit, price: convert(text, rate), per: 1, isRequired: false }]
  return {
    input,
    output: get('output'),
    cacheRead: get('cacheRead'),
    cacheWrite5m: get('cacheWrite5m'),
    cacheWrite1h: get('cacheWrite1h'),
    reasoning: get('reasoning'),
    perRequest: price.perRequest === undefined ? undefined : convert(price.perRequest, rate),
    fees: [...fee(price.perImage, 'pictures', 'images'), ...fee(price.perWebSearch, 'web searches', 'webSearches')],
    modalities: [
      ...kind('input', 'audioInput', 'inputAudio'),
      ...kind('input', 'imageInput', 'inputImage'),
      ...kind('output', 'audioOutput', 'outputAudio'),
      ...kind('output', 'imageOutput', 'outputImage'),
    ],
    serviceTiers: price.serviceTiers ?? {},
  }
}

type TokenPrice = Exclude<keyof NonNullable<PriceConfig['steps']>[number], 'above'>

const nothing: TieredDollars = { base: '0', tiers: [] }
const names: Partial<Record<TokenPrice, string>> = {
  audioInput: 'audio input tokens',
  imageInput: 'image input tokens',
  audioOutput: 'audio output tokens',
  imageOutput: 'image output tokens',
}

/** The price with its steps. A step may bring a price that has none below: then that of its direction holds there. */
function toTiered(price: PriceConfig, name: TokenPrice, rate: string): TieredDollars | undefined {
  const steps = (price.steps ?? []).flatMap((step) => {
    const own = step[name]
    return own === undefined ? [] : [{ above: step.above, price: convert(own, rate) }]
  })
  const base = price[name] ?? (steps.length === 0 ? undefined : price[directionOf(name)])
  if (base === undefined) return undefined
  return { base: convert(base, rate), tiers: steps.toSorted((a, b) => a.above - b.above) }
}

function directionOf(name: TokenPrice): 'input' | 'output' {
  return name === 'output' || name === 'reasoning' || name.endsWith('Output') ? 'output' : 'input'
}

function convert(text: string, rate: string): string {
  const [amount, factor] = [parseDecimal(text), parseDecimal(rate)]
  assert(amount !== undefined && factor !== undefined, 'prices and rates are decimals by their schema')
  return toText(multiply(amount, factor))
}

/** Names a price by its content, so that equal prices have equal versions on every replica: `operator:1f3a09bc`. */
export function toVersion(price: PriceConfig, source = 'operator'): string {
  const content = JSON.stringify(Object.entries(price).toSorted(([left], [right]) => (left < right ? -1 : 1)))
  const currency = price.currency === undefined || price.currency === 'USD' ? '' : `@${price.currency}=${price.usdRate}`
  return `${source}:${hash('sha256', content, 'hex').slice(0, 12)}${currency}`
}

/** The first row in force for the model, and for how long no other row can be. */
export function findRow<Row extends PriceRow>(
  rows: readonly Row[],
  query: { readonly vendor: string | undefined; readonly model: string; readonly atMs: number },
): { readonly row: Row | undefined; readonly window: TimeWindow } {
  const candidates = rows.filter((row) => matches(row, query.vendor, query.model))
  const edges = candidates.flatMap((row) => edgesOf(row, query.atMs))
  const row = candidates.find((candidate) => isInForce(candidate, query.atMs))
  const window = {
    fromMs: Math.max(allTime.fromMs, ...edges.filter((edge) => edge <= query.atMs)),
    untilMs: Math.min(allTime.untilMs, ...edges.filter((edge) => edge > query.atMs)),
  }
  return { row, window }
}

function isInForce(row: PriceRow, atMs: number): boolean {
  const { fromMs, untilMs } = toWindow(row)
  if (atMs < fromMs || atMs >= untilMs) return false
  if (row.hours === undefined) return true
  const [start, end] = [toTimeOfDay(row.hours.from), toTimeOfDay(row.hours.to)]
  const time = ((atMs % dayMs) + dayMs) % dayMs
  return start <= end ? time >= start && time < end : time >= start || time < end
}

/** Instants near `atMs` at which the row comes into force or goes out of it. */
function edgesOf(row: PriceRow, atMs: number): readonly number[] {
  const { fromMs, untilMs } = toWindow(row)
  if (row.hours === undefined) return [fromMs, untilMs]
  const midnight = atMs - (((atMs % dayMs) + dayMs) % dayMs)
  const times = [toTimeOfDay(row.hours.from), toTimeOfDay(row.hours.to)]
  return [
    fromMs,
    untilMs,
    ...times.flatMap((time) => [midnight + time - dayMs, midnight + time, midnight + time + dayMs]),
  ]
}

const dayMs = 86_400_000

function toTimeOfDay(text: string): number {
  return Date.parse(`1970-01-01T${text}:00Z`)
}

function matches(row: PriceRow, vendor: string | undefined, model: string): boolean {
  if (row.vendor !== undefined && row.vendor !== vendor) return false
  return row.model.endsWith('*') ? model.startsWith(row.model.slice(0, -1)) : model === row.model
}

function toWindow(row: Pick<PriceRow, 'from' | 'to'>): TimeWindow {
  return {
    fromMs: row.from === undefined ? allTime.fromMs : Date.parse(row.from),
    untilMs: row.to === undefined ? allTime.untilMs : Date.parse(row.to),
  }
}
