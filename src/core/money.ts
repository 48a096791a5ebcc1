/**
 * Money is an integer number of picodollars (1 USD = 10^12 p$). A price in micro-dollars per million tokens times a
 * token count is picodollars by arithmetic, so a charge needs no division and no rounding; rounding happens once, on
 * the invoice.
 */
export type Picodollars = bigint

/**
 * Exact decimal dollars of an amount, for people and JSON: `-0.0000005`, `12`. Never exponent notation, never rounded,
 * no trailing zeros.
 */
export function toDollars(amount: Picodollars): string {
  const sign = amount < 0n ? '-' : ''
  const absolute = amount < 0n ? -amount : amount
  const digits = absolute.toString().padStart(13, '0')
  const point = digits.length - 12
  let end = digits.length
  while (end > point && digits.charCodeAt(end - 1) === zero) end--
  const whole = sign + digits.slice(0, point)
  return end === point ? whole : `${whole}.${digits.slice(point, end)}`
}

/** An amount of what a budget counts: dollars for money, else a whole number; text, as it may be beyond a JSON number. */
export function toAmountText({ counts }: { readonly counts: string }, amount: bigint): string {
  return counts === 'money' ? toDollars(amount) : amount.toString()
}

const zero = 48 // the character code of '0'

/** Picodollars of a decimal dollar string such as `0.15` or `1e-6`; `undefined` when it is not an exact number of p$. */
export function fromDollars(text: string): Picodollars | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i.exec(text.trim())
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const shift = 12 + Number(exponent) - fraction.length
  const digits = BigInt(whole + fraction)
  const magnitude = shift >= 0 ? digits * 10n ** BigInt(shift) : exactQuotient(digits, 10n ** BigInt(-shift))
  if (magnitude === undefined) return undefined
  return sign === '-' ? -magnitude : magnitude
}

function exactQuotient(dividend: bigint, divisor: bigint): bigint | undefined {
  return dividend % divisor === 0n ? dividend / divisor : undefined
}
