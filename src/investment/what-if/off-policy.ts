import { assert } from '../../core/assert.ts'
import { toStudent } from './student.ts'

/** A choice that was left to chance: with which probability what was chosen was chosen, and how it went. */
export interface LoggedChoice {
  readonly chosen: string
  /** Of what was chosen, above 0. */
  readonly propensity: number
  /** What there was to choose from, `chosen` among them. */
  readonly candidates: readonly string[]
  /** What is to be estimated: a cost, a latency, 1 for served. */
  readonly outcome: number
}

/** A mean with its 95 % interval; `undefined` bounds where there are fewer than two choices that tell. */
export interface Estimate {
  readonly mean: number
  readonly lower: number | undefined
  readonly upper: number | undefined
  /** (Σw)² / Σw²: how many evenly weighted choices would tell as much. */
  readonly effective: number
}

export interface OffPolicy {
  /** Inverse propensity scores: without bias, and wide. */
  readonly ips: Estimate
  /** The same, normalised by the sum of the weights: narrower, with a bias that vanishes. */
  readonly snips: Estimate
  /**
   * Doubly robust (Dudík, Langford and Li, 2011), on the mean outcome of each candidate: right if either part is. The mean that a choice
   * is held against is that of the others (cross-fitting, Chernozhukov et al., 2018): its own would make it look surer than it is.
   */
  readonly doublyRobust: Estimate
}

/**
 * What the outcome would have been under another policy, given as the probability with which it takes each candidate. Only for
 * policies that take nothing which had no chance when it was recorded.
 */
export function estimateOffPolicy(
  choices: readonly LoggedChoice[],
  target: (choice: LoggedChoice, candidate: string) => number,
): OffPolicy | undefined {
  if (choices.length === 0) return undefined
  const means = meanOutcomes(choices)
  const rows = choices.map((choice) => {
    assert(choice.propensity > 0 && choice.propensity <= 1, 'a propensity is above 0 and at most 1')
    const weight = target(choice, choice.chosen) / choice.propensity
    const own = means.without(choice)
    const expected = choice.candidates.reduce(
      (sum, candidate) => sum + target(choice, candidate) * (candidate === choice.chosen ? own : means.of(candidate)),
      0,
    )
    return { weight, outcome: choice.outcome, robust: expected + weight * (choice.outcome - own) }
  })
  const weights = rows.reduce((sum, { weight }) => sum + weight, 0)
  const squares = rows.reduce((sum, { weight }) => sum + weight * weight, 0)
  const effective = squares > 0 ? (weights * weights) / squares : 0
  const snips =
    weights > 0 ? rows.reduce((sum, { weight, outcome }) => sum + weight * outcome, 0) / weights : Number.NaN
  const scale = weights > 0 ? rows.length / weights : 0
  return {
    ips: toEstimate(
      rows.map(({ weight, outcome }) => weight * outcome),
      effective,
    ),
    snips: {
      ...toEstimate(
        rows.map(({ weight, outcome }) => snips + scale * weight * (outcome - snips)),
        effective,
      ),
      mean: snips,
    },
    doublyRobust: toEstimate(
      rows.map(({ robust }) => robust),
      effective,
    ),
  }
}

interface Means {
  of(candidate: string): number
  /** Of what was chosen, as the other choices of it say. */
  without(choice: LoggedChoice): number
}

/** A candidate that nothing else is known of is taken for like all of them together. */
function meanOutcomes(choices: readonly LoggedChoice[]): Means {
  const sums = new Map<string, { sum: number; count: number }>()
  let all = 0
  for (const { chosen, outcome } of choices) {
    const each = sums.get(chosen) ?? { sum: 0, count: 0 }
    sums.set(chosen, { sum: each.sum + outcome, count: each.count + 1 })
    all += outcome
  }
  const whole = all / choices.length
  return {
    of(candidate) {
      const found = sums.get(candidate)
      return found === undefined ? whole : found.sum / found.count
    },
    without({ chosen, outcome }) {
      const { sum, count } = sums.get(chosen) ?? { sum: 0, count: 0 }
      return count < 2 ? whole : (sum - outcome) / (count - 1)
    },
  }
}

/**
 * With Student's factor for as many degrees of freedom as the variance is known with: with long tails, as costs have them, it is
 * known less well than the number of choices says (Satterthwaite, 1946, by the kurtosis).
 */
function toEstimate(values: readonly number[], effective: number): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length < 2 || effective < 2) return { mean, lower: undefined, upper: undefined, effective }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  const fourth = values.reduce((sum, value) => sum + (value - mean) ** 4, 0) / values.length
  const kurtosis = variance > 0 ? fourth / variance ** 2 : 1
  const freedom = Math.max(2, Math.min(values.length - 1, (2 * values.length) / Math.max(1, kurtosis - 1)))
  const half = toStudent(freedom) * Math.sqrt(variance / values.length)
  return { mean, lower: mean - half, upper: mean + half, effective }
}
