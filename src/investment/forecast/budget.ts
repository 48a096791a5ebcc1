import { assert } from '../../core/assert.ts'
import type { Pieces } from '../../core/turns.ts'
import type { PathSource } from './forecast.ts'
import { at } from './ridge.ts'

/** When a remaining amount is used up, over simulated futures. */
export interface Exhaustion {
  /** The share of futures that use it up within the horizon, 0…1. */
  readonly probability: number
  /**
   * The step, from 1 on, by which that share of all futures has used it up; `undefined` when fewer do within the horizon.
   */
  stepAt(share: number): number | undefined
}

/**
 * First passages of the running sum of each simulated future over `remaining`: not the sum of the bounds of single steps, since errors of
 * one future hang together. What is below zero in a future uses up nothing.
 */
export function* readExhaustion(
  draw: PathSource,
  options: { readonly remaining: number; readonly paths: number },
): Pieces<Exhaustion> {
  const { remaining, paths } = options
  assert(paths >= 1, 'there is at least one path')
  const steps: number[] = []
  for (let path = 0; path < paths; path++) {
    yield
    let sum = 0
    for (const [ahead, value] of draw().entries()) {
      sum += Math.max(0, value)
      if (sum < remaining) continue
      steps.push(ahead + 1)
      break
    }
  }
  steps.sort((left, right) => left - right)
  return {
    probability: steps.length / paths,
    stepAt: (share) => steps[Math.max(0, Math.ceil(share * paths) - 1)],
  }
}

/** Quantiles of the sum over the horizon, for shares in 0…1. */
export function* sumQuantiles(draw: PathSource, paths: number, shares: readonly number[]): Pieces<readonly number[]> {
  const sums = new Float64Array(paths)
  for (let path = 0; path < paths; path++) {
    yield
    sums[path] = draw().reduce((sum, value) => sum + value, 0)
  }
  sums.sort()
  return shares.map((share) => at(sums, Math.min(paths - 1, Math.floor(share * paths))))
}
