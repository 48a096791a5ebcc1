import { assert } from '../../core/assert.ts'
import { parseDecimal, shift, toPlaces, type Decimal } from './decimal.ts'

/** What a model costs, as written: decimal dollars, exact. The common form of operator prices and of the catalogue. */
export interface PriceTable {
  readonly input: TieredDollars
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
  /** Fees of the vendor's own tools, charged by a count that its usage object reports. */
  readonly fees: readonly Fee[]
  /** Kinds of token at another price, which a normalised usage does not count: they must be reported as none. */
  readonly modalities: readonly ModalityPrice[]
}

/** USD per million tokens: `base`, or the price of the highest tier whose `above` the request's input tokens exceed. */
export interface TieredDollars {
  readonly base: string
  readonly tiers: readonly { readonly above: number; readonly price: string }[]
}

interface Fee {
  readonly name: string
  /** USD per thousand. */
  readonly perThousand: string
  /** Where the vendor's usage object may have the count. */
  readonly paths: readonly UsagePath[]
}

interface ModalityPrice {
  readonly name: string
  readonly direction: 'input' | 'output'
  readonly price: TieredDollars
  readonly paths: readonly UsagePath[]
}

/** Keys from the top of a vendor's usage object to a figure. */
export type UsagePath = readonly string[]

/** A price table made ready to charge by: integers over one denominator. */
export interface Tariff {
  /** Rates are picodollars times this, so that prices finer than a picodollar per token stay exact. */
  readonly denominator: bigint
  /** The denominator is 10^`places`. */
  readonly places: number
  /** Ascending by `above`; the first holds from no tokens on (`above` -1). */
  readonly bands: readonly [Band, ...(readonly Band[])]
  readonly perRequest: bigint
  readonly fees: readonly { readonly name: string; readonly rate: bigint; readonly paths: readonly UsagePath[] }[]
  readonly modalities: readonly ModalityPrice[]
  /** Whether a cost can be told without knowing the input, output or reasoning tokens. */
  readonly needs: { readonly input: boolean; readonly output: boolean; readonly reasoning: boolean }
  readonly hasOutputPrice: boolean
}

/** Rates for requests with more than `above` input tokens, in picodollars per token times the denominator. */
export interface Band extends Rates {
  readonly above: number
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
const perRequestShift = 12
const perThousandShift = 9

/** Throws INTERNAL when the table holds something that is not a decimal: its makers have checked. */
export function createTariff(table: PriceTable): Tariff {
  const output = table.output ?? nothing
  const prices = {
    input: table.input,
    cacheRead: table.cacheRead ?? table.input,
    cacheWrite5m: table.cacheWrite5m ?? table.input,
    cacheWrite1h: table.cacheWrite1h ?? table.input,
    output,
    reasoning: table.reasoning ?? output,
  }
  const every = [...Object.values(prices), ...table.modalities.map(({ price }) => price)]
  const perRequest = toDecimal(table.perRequest ?? '0', perRequestShift)
  const fees = table.fees.map((fee) => ({ ...fee, decimal: toDecimal(fee.perThousand, perThousandShift) }))
  const tokenPrices = every.flatMap(({ base, tiers }) => [base, ...tiers.map(({ price }) => price)])
  const places = Math.max(
    perRequest.places,
    ...fees.map(({ decimal }) => decimal.places),
    ...tokenPrices.map((price) => toDecimal(price, perTokenShift).places),
  )

  const rateAbove = (price: TieredDollars, above: number): bigint =>
    toPlaces(toDecimal(findTier(price, above), perTokenShift), places)
  const createBand = (above: number): Band => {
    const rates = toRates((name) => rateAbove(prices[name], above))
    const modalityRates = (direction: ModalityPrice['direction']): bigint[] =>
      table.modalities.filter((one) => one.direction === direction).map(({ price }) => rateAbove(price, above))
    return {
      ...rates,
      above,
      inputMax: largest(modalityRates('input'), rates.input, rates.cacheRead, rates.cacheWrite5m, rates.cacheWrite1h),
      outputMax: largest(modalityRates('output'), rates.output, rates.reasoning),
    }
  }
  const starts = new Set(every.flatMap(({ tiers }) => tiers.map(({ above }) => above)))
  const bands = [createBand(-1), ...[...starts].toSorted((a, b) => a - b).map(createBand)] as const
  return {
    denominator: 10n ** BigInt(places),
    places,
    bands,
    perRequest: toPlaces(perRequest, places),
    fees: fees.map(({ name, paths, decimal }) => ({ name, paths, rate: toPlaces(decimal, places) })),
    modalities: table.modalities,
    needs: {
      input: bands.length > 1 || bands.some(({ inputMax }) => inputMax > 0n),
      output: bands.some(({ outputMax }) => outputMax > 0n),
      reasoning: bands.some(({ output: rate, reasoning }) => rate !== reasoning),
    },
    hasOutputPrice: table.output !== undefined,
  }
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
