import { sigmoid } from './logistic.ts'

/** What one predictor says of each case that it has not seen. */
export interface Opinion {
  /** NaN where it says nothing. */
  readonly logits: Float64Array
  /** The weight it is held near. */
  readonly prior: number
}

/** P = σ(the weighted sum of the logits + shift). */
export interface Weighing {
  /** One for each opinion, none below 0. */
  readonly weights: readonly number[]
  readonly shift: number
}

/** As many cases as would have to speak against what a weight is held near. */
const priorCases = 4
const roundsMax = 30
const weightMax = 10

/**
 * How far to believe each of several opinions: logistic regression on their logits, held near what was thought before where cases are few;
 * by Newton's method, one weight after another. Nobody is believed the wrong way round. Cases with a missing logit or target are left out.
 */
export function weighOpinions(opinions: readonly Opinion[], target: Float64Array): Weighing {
  const rows = [...target.keys()].filter(
    (row) => !Number.isNaN(target[row]) && opinions.every(({ logits }) => !Number.isNaN(logits[row] ?? Number.NaN)),
  )
  const weights = opinions.map(({ prior }) => prior)
  let shift = 0
  const step = (of: Float64Array | undefined, at: number, prior: number): number => {
    let [gradient, curvature] = [priorCases * (at - prior), priorCases]
    for (const row of rows) {
      const predicted = sigmoid(toWeighedLogit(opinions, { weights, shift }, row))
      const value = of === undefined ? 1 : (of[row] ?? 0)
      gradient += (predicted - (target[row] ?? 0)) * value
      curvature += Math.max(1e-9, predicted * (1 - predicted)) * value * value
    }
    return Math.max(-weightMax, Math.min(weightMax, at - gradient / curvature))
  }
  for (let round = 0; round < roundsMax; round++) {
    for (const [place, { logits, prior }] of opinions.entries()) {
      weights[place] = Math.max(0, step(logits, weights[place] ?? 0, prior))
    }
    shift = step(undefined, shift, 0)
  }
  return { weights, shift }
}

/** The logit that a weighing makes of what is said of a case. */
export function toWeighedLogit(
  opinions: readonly Pick<Opinion, 'logits'>[],
  { weights, shift }: Weighing,
  row: number,
): number {
  let logit = shift
  for (const [place, { logits }] of opinions.entries()) logit += (weights[place] ?? 0) * (logits[row] ?? 0)
  return logit
}
