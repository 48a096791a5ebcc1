import {
  add,
  ceiling,
  compare,
  greatest,
  least,
  multiply,
  parseRational,
  subtract,
  toRational,
  zero,
  type Rational,
} from './rational.ts'
import type { Price, UsagePrice } from './schema.ts'

/** The meter a price reads. */
export function meterOf(price: UsagePrice): string {
  return price.kind === 'outcome' ? `outcome:${price.outcome}` : price.meter
}

export function isUsagePrice(price: Price): price is UsagePrice {
  return price.kind !== 'flat'
}

/**
 * What a quantity costs, exactly: included units off, then tiers, then minimum and maximum. `share` is how much of the
 * period the plan holds for. The result depends on the quantity alone, not on how it came about.
 */
export function rateUsage(price: UsagePrice, quantity: Rational, share: Rational): Rational {
  const scale = (text: string): Rational => (price.prorate ? multiply(exact(text), share) : exact(text))
  const charged = greatest(zero, subtract(quantity, scale(price.included)))
  let amount = rateCharged(price, charged)
  if (price.minimum !== undefined) amount = greatest(amount, scale(price.minimum))
  if (price.maximum !== undefined) amount = least(amount, scale(price.maximum))
  return amount
}

function rateCharged(price: UsagePrice, quantity: Rational): Rational {
  switch (price.kind) {
    case 'unit':
    case 'outcome':
      return multiply(quantity, exact(price.amount))
    case 'package': {
      const size = exact(price.size)
      return multiply(toRational(ceiling(toRational(quantity.n * size.d, quantity.d * size.n))), exact(price.amount))
    }
    case 'graduated':
      return rateGraduated(price.tiers, quantity)
    case 'volume':
      return rateVolume(price.tiers, quantity)
  }
}

type Tiers = Extract<UsagePrice, { readonly kind: 'graduated' }>['tiers']

/** Tiers are half open, (from, to]: each part of the quantity costs what its own tier says. */
function rateGraduated(tiers: Tiers, quantity: Rational): Rational {
  let amount = zero
  let from = zero
  for (const tier of tiers) {
    if (compare(quantity, from) <= 0) break
    const end = tier.up_to === undefined || tier.up_to === null ? quantity : least(quantity, exact(tier.up_to))
    amount = add(amount, add(multiply(subtract(end, from), exact(tier.unit)), exact(tier.flat)))
    from = end
  }
  return amount
}

/** The whole quantity costs what the tier it reaches says; at a border the total may fall. */
function rateVolume(tiers: Tiers, quantity: Rational): Rational {
  if (quantity.n === 0n) return zero
  const reached = tiers.find(
    ({ up_to: upTo }) => upTo === undefined || upTo === null || compare(quantity, exact(upTo)) <= 0,
  )
  return reached === undefined ? zero : add(multiply(quantity, exact(reached.unit)), exact(reached.flat))
}

/** Of text that the schema has checked. */
export function exact(text: string): Rational {
  return parseRational(text) ?? zero
}
