import { createSeededRandom, type Random } from '../../src/core/random.ts'

/** How a family of series is made: a level that grows, courses that repeat, and noise that hangs on the noise before it. */
export interface SeriesFamily {
  readonly key: string
  readonly length: number
  readonly horizon: number
  /** Steps of the seasons that the series have; none for none. */
  readonly seasons: readonly number[]
}

export const seriesFamilies: readonly SeriesFamily[] = [
  { key: 'halfHourly', length: 48 * 35, horizon: 48, seasons: [48, 336] },
  { key: 'daily', length: 400, horizon: 14, seasons: [7] },
  { key: 'weekly', length: 260, horizon: 13, seasons: [52] },
  { key: 'monthly', length: 120, horizon: 18, seasons: [12] },
  { key: 'quarterly', length: 60, horizon: 8, seasons: [4] },
  { key: 'yearly', length: 30, horizon: 6, seasons: [] },
]

export interface SyntheticSeries {
  readonly past: readonly number[]
  readonly future: readonly number[]
  /** What somebody who knew how the series is made would forecast: its median, given the past. */
  readonly ideal: readonly number[]
}

/** One series of a family; the same seed gives the same. Courses, growth, noise and its persistence are drawn for each. */
export function createSyntheticSeries({ length, horizon, seasons }: SeriesFamily, seed: number): SyntheticSeries {
  const random = createSeededRandom(seed)
  const growth = (0.6 * (random.next() - 0.3)) / length
  const persistence = 0.8 * random.next()
  const noise = 0.02 + 0.1 * random.next()
  const courses = seasons.map((season) => drawCourse(season, random))
  const expected = (t: number): number =>
    5 + growth * t + courses.reduce((sum, course) => sum + (course[t % course.length] ?? 0), 0)
  const values: number[] = []
  let error = 0
  let lastError = 0
  for (let t = 0; t < length + horizon; t++) {
    error = persistence * error + noise * drawNormal(random)
    if (t === length - 1) lastError = error
    values.push(Math.exp(expected(t) + error))
  }
  return {
    past: values.slice(0, length),
    future: values.slice(length),
    ideal: Array.from({ length: horizon }, (_, ahead) =>
      Math.exp(expected(length + ahead) + lastError * persistence ** (ahead + 1)),
    ),
  }
}

/** A smooth course over one season with an accent of its own at a few of its phases. */
function drawCourse(season: number, random: Random): readonly number[] {
  const height = 0.2 + 0.4 * random.next()
  const turn = random.next()
  const accents = Array.from({ length: season }, () => (random.next() < 0.2 ? 0.3 * (random.next() - 0.5) : 0))
  return accents.map((accent, phase) => height * Math.sin(2 * Math.PI * (phase / season + turn)) + accent)
}

function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}
