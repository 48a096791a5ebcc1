import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { answerForecast, readSeriesFile } from '../../src/investment/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'
import { createOddSeries, oddKinds, type OddKind } from '../kit/odd-series.ts'
import { createSyntheticSeries, seriesFamilies, type SeriesFamily } from '../kit/synthetic-series.ts'

/**
 * How well the test part of the M4 competition is forecast from its training part, in how much processor time; and series of
 * other frequencies, made from a seed, beside the forecast of somebody who knows how they were made.
 */
export const scorecard: Scorecard = {
  name: 'forecast',
  purpose:
    'the test part of M4 hourly, from the training part alone (other frequencies too, where they are there); made series of six kinds',
  run(options): Promise<Measurement> {
    const figures: Record<string, number> = {}
    const unmeasured: string[] = []
    for (const frequency of frequencies) {
      const found = measureFrequency(frequency, options)
      for (const measure of measures) {
        if (found === undefined) unmeasured.push(`${frequency.key}.${measure}`)
        else figures[`${frequency.key}.${measure}`] = found[measure]
      }
    }
    for (const family of seriesFamilies) {
      const found = measureFamily(family, options)
      for (const [measure, figure] of Object.entries(found)) figures[`${family.key}.${measure}`] = figure
    }
    for (const kind of oddKinds) {
      for (const [measure, figure] of Object.entries(measureOdd(kind, options)))
        figures[`${kind.key}.${measure}`] = figure
    }
    return Promise.resolve({ figures, promised, unmeasured })
  },
}

const promised = {
  'hourly.owa': ['<=', 0.404],
  'hourly.msis': ['<=', 6.7],
  'hourly.coverage95Low': ['>=', 0.94],
  'hourly.coverage95': ['<=', 0.96],
  'hourly.cpuMsPerSeries': ['<=', 10],
  ...Object.fromEntries(
    seriesFamilies.flatMap(({ key, seasons }) => [
      ...(seasons.length === 0 ? [] : [[`${key}.errorToNaive`, ['<=', 0.95] as const]]),
      [`${key}.coverage95`, ['>=', 0.94] as const],
      [`${key}.cpuMsPerSeries`, ['<=', 10] as const],
    ]),
  ),
  ...Object.fromEntries(
    oddKinds.flatMap(({ key }) => [
      [`${key}.errorToNaive`, ['<=', 1.3] as const],
      [`${key}.coverage95`, ['>=', 0.92] as const],
    ]),
  ),
} satisfies Measurement['promised']

const measures = [
  'owa',
  'smape',
  'mase',
  'msis',
  'coverage95',
  'coverage95Low',
  'coverage80',
  'coverage50',
  'cpuMsPerSeries',
] as const
type Found = Record<(typeof measures)[number], number>

interface Frequency {
  readonly key: string
  readonly file: string
  /** Of the competition: horizon, the season by which errors are scaled, and sMAPE and MASE of its reference, Naive2. */
  readonly horizon: number
  readonly season: number
  readonly naive2: { readonly smape: number; readonly mase: number }
}

/** The competition's own rules and published figures of its reference method (Makridakis et al., 2020). */
const frequencies: readonly Frequency[] = [
  { key: 'hourly', file: 'Hourly', horizon: 48, season: 24, naive2: { smape: 18.383, mase: 2.395 } },
  { key: 'm4Daily', file: 'Daily', horizon: 14, season: 1, naive2: { smape: 3.045, mase: 3.278 } },
  { key: 'm4Weekly', file: 'Weekly', horizon: 13, season: 1, naive2: { smape: 9.161, mase: 2.777 } },
  { key: 'm4Monthly', file: 'Monthly', horizon: 18, season: 12, naive2: { smape: 14.427, mase: 1.063 } },
  { key: 'm4Quarterly', file: 'Quarterly', horizon: 8, season: 4, naive2: { smape: 11.012, mase: 1.371 } },
  { key: 'm4Yearly', file: 'Yearly', horizon: 6, season: 1, naive2: { smape: 16.342, mase: 3.974 } },
]

function measureFrequency(frequency: Frequency, { dataFolder, print }: ScorecardOptions): Found | undefined {
  const train = readPart(dataFolder, `${frequency.file}-train.csv`)
  const test = readPart(dataFolder, `${frequency.file}-test.csv`)
  if (train === undefined || test === undefined) return undefined
  const sums = { smape: 0, mase: 0, msis: 0, in95: 0, in80: 0, in50: 0, values: 0, series: 0 }
  let tookMs = 0
  for (const [name, values] of train) {
    const actual = test.get(name)
    if (actual === undefined) continue
    const before = process.cpuUsage()
    const answer = answerForecast({ name, values }, { horizon: frequency.horizon, levels: [0.5, 0.8, 0.95], seed: 1 })
    const { user, system } = process.cpuUsage(before)
    tookMs += (user + system) / 1_000
    const scale = naiveError(values, frequency.season)
    const [half, most, all] = answer.intervals
    const { length } = actual
    for (const [index, value] of actual.entries()) {
      const error = Math.abs(value - (answer.points[index] ?? Number.NaN))
      sums.smape += (200 * error) / (Math.abs(value) + Math.abs(answer.points[index] ?? Number.NaN)) / length
      sums.mase += error / scale / length
      sums.msis += intervalScore(value, all?.lower?.[index], all?.upper?.[index]) / scale / length
      sums.in95 += isInside(value, all?.lower?.[index], all?.upper?.[index])
      sums.in80 += isInside(value, most?.lower?.[index], most?.upper?.[index])
      sums.in50 += isInside(value, half?.lower?.[index], half?.upper?.[index])
    }
    sums.values += length
    sums.series++
    if (sums.series % 100 === 0) print(`${frequency.key}: ${sums.series} series`)
  }
  const [smape, mase] = [sums.smape / sums.series, sums.mase / sums.series]
  const coverage95 = sums.in95 / sums.values
  return {
    smape,
    mase,
    owa: (smape / frequency.naive2.smape + mase / frequency.naive2.mase) / 2,
    msis: sums.msis / sums.series,
    coverage95,
    coverage95Low: coverage95,
    coverage80: sums.in80 / sums.values,
    coverage50: sums.in50 / sums.values,
    cpuMsPerSeries: tookMs / sums.series,
  }
}

/** Series of a family, each the same number in every run. */
const seriesOfFamily = 100

/**
 * Errors of a family's forecasts as a share of what knowing how they were made leaves, and of what the last season's values
 * leave; how many values the 95 % intervals hold; and the processor's time.
 */
function measureFamily(family: SeriesFamily, { seed }: ScorecardOptions): Readonly<Record<string, number>> {
  const { horizon, seasons } = family
  const season = seasons.at(-1) ?? 1
  const sums = { own: 0, ideal: 0, naive: 0, inside: 0, cpuMs: 0 }
  for (let each = 0; each < seriesOfFamily; each++) {
    const { past, future, ideal } = createSyntheticSeries(family, seed * 100_000 + each)
    const before = process.cpuUsage()
    const { points, intervals } = answerForecast({ name: family.key, values: past }, { horizon, levels: [0.95], seed })
    const { user, system } = process.cpuUsage(before)
    sums.cpuMs += (user + system) / 1_000
    for (const [ahead, value] of future.entries()) {
      sums.own += Math.abs(value - (points[ahead] ?? Number.NaN)) / value
      sums.ideal += Math.abs(value - (ideal[ahead] ?? Number.NaN)) / value
      sums.naive += Math.abs(value - (past[past.length - season + (ahead % season)] ?? Number.NaN)) / value
      sums.inside += isInside(value, intervals[0]?.lower?.[ahead], intervals[0]?.upper?.[ahead])
    }
  }
  return {
    errorToIdeal: sums.own / sums.ideal,
    errorToNaive: sums.own / sums.naive,
    coverage95: sums.inside / (seriesOfFamily * horizon),
    cpuMsPerSeries: sums.cpuMs / seriesOfFamily,
  }
}

/** The same for kinds that methods stumble over: beside last season's values, or the last value where there is no season. */
function measureOdd(kind: OddKind, { seed }: ScorecardOptions): Readonly<Record<string, number>> {
  const { key, horizon, season, given } = kind
  const sums = { own: 0, naive: 0, inside: 0 }
  for (let each = 0; each < seriesOfFamily; each++) {
    const { past, future } = createOddSeries(kind, seed * 100_000 + each)
    const asked = { horizon, levels: [0.95], seed }
    const { points, intervals } = answerForecast({ name: key, values: past, seasons: given }, asked)
    for (const [ahead, value] of future.entries()) {
      sums.own += Math.abs(value - (points[ahead] ?? Number.NaN))
      sums.naive += Math.abs(value - lastOfPhase(past, season, ahead))
      sums.inside += isInside(value, intervals[0]?.lower?.[ahead], intervals[0]?.upper?.[ahead])
    }
  }
  return { errorToNaive: sums.own / sums.naive, coverage95: sums.inside / (seriesOfFamily * horizon) }
}

function lastOfPhase(past: readonly (number | undefined)[], season: number, ahead: number): number {
  for (let t = past.length - season + (ahead % season); t >= 0; t -= season) {
    const value = past[t]
    if (value !== undefined) return value
  }
  return Number.NaN
}

/** The file is read as `strata forecast` reads it: nothing is told of its seasons. */
function readPart(folder: string, file: string): ReadonlyMap<string, readonly number[]> | undefined {
  const path = join(folder, 'forecast', file)
  if (!existsSync(path)) return undefined
  const series = readSeriesFile(readFileSync(path, 'utf8'), { valuesMax: 20_000, seriesMax: 100_000 })
  return new Map(series.map(({ name, values }) => [name, values.map((value) => value ?? Number.NaN)]))
}

/** Mean absolute error of the value one season earlier, within the training part. */
function naiveError(values: readonly number[], season: number): number {
  let sum = 0
  for (let t = season; t < values.length; t++) sum += Math.abs((values[t] ?? 0) - (values[t - season] ?? 0))
  return sum / (values.length - season)
}

/** Of a 95 % interval: its width, and 2 / 0.05 times the distance by which it misses (Gneiting and Raftery, 2007). */
function intervalScore(value: number, lower = Number.NaN, upper = Number.NaN): number {
  return upper - lower + 40 * Math.max(0, lower - value) + 40 * Math.max(0, value - upper)
}

function isInside(value: number, lower = Number.NaN, upper = Number.NaN): number {
  return value >= lower && value <= upper ? 1 : 0
}
