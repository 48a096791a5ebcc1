import { at, generate } from './ridge.ts'

/** What is known of a series, from its first known value on; `NaN` where a value is missing. */
export function trimStart(values: readonly (number | undefined)[]): Float64Array {
  const first = values.findIndex((value) => value !== undefined)
  if (first === -1) return new Float64Array(0)
  return generate(values.length - first, (index) => values[first + index] ?? Number.NaN)
}

/** Missing values on the straight line between their neighbours; after the last known one, that one. */
export function fillStraight(values: Float64Array): Float64Array {
  const filled = values.slice()
  let known = 0
  for (let t = 1; t < filled.length; t++) {
    if (Number.isNaN(at(filled, t))) continue
    for (let gap = known + 1; gap < t; gap++) {
      const share = (gap - known) / (t - known)
      filled[gap] = at(filled, known) * (1 - share) + at(filled, t) * share
    }
    known = t
  }
  return filled.fill(at(filled, known), known + 1)
}

/** Missing values as one season before or after, or the mean of both, where those are known; else as already filled. */
export function fillSeasonal(values: Float64Array, filled: Float64Array, season: number): Float64Array {
  const result = filled.slice()
  for (let t = 0; t < values.length; t++) {
    if (!Number.isNaN(at(values, t))) continue
    const before = t >= season ? at(result, t - season) : Number.NaN
    const after = t + season < values.length ? at(values, t + season) : Number.NaN
    if (!Number.isNaN(before) && !Number.isNaN(after)) result[t] = (before + after) / 2
    else if (!Number.isNaN(before)) result[t] = before
    else if (!Number.isNaN(after)) result[t] = after
  }
  return result
}
