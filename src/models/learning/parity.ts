import type { Routed } from './metrics.ts'

/** A threshold on gains, and what it did on the cases it was chosen on. */
export interface Parity {
  /** Gains at or above it go to the strong model. */
  readonly threshold: number
  readonly strongShare: number
  /** Mean quality minus that of the strong model alone. */
  readonly gained: number
}

/**
 * The largest threshold at which the mean loss that is to be expected is at most `lossMax` (in 0…1): at 0 what is lost where the
 * strong model is better is won back where the weak one is. What is to be expected of a predicted gain is fitted to the real ones
 * by a straight line, which moves less by chance than their running sum. Gains must be of a router that has not seen the
 * cases. An estimate without any guarantee. `undefined` when nothing can be kept.
 */
export function findParity({ gains, weak, strong }: Routed, lossMax = 0): Parity | undefined {
  const count = gains.length
  const differences = Array.from({ length: count }, (_, row) => (strong[row] ?? 0) - (weak[row] ?? 0))
  const line = fitLine(gains, differences)
  const order = [...differences.keys()].toSorted((one, other) => (gains[one] ?? 0) - (gains[other] ?? 0))
  let expected = 0
  let lost = 0
  let kept = 0
  let parity: Parity | undefined
  for (const [place, row] of order.entries()) {
    expected += line.at(gains[row] ?? 0)
    if (expected > lossMax * count) break
    lost += differences[row] ?? 0
    kept++
    const next = gains[order[place + 1] ?? -1] ?? Number.POSITIVE_INFINITY
    // A threshold parts what is below from what is not: equal gains stay together.
    if (next === gains[row]) continue
    const threshold = Number.isFinite(next) ? next : 2
    parity = { threshold, strongShare: (count - kept) / count, gained: -lost / count }
  }
  return parity
}

/** Least squares; a flat line through the mean where all gains are the same. */
function fitLine(gains: ArrayLike<number>, differences: readonly number[]): { at(gain: number): number } {
  const count = Math.max(1, differences.length)
  let [meanGain, meanDifference] = [0, 0]
  for (const [row, difference] of differences.entries()) {
    meanGain += (gains[row] ?? 0) / count
    meanDifference += difference / count
  }
  let [together, squares] = [0, 0]
  for (const [row, difference] of differences.entries()) {
    const off = (gains[row] ?? 0) - meanGain
    together += off * (difference - meanDifference)
    squares += off * off
  }
  const slope = squares === 0 ? 0 : Math.max(0, together / squares)
  return { at: (gain) => meanDifference + slope * (gain - meanGain) }
}
