import { createSeededRandom, type Random } from '../../src/core/random.ts'

/** A kind of series that forecasting methods stumble over. */
export interface OddKind {
  readonly key: string
  readonly length: number
  readonly horizon: number
  /** By which last season's values are compared; 1 for the last value. */
  readonly season: number
  /** What the calendar would say; nothing where the forecast has to find it. */
  readonly given?: readonly number[]
  readonly make: (random: Random, length: number) => readonly (number | undefined)[]
}

export interface OddSeries {
  readonly past: readonly (number | undefined)[]
  readonly future: readonly number[]
}

/** One series of a kind; the same seed gives the same. What follows its past is never missing. */
export function createOddSeries({ length, horizon, make }: OddKind, seed: number): OddSeries {
  const all = make(createSeededRandom(seed), length + horizon)
  return { past: all.slice(0, length), future: all.slice(length).map((value) => value ?? Number.NaN) }
}

export const oddKinds: readonly OddKind[] = [
  { key: 'walk', length: 150, horizon: 12, season: 1, make: (random, length) => walk(random, length, 100) },
  { key: 'signedWalk', length: 150, horizon: 12, season: 1, make: (random, length) => walk(random, length, 0) },
  { key: 'shortWalk', length: 12, horizon: 6, season: 1, make: (random, length) => walk(random, length, 50) },
  { key: 'noise', length: 150, horizon: 12, season: 1, make: (random, length) => each(length, () => normal(random)) },
  {
    key: 'outliers',
    length: 200,
    horizon: 14,
    season: 7,
    make: (random, length) =>
      week(length, (value) => value + 3 * normal(random) + (random.next() < 0.03 ? 300 * random.next() : 0)),
  },
  {
    key: 'trend',
    length: 80,
    horizon: 12,
    season: 1,
    make(random, length) {
      const slope = normal(random)
      return each(length, (t) => 100 + slope * t + 5 * normal(random))
    },
  },
  { key: 'levelShift', length: 150, horizon: 14, season: 7, make: (random, length) => shifted(random, length, 110) },
  { key: 'newShift', length: 150, horizon: 14, season: 7, make: (random, length) => shifted(random, length, 140) },
  {
    key: 'intermittent',
    length: 120,
    horizon: 12,
    season: 1,
    make: (random, length) => each(length, () => (random.next() < 0.25 ? 1 + count(random, 4) : 0)),
  },
  {
    key: 'countsByWeek',
    length: 140,
    horizon: 14,
    season: 7,
    make: (random, length) => each(length, (t) => count(random, t % 7 < 5 ? 6 : 0.5)),
  },
  {
    key: 'officeHours',
    length: 504,
    horizon: 48,
    season: 168,
    make: (random, length) =>
      each(length, (t) => (isOffice(t) ? Math.round(100 * Math.exp(0.2 * normal(random))) : count(random, 0.2))),
  },
  { key: 'twoYears', length: 24, horizon: 12, season: 12, given: [12], make: year },
  { key: 'twoYearsFound', length: 24, horizon: 12, season: 12, make: year },
  { key: 'thirtyMonths', length: 30, horizon: 12, season: 12, given: [12], make: year },
  {
    key: 'twoYearsWithout',
    length: 26,
    horizon: 12,
    season: 1,
    given: [12],
    make: (random, length) => each(length, (t) => 100 + 2 * t + 5 * normal(random)),
  },
  {
    key: 'huge',
    length: 150,
    horizon: 14,
    season: 7,
    make: (random, length) => week(length, (value) => value + 2 * normal(random)).map((value) => value * 1e14),
  },
  {
    key: 'tiny',
    length: 150,
    horizon: 14,
    season: 7,
    make: (random, length) => week(length, (value) => value + 2 * normal(random)).map((value) => value * 1e-15),
  },
  {
    key: 'missing',
    length: 200,
    horizon: 14,
    season: 7,
    make: (random, length) =>
      week(length, (value) => value + 5 * normal(random)).map((value, t) =>
        t < 186 && random.next() < 0.3 ? undefined : value,
      ),
  },
]

function each(length: number, value: (t: number) => number): readonly number[] {
  return Array.from({ length }, (_, t) => value(t))
}

function walk(random: Random, length: number, start: number): readonly number[] {
  let value = start
  return each(length, () => {
    value += normal(random)
    return value
  })
}

/** A week around 100, and what is made of it. */
function week(length: number, of: (value: number, t: number) => number): readonly number[] {
  return each(length, (t) => of(100 + 20 * Math.sin((2 * Math.PI * t) / 7), t))
}

function shifted(random: Random, length: number, place: number): readonly number[] {
  const by = 50 * normal(random)
  return week(length, (value, t) => 100 + value + (t > place ? by : 0) + 5 * normal(random))
}

function year(random: Random, length: number): readonly number[] {
  return each(length, (t) => 100 + 20 * Math.sin((2 * Math.PI * t) / 12) + 3 * normal(random))
}

function isOffice(t: number): boolean {
  const hour = t % 24
  return Math.floor(t / 24) % 7 < 5 && hour >= 8 && hour < 18
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

/** A Poisson number. */
function count(random: Random, mean: number): number {
  const chance = random.next()
  let term = Math.exp(-mean)
  let number = 0
  for (let sum = term; chance > sum && number < 1_000; sum += term) term *= mean / ++number
  return number
}
