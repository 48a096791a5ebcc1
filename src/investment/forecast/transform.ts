import { medianOf } from './members/index.ts'
import { at } from './ridge.ts'

/** The scale a series is modelled on. Monotone, so that a median or a quantile there is one here. */
export interface Transform {
  readonly name: 'logarithm' | 'arcsinh' | 'identity'
  readonly to: (value: number) => number
  /** Always finite. */
  readonly from: (value: number) => number
}

/**
 * Logarithms where all values are positive: errors of usage and of money grow with their level. Where some are zero, the
 * inverse hyperbolic sine, which is a logarithm for large values and straight near zero. Where some are negative, as they
 * are. The last two in units of a typical value, so that huge ones do not overflow.
 */
export function chooseTransform(values: Float64Array): Transform {
  let low = Number.POSITIVE_INFINITY
  for (const value of values) low = Math.min(low, value)
  if (low > 0) return { name: 'logarithm', to: (value) => Math.log(value), from: (value) => toFinite(Math.exp(value)) }
  const sizes = values.map((value) => Math.abs(value)).filter((value) => value > 0)
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0)
  // Not so small that the largest value, in units of it, overflows.
  const unit = largest === 0 ? 1 : Math.max(medianOfMany(sizes), largest * 1e-12)
  if (low < 0) return { name: 'identity', to: (value) => value / unit, from: (value) => toFinite(value * unit) }
  return {
    name: 'arcsinh',
    to: (value) => Math.asinh(value / unit),
    from: (value) => Math.max(0, toFinite(unit * Math.sinh(value))),
  }
}

function medianOfMany(values: Float64Array): number {
  if (values.length <= 32) return medianOf(values.slice())
  const sorted = values.toSorted()
  return (at(sorted, sorted.length >> 1) + at(sorted, (sorted.length - 1) >> 1)) / 2
}

function toFinite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value))
}
