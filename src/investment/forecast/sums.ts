import { at } from './ridge.ts'

/**
 * How far each value that has half a season on both sides lies from the mean over one season around it; of an even season, the two
 * ends count half.
 */
export function deviate(series: Float64Array, season: number): Float64Array {
  const half = season >> 1
  const isEven = season % 2 === 0
  let window = 0
  for (let t = 0; t < 2 * half + 1; t++) window += at(series, t)
  const deviations = new Float64Array(series.length - 2 * half)
  for (let t = half; t < series.length - half; t++) {
    const ends = isEven ? (at(series, t - half) + at(series, t + half)) / 2 : 0
    deviations[t - half] = at(series, t) - (window - ends) / season
    if (t + half + 1 < series.length) window += at(series, t + half + 1) - at(series, t - half)
  }
  return deviations
}

/** Of each phase of a season: the sum of its values, and how many there are. */
export interface Phases {
  readonly sums: Float64Array
  readonly counts: Float64Array
}

/** `first` is the phase of the first value. */
export function sumByPhase(values: Float64Array, season: number, first: number): Phases {
  const sums = new Float64Array(season)
  const counts = new Float64Array(season)
  let phase = first
  for (let t = 0; t < values.length; t++) {
    sums[phase] = at(sums, phase) + at(values, t)
    counts[phase] = at(counts, phase) + 1
    if (++phase === season) phase = 0
  }
  return { sums, counts }
}

/**
 * Σ one[k] · other[k] and Σ one[k] · other[k + 1], each as far as both go: the second costs next to nothing, since what is read for the
 * first is there for it too. In four sums side by side: one alone waits for each addition to end before the next begins.
 */
export function sumProducts(one: Float64Array, other: Float64Array): { readonly own: number; readonly next: number } {
  const ownEnd = Math.min(one.length, other.length)
  const nextEnd = Math.min(one.length, other.length - 1)
  // One by one: numbers that are taken out of a list stay boxed, which makes the loop three times as slow.
  let own1 = 0
  let own2 = 0
  let own3 = 0
  let own4 = 0
  let next1 = 0
  let next2 = 0
  let next3 = 0
  let next4 = 0
  let k = 0
  for (; k < nextEnd - 3; k += 4) {
    const first = at(one, k)
    const second = at(one, k + 1)
    const third = at(one, k + 2)
    const fourth = at(one, k + 3)
    const other2 = at(other, k + 1)
    const other3 = at(other, k + 2)
    const other4 = at(other, k + 3)
    own1 += first * at(other, k)
    own2 += second * other2
    own3 += third * other3
    own4 += fourth * other4
    next1 += first * other2
    next2 += second * other3
    next3 += third * other4
    next4 += fourth * at(other, k + 4)
  }
  for (let rest = k; rest < ownEnd; rest++) own1 += at(one, rest) * at(other, rest)
  for (; k < nextEnd; k++) next1 += at(one, k) * at(other, k + 1)
  return { own: own1 + own2 + (own3 + own4), next: next1 + next2 + (next3 + next4) }
}
