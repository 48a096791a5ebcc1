import type { Generated } from '../../core/generated.ts'
import type { Usage } from '../../core/usage.ts'

type Seen = Omit<Generated, 'reported'>

/**
 * How many tokens an endpoint counts for what is sent to it and seen of its answers: learned from the answers it reported,
 * for those it could not. In memory; a new process begins with rules of thumb.
 */
export interface TokenScale {
  /** Tokens of what was seen of an answer, with fractions. */
  output(seen: Seen): number
  /** Tokens of a request. */
  input(measured: InputMeasure): number
  /** An answer has come whole. */
  learn(answer: LearnedAnswer): void
}

export interface LearnedAnswer {
  readonly usage: Usage | undefined
  readonly seen: Seen
  /** Asked now and then only, because it is a pass over the request's text. */
  readonly measureInput: () => InputMeasure
}

/** A request as the rules of thumb see it. */
export interface InputMeasure {
  readonly tokens: number
  /** UTF-16 units of scripts above U+3000: the rules take one vendor's word for them, and vendors differ most there. */
  readonly wide: number
}

/** An answer this far from what was expected tells of tokens that nobody saw, not of the size of tokens. */
const ratioMax = 4
/** The first requests are all learned from, then one of so many. */
const requestsLearned = 128
const requestsPerLearned = 16

export function createTokenScale(): TokenScale {
  // Of a constant, events, narrow and wide units: four Latin characters a token, one and a half of Han.
  const answers = createLeastSquares([0, 0, 1 / 4, 1 / 1.5])
  // Of a constant, for what a chat template adds, the rules of thumb and wide units.
  const requests = createLeastSquares([0, 1, 0])
  let known = 0

  // Without the constant: it stands for what comes with the end, which has not come.
  const output = (seen: Seen): number => Math.max(0, answers.predict([0, ...featuresOf(seen)]))

  return {
    output,
    input: ({ tokens, wide }) => Math.max(0, requests.predict([1, tokens, wide])),
    learn({ usage, seen, measureInput }) {
      if (usage?.source !== 'reported' || seen.units === 0) return
      const told = findShown(usage, output(seen))
      if (isLikely(told, output(seen))) answers.learn([1, ...featuresOf(seen)], told)
      if (usage.inputTotal === undefined) return
      known += 1
      if (known > requestsLearned && known % requestsPerLearned !== 0) return
      const { tokens, wide } = measureInput()
      if (isLikely(usage.inputTotal, tokens)) requests.learn([1, tokens, wide], usage.inputTotal)
    },
  }
}

function featuresOf({ units, wide, pieces }: Seen): readonly number[] {
  return [pieces, units - wide, wide]
}

/** Of the tokens told, those that were shown: reasoning is among them or hidden, whichever is nearer to what was seen. */
function findShown({ outputTotal = 0, reasoning = 0 }: Usage, expected: number): number {
  const shown = outputTotal - reasoning
  return Math.abs(shown - expected) < Math.abs(outputTotal - expected) ? shown : outputTotal
}

function isLikely(tokens: number, expected: number): boolean {
  return tokens > 0 && tokens <= ratioMax * Math.max(1, expected) && tokens * ratioMax >= expected
}

interface LeastSquares {
  predict(features: readonly number[]): number
  learn(features: readonly number[], tokens: number): void
}

const forgetting = 0.999

/**
 * Recursive least squares (Plackett 1950) that begin at a prior; older samples fade, and each is weighed by its inverse
 * size, because the spread of counts grows with them.
 */
function createLeastSquares(prior: readonly number[]): LeastSquares {
  const size = prior.length
  let weights = [...prior]
  let inverse = spread(size)

  function step(features: readonly number[], tokens: number): void {
    const gains = features.map((_, row) => dot(features, inverse.slice(row * size, (row + 1) * size)))
    const share = 1 / (forgetting * Math.max(1, tokens) + dot(features, gains))
    const error = tokens - dot(features, weights)
    weights = weights.map((weight, row) => weight + (gains[row] ?? 0) * share * error)
    inverse = inverse.map((value, place) => {
      const [row, column] = [Math.floor(place / size), place % size]
      return (value - (gains[row] ?? 0) * share * (gains[column] ?? 0)) / forgetting
    })
  }

  return {
    predict: (features) => dot(features, weights),
    learn(features, tokens) {
      step(features, tokens)
      if (weights.every(Number.isFinite) && inverse.every((value) => Math.abs(value) < 1e9)) return
      // What never varies is forgotten without end: it is taken up anew, and what was learned stays.
      inverse = spread(size)
      if (!weights.every(Number.isFinite)) weights = [...prior]
    },
  }
}

/** How far weights may lie from the prior: a constant by some hundred tokens, all others by one a unit. */
function spread(size: number): number[] {
  const isOwn = (place: number): boolean => Math.floor(place / size) === place % size
  return Array.from({ length: size * size }, (_, place) => (place === 0 ? 100 : isOwn(place) ? 1 : 0))
}

function dot(one: readonly number[], other: readonly number[]): number {
  let sum = 0
  for (let index = 0; index < one.length; index++) sum += (one[index] ?? 0) * (other[index] ?? 0)
  return sum
}
