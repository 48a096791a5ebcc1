import { expect, test, vi } from 'vitest'
import { createSeededRandom } from '../../core/random.ts'
import { forecastLimits, forecastSeries, readForecast } from './index.ts'
import type * as Ridge from './ridge.ts'

const beside: string[] = []
let reads = 0
vi.mock('./ridge.ts', async (load) => {
  const ridge = await load<typeof Ridge>()
  const at = (values: Float64Array, index: number): number => {
    reads++
    if (!(index >= 0 && index < values.length)) beside.push(`${index} of ${values.length}`)
    return ridge.at(values, index)
  }
  return { ...ridge, at }
})

test.each([
  { of: 'hours', season: 24, lengths: [60, 200, 337, 700], horizon: 48 },
  { of: 'half hours', season: 48, lengths: [1_100], horizon: 96 },
  { of: 'days', season: 7, lengths: [15, 43, 150, 400], horizon: 14 },
  { of: 'weeks', season: 52, lengths: [110, 260], horizon: 13 },
  { of: 'months', season: 12, lengths: [25, 75, 120], horizon: 130 },
  { of: 'years', season: 1, lengths: [1, 2, 3, 4, 7, 30, 700], horizon: 6 },
])('no forecast of $of reads beside its series: one such read makes all of them twice as slow', (kind) => {
  const random = createSeededRandom(kind.season)
  for (const length of kind.lengths) {
    const value = (t: number): number => 5 + Math.sin((2 * Math.PI * t) / kind.season) + 0.4 * random.next()
    const values = Array.from({ length }, (_, t) => (t % 41 === 7 ? undefined : value(t)))
    const forecast = forecastSeries(values, { horizon: kind.horizon })
    forecast.paths(createSeededRandom(1))?.()
    forecast.interval(0.8)
  }
  expect(beside.splice(0)).toEqual([])
})

/** Some ten milliseconds' worth; the whole fit reads more often. */
const readsMax = 15_000_000

test.each([
  { of: 'found', seasons: undefined },
  { of: 'given', seasons: [1_000, 5_000] },
])('others have their turns within the fit of the longest series, its seasons $of', ({ seasons }) => {
  const random = createSeededRandom(5)
  const course = (t: number): number => 3 * Math.sin((2 * Math.PI * t) / 24) + Math.sin((2 * Math.PI * t) / 168)
  const values = Array.from({ length: forecastLimits.valuesMax }, (_, t) => 20 + course(t) + random.next())
  const pieces = readForecast(values, { horizon: 96, seasons })
  const taken: number[] = []
  for (let isOver = false; !isOver; taken.push(reads)) {
    reads = 0
    isOver = pieces.next().done === true
  }
  expect(Math.max(...taken)).toBeLessThanOrEqual(readsMax)
  expect(taken.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(readsMax)
  expect(beside.splice(0)).toEqual([])
})
