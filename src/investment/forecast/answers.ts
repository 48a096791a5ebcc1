import { PlatformError } from '../../core/errors.ts'
import { createSeededRandom } from '../../core/random.ts'
import { runAtOnce, type Pieces } from '../../core/turns.ts'
import { readExhaustion, sumQuantiles } from './budget.ts'
import { readForecast, type SeriesForecast } from './forecast.ts'

/** What may be asked for at once. */
export const forecastLimits = {
  /** Values of one series. */
  valuesMax: 20_000,
  /** How far from zero: squares and sums of larger ones are no numbers any more. */
  valueMax: 1e100,
  seriesMax: 10_000,
  horizonMax: 2_000,
  levelsMax: 10,
} as const

export const levelsDefault: readonly number[] = [0.5, 0.8, 0.95]

export interface AskedSeries {
  readonly name: string
  readonly values: readonly (number | undefined)[]
  readonly seasons?: readonly number[] | undefined
  readonly dateAfter?: ((steps: number) => string) | undefined
}

export interface Asked {
  readonly horizon: number
  readonly levels: readonly number[]
  /** What is left of a budget that the series draws on: when it runs out is asked for. */
  readonly remaining?: number | undefined
  /** Of the simulated futures. */
  readonly seed: number
}

/** The forecast of one series, as every door gives it in JSON. */
export interface ForecastAnswer {
  readonly name: string
  readonly method: string
  readonly seasons: readonly number[]
  readonly values: number
  readonly missing: number
  readonly dates?: readonly string[]
  readonly points: readonly number[]
  /** Bounds are `null` where the series is too short to say. */
  readonly intervals: readonly {
    readonly level: number
    readonly lower: readonly number[] | null
    readonly upper: readonly number[] | null
  }[]
  /** Of the sum over the horizon; with `exhaustion` where an amount was given. */
  readonly total?: { readonly p10: number; readonly p50: number; readonly p90: number } | null
  readonly exhaustion?: ExhaustionAnswer | null
}

export interface ExhaustionAnswer {
  readonly remaining: number
  readonly probability: number
  /** By which step, and date where dates are known, which share of futures has used it up; `null`: not within the horizon. */
  readonly by: readonly { readonly share: number; readonly step: number | null; readonly date: string | null }[]
}

/** Simulated futures for sums and first passages. */
const pathsCount = 2_000

/** Throws INVALID_REQUEST for what cannot be forecast. */
export function answerForecast(series: AskedSeries, asked: Asked): ForecastAnswer {
  return runAtOnce(forecastInPieces(series, asked))
}

/** Of many series, in pieces. Throws INVALID_REQUEST for what cannot be forecast. */
export function* forecastEach(series: readonly AskedSeries[], asked: Asked): Pieces<readonly ForecastAnswer[]> {
  const answers: ForecastAnswer[] = []
  for (const each of series) {
    answers.push(yield* forecastInPieces(each, asked))
    yield
  }
  return answers
}

function* forecastInPieces(series: AskedSeries, asked: Asked): Pieces<ForecastAnswer> {
  const { horizon, levels } = asked
  check(series, asked)
  const forecast = yield* readForecast(series.values, { horizon, seasons: series.seasons })
  const { dateAfter } = series
  return {
    name: series.name,
    method: forecast.method,
    seasons: forecast.seasons,
    values: series.values.length,
    missing: series.values.filter((value) => value === undefined).length,
    ...(dateAfter === undefined ? {} : { dates: Array.from({ length: horizon }, (_, index) => dateAfter(index + 1)) }),
    points: [...forecast.points],
    intervals: levels.map((level) => {
      const interval = forecast.interval(level)
      return { level, lower: toList(interval?.lower), upper: toList(interval?.upper) }
    }),
    ...(yield* toSums(forecast, asked, dateAfter)),
  }
}

function* toSums(
  forecast: SeriesForecast,
  asked: Asked,
  dateAfter: AskedSeries['dateAfter'],
): Pieces<Pick<ForecastAnswer, 'total' | 'exhaustion'>> {
  const { remaining, seed } = asked
  if (remaining === undefined) return {}
  const draw = forecast.paths(createSeededRandom(seed))
  if (draw === undefined) return { total: null, exhaustion: null }
  const [low = 0, middle = 0, high = 0] = yield* sumQuantiles(draw, pathsCount, [0.1, 0.5, 0.9])
  const exhaustion = yield* readExhaustion(draw, { remaining, paths: pathsCount })
  const step = (share: number): ExhaustionAnswer['by'][number] => {
    const found = exhaustion.stepAt(share)
    return {
      share,
      step: found ?? null,
      date: found === undefined || dateAfter === undefined ? null : dateAfter(found),
    }
  }
  return {
    total: { p10: low, p50: middle, p90: high },
    exhaustion: { remaining, probability: exhaustion.probability, by: [step(0.1), step(0.5), step(0.9)] },
  }
}

function toList(values: Float64Array | undefined): readonly number[] | null {
  return values === undefined ? null : [...values]
}

function check({ name, values }: AskedSeries, { horizon, levels }: Asked): void {
  const { valuesMax, valueMax, horizonMax, levelsMax } = forecastLimits
  const refuse = (what: string, param: string): PlatformError => new PlatformError('INVALID_REQUEST', what, { param })
  if (!Number.isSafeInteger(horizon) || horizon < 1 || horizon > horizonMax)
    throw refuse(`the horizon must be a whole number from 1 to ${horizonMax}`, 'horizon')
  if (levels.length > levelsMax || !levels.every((level) => level > 0 && level < 1))
    throw refuse(`levels are at most ${levelsMax} numbers between 0 and 1, as 0.95`, 'levels')
  if (values.length > valuesMax) throw refuse(`the series "${name}" has more than ${valuesMax} values`, 'series')
  if (values.every((value) => value === undefined)) throw refuse(`the series "${name}" has no value`, 'series')
  if (values.some((value) => value !== undefined && !(Math.abs(value) <= valueMax)))
    throw refuse(`the series "${name}" has a value beyond ${valueMax}`, 'series')
}
