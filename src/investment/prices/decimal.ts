/** An exact decimal number, never negative: `digits` / 10^`places`. */
export interface Decimal {
  readonly digits: bigint
  readonly places: number
}

/** Of decimal text such as `0.15`, `12` or `1e-7`; `undefined` for anything else. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i.exec(text)
  if (match === null) return undefined
  const [, whole = '', fraction = '', exponent = '0'] = match
  return shift({ digits: BigInt(whole + fraction), places: fraction.length }, Number(exponent))
}

/** Times 10^`exponent`, with no more places than needed to be exact. */
export function shift(decimal: Decimal, exponent: number): Decimal {
  let { digits } = decimal
  let places = decimal.places - exponent
  if (places < 0) {
    digits *= 10n ** BigInt(-places)
    places = 0
  }
  while (places > 0 && digits % 10n === 0n) {
    digits /= 10n
    places--
  }
  return { digits, places }
}

/** The digits at `places` decimal places; exact when `places` is at least the decimal's own. */
export function toPlaces(decimal: Decimal, places: number): bigint {
  return decimal.digits * 10n ** BigInt(places - decimal.places)
}

/** Exact product. */
export function multiply(left: Decimal, right: Decimal): Decimal {
  return shift({ digits: left.digits * right.digits, places: left.places + right.places }, 0)
}

/** Plain decimal text, no exponent, no trailing zeros. */
export function toText(decimal: Decimal): string {
  const { digits, places } = shift(decimal, 0)
  const text = digits.toString().padStart(places + 1, '0')
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
}

/** Quotient of two numbers that are not negative, rounded up. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
  return divisor === 1n ? dividend : (dividend + divisor - 1n) / divisor
}
