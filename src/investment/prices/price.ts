import { isJsonObject, type JsonValue } from '../../core/json.ts'
import type { Picodollars } from '../../core/money.ts'
import type { Price } from '../../core/ports.ts'
import type { Usage } from '../../core/usage.ts'
import { divideUp, toText } from './decimal.ts'
import { createTariff, rateNames, type Band, type PriceTable, type Tariff, type UsagePath } from './price-table.ts'

/** A price of the book: charges, bounds, and says what a charge is made of. */
export interface BookPrice extends Price {
  /** The price as written. */
  readonly table: PriceTable
  /** What a usage costs and why, or why that is not known. */
  explain(usage: Usage): Charge
}

type Charge =
  | { readonly type: 'charged'; readonly amount: Picodollars; readonly parts: readonly ChargePart[] }
  | { readonly type: 'unknown'; readonly reason: string }

/** `count` things at `picodollarsEach`, which may have a fraction: exact decimal text. */
interface ChargePart {
  readonly name: string
  readonly count: number
  readonly picodollarsEach: string
}

/**
 * Costs are exact; where a price finer than a picodollar leaves a fraction of one, the whole charge is rounded up, once.
 */
export function createPrice(version: string, table: PriceTable): BookPrice {
  const tariff = createTariff(table)
  return {
    version,
    table,
    cost(usage) {
      const counts = count(tariff, usage)
      if (typeof counts === 'string') return undefined
      return divideUp(total(tariff, counts), tariff.denominator)
    },
    costMax: (tokens) => divideUp(totalMax(tariff, tokens), tariff.denominator),
    explain(usage) {
      const counts = count(tariff, usage)
      if (typeof counts === 'string') return { type: 'unknown', reason: counts }
      const amount = divideUp(total(tariff, counts), tariff.denominator)
      return { type: 'charged', amount, parts: toParts(tariff, counts) }
    },
  }
}

/** A usage split into what is charged: every token in exactly one count. */
interface Counts {
  readonly band: Band
  /** Not read from and not written to a cache. */
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  /** Without reasoning where reasoning has a price of its own. */
  readonly output: number
  readonly reasoning: number
  /** One per fee of the tariff. */
  readonly fees: readonly number[]
}

const noFees: readonly number[] = []

/** The reason as text when the usage cannot be charged. */
function count(tariff: Tariff, usage: Usage): Counts | string {
  const { needs } = tariff
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
  if (cached > input) return `the usage contradicts itself: ${cached} cached of ${input} input tokens`
  if (reasoning !== undefined && outputTotal !== undefined && !(isCount(reasoning) && reasoning <= output)) {
    return `the usage contradicts itself: ${reasoning} reasoning of ${output} output tokens`
  }
  if (output > 0 && !tariff.hasOutputPrice) return 'the price has none for output tokens, and some were reported'
  for (const { name, paths } of tariff.modalities) {
    if (readCount(usage.raw, paths) !== 0)
      return `${name} have a price of their own, and the usage does not say there were none`
  }
  const separate = needs.reasoning ? (reasoning ?? 0) : 0
  return {
    band: findBand(tariff.bands, input),
    input: input - cached,
    cacheRead,
    cacheWrite5m,
    cacheWrite1h,
    output: output - separate,
    reasoning: separate,
    fees: tariff.fees.length === 0 ? noFees : tariff.fees.map(({ paths }) => readCount(usage.raw, paths) ?? 0),
  }
}

/** Picodollars times the denominator. */
function total(tariff: Tariff, counts: Counts): bigint {
  const { band } = counts
  let sum = tariff.perRequest + BigInt(counts.input) * band.input + BigInt(counts.output) * band.output
  if (counts.cacheRead !== 0) sum += BigInt(counts.cacheRead) * band.cacheRead
  if (counts.cacheWrite5m !== 0) sum += BigInt(counts.cacheWrite5m) * band.cacheWrite5m
  if (counts.cacheWrite1h !== 0) sum += BigInt(counts.cacheWrite1h) * band.cacheWrite1h
  if (counts.reasoning !== 0) sum += BigInt(counts.reasoning) * band.reasoning
  for (const [index, fee] of tariff.fees.entries()) sum += BigInt(counts.fees[index] ?? 0) * fee.rate
  return sum
}

/** A request may use fewer tokens than its bound and so fall into any lower band: the dearest of those it can reach. */
function totalMax(tariff: Tariff, tokens: { readonly input: number; readonly output: number }): bigint {
  const input = BigInt(Math.ceil(tokens.input))
  const output = BigInt(Math.ceil(tokens.output))
  let most = 0n
  for (const band of tariff.bands) {
    if (tokens.input <= band.above) break
    const sum = input * band.inputMax + output * band.outputMax
    if (sum > most) most = sum
  }
  return tariff.perRequest + most
}

function toParts(tariff: Tariff, counts: Counts): readonly ChargePart[] {
  const each = (rate: bigint): string => toText({ digits: rate, places: tariff.places })
  return [
    ...rateNames.map((name) => ({ name, count: counts[name], picodollarsEach: each(counts.band[name]) })),
    { name: 'request', count: 1, picodollarsEach: each(tariff.perRequest) },
    ...tariff.fees.map(({ name, rate }, index) => ({
      name,
      count: counts.fees[index] ?? 0,
      picodollarsEach: each(rate),
    })),
  ].filter((part) => part.count > 0 && part.picodollarsEach !== '0')
}

function findBand(bands: Tariff['bands'], input: number): Band {
  let [found] = bands
  for (const band of bands) if (input > band.above) found = band
  return found
}

/** The first count found at one of the paths; `undefined` when none is. */
function readCount(raw: JsonValue | undefined, paths: readonly UsagePath[]): number | undefined {
  for (const path of paths) {
    let value = raw
    for (const key of path) value = isJsonObject(value) ? value[key] : undefined
    if (typeof value === 'number' && isCount(value)) return value
  }
  return undefined
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
