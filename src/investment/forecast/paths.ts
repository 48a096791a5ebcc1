import type { Random } from '../../core/random.ts'
import { degreesOfFreedom, reachOf, spreadFactor } from './quantiles.ts'
import { at, generate } from './ridge.ts'
import type { Trial } from './trials.ts'

export interface PathParts {
  /** The median and the spread at each step, on the scale of the trials. */
  readonly middle: Float64Array
  readonly spread: Float64Array
  readonly trials: readonly Trial[]
  /** Of the series. */
  readonly length: number
}

/**
 * Futures whose errors have the course of past errors: two trials in a random mixture of fixed size, each of random sign, in
 * units of the spread, times one random factor for the whole path that gives them the tails of the intervals.
 */
export function createPathSource({ middle, spread, trials, length }: PathParts, random: Random): () => Float64Array {
  const courses = toCourses(trials, spread)
  const factor = (spreadFactor * reachOf(0.5, length)) / reachOf(0.5, Number.POSITIVE_INFINITY)
  return () => {
    const first = courses[Math.floor(random.next() * courses.length)]
    const second = courses[Math.floor(random.next() * courses.length)]
    const angle = 2 * Math.PI * random.next()
    const [one, other] = [Math.cos(angle), Math.sin(angle)]
    const size = factor * Math.sqrt(degreesOfFreedom / drawChiSquare(random))
    return generate(middle.length, (ahead) => {
      const course =
        first === undefined || second === undefined ? 0 : one * at(first, ahead) + other * at(second, ahead)
      return at(middle, ahead) + size * at(spread, ahead) * course
    })
  }
}

/** Of the trials that reach furthest: their errors in spreads, of mean square 1 over all; a short one goes on as it ended. */
function toCourses(trials: readonly Trial[], spread: Float64Array): readonly Float64Array[] {
  const longest = Math.max(0, ...trials.map(({ errors }) => errors.length))
  const far = trials.filter(({ errors }) => errors.length >= Math.ceil(longest / 2))
  let squares = 0
  let count = 0
  const courses = far.map(({ errors }) =>
    generate(spread.length, (ahead) => {
      const place = Math.min(ahead, errors.length - 1)
      const size = at(spread, place)
      const course = size > 0 ? at(errors, place) / size : 0
      squares += course * course
      count++
      return course
    }),
  )
  const root = Math.sqrt(squares / Math.max(1, count))
  return root > 0 ? courses.map((course) => course.map((value) => value / root)) : courses
}

function drawChiSquare(random: Random): number {
  let sum = 0
  for (let index = 0; index < degreesOfFreedom; index++) sum += drawNormal(random) ** 2
  return Math.max(sum, 1e-9)
}

/** Box and Muller (1958). */
function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}
