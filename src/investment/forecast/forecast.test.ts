import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Call } from '../../core/call.ts'
import { createCancellation, type Cancellation } from '../../core/cancellation.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createTickingClock } from '../../core/testing.ts'
import { runAtOnce } from '../../core/turns.ts'
import { answerForecast, createForecastKind, forecastSeries, readExhaustion } from './index.ts'

/** Days of hours with a daily and a weekly course, growth, and noise from a seed. */
function createUsage(hours: number, seed: number, noise = 0.05): readonly number[] {
  const random = createSeededRandom(seed)
  return Array.from({ length: hours }, (_, hour) => {
    const day = 2 + Math.sin((2 * Math.PI * hour) / 24)
    const isWeekend = Math.floor(hour / 24) % 7 >= 5
    const chance = random.next() + random.next() + random.next() - 1.5
    return 100 * day * (isWeekend ? 0.4 : 1) * (1 + hour / 5_000) * Math.exp(2 * noise * chance)
  })
}

function meanError(actual: readonly number[], forecast: ArrayLike<number>): number {
  return actual.reduce((sum, value, index) => sum + Math.abs(value - (forecast[index] ?? 0)), 0) / actual.length
}

describe('medians', () => {
  test('follow the day and the week of hourly usage far closer than the day before does', () => {
    const all = createUsage(24 * 42 + 48, 1)
    const [past, future] = [all.slice(0, -48), all.slice(-48)]
    const forecast = forecastSeries(past, { horizon: 48 })
    const dayBefore = Array.from({ length: 48 }, (_, index) => past[past.length - 24 + (index % 24)] ?? 0)
    expect(forecast.seasons).toEqual([24, 168])
    expect(meanError(future, forecast.points)).toBeLessThan(0.3 * meanError(future, dayBefore))
  })

  test.each([
    { what: 'named', seasons: [12] },
    { what: 'found', seasons: undefined },
  ])('repeat a season that was seen twice and no more, $what, and none that was not there', ({ seasons }) => {
    let [own, last, plain, without] = [0, 0, 0, 0]
    for (let seed = 1; seed <= 40; seed++) {
      const random = createSeededRandom(seed)
      const noise = (): number => 6 * (random.next() + random.next() + random.next() - 1.5)
      const year = Array.from({ length: 36 }, (_, t) => 100 + 20 * Math.sin((2 * Math.PI * t) / 12) + noise())
      const [past, future] = [year.slice(0, 24), year.slice(24)]
      own += meanError(future, forecastSeries(past, { horizon: 12, seasons }).points)
      last += meanError(future, past.slice(12))
      const growing = Array.from({ length: 36 }, (_, t) => 100 + 3 * t + noise())
      plain += meanError(growing.slice(24), forecastSeries(growing.slice(0, 24), { horizon: 12, seasons }).points)
      without += meanError(growing.slice(24), growing.slice(12, 24))
    }
    expect(own).toBeLessThan(1.2 * last)
    expect(plain).toBeLessThan(0.5 * without)
  })

  test.each([
    { season: 7, length: 120, horizon: 14 },
    { season: 12, length: 96, horizon: 12 },
    { season: 4, length: 48, horizon: 8 },
    { season: 52, length: 300, horizon: 13 },
  ])('find a season of $season steps that nobody named', ({ season, length, horizon }) => {
    const random = createSeededRandom(season)
    const course = Array.from({ length: season }, () => random.next())
    const value = (t: number): number =>
      50 * (1 + 0.003 * t) * (0.6 + (course[t % season] ?? 0)) * (1 + 0.04 * (random.next() - 0.5))
    const all = Array.from({ length: length + horizon }, (_, t) => value(t))
    const forecast = forecastSeries(all.slice(0, length), { horizon })
    expect(forecast.seasons[0]).toBe(season)
    const actual = all.slice(length)
    const last = Array.from({ length: horizon }, () => all[length - 1] ?? 0)
    expect(meanError(actual, forecast.points)).toBeLessThan(0.35 * meanError(actual, last))
  })

  test('find no season in a walk of chance, and stay near its last value', () => {
    const random = createSeededRandom(3)
    let level = 1_000
    const walk = Array.from({ length: 200 }, () => (level += 10 * (random.next() - 0.5)))
    const forecast = forecastSeries(walk, { horizon: 10 })
    expect(Math.abs((forecast.points[9] ?? 0) - level)).toBeLessThan(40)
  })

  test('find no season in short series that only walk upwards', () => {
    let found = 0
    for (let seed = 1; seed <= 200; seed++) {
      const random = createSeededRandom(seed)
      let level = 1_000
      const noise = (): number => 80 * (random.next() + random.next() + random.next() - 1.5)
      const walk = Array.from({ length: 14 + (seed % 26) }, () => (level += 20 + noise()))
      if (forecastSeries(walk, { horizon: 6 }).seasons.length > 0) found++
    }
    expect(found).toBeLessThan(30)
  })

  test('hear growth by shares and growth by amounts where there is no season', () => {
    const random = createSeededRandom(5)
    const growing = Array.from({ length: 18 }, (_, t) => 20 * (t + 2) + 10 * (random.next() - 0.5))
    const { method, points } = forecastSeries(growing, { horizon: 6, seasons: [] })
    expect(method).toContain('theta, ')
    expect(method).toContain('theta of the values')
    expect(meanError([400, 420, 440, 460, 480, 500], points)).toBeLessThan(25)
    const signed = forecastSeries([-3, 2, 5, -1, 4, 2, 6], { horizon: 2 })
    expect(signed.method).not.toContain('of the values')
  })

  test('bridge missing values', () => {
    const all = createUsage(24 * 28 + 24, 5)
    const past = all.slice(0, -24).map((value, hour) => (hour % 37 < 3 ? undefined : value))
    const forecast = forecastSeries(past, { horizon: 24 })
    const actual = all.slice(-24)
    expect(meanError(actual, forecast.points)).toBeLessThan(0.15 * meanError(actual, new Float64Array(24)))
  })

  test('of zeros at night are never below zero, with bounds that are not either', () => {
    const past = Array.from({ length: 24 * 21 }, (_, hour) => (hour % 24 < 8 ? 0 : 5 + (hour % 5)))
    const forecast = forecastSeries(past, { horizon: 48 })
    const interval = forecast.interval(0.99)
    for (const value of [...forecast.points, ...(interval?.lower ?? [])]) expect(value).toBeGreaterThanOrEqual(0)
    expect(forecast.points[3]).toBeLessThan(0.5)
    expect(forecast.points[12]).toBeGreaterThan(4)
  })
})

describe('for any series', () => {
  const anyValue = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }),
    fc.integer({ min: 0, max: 5 }),
    fc.constant(undefined),
  )

  test('medians are finite, and lie within bounds that widen with the level', () => {
    fc.assert(
      fc.property(
        fc.array(anyValue, { minLength: 1, maxLength: 90 }),
        fc.integer({ min: 1, max: 30 }),
        (values, horizon) => {
          fc.pre(values.some((value) => value !== undefined))
          const forecast = forecastSeries(values, { horizon })
          const [narrow, wide] = [forecast.interval(0.5), forecast.interval(0.95)]
          expect(forecast.points).toHaveLength(horizon)
          for (const [index, point] of forecast.points.entries()) {
            expect(Number.isFinite(point)).toBe(true)
            if (narrow === undefined || wide === undefined) continue
            const bounds = [wide.lower, narrow.lower, narrow.upper, wide.upper].map((each) => each[index] ?? Number.NaN)
            expect(bounds.every(Number.isFinite)).toBe(true)
            expect(bounds).toEqual(bounds.toSorted((left, right) => left - right))
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  test('the same values give the same forecast, and a series multiplied gives a forecast multiplied', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.constantFrom(0.001, 7, 1_000_000), (seed, factor) => {
        const past = createUsage(24 * 9, seed, 0.2)
        const once = forecastSeries(past, { horizon: 12 })
        const more = forecastSeries(
          past.map((value) => value * factor),
          { horizon: 12 },
        )
        expect(forecastSeries(past, { horizon: 12 }).points).toEqual(once.points)
        for (const [index, point] of once.points.entries())
          expect((more.points[index] ?? 0) / (point * factor)).toBeCloseTo(1, 6)
      }),
      { numRuns: 10 },
    )
  })
})

describe('bounds', () => {
  test('of 80 and 95 % hold as many values as they say', () => {
    let [in80, in95, count] = [0, 0, 0]
    for (let seed = 1; seed <= 8; seed++) {
      const all = createUsage(24 * 35 + 24, 100 + seed, 0.15)
      const forecast = forecastSeries(all.slice(0, -24), { horizon: 24 })
      const [most, nearly] = [forecast.interval(0.8), forecast.interval(0.95)]
      for (const [index, value] of all.slice(-24).entries()) {
        if (value >= (most?.lower[index] ?? 0) && value <= (most?.upper[index] ?? 0)) in80++
        if (value >= (nearly?.lower[index] ?? 0) && value <= (nearly?.upper[index] ?? 0)) in95++
        count++
      }
    }
    expect(in80 / count).toBeGreaterThan(0.7)
    expect(in80 / count).toBeLessThan(0.92)
    expect(in95 / count).toBeGreaterThan(0.9)
  })

  test('are absent where a series is too short to say', () => {
    const forecast = forecastSeries([4, 5], { horizon: 3 })
    expect(forecast.interval(0.95)).toBeUndefined()
    expect(forecast.paths(createSeededRandom(1))).toBeUndefined()
    expect(forecastSeries([7], { horizon: 2 }).points).toEqual(Float64Array.of(7, 7))
  })

  test('of what never changed are what it was', () => {
    const forecast = forecastSeries([3, 3, 3, 3, 3], { horizon: 2 })
    expect(forecast.points).toEqual(Float64Array.of(3, 3))
    expect(forecast.interval(0.95)).toEqual({ lower: Float64Array.of(3, 3), upper: Float64Array.of(3, 3) })
  })
})

describe('simulated futures', () => {
  test('spread at each step about as the intervals do', () => {
    const forecast = forecastSeries(createUsage(24 * 28, 7, 0.15), { horizon: 24 })
    const draw = forecast.paths(createSeededRandom(1))
    const interval = forecast.interval(0.8)
    let inside = 0
    const paths = 600
    for (let path = 0; path < paths; path++) {
      const values = draw?.() ?? new Float64Array(24)
      for (const [index, value] of values.entries())
        if (value >= (interval?.lower[index] ?? 0) && value <= (interval?.upper[index] ?? 0)) inside++
    }
    expect(inside / (paths * 24)).toBeGreaterThan(0.7)
    expect(inside / (paths * 24)).toBeLessThan(0.9)
  })

  test('say when an amount is used up: the step at which a steady spend has eaten it', () => {
    const draw = (): Float64Array => new Float64Array(30).fill(10)
    const found = runAtOnce(readExhaustion(draw, { remaining: 95, paths: 100 }))
    expect(found.probability).toBe(1)
    expect([found.stepAt(0.1), found.stepAt(0.9)]).toEqual([10, 10])
    expect(runAtOnce(readExhaustion(draw, { remaining: 301, paths: 10 }))).toMatchObject({ probability: 0 })
    expect(runAtOnce(readExhaustion(draw, { remaining: 301, paths: 10 })).stepAt(0.5)).toBeUndefined()
  })

  test('use up a larger amount never earlier', () => {
    const values = createUsage(24 * 21, 11, 0.3)
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 9_000, noNaN: true }),
        fc.double({ min: 0, max: 4_000, noNaN: true }),
        (remaining, more) => {
          const ask = (amount: number) =>
            answerForecast({ name: 'spend', values }, { horizon: 24, levels: [0.8], remaining: amount, seed: 4 })
              .exhaustion
          const [small, large] = [ask(remaining), ask(remaining + more)]
          expect(large?.probability).toBeLessThanOrEqual(small?.probability ?? 0)
          expect(large?.by[1]?.step ?? Infinity).toBeGreaterThanOrEqual(small?.by[1]?.step ?? Infinity)
        },
      ),
      { numRuns: 3 },
    )
  })
})

test('what cannot be forecast is refused with the field at fault', () => {
  const asked = { horizon: 5, levels: [0.95], seed: 1 }
  const refusal = (act: () => unknown): unknown => {
    try {
      return act()
    } catch (thrown) {
      return thrown
    }
  }
  expect(refusal(() => answerForecast({ name: 'a', values: [undefined] }, asked))).toMatchObject({ param: 'series' })
  expect(refusal(() => answerForecast({ name: 'a', values: [1] }, { ...asked, horizon: 0 }))).toMatchObject({
    param: 'horizon',
  })
  expect(refusal(() => answerForecast({ name: 'a', values: [1] }, { ...asked, levels: [95] }))).toMatchObject({
    param: 'levels',
  })
})

test.each([
  {
    form: 'JSON',
    text: JSON.stringify({ series: [1, 2, 3].map((seed) => ({ values: createUsage(200, seed) })) }),
    least: 10,
    deltas: 6,
  },
  { form: 'CSV', text: `a,b\n${'1,2\n'.repeat(400)}`, least: 40, deltas: 5 },
])(
  'a model that forecasts $form lets others have their turns, and ends when its call is cancelled',
  async ({ text, least, deltas }) => {
    const place = { id: 'outlook', path: 'models.outlook', build: () => expect.unreachable() }
    const model = createForecastKind({ clock: createTickingClock() }).create({ forecast: {} }, place)
    // What the model looks at of a request and of its call.
    const request = {
      chat: { messages: [{ role: 'user', parts: [{ type: 'text', text }] }] },
    } as unknown as ChatRequest
    const start = async (cancellation: Cancellation) =>
      Array.fromAsync(await model.answer(request, { cancellation } as unknown as Call))
    let turns = 0
    let isOver = false
    const whole = start(createCancellation()).finally(() => (isOver = true))
    for (; !isOver; turns++) await setImmediate()
    expect(turns).toBeGreaterThanOrEqual(least)
    expect(await whole).toHaveLength(deltas)
    const leaving = createCancellation()
    const left = start(leaving)
    await setImmediate()
    leaving.cancel(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
  },
)
