/** An exact fraction in lowest terms; `d` is above 0. */
export interface Rational {
  readonly n: bigint
  readonly d: bigint
}

/** How a fraction of the smallest unit is brought to a whole one. `half-up` is away from zero, as tax rules mean it. */
export type Rounding = 'half-even' | 'half-up' | 'half-down' | 'up' | 'down'

export const zero: Rational = Object.freeze({ n: 0n, d: 1n })

export function toRational(n: bigint, d = 1n): Rational {
  const [top, bottom] = d < 0n ? [-n, -d] : [n, d]
  const shared = gcd(top < 0n ? -top : top, bottom)
  return shared === 1n ? { n: top, d: bottom } : { n: top / shared, d: bottom / shared }
}

/** Of decimal text (`-12.5`) or of a fraction (`1/3`); `undefined` for anything else. Never of exponents. */
export function parseRational(text: string): Rational | undefined {
  const match = /^(-?)(\d{1,60})(?:\.(\d{1,60})|\/(\d{1,60}))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', divisor = '1'] = match
  const bottom = BigInt(divisor) * 10n ** BigInt(fraction.length)
  if (bottom === 0n) return undefined
  const top = BigInt(whole + fraction)
  return toRational(sign === '-' ? -top : top, bottom)
}

/** Decimal text where the fraction ends, else `n/d`: always exact. */
export function toText(value: Rational): string {
  const places = placesOf(value.d)
  if (places === undefined) return `${value.n}/${value.d}`
  return toDecimalText((value.n * 10n ** BigInt(places)) / value.d, places)
}

/** Whole smallest units as decimal text with all its places: 1234 at 2 is `12.34`. */
export function toDecimalText(units: bigint, places: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0')
  const sign = units < 0n ? '-' : ''
  return places === 0 ? sign + digits : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

export function add(left: Rational, right: Rational): Rational {
  if (left.d === right.d) return toRational(left.n + right.n, left.d)
  return toRational(left.n * right.d + right.n * left.d, left.d * right.d)
}

export function subtract(left: Rational, right: Rational): Rational {
  return add(left, { n: -right.n, d: right.d })
}

export function multiply(left: Rational, right: Rational): Rational {
  return toRational(left.n * right.n, left.d * right.d)
}

export function sum(values: readonly Rational[]): Rational {
  return values.reduce(add, zero)
}

/** Below 0, 0 or above 0, as left is below, equal to or above right. */
export function compare(left: Rational, right: Rational): number {
  const difference = left.n * right.d - right.n * left.d
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export function least(left: Rational, right: Rational): Rational {
  return compare(left, right) <= 0 ? left : right
}

export function greatest(left: Rational, right: Rational): Rational {
  return compare(left, right) >= 0 ? left : right
}

/** The smallest whole number that is not below. */
export function ceiling(value: Rational): bigint {
  const quotient = value.n / value.d
  return value.n > 0n && value.n % value.d !== 0n ? quotient + 1n : quotient
}

/** Whole units of 10^-`places`. */
export function round(value: Rational, places: number, rounding: Rounding): bigint {
  const scaled = value.n * 10n ** BigInt(places)
  const magnitude = scaled < 0n ? -scaled : scaled
  const down = magnitude / value.d
  const rest = magnitude % value.d
  const rounded = rest !== 0n && goesUp(rest * 2n - value.d, down, rounding) ? down + 1n : down
  return scaled < 0n ? -rounded : rounded
}

/** `side` is twice the rest less the divisor: its sign tells on which side of the half the value lies. */
function goesUp(side: bigint, down: bigint, rounding: Rounding): boolean {
  switch (rounding) {
    case 'up':
      return true
    case 'down':
      return false
    case 'half-up':
      return side >= 0n
    case 'half-down':
      return side > 0n
    case 'half-even':
      return side > 0n || (side === 0n && down % 2n === 1n)
  }
}

/**
 * Splits a whole amount by weights so that the parts add up to it: each gets the floor of its share, and the largest
 * remainders one more each (Hamilton's method), the earlier one first among equals. Without any weight the first gets all.
 */
export function splitByLargestRemainder(total: bigint, weights: readonly Rational[]): readonly bigint[] {
  if (total < 0n) return splitByLargestRemainder(-total, weights).map((part) => -part)
  const all = sum(weights)
  if (all.n === 0n) return weights.map((_, index) => (index === 0 ? total : 0n))
  const shares = weights.map((weight) => toRational(total * weight.n * all.d, weight.d * all.n))
  const parts = shares.map(({ n, d }) => n / d)
  let left = total - parts.reduce((whole, part) => whole + part, 0n)
  const order = shares
    .map(({ n, d }, index) => ({ index, rest: toRational(n % d, d) }))
    .toSorted((a, b) => compare(b.rest, a.rest) || a.index - b.index)
  for (const { index } of order) {
    if (left === 0n) break
    parts[index] = (parts[index] ?? 0n) + 1n
    left--
  }
  return parts
}

/** Places after which a decimal fraction over `d` ends; `undefined` when it never does. */
function placesOf(d: bigint): number | undefined {
  let rest = d
  let places = 0
  for (const factor of [2n, 5n]) {
    let count = 0
    while (rest % factor === 0n) {
      rest /= factor
      count++
    }
    places = Math.max(places, count)
  }
  return rest === 1n ? places : undefined
}

function gcd(left: bigint, right: bigint): bigint {
  let [a, b] = [left, right]
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? 1n : a
}
