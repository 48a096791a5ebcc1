import { placesOfCurrency } from './currency.ts'
import type { Reading, ReadingPart } from './meters.ts'
import { shareOf, type Span } from './period.ts'
import { exact, isUsagePrice, meterOf, rateUsage } from './rate.ts'
import {
  multiply,
  parseRational,
  round,
  splitByLargestRemainder,
  sum,
  toRational,
  toText,
  zero,
  type Rational,
  type Rounding,
} from './rational.ts'
import type { Plan, Price } from './schema.ts'

/** One plan in force for a stretch of a period, and what was counted in it. */
export interface Segment {
  readonly plan: Plan
  readonly period: Span
  readonly active: Span
  readonly usage: readonly Reading[]
}

/** One charge, rounded to the smallest unit of the currency: the one place where anything is rounded. */
export interface Line {
  /** The same line in every reading of the same period. */
  readonly key: string
  readonly kind: 'flat' | 'usage' | 'minimum' | 'maximum' | 'discount'
  readonly price: string | undefined
  readonly description: string
  readonly meter: string | undefined
  readonly unit: string | undefined
  readonly quantity: string | undefined
  readonly span: Span
  /** Before rounding. */
  readonly exact: Rational
  /** Smallest units of the currency. */
  readonly amount: bigint
  readonly parts: readonly (ReadingPart & { readonly amount: bigint })[]
}

/** The charges of a segment for its own period, in the order of the plan: prices, then minimum, maximum and discount. */
export function toLines(segment: Segment, rounding: Rounding): readonly Line[] {
  const { plan, period, active } = segment
  const places = placesOfCurrency(plan.currency)
  const share = shareOf(period, active)
  const lines: Line[] = plan.prices
    .filter((price) => price.kind !== 'flat' || price.timing === 'arrears')
    .map((price) => toLine(segment, price, { places, rounding, share }))
  const all = (): bigint => lines.reduce((total, line) => total + line.amount, 0n)
  const bound = (text: string): Rational => multiply(exact(text), share)
  const whole = (kind: 'minimum' | 'maximum' | 'discount', value: Rational, amount: bigint): void => {
    if (amount === 0n) return
    lines.push({
      key: `${plan.id}/~${kind}`,
      kind,
      price: undefined,
      description: wholeNames[kind],
      meter: undefined,
      unit: undefined,
      quantity: undefined,
      span: active,
      exact: value,
      amount,
      parts: [],
    })
  }
  if (plan.minimum !== undefined) {
    const short = round(bound(plan.minimum), places, rounding) - all()
    if (short > 0n) whole('minimum', toUnits(short, places), short)
  }
  if (plan.maximum !== undefined) {
    const over = all() - round(bound(plan.maximum), places, rounding)
    if (over > 0n) whole('maximum', toUnits(-over, places), -over)
  }
  if (plan.discount_percent !== undefined) {
    const off = multiply(
      toUnits(all(), places),
      toRational(exact(plan.discount_percent).n, exact(plan.discount_percent).d * 100n),
    )
    whole('discount', { n: -off.n, d: off.d }, -round(off, places, rounding))
  }
  return lines
}

const wholeNames = {
  minimum: 'Minimum of the period',
  maximum: 'Above the maximum of the period',
  discount: 'Discount',
}

/** What is charged before its period begins. */
export function toAdvanceLines(segment: Segment, rounding: Rounding): readonly Line[] {
  const { plan, period, active } = segment
  const options = { places: placesOfCurrency(plan.currency), rounding, share: shareOf(period, active) }
  return plan.prices
    .filter((price) => price.kind === 'flat' && price.timing === 'advance')
    .map((price) => toLine(segment, price, options))
    .filter((line) => line.amount !== 0n)
}

interface LineOptions {
  readonly places: number
  readonly rounding: Rounding
  readonly share: Rational
}

function toLine({ plan, active, usage }: Segment, price: Price, { places, rounding, share }: LineOptions): Line {
  const base = {
    key: `${plan.id}/${price.id}`,
    price: price.id,
    description: price.description ?? price.id,
    span: active,
  }
  if (!isUsagePrice(price)) {
    const value = price.prorate ? multiply(exact(price.amount), share) : share.n === 0n ? zero : exact(price.amount)
    const amount = round(value, places, rounding)
    return {
      ...base,
      kind: 'flat',
      meter: undefined,
      unit: undefined,
      quantity: undefined,
      exact: value,
      amount,
      parts: [],
    }
  }
  const meter = meterOf(price)
  const reading = usage.find((each) => each.meter === meter)
  const quantity = parseRational(reading?.quantity ?? '0') ?? zero
  const value = rateUsage(price, quantity, share)
  const amount = round(value, places, rounding)
  const parts = reading?.parts ?? []
  const weights = parts.map((part) => parseRational(part.quantity) ?? zero)
  const amounts = splitByLargestRemainder(amount, weights)
  return {
    ...base,
    kind: 'usage',
    meter,
    unit: plan.meters.find(({ id }) => id === meter)?.unit,
    quantity: toText(quantity),
    exact: value,
    amount,
    // Parts say where a quantity came from; where they do not add up to it they would split the amount wrongly.
    parts:
      toText(sum(weights)) === toText(quantity)
        ? parts.map((part, index) => ({ ...part, amount: amounts[index] ?? 0n }))
        : [],
  }
}

function toUnits(amount: bigint, places: number): Rational {
  return toRational(amount, 10n ** BigInt(places))
}
