import { at } from './ridge.ts'

/**
 * Calls back with each place that has half a season on both sides, and how far its value lies from the mean over one season
 * around it; of an even season, the two ends count half.
 */
export function deviate(series: Float64Array, season: number, take: (place: number, deviation: number) => void): void {
  const half = season >> 1
  const isEven = season % 2 === 0
  let window = 0
  for (let t = 0; t < 2 * half + 1; t++) window += at(series, t)
  for (let t = half; t < series.length - half; t++) {
    const ends = isEven ? (at(series, t - half) + at(series, t + half)) / 2 : 0
    take(t, at(series, t) - (window - ends) / season)
    window += at(series, t + half + 1) - at(series, t - half)
  }
}
