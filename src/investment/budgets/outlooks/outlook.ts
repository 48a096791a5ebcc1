import { assert } from '../../../core/assert.ts'
import type { JsonObject } from '../../../core/json.ts'
import { createSeededRandom } from '../../../core/random.ts'
import { toIso } from '../../../core/time.ts'
import type { Pieces } from '../../../core/turns.ts'
import { readExhaustion, readForecast, type PathSource } from '../../forecast/index.ts'
import type { Period } from '../periods.ts'

/** What can be said of how long an account will last. */
export type Outlook =
  /** Steps that are on record, and as many as it takes. */
  | { readonly type: 'short'; readonly steps: number; readonly needed: number }
  | {
      readonly type: 'forecast'
      /** That it is used up before its period ends: the share of simulated futures. */
      readonly probability: number
      /** By when a tenth, a half and nine tenths of all futures have used it up, milliseconds UTC; `undefined`: not within the period. */
      readonly p10Ms: number | undefined
      readonly p50Ms: number | undefined
      readonly p90Ms: number | undefined
    }

export interface OutlookAsked {
  /** What each step came to, by its place since 1970; steps that are missing after the first one saw nothing. */
  readonly spent: ReadonlyMap<number, number>
  readonly stepMs: number
  readonly nowMs: number
  readonly endsAtMs: number
  /** Limit less what is spent; below nothing when it is used up already. */
  readonly available: number
}

const hourMs = 3_600_000
const minuteMs = 60_000
const dayHours = 24

/** The steps in which a period is looked at: of sixty minutes, or of hours. */
export function toStepMs(period: Period): number {
  return period === 'hour' ? minuteMs : hourMs
}

/** Steps of history that are looked at: a day of minutes, sixty days of hours. */
export const stepsMax = 1_440
/** One in five hundred is finer than what the probabilities are worth. */
const pathsCount = 500

/**
 * Steps of history without which nothing is said: two days, so that a day can be told from its hours, and for a longer way ahead
 * a whole week; of minutes, half an hour.
 */
function toNeeded(stepMs: number, ahead: number): number {
  if (stepMs === minuteMs) return 30
  return ahead > 2 * dayHours ? 7 * dayHours + 1 : 2 * dayHours + 1
}

/** Forecasts from whole steps, in pieces. The step under way counts as its future says, or as what it has come to, whichever is more. */
export function* readOutlook({ spent, stepMs, nowMs, endsAtMs, available }: OutlookAsked): Pieces<Outlook> {
  const now = Math.floor(nowMs / stepMs)
  const ahead = Math.ceil(endsAtMs / stepMs) - now
  assert(ahead >= 1, 'a period that is looked at has not ended')
  const first = [...spent.keys()].reduce((least, step) => Math.min(least, step), now)
  const steps = now - first
  const needed = toNeeded(stepMs, ahead)
  if (steps < needed) return { type: 'short', steps, needed }
  const history = Array.from({ length: steps }, (_, index) => spent.get(first + index) ?? 0)
  const seasons = stepMs === hourMs ? [dayHours, 7 * dayHours] : []
  const forecast = yield* readForecast(history, { horizon: ahead, seasons })
  const draw = forecast.paths(createSeededRandom(1))
  assert(draw !== undefined, 'as many values as are needed have futures')
  const begun = spent.get(now) ?? 0
  const exhaustion = yield* readExhaustion(startWith(draw, begun), { remaining: available + begun, paths: pathsCount })
  const endOf = (share: number): number | undefined => {
    const step = exhaustion.stepAt(share)
    return step === undefined ? undefined : Math.min(endsAtMs, (now + step) * stepMs)
  }
  const { probability } = exhaustion
  return { type: 'forecast', probability, p10Ms: endOf(0.1), p50Ms: endOf(0.5), p90Ms: endOf(0.9) }
}

function startWith(draw: PathSource, begun: number): PathSource {
  return () => {
    const path = draw()
    path[0] = Math.max(path[0] ?? 0, begun)
    return path
  }
}

/** As it is kept, shown and sent. */
export function toOutlookJson(outlook: Outlook): JsonObject {
  if (outlook.type === 'short') return { state: 'too little history', steps: outlook.steps, needed: outlook.needed }
  const write = (atMs: number | undefined): string | null => (atMs === undefined ? null : toIso(atMs))
  const { probability, p10Ms, p50Ms, p90Ms } = outlook
  return {
    state: 'forecast',
    probability,
    runs_out: { p10: write(p10Ms), p50: write(p50Ms), p90: write(p90Ms) },
  }
}
