import type { Picodollars } from '../../core/money.ts'
import type { Price, TokensMax } from '../../core/ports.ts'
import {
  kindOfTier,
  readServiceTier,
  readUnits,
  tierKinds,
  type TierChoice,
  type UsageUnits,
} from '../../core/usage-units.ts'
import type { Usage } from '../../core/usage.ts'
import { divideUp, multiply, parseDecimal, shift, toPlaces, toText, type Decimal } from './decimal.ts'
import { createTariff, rateNames, type Band, type FeeRate, type PriceTable, type Tariff } from './price-table.ts'

/** A price of the book: charges, bounds, and says what a charge is made of. */
export interface BookPrice extends Price {
  /** The price as written. */
  readonly table: PriceTable
  /** What a usage costs and why, or why that is not known. */
  explain(usage: Usage): Charge
}

export type Charge =
  | { readonly type: 'charged'; readonly amount: Picodollars; readonly parts: readonly ChargePart[] }
  | { readonly type: 'unknown'; readonly reason: string }

/** `count` things at `picodollarsEach`, which may have a fraction: exact decimal text. */
interface ChargePart {
  readonly name: string
  readonly count: number
  readonly picodollarsEach: string
  /** `count` is of so many things: an hour of audio has 3,600 seconds. 1 when absent. */
  readonly per?: number
}

/**
 * Costs are exact; where a price finer than a picodollar leaves a fraction of one, the whole charge is rounded up, once.
 */
export function createPrice(version: string, table: PriceTable): BookPrice {
  const tariff = createTariff(table)
  const findFactorMax = createFactorMax(tariff)
  return {
    version,
    table,
    cost(usage) {
      const counts = count(tariff, usage)
      return typeof counts === 'string' ? undefined : charge(tariff, counts)
    },
    costMax(tokens) {
      return divideUp(...addRequest(tariff, tokensMax(tariff, tokens), findFactorMax(tokens.tiers)))
    },
    explain(usage) {
      const counts = count(tariff, usage)
      if (typeof counts === 'string') return { type: 'unknown', reason: counts }
      return { type: 'charged', amount: charge(tariff, counts), parts: toParts(tariff, counts) }
    },
  }
}

/** A usage split into what is charged: every token in exactly one count. */
interface Counts {
  readonly band: Band
  /** Not read from and not written to a cache, without the modalities. */
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  /** Without reasoning where reasoning has a price of its own, and without the modalities. */
  readonly output: number
  readonly reasoning: number
  /** One per modality of the tariff. */
  readonly modalities: readonly ModalityCount[]
  /** One per fee of the tariff. */
  readonly fees: readonly number[]
  /** What the service tier multiplies token prices by; `undefined` for the ordinary tier. */
  readonly factor: Decimal | undefined
}

interface ModalityCount {
  readonly uncached: number
  readonly cached: number
}

const noCounts: readonly never[] = []

/** The reason as text when the usage cannot be charged. */
function count(tariff: Tariff, usage: Usage): Counts | string {
  const { needs } = tariff
  if (usage.fault !== undefined) return `the usage holds a figure that is no count: ${usage.fault}`
  // Cache figures that are absent mean that nothing was reported as cached: such tokens cost the full input price.
  const { inputTotal, cacheRead = 0, cacheWrite5m = 0, cacheWrite1h = 0, outputTotal, reasoning } = usage
  if (inputTotal === undefined && needs.input) return 'the number of input tokens was not reported'
  if (outputTotal === undefined && needs.output) return 'the number of output tokens was not reported'
  if (reasoning === undefined && needs.reasoning) return 'the number of reasoning tokens was not reported'
  const output = outputTotal ?? 0
  const cached = cacheRead + cacheWrite5m + cacheWrite1h
  const input = inputTotal ?? cached
  if (!isCount(input) || !isCount(cacheRead) || !isCount(cacheWrite5m) || !isCount(cacheWrite1h) || !isCount(output)) {
    return 'the usage holds a number that is no count of tokens'
  }
  const written = cacheWrite5m + cacheWrite1h
  // The same tokens may be both: OpenRouter bills Gemini's for being written and for being read.
  const isBoth = cacheRead === written && cacheRead <= input
  if (cached > input && !isBoth) {
    return `the usage contradicts itself: ${cached} cached of ${input} input tokens`
  }
  if (reasoning !== undefined && outputTotal !== undefined && !(isCount(reasoning) && reasoning <= output)) {
    return `the usage contradicts itself: ${reasoning} reasoning of ${output} output tokens`
  }
  if (output > 0 && !tariff.hasOutputPrice) return 'the price has none for output tokens, and some were reported'
  if (input > 0 && !tariff.hasInputPrice) return 'the price has none for input tokens, and some were reported'
  const tier = usage.raw === undefined ? undefined : readServiceTier(usage.raw)
  const factor = tier === undefined ? undefined : findFactor(tariff, tier)
  if (tier !== undefined && factor === undefined) return `the price has none for the service tier ${tier.slice(0, 64)}`
  const reasoningApart = needs.reasoning ? (reasoning ?? 0) : 0
  const plain = {
    band: findBand(tariff.bands, input),
    input: input - (cached > input ? cacheRead : cached),
    cacheRead,
    cacheWrite5m,
    cacheWrite1h,
    output: output - reasoningApart,
    reasoning: reasoningApart,
    modalities: noCounts,
    fees: noCounts,
    factor,
  }
  return tariff.readsUnits ? withUnits(tariff, plain, readUnits(usage.raw)) : plain
}

/** Several tiers at once multiply, unless the price has the pair itself; one without a price leaves all without. */
function findFactor(tariff: Tariff, tier: string): Decimal | undefined {
  const own = tariff.tiers.get(tier)
  if (own !== undefined || !tier.includes('+')) return own
  const factors = tier.split('+').map((name) => tariff.tiers.get(name))
  return factors.reduce((product, factor) => product && factor && multiply(product, factor))
}

/** Takes the modalities out of the plain counts, and adds the fees. */
function withUnits(tariff: Tariff, plain: Counts, units: UsageUnits): Counts | string {
  let { input, cacheRead, output } = plain
  const modalities: ModalityCount[] = []
  for (const { name, direction, unit, cacheUnit, isOptional } of tariff.modalities) {
    const all = units[unit] ?? (isOptional ? 0 : undefined)
    if (all === undefined) return `${name} have a price of their own, and the usage does not say how many there were`
    const cached = cacheUnit === undefined || all === 0 || plain.cacheRead === 0 ? 0 : units[cacheUnit]
    if (cached === undefined) return `${name} have a price of their own, and the usage does not say which were cached`
    if (cached > all) return `the usage contradicts itself: ${cached} cached of ${all} ${name}`
    modalities.push({ uncached: all - cached, cached })
    if (direction === 'output') output -= all
    else {
      input -= all - cached
      cacheRead -= cached
    }
  }
  if (input < 0 || cacheRead < 0 || output < 0)
    return 'the usage contradicts itself: more tokens of one kind than of all'
  const fees: number[] = []
  for (const { name, unit, isRequired } of tariff.fees) {
    const quantity = units[unit]
    if (quantity === undefined && isRequired) return `the number of ${name} was not reported`
    fees.push(quantity ?? 0)
  }
  return { ...plain, input, cacheRead, output, modalities, fees }
}

/** Picodollars, rounded up once. */
function charge(tariff: Tariff, counts: Counts): Picodollars {
  const tokens = totalOfTokens(counts)
  const { factor } = counts
  if (factor === undefined && counts.fees.length === 0) {
    return divideUp(tariff.perRequest + tokens, tariff.denominator)
  }
  let [dividend, divisor] = addRequest(tariff, tokens, factor ?? ordinaryFactor)
  for (const [index, fee] of tariff.fees.entries()) {
    const quantity = toQuantity(counts.fees[index] ?? 0)
    if (quantity.digits === 0n) continue
    const per = BigInt(fee.per) * 10n ** BigInt(quantity.places)
    dividend = dividend * per + quantity.digits * fee.rate * (divisor / tariff.denominator)
    divisor *= per
  }
  return divideUp(dividend, divisor)
}

/** The fee of a request and what its tokens cost times a factor: dividend and divisor. */
function addRequest(tariff: Tariff, tokens: bigint, { digits, places }: Decimal): readonly [bigint, bigint] {
  const scale = 10n ** BigInt(places)
  return [tariff.perRequest * scale + tokens * digits, tariff.denominator * scale]
}

/** Picodollars times the denominator, of the tokens alone. */
function totalOfTokens(counts: Counts): bigint {
  const { band } = counts
  let sum = BigInt(counts.input) * band.input + BigInt(counts.output) * band.output
  if (counts.cacheRead !== 0) sum += BigInt(counts.cacheRead) * band.cacheRead
  if (counts.cacheWrite5m !== 0) sum += BigInt(counts.cacheWrite5m) * band.cacheWrite5m
  if (counts.cacheWrite1h !== 0) sum += BigInt(counts.cacheWrite1h) * band.cacheWrite1h
  if (counts.reasoning !== 0) sum += BigInt(counts.reasoning) * band.reasoning
  for (const [index, { uncached, cached }] of counts.modalities.entries()) {
    const rates = band.modalities[index]
    if (rates !== undefined) sum += BigInt(uncached) * rates.rate + BigInt(cached) * rates.cacheRead
  }
  return sum
}

/**
 * What the dearest of the tiers that an answer may be given in multiplies prices by, at least 1: the vendor may take the ordinary one instead.
 * Worked out once for each choice.
 */
function createFactorMax(tariff: Tariff): (choice: TierChoice | undefined) => Decimal {
  const names = [...new Set([...tariff.tiers.keys()].flatMap((name) => name.split('+')))]
  const known = new Map<string, Decimal>()
  return (choice) => {
    if (choice === undefined || names.length === 0) return ordinaryFactor
    const key = `${choice.place} ${choice.speed} ${choice.tier}`
    const factor =
      known.get(key) ??
      tierKinds
        .map((kind) => (choice[kind] ? names.filter((name) => kindOfTier(name) === kind) : []))
        .reduce(join, [''])
        .reduce((most, name) => larger(most, findFactor(tariff, name)), ordinaryFactor)
    known.set(key, factor)
    return factor
  }
}

const ordinaryFactor: Decimal = { digits: 1n, places: 0 }

/** Each name so far with none and with each of a further kind, as `readServiceTier` joins them. */
function join(joined: readonly string[], names: readonly string[]): readonly string[] {
  return [...joined, ...joined.flatMap((name) => names.map((next) => (name === '' ? next : `${name}+${next}`)))]
}

function larger(left: Decimal, right: Decimal | undefined): Decimal {
  if (right === undefined) return left
  const places = Math.max(left.places, right.places)
  return toPlaces(right, places) > toPlaces(left, places) ? right : left
}

/** A request may use fewer tokens than its bound and so fall into any lower band: the dearest of those it can reach. */
function tokensMax(tariff: Tariff, tokens: TokensMax): bigint {
  const input = BigInt(Math.ceil(tokens.input))
  const output = BigInt(Math.ceil(tokens.output))
  let most = 0n
  for (const band of tariff.bands) {
    if (tokens.input <= band.above) break
    const sum = input * band.inputMax + output * band.outputMax
    if (sum > most) most = sum
  }
  return most
}

function toParts(tariff: Tariff, counts: Counts): readonly ChargePart[] {
  const each = (rate: bigint): string => toText({ digits: rate, places: tariff.places })
  const ofToken = (rate: bigint): string => {
    if (counts.factor === undefined) return each(rate)
    const { digits, places } = counts.factor
    return toText({ digits: rate * digits, places: tariff.places + places })
  }
  return [
    ...rateNames.map((name) => ({ name, count: counts[name], picodollarsEach: ofToken(counts.band[name]) })),
    ...tariff.modalities.flatMap(({ name }, index) => {
      const rates = counts.band.modalities[index]
      const own = counts.modalities[index]
      if (rates === undefined || own === undefined) return []
      return [
        { name, count: own.uncached, picodollarsEach: ofToken(rates.rate) },
        { name: `cached ${name}`, count: own.cached, picodollarsEach: ofToken(rates.cacheRead) },
      ]
    }),
    { name: 'request', count: 1, picodollarsEach: each(tariff.perRequest) },
    ...tariff.fees.map((fee, index) => toFeePart(fee, counts.fees[index] ?? 0, each)),
  ].filter((part) => part.count > 0 && part.picodollarsEach !== '0')
}

function toFeePart(fee: FeeRate, quantity: number, each: (rate: bigint) => string): ChargePart {
  if (fee.per === 3_600) return { name: fee.name, count: quantity, picodollarsEach: each(fee.rate), per: fee.per }
  const exponent = fee.per === 1 ? 0 : -3
  const price = parseDecimal(each(fee.rate)) ?? { digits: 0n, places: 0 }
  return { name: fee.name, count: quantity, picodollarsEach: toText(shift(price, exponent)) }
}

/** A count, or seconds with a fraction, exactly as written. */
function toQuantity(quantity: number): Decimal {
  const decimal = parseDecimal(String(quantity)) ?? { digits: BigInt(Math.ceil(quantity)), places: 0 }
  return { digits: toPlaces(decimal, decimal.places), places: decimal.places }
}

function findBand(bands: Tariff['bands'], input: number): Band {
  let [found] = bands
  for (const band of bands) if (input > band.above) found = band
  return found
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
