/*
 * What a history must come to, by other means than the platform's: whole numbers of 10^-12 of a dollar, the set of events that
 * were ever sent whole, and each price worked out by hand.
 */

/** One thing that happened, whoever tells of it and how often. */
export interface Fact {
  readonly id: string
  readonly meter: 'tokens' | 'jobs'
  readonly quantity: number
  /** Month of 2026, from 0. */
  readonly month: number
}

/** Prices in millionths of a dollar. */
export interface Prices {
  readonly flat: number
  readonly unit: number
  readonly included: number
  readonly tiers: readonly { readonly upTo: number | undefined; readonly unit: number; readonly flat: number }[]
  readonly volume: readonly { readonly upTo: number | undefined; readonly unit: number; readonly flat: number }[]
  readonly packageSize: number
  readonly packagePrice: number
  /** Day of January on which the account begins, from 1. */
  readonly firstDay: number
}

const pico = 1_000_000n // of a millionth of a dollar
const cent = 10_000_000_000n

/** Cents of each price for a month, by the name of its line. */
export function billMonth(facts: readonly Fact[], prices: Prices, month: number): Readonly<Record<string, bigint>> {
  const once = new Map(facts.filter((fact) => fact.month === month).map((fact) => [fact.id, fact]))
  const total = (meter: Fact['meter']): bigint =>
    [...once.values()].filter((fact) => fact.meter === meter).reduce((sum, { quantity }) => sum + BigInt(quantity), 0n)
  const [tokens, jobs] = [total('tokens'), total('jobs')]
  const charged = tokens > BigInt(prices.included) ? tokens - BigInt(prices.included) : 0n
  const days = month === 0 ? 31n - BigInt(prices.firstDay) + 1n : 1n
  return {
    flat: month === 0 ? toCents(BigInt(prices.flat) * pico * days, 31n) : toCents(BigInt(prices.flat) * pico, 1n),
    unit: toCents(charged * BigInt(prices.unit) * pico, 1n),
    graduated: toCents(graduated(prices.tiers, tokens) * pico, 1n),
    volume: toCents(volume(prices.volume, tokens) * pico, 1n),
    package: toCents(
      ((jobs + BigInt(prices.packageSize) - 1n) / BigInt(prices.packageSize)) * BigInt(prices.packagePrice) * pico,
      1n,
    ),
  }
}

/** Token by token would be the definition; tier by tier is the same sum. */
function graduated(tiers: Prices['tiers'], quantity: bigint): bigint {
  let sum = 0n
  let done = 0n
  for (const tier of tiers) {
    if (quantity <= done) break
    const end = tier.upTo === undefined || BigInt(tier.upTo) > quantity ? quantity : BigInt(tier.upTo)
    sum += (end - done) * BigInt(tier.unit) + BigInt(tier.flat)
    done = end
  }
  return sum
}

function volume(tiers: Prices['volume'], quantity: bigint): bigint {
  if (quantity === 0n) return 0n
  const tier = tiers.find(({ upTo }) => upTo === undefined || BigInt(upTo) >= quantity)
  return tier === undefined ? 0n : quantity * BigInt(tier.unit) + BigInt(tier.flat)
}

/** Half to even, of an amount that is not negative. */
function toCents(amount: bigint, divisor: bigint): bigint {
  const whole = amount / (cent * divisor)
  const twice = (amount - whole * cent * divisor) * 2n
  if (twice > cent * divisor || (twice === cent * divisor && whole % 2n === 1n)) return whole + 1n
  return whole
}
