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
    if (t + half + 1 < series.length) window += at(series, t + half + 1) - at(series, t - half)
  }
}

/**
 * Σ left[t] · right[t − apart] for t from `from` on. In four sums side by side: one alone waits for each addition to end
 * before the next begins.
 */
export function sumOfProducts(
  left: Float64Array,
  right: Float64Array,
  { from, apart }: { readonly from: number; readonly apart: number },
): number {
  // One by one: numbers that are taken out of a list stay boxed, which makes the loop three times as slow.
  let first = 0
  let second = 0
  let third = 0
  let fourth = 0
  let t = from
  for (; t + 3 < left.length; t += 4) {
    first += at(left, t) * at(right, t - apart)
    second += at(left, t + 1) * at(right, t + 1 - apart)
    third += at(left, t + 2) * at(right, t + 2 - apart)
    fourth += at(left, t + 3) * at(right, t + 3 - apart)
  }
  for (; t < left.length; t++) first += at(left, t) * at(right, t - apart)
  return first + second + (third + fourth)
}
