import { toStudent95 } from './run.ts'

/** Two models on the same cases. */
export interface Comparison {
  readonly cases: number
  /** Mean of the first minus the second, with its 95 % interval. */
  readonly difference: number
  readonly low95: number
  readonly high95: number
  readonly wins: number
  readonly losses: number
  readonly ties: number
  /** Exact sign test of wins against losses, two-sided (McNemar's exact test for right and wrong). */
  readonly pValue: number
  /** What the interval says: `undecided` when it holds 0. */
  readonly verdict: 'first' | 'second' | 'undecided'
}

/**
 * Compares pair by pair; `undefined` when no case has both scores. Scores are 0 to 1, or of another range, then the one that is seen.
 * Below 5 cases the interval is all there can be.
 */
export function compareScores(
  pairs: readonly { readonly first: number; readonly second: number }[],
): Comparison | undefined {
  const count = pairs.length
  if (count === 0) return undefined
  const differences = pairs.map(({ first, second }) => first - second)
  const difference = differences.reduce((sum, value) => sum + value, 0) / count
  const wins = differences.filter((value) => value > 0).length
  const losses = differences.filter((value) => value < 0).length
  const range = measureRange(pairs)
  const reach = count < 5 ? Number.POSITIVE_INFINITY : reachOf(differences, difference, range)
  const [low95, high95] = [Math.max(-range, difference - reach), Math.min(range, difference + reach)]
  const verdict = low95 > 0 ? 'first' : high95 < 0 ? 'second' : 'undecided'
  return {
    cases: count,
    difference,
    low95,
    high95,
    wins,
    losses,
    ties: count - wins - losses,
    pValue: signTest(wins, losses),
    verdict,
  }
}

/** The most that two scores can differ by. */
function measureRange(pairs: readonly { readonly first: number; readonly second: number }[]): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { first, second } of pairs) {
    least = Math.min(least, first, second)
    most = Math.max(most, first, second)
  }
  return least >= 0 && most <= 1 ? 1 : Math.max(1, most - least)
}

/**
 * Student's interval of paired differences. Two more pairs that differ, one each way, are counted, so that a handful of
 * equal pairs does not claim to know that there is no difference (Agresti & Min, 2005).
 */
function reachOf(differences: readonly number[], mean: number, range: number): number {
  const count = differences.length + 2
  const squares =
    differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) + (range - mean) ** 2 + (range + mean) ** 2
  return toStudent95(count - 1) * Math.sqrt(squares / (count - 1) / count)
}

/** Twice the smaller tail of a fair coin. */
function signTest(wins: number, losses: number): number {
  const count = wins + losses
  if (count === 0) return 1
  const least = Math.min(wins, losses)
  let chance = -count * Math.LN2
  let tail = 0
  for (let hits = 0; hits <= least; hits++) {
    tail += Math.exp(chance)
    chance += Math.log(count - hits) - Math.log(hits + 1)
  }
  return Math.min(1, 2 * tail)
}
