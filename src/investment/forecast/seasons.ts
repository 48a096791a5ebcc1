import type { Pieces } from '../../core/turns.ts'
import { at, generate } from './ridge.ts'
import { deviate, sumByPhase, sumProducts, type Phases } from './sums.ts'

/** Seasons longer than this are not looked for: that many steps back would have to be compared for every lag. */
const lagMaxMost = 1_500
/** Steps of a year, a week or a day in quarters, days, months, hours, weeks and parts of hours. */
const calendar = [4, 7, 12, 13, 24, 48, 52, 96, 144, 168, 288, 365]
/** The share of what varies beside the level that a season must explain, and by how much a longer one must explain more. */
const strengthMin = 0.05
const strengthLikely = 0.3
const strengthPlain = 0.5
/** What is taken off the strength of a season seen once; of one seen n times, an n-th of it. */
const doubt = 0.5
const strengthGain = 0.05
/** How much two seasons must resemble each other where there are no three. */
const repeatedMin = 0.7
/** Below it in either, the other does not make up for it. */
const resemblanceLeast = 0.4
/**
 * How clearly changes must hang on the phase, in standard deviations: once in twenty times by chance for the year of quarters,
 * months and weeks, which short series mostly have, and once in a thousand for any other.
 */
const evidenceOfYear = 1.64
const evidenceOfOthers = 3.1
const years: ReadonlySet<number> = new Set([4, 12, 52])
/** The season that people's affairs have besides the one found: the week beside the day. By steps of the shorter one. */
const companions: Readonly<Record<number, number>> = { 24: 168, 48: 336, 96: 672, 144: 1_008, 288: 2_016 }

export interface Seasons {
  /** In steps, shortest first, each a multiple of the one before. Empty when there is none. */
  readonly steps: readonly number[]
  /** Whether the season is so strong, and was seen so often, that a forecast without it need not be heard. */
  readonly isPlain: boolean
}

/**
 * The seasons of a series: the one whose phases explain most of what varies around the running level, with the week beside a
 * day.
 */
export function* findSeasons(series: Float64Array): Pieces<Seasons> {
  const lagMax = Math.min(lagMaxMost, Math.floor(series.length / 3))
  let best: Candidate | undefined
  for (const lag of calendar) {
    yield
    if (lag <= lagMax) best = better(series, best, { lag, gain: strengthGain })
  }
  // Chance moves a peak by a step or two: what is in no calendar must explain clearly more than what is. Nothing explains more than all.
  const gain = 2 * strengthGain
  const peak = best === undefined || best.strength + gain < 1 ? yield* findPeak(series, lagMax) : undefined
  if (peak !== undefined) best = better(series, best, { lag: peak, gain })
  const isPlain = best !== undefined && best.strength >= strengthPlain
  const twice = isPlain ? undefined : findRepeated(series, lagMax, best)
  if (twice !== undefined) return { steps: [twice], isPlain: false }
  if (best === undefined || best.strength < strengthMin) return { steps: [], isPlain: true }
  return { steps: withCompanion(best.lag, series, lagMax), isPlain }
}

function evidenceFor(season: number): number {
  return years.has(season) ? evidenceOfYear : evidenceOfOthers
}

interface Candidate {
  readonly lag: number
  readonly strength: number
}

/** Evidence is looked for last: it is dear, and few lags would be better. */
function better(
  series: Float64Array,
  best: Candidate | undefined,
  { lag, gain }: { readonly lag: number; readonly gain: number },
): Candidate | undefined {
  const strength = strengthOf(series, lag) - (doubt * lag) / series.length
  const isBetter = best === undefined || strength > best.strength + gain
  return isBetter && evidenceOf(series, lag) >= evidenceFor(lag) ? { lag, strength } : best
}

function withCompanion(season: number, series: Float64Array, lagMax: number): readonly number[] {
  for (const [day, week] of Object.entries(companions)) {
    const hasDay = season === week && strengthOf(series, Number(day)) >= strengthLikely
    if (hasDay) return [Number(day), week]
  }
  const companion = companions[season]
  return companion !== undefined && companion <= lagMax ? [season, companion] : [season]
}

/** Whether a season is so strong, and was seen so often, that a forecast without it need not be heard. */
export function isPlainSeason(series: Float64Array, season: number): boolean {
  return strengthOf(series, season) - (doubt * season) / series.length >= strengthPlain
}

/**
 * The share of the variance around the running mean over one season that the mean of each phase explains, less what
 * as many means would explain by chance: 0 or less for noise, 1 for exact repetition.
 */
function strengthOf(series: Float64Array, season: number): number {
  const rows = series.length - 2 * (season >> 1)
  if (rows < 2 * season) return 0
  const deviations = deviate(series, season)
  const squares = sumOfSquares(deviations)
  if (!(squares > 1e-18)) return 0
  const explained = explainedBy(sumByPhase(deviations, season, season >> 1))
  return 1 - ((1 - explained / squares) * (rows - 1)) / (rows - season)
}

function sumOfSquares(values: Float64Array): number {
  let squares = 0
  for (let t = 0; t < values.length; t++) squares += at(values, t) ** 2
  return squares
}

/** What the means of the phases explain of the squares of values whose own mean is 0. */
function explainedBy({ sums, counts }: Phases): number {
  let explained = 0
  for (let phase = 0; phase < sums.length; phase++) explained += at(sums, phase) ** 2 / Math.max(1, at(counts, phase))
  return explained
}

/** Of a long season a smooth course shows in the changes between parts of it, not in those between steps. */
const partsMin = 12

function evidenceOf(series: Float64Array, season: number): number {
  const own = evidenceOfChanges(series, season)
  let width = Math.floor(season / partsMin)
  while (width > 1 && season % width !== 0) width--
  if (width <= 1) return own
  const first = series.length % width
  const parts = generate(Math.floor(series.length / width), (part) => {
    let sum = 0
    for (let t = first + part * width; t < first + (part + 1) * width; t++) sum += at(series, t)
    return sum / width
  })
  return Math.max(own, evidenceOfChanges(parts, season / width))
}

/**
 * How clearly the changes from step to step hang on the phase, in standard deviations of chance: a walk, which resembles a season in its
 * values, does not do so in its changes. Fisher's F by the transformation of Wilson and Hilferty (1931).
 */
function evidenceOfChanges(series: Float64Array, season: number): number {
  const changes = generate(Math.max(0, series.length - 1), (t) => at(series, t + 1) - at(series, t))
  const { length } = changes
  let mean = 0
  for (let t = 0; t < length; t++) mean += at(changes, t) / length
  const beside = generate(length, (t) => at(changes, t) - mean)
  const squares = sumOfSquares(beside)
  const explained = explainedBy(sumByPhase(beside, season, 0))
  const [phases, rest] = [season - 1, length - season]
  const left = squares - explained
  if (rest < 1 || !(squares > 1e-18)) return 0
  if (!(left > 1e-12 * squares)) return Number.POSITIVE_INFINITY
  const root = Math.cbrt(explained / phases / (left / rest))
  const [ofPhases, ofRest] = [2 / (9 * phases), 2 / (9 * rest)]
  return ((1 - ofRest) * root - (1 - ofPhases)) / Math.sqrt(ofRest * root * root + ofPhases)
}

/** Of the lags that were seen twice and no more: the one whose last season resembles the one before most, if it does so clearly. */
function findRepeated(series: Float64Array, lagMax: number, shorter: Candidate | undefined): number | undefined {
  let best: Candidate | undefined
  for (const lag of calendar) {
    // What a shorter season explains repeats itself after several of it too.
    if (shorter !== undefined && shorter.strength >= strengthMin && lag % shorter.lag === 0) continue
    if (lag <= lagMax || 2 * lag > series.length || evidenceOf(series, lag) < evidenceFor(lag)) continue
    const strength = resemblanceOf(series, lag)
    if (strength >= (best?.strength ?? repeatedMin)) best = { lag, strength }
  }
  return best?.lag
}

/**
 * How much the last season resembles the one before, in its values beside a straight line and in its steps: a walk may do so in its
 * values, by chance. 1 for exact repetition.
 */
export function resemblanceOf(series: Float64Array, season: number): number {
  const steps = series.map((value, t) => (t === 0 ? 0 : value - at(series, t - 1)))
  const ofLast = (values: Float64Array): number => {
    const middle = values.length - season
    return correlation(values.subarray(middle), values.subarray(middle - season, middle))
  }
  const [values, changes] = [ofLast(detrend(series)), ofLast(steps)]
  const least = Math.min(values, changes)
  return least < resemblanceLeast ? least : (values + changes) / 2
}

function correlation(left: Float64Array, right: Float64Array): number {
  const { length } = left
  let [leftMean, rightMean, product, leftSquares, rightSquares] = [0, 0, 0, 0, 0]
  for (let t = 0; t < length; t++) {
    leftMean += at(left, t) / length
    rightMean += at(right, t) / length
  }
  for (let t = 0; t < length; t++) {
    const [one, other] = [at(left, t) - leftMean, at(right, t) - rightMean]
    product += one * other
    leftSquares += one * one
    rightSquares += other * other
  }
  const squares = leftSquares * rightSquares
  return squares > 1e-300 ? product / Math.sqrt(squares) : 0
}

/** The lag at which the series, beside a straight line, resembles itself most; short of it there must be one where it does less. */
function* findPeak(series: Float64Array, lagMax: number): Pieces<number | undefined> {
  const resemblance = yield* autocorrelations(detrend(series), lagMax)
  let peak: number | undefined
  let most = 0.25 + 1 / Math.sqrt(series.length)
  for (let lag = 2; lag < lagMax; lag++) {
    const own = at(resemblance, lag)
    const isHigher = own > at(resemblance, lag - 1) && own >= at(resemblance, lag + 1)
    if (!isHigher || own <= (peak === undefined ? most : most + 0.1)) continue
    peak = lag
    most = own
  }
  return peak
}

function detrend(series: Float64Array): Float64Array {
  const length = series.length
  const middle = (length - 1) / 2
  let mean = 0
  for (const value of series) mean += value / length
  let slope = 0
  let spread = 0
  for (let t = 0; t < length; t++) {
    slope += (t - middle) * (at(series, t) - mean)
    spread += (t - middle) ** 2
  }
  slope = spread > 0 ? slope / spread : 0
  return series.map((value, t) => value - mean - slope * (t - middle))
}

/** Of a series whose mean is 0; for the pairs there are, so that a long lag is judged as a short one. */
function* autocorrelations(z: Float64Array, lagMax: number): Pieces<Float64Array> {
  const length = z.length
  const result = new Float64Array(Math.max(0, lagMax) + 1)
  let variance = 0
  for (const value of z) variance += value * value
  if (!(variance > 0)) return result
  const put = (lag: number, sum: number): void => {
    result[lag] = (sum / variance) * (length / (length - lag))
  }
  for (let lag = 0; lag <= lagMax; lag += 2) {
    yield
    const { own, next } = sumProducts(z, z.subarray(lag))
    put(lag, own)
    if (lag < lagMax) put(lag + 1, next)
  }
  return result
}
