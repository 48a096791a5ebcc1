import type { Picodollars } from '../core/money.ts'

/**
 * A money column or an exact sum of one as picodollars; `null` is `undefined`. Rows hold 64 bits (9.2 million dollars);
 * for sums beyond that README.md has the query.
 */
export function toPicodollars(value: number | bigint | null): Picodollars | undefined {
  return value === null ? undefined : BigInt(value)
}
