import type { Pieces } from '../../core/turns.ts'
import { combine, type Combination } from './combine.ts'
import type { Plan } from './plan.ts'
import { at, generate } from './ridge.ts'

/** What a plan forecast from an earlier origin, less what came: `errors[h]` at step h + 1. */
export interface Trial {
  /** Steps from the trial's origin to the end of the series. */
  readonly back: number
  /** As long as the horizon, or as what had come. */
  readonly errors: Float64Array
}

/** At most this many origins are tried. */
const originsMax = 36
/** The share of a series that trials may reach back into. */
const backShare = 0.6

export interface TrialPlace {
  readonly series: Float64Array
  readonly horizon: number
  /** Shortest season, 1 for none: origins lie a third of it apart, so that every third has the phase of the end. */
  readonly season: number
}

/**
 * Trial forecasts from earlier origins, newest first. Members that are dear to fit are fitted once, on the whole series: with
 * many values for each coefficient that makes errors only a little too small, which the calibration of the spread makes
 * good, and leaves many more origins than fitting on a part would. The others are fitted anew on what was known then.
 */
export function* runTrials(plan: Plan, whole: Combination, place: TrialPlace): Pieces<readonly Trial[]> {
  const { series, horizon, season } = place
  const { length } = series
  const backMax = Math.floor(length * backShare)
  const first = plan.refits ? 1 : Math.min(horizon, backMax)
  const stride = plan.refits
    ? Math.max(1, Math.ceil(backMax / originsMax))
    : Math.max(1, Math.floor(season / 3), season === 1 ? Math.floor(backMax / originsMax) : 1)
  const trials: Trial[] = []
  for (let back = first; back <= backMax && trials.length < originsMax; back += stride) {
    yield
    const origin = length - back
    const reach = Math.min(horizon, back)
    const combination = plan.refits ? yield* combine(plan, { end: origin, horizon: reach }) : whole
    if (combination.members.length === 0) break
    const forecast = combination.forecast(origin)
    trials.push({ back, errors: generate(reach, (ahead) => at(series, origin + ahead) - at(forecast, ahead)) })
  }
  return trials
}
