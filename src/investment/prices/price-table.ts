import { assert } from '../../core/assert.ts'
import type { UsageUnit } from '../../core/usage-units.ts'
import { parseDecimal, shift, toPlaces, type Decimal } from './decimal.ts'

/** What a model costs, as written: decimal dollars, exact. The common form of operator prices and of the catalogue. */
export interface PriceTable {
  /** `undefined` for what is not charged by tokens (transcription by the hour, pages). */
  readonly input: TieredDollars | undefined
  /** `undefined` for models that put out no tokens (embeddings). */
  readonly output: TieredDollars | undefined
  /** The cache prices are the input price when `undefined`. */
  readonly cacheRead: TieredDollars | undefined
  readonly cacheWrite5m: TieredDollars | undefined
  readonly cacheWrite1h: TieredDollars | undefined
  /** Reasoning tokens, where they cost other than the rest of the output. */
  readonly reasoning: TieredDollars | undefined
  /** USD per request. */
  readonly perRequest: string | undefined
  /** Charged by other counts than tokens. */
  readonly fees: readonly Fee[]
  /** Kinds of token at another price than the others of their direction. */
  readonly modalities: readonly ModalityPrice[]
  /** What a service tier multiplies every token price by; a tier that is not here has no known price. */
  readonly serviceTiers: Readonly<Record<string, string>>
}

/** USD per million tokens: `base`, or the price of the highest tier whose `above` the request's input tokens exceed. */
export interface TieredDollars {
  readonly base: string
  readonly tiers: readonly { readonly above: number; readonly price: string }[]
}

export interface Fee {
  readonly name: string
  readonly unit: UsageUnit
  /** USD for so many of the unit; audio by the hour is 3,600 seconds. */
  readonly price: string
  readonly per: 1 | 1_000 | 3_600
  /** Whether a usage that does not tell the count has no known cost, rather than none of it. */
  readonly isRequired: boolean
}

export interface ModalityPrice {
  readonly name: string
  readonly direction: 'input' | 'output'
  /** The count of these tokens, and of those among them that were read from the cache. */
  readonly unit: UsageUnit
  readonly cacheUnit: UsageUnit | undefined
  readonly price: TieredDollars
  /** The price of cached ones; that of all cached tokens when `undefined`. */
  readonly cacheRead: TieredDollars | undefined
  /** Whether a usage that does not tell their number can be taken to have none. */
  readonly isOptional: boolean
}

/** A price table made ready to charge by: integers over one denominator. */
export interface Tariff {
  /** Rates are picodollars times this, so that prices finer than a picodollar per token stay exact. */
  readonly denominator: bigint
  /** The denominator is 10^`places`. */
  readonly places: number
  /** Ascending by `above`; the first holds from no tokens on (`above` -1). */
  readonly bands: readonly [Band, ...(readonly Band[])]
  readonly perRequest: bigint
  readonly fees: readonly FeeRate[]
  readonly modalities: readonly ModalityPrice[]
  readonly tiers: ReadonlyMap<string, Decimal>
  /** Whether a cost can be told without knowing the input, output or reasoning tokens. */
  readonly needs: { readonly input: boolean; readonly output: boolean; readonly reasoning: boolean }
  readonly hasInputPrice: boolean
  readonly hasOutputPrice: boolean
  /** Whether there is anything to look for in the vendor's own usage object. */
  readonly readsUnits: boolean
}

/** `rate` is picodollars times the denominator, for `per` of the unit. */
export interface FeeRate extends Omit<Fee, 'price'> {
  readonly rate: bigint
}

/** Rates for requests with more than `above` input tokens, in picodollars per token times the denominator. */
export interface Band extends Rates {
  readonly above: number
  /** One for each modality, in their order: of uncached ones, and of cached ones. */
  readonly modalities: readonly { readonly rate: bigint; readonly cacheRead: bigint }[]
  /** The dearest rate any input, any output token can have; modalities included. */
  readonly inputMax: bigint
  readonly outputMax: bigint
}

interface Rates {
  readonly input: bigint
  readonly cacheRead: bigint
  readonly cacheWrite5m: bigint
  readonly cacheWrite1h: bigint
  readonly output: bigint
  readonly reasoning: bigint
}

export const rateNames = ['input', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'output', 'reasoning'] as const

const nothing: TieredDollars = { base: '0', tiers: [] }
/** Dollars per million tokens to picodollars per token: 12 − 6 places. */
const perTokenShift = 6
const picodollarShift = 12

/** Throws INTERNAL when the table holds something that is not a decimal: its makers have checked. */
export function createTariff(table: PriceTable): Tariff {
  const output = table.output ?? nothing
  const input = table.input ?? nothing
  const prices = {
    input,
    cacheRead: table.cacheRead ?? input,
    cacheWrite5m: table.cacheWrite5m ?? input,
    cacheWrite1h: table.cacheWrite1h ?? input,
    output,
    reasoning: table.reasoning ?? output,
  }
  const ofModalities = table.modalities.flatMap(({ price, cacheRead }) => [price, ...(cacheRead ? [cacheRead] : [])])
  const every = [...Object.values(prices), ...ofModalities]
  const perRequest = toDecimal(table.perRequest ?? '0', picodollarShift)
  const fees = table.fees.map((fee) => ({ fee, decimal: toDecimal(fee.price, picodollarShift) }))
  const tokenPrices = every.flatMap(({ base, tiers }) => [base, ...tiers.map(({ price }) => price)])
  const places = Math.max(
    perRequest.places,
    ...fees.map(({ decimal }) => decimal.places),
    ...tokenPrices.map((price) => toDecimal(price, perTokenShift).places),
  )
  const bands = createBands({ table, prices, every, places })
  return {
    denominator: 10n ** BigInt(places),
    places,
    bands,
    perRequest: toPlaces(perRequest, places),
    fees: fees.map(({ fee, decimal }) => ({ ...fee, rate: toPlaces(decimal, places) })),
    modalities: table.modalities,
    tiers: new Map(Object.entries(table.serviceTiers).map(([name, factor]) => [name, toDecimal(factor, 0)])),
    needs: {
      input: bands.length > 1 || bands.some(({ inputMax }) => inputMax > 0n),
      output: bands.some(({ outputMax }) => outputMax > 0n),
      reasoning: bands.some(({ output: rate, reasoning }) => rate !== reasoning),
    },
    hasInputPrice: table.input !== undefined,
    hasOutputPrice: table.output !== undefined,
    readsUnits: table.fees.length > 0 || table.modalities.length > 0,
  }
}

interface BandParts {
  readonly table: PriceTable
  readonly prices: Readonly<Record<(typeof rateNames)[number], TieredDollars>>
  readonly every: readonly TieredDollars[]
  readonly places: number
}

function createBands({ table, prices, every, places }: BandParts): Tariff['bands'] {
  const rateAbove = (price: TieredDollars, above: number): bigint =>
    toPlaces(toDecimal(findTier(price, above), perTokenShift), places)
  const createBand = (above: number): Band => {
    const rates = toRates((name) => rateAbove(prices[name], above))
    const modalities = table.modalities.map(({ price, cacheRead }) => ({
      rate: rateAbove(price, above),
      cacheRead: rateAbove(cacheRead ?? prices.cacheRead, above),
    }))
    const of = (direction: ModalityPrice['direction']): bigint[] =>
      modalities.flatMap(({ rate, cacheRead }, index) => {
        const kind = table.modalities[index]
        // What an endpoint does not take needs no room in a bound.
        if (kind?.direction !== direction || kind.isOptional) return []
        return direction === 'input' ? [rate, cacheRead] : [rate]
      })
    return {
      ...rates,
      above,
      modalities,
      inputMax: largest(of('input'), rates.input, rates.cacheRead, rates.cacheWrite5m, rates.cacheWrite1h),
      outputMax: largest(of('output'), rates.output, rates.reasoning),
    }
  }
  const starts = new Set(every.flatMap(({ tiers }) => tiers.map(({ above }) => above)))
  return [createBand(-1), ...[...starts].toSorted((a, b) => a - b).map(createBand)]
}

/** The price in force for requests with just more than `above` input tokens. */
function findTier(price: TieredDollars, above: number): string {
  let found = price.base
  let start = -2
  for (const tier of price.tiers) {
    if (tier.above > above || tier.above < start) continue
    found = tier.price
    start = tier.above
  }
  return found
}

function toRates(rate: (name: (typeof rateNames)[number]) => bigint): Rates {
  return {
    input: rate('input'),
    cacheRead: rate('cacheRead'),
    cacheWrite5m: rate('cacheWrite5m'),
    cacheWrite1h: rate('cacheWrite1h'),
    output: rate('output'),
    reasoning: rate('reasoning'),
  }
}

function toDecimal(text: string, exponent: number): Decimal {
  const decimal = parseDecimal(text)
  assert(decimal !== undefined, `prices are decimals, "${text}" is not`)
  return shift(decimal, exponent)
}

function largest(some: readonly bigint[], ...others: readonly bigint[]): bigint {
  return some.concat(others).reduce((most, value) => (value > most ? value : most), 0n)
}
