import { z } from 'zod'

export interface LeastSquares {
  predict(features: readonly number[]): number
  learn(features: readonly number[], tokens: number): void
  /** All that is known, to be gone on from. */
  state(): LeastSquaresState
}

export interface LeastSquaresState {
  readonly weights: readonly number[]
  /** The inverse of what was seen, row by row. */
  readonly inverse: readonly number[]
  readonly miss: number
  readonly learned: number
}

const finite = z.number().min(-1e12).max(1e12)

/** What is kept of one, for so many features. */
export const squaresSchema = (size: number) =>
  z.strictObject({
    weights: z.array(finite).length(size),
    inverse: z.array(finite).length(size * size),
    miss: finite.min(0),
    learned: z.int().min(0),
  })

/** All that is known, as `squaresSchema` reads it. */
export function toPlain(learned: LeastSquares): z.infer<ReturnType<typeof squaresSchema>> {
  const { weights, inverse, ...rest } = learned.state()
  return { weights: [...weights], inverse: [...inverse], ...rest }
}

export interface LeastSquaresOptions {
  /** Weights before anything is known, and how far the truth may lie from each, as a variance. */
  readonly prior: readonly number[]
  readonly variances: readonly number[]
  /** A miss of more than so many usual ones moves no further than one of so many; never when absent. */
  readonly missesMax?: number | undefined
  /** To go on from; at the prior when absent. */
  readonly state?: LeastSquaresState | undefined
}

const forgetting = 0.999
/** How fast the usual size of a miss is learned, and what it is taken for first and at least. */
const missShare = 0.05
const missFirst = 0.3
const missLeast = 0.05
/** So many samples are believed whole: what every request has besides its text must be free to be learned. */
const believedFirst = 16

/**
 * Recursive least squares (Plackett 1950) that begin at a prior; older samples fade, and each is weighed by its inverse
 * size, because the spread of counts grows with them. What lies far out is taken as less far (Huber 1964).
 */
export function createLeastSquares(options: LeastSquaresOptions): LeastSquares {
  const { prior, variances, missesMax = Infinity, state } = options
  const size = prior.length
  let weights = [...(state?.weights ?? prior)]
  let inverse = [...(state?.inverse ?? toDiagonal(variances))]
  // The usual size of a miss, in its expected sizes.
  let miss = state?.miss ?? missFirst
  let learned = state?.learned ?? 0

  function step(features: readonly number[], tokens: number): void {
    const gains = features.map((_, row) => dot(features, inverse.slice(row * size, (row + 1) * size)))
    const expected = forgetting * Math.max(1, tokens) + dot(features, gains)
    const error = hold(tokens - dot(features, weights), Math.sqrt(expected))
    weights = weights.map((weight, row) => weight + ((gains[row] ?? 0) / expected) * error)
    inverse = inverse.map((value, place) => {
      const [row, column] = [Math.floor(place / size), place % size]
      return (value - ((gains[row] ?? 0) / expected) * (gains[column] ?? 0)) / forgetting
    })
  }

  function hold(error: number, expected: number): number {
    const own = Math.abs(error) / expected
    const most = learned <= believedFirst ? Infinity : missesMax * miss
    miss = Math.max(missLeast, (1 - missShare) * miss + missShare * Math.min(own, 3 * miss))
    return own > most ? (error * most) / own : error
  }

  return {
    predict: (features) => dot(features, weights),
    state: () => ({ weights, inverse, miss, learned }),
    learn(features, tokens) {
      learned += 1
      step(features, tokens)
      if (weights.every(Number.isFinite) && inverse.every((value) => Math.abs(value) < 1e9)) return
      // What never varies is forgotten without end: it is taken up anew, and what was learned stays.
      inverse = toDiagonal(variances)
      if (!weights.every(Number.isFinite)) weights = [...prior]
    },
  }
}

function toDiagonal(variances: readonly number[]): number[] {
  const size = variances.length
  return Array.from({ length: size * size }, (_, place) =>
    Math.floor(place / size) === place % size ? (variances[place % size] ?? 0) : 0,
  )
}

function dot(one: readonly number[], other: readonly number[]): number {
  let sum = 0
  for (let index = 0; index < one.length; index++) sum += (one[index] ?? 0) * (other[index] ?? 0)
  return sum
}
