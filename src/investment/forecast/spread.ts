import { at, generate } from './ridge.ts'
import type { Trial } from './trials.ts'

/** Between mean absolute and root mean square: neither blind to rare large errors nor ruled by one. */
const power = 1.7
/** Errors of so many steps before and after speak for a step too. */
const neighbours = 2
/** What a trial counts that began at another phase of the season than the forecast does. */
const otherPhaseWeight = 0.2
/** A spread that grows as the root of the steps counts as much as so many trials. */
const priorWeight = 2

export interface SpreadPlace {
  readonly horizon: number
  readonly season: number
  /** How much too small the errors at the last step are, since the trials were fitted on what they forecast. */
  readonly tilt: number
}

/** The typical size of the error at each step ahead, from trial forecasts. All 0 when the trials were exact or there were none. */
export function estimateSpread(trials: readonly Trial[], { horizon, season, tilt }: SpreadPlace): Float64Array {
  const halfLife = Math.max(8 * season, 26)
  const sums = new Float64Array(horizon)
  const weights = new Float64Array(horizon)
  let rootSum = 0
  let rootWeight = 0
  const newest = trials[0]?.back ?? 0
  for (const { back, errors } of trials) {
    const isSamePhase = back % season === 0
    const weight = (isSamePhase ? 1 : otherPhaseWeight) * 2 ** (-(back - newest) / halfLife)
    for (let ahead = 0; ahead < errors.length; ahead++) {
      const size = Math.abs(at(errors, ahead)) ** power
      sums[ahead] = at(sums, ahead) + weight * size
      weights[ahead] = at(weights, ahead) + weight
      rootSum += (weight * size) / (ahead + 1) ** (power / 2)
      rootWeight += weight
    }
  }
  const root = rootWeight > 0 ? rootSum / rootWeight : 0
  return generate(horizon, (ahead) => {
    let sum = priorWeight * root * (ahead + 1) ** (power / 2)
    let weight = priorWeight
    for (let near = Math.max(0, ahead - neighbours); near <= Math.min(horizon - 1, ahead + neighbours); near++) {
      const share = 1 - Math.abs(near - ahead) / (neighbours + 1)
      sum += share * at(sums, near)
      weight += share * at(weights, near)
    }
    return (sum / weight) ** (1 / power) * (1 + (tilt * ahead) / horizon)
  })
}
