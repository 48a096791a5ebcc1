import { assert } from '../../core/assert.ts'
import type { Random } from '../../core/random.ts'
import { runAtOnce, type Pieces } from '../../core/turns.ts'
import { combine } from './combine.ts'
import { fillSeasonal, fillStraight, trimStart } from './gaps.ts'
import { createPathSource } from './paths.ts'
import { createPlan } from './plan.ts'
import { reachOf } from './quantiles.ts'
import { at, generate } from './ridge.ts'
import { findSeasons, isPlainSeason, resemblanceOf, type Seasons } from './seasons.ts'
import { estimateSpread } from './spread.ts'
import { chooseTransform } from './transform.ts'
import { runTrials } from './trials.ts'

export interface ForecastOptions {
  /** How many steps ahead, from 1 on. */
  readonly horizon: number
  /** Steps of the seasons, shortest first; found in the series when absent, none when empty. */
  readonly seasons?: readonly number[] | undefined
}

/** What a series is expected to do. */
export interface SeriesForecast {
  /** In words: which members were heard, on which scale. */
  readonly method: string
  readonly seasons: readonly number[]
  /** The median at each step. */
  readonly points: Float64Array
  /**
   * The bounds that hold the value of each step with probability `level`, 0 < level < 1; `undefined` when the series is too
   * short to say.
   */
  interval(level: number): Interval | undefined
  /**
   * One possible future after another, whose errors hang together from step to step as those of past forecasts did: what
   * sums and first passages have to be taken over. `undefined` when the series is too short to say.
   */
  paths(random: Random): PathSource | undefined
}

export interface Interval {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** Draws one path as long as the horizon. */
export type PathSource = () => Float64Array

/** Fewer values than this say nothing of their spread. */
const spreadValuesMin = 3

/**
 * Forecasts a series of finite numbers, oldest first; a missing value is `undefined`. There must be at least one known. Cost:
 * some milliseconds for a thousand values and 48 steps.
 */
export function forecastSeries(values: readonly (number | undefined)[], options: ForecastOptions): SeriesForecast {
  return runAtOnce(readForecast(values, options))
}

/** The same in pieces, of some milliseconds at most for the longest series. */
export function* readForecast(
  values: readonly (number | undefined)[],
  options: ForecastOptions,
): Pieces<SeriesForecast> {
  const { horizon } = options
  assert(Number.isSafeInteger(horizon) && horizon >= 1, 'a horizon is a whole number of steps from 1 on')
  const known = trimStart(values)
  assert(known.length >= 1, 'a series has at least one value')
  const straight = fillStraight(known)
  const last = at(straight, straight.length - 1)
  if (straight.every((value) => value === last)) return forecastConstant(last, straight.length, horizon)
  const transform = chooseTransform(straight)
  const rough = straight.map(transform.to)
  const seasons = yield* chooseSeasons(rough, options.seasons)
  const season = seasons.steps[0] ?? 1
  const series = season > 1 ? fillSeasonal(known.map(transform.to), rough, season) : rough
  yield
  const plan = createPlan(series, seasons, { horizon, transform })
  const combination = yield* combine(plan, { end: series.length, horizon })
  const middle = combination.forecast(series.length)
  const points = middle.map(transform.from)
  const method = `median of ${combination.members.join(', ')} (${transform.name} scale)`
  if (series.length < spreadValuesMin) {
    return { method, seasons: seasons.steps, points, interval: () => undefined, paths: () => undefined }
  }
  const hold = createHold(series)
  const trials = yield* runTrials(plan, combination, { series, horizon, season })
  const spread = estimateSpread(trials, { horizon, season, tilt: plan.tilt })
  return {
    method,
    seasons: seasons.steps,
    points,
    interval(level) {
      const reach = reachOf(level, series.length)
      const bound = (ahead: number, side: -1 | 1): number =>
        transform.from(hold(at(middle, ahead) + side * reach * at(spread, ahead)))
      return {
        lower: generate(horizon, (ahead) => bound(ahead, -1)),
        upper: generate(horizon, (ahead) => bound(ahead, 1)),
      }
    },
    paths(random) {
      const draw = createPathSource({ middle, spread, trials, length: series.length }, random)
      return () => draw().map((value) => transform.from(hold(value)))
    },
  }
}

/** A value that has never changed: nothing is known of how it would. One value alone says less than that. */
function forecastConstant(value: number, length: number, horizon: number): SeriesForecast {
  const points = new Float64Array(horizon).fill(value)
  const isKnown = length >= spreadValuesMin
  return {
    method: length === 1 ? 'the only value' : 'the value that never changed',
    seasons: [],
    points,
    interval: () => (isKnown ? { lower: points, upper: points } : undefined),
    paths: () => (isKnown ? () => points : undefined),
  }
}

/**
 * Holds values within once the range of the series beyond its bounds: on a logarithmic scale the tail of a short series would
 * else reach what nobody can mean.
 */
function createHold(series: Float64Array): (value: number) => number {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of series) {
    if (value < low) low = value
    if (value > high) high = value
  }
  const range = high - low
  return (value) => Math.max(low - range, Math.min(high + range, value))
}

/** What two seasons must have in common for a season that was given and cannot be seen three times. */
const resemblanceMin = 0.3

function isBelievable(series: Float64Array, season: number): boolean {
  return series.length >= 3 * season || resemblanceOf(series, season) >= resemblanceMin
}

/** Seasons that are given are believed, as far as the series is long enough to show them twice. */
function* chooseSeasons(series: Float64Array, given: readonly number[] | undefined): Pieces<Seasons> {
  if (given === undefined) return yield* findSeasons(series)
  const steps = given.filter((each) => each >= 2 && each * 2 <= series.length && isBelievable(series, each))
  const shortest = steps[0]
  const nested = steps.filter((each) => shortest !== undefined && each % shortest === 0)
  return { steps: nested, isPlain: nested.some((season) => isPlainSeason(series, season)) }
}
