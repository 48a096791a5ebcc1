import type { LagMoments } from '../lag-moments.ts'

/** One way to forecast. A forecast is the median of several, so that the fault of one of them does not show. */
export interface Member {
  readonly name: string
  /**
   * Learns from the values before `end` alone how to forecast up to `horizon` steps; `undefined` when they are too few.
   */
  fit(end: number, horizon: number): Fitted | undefined
}

/** The values from `origin` on, as many as it was fitted for, from those before `origin`; that may lie after the end of fitting. */
export type Fitted = (origin: number) => Float64Array

export interface MemberContext {
  /** The series on the scale it is modelled on; no value missing. */
  readonly series: Float64Array
  /** Steps of its seasons, shortest first, each a multiple of the one before: [24, 168]. May be empty. */
  readonly seasons: readonly number[]
  /** Of the series, newer values counting more. */
  readonly moments: LagMoments
  /** Up to this lag, regressions on the whole series share their moments. */
  readonly tableLagMax: number
  /** Steps after which a value counts half. */
  readonly halfLife: number
  /** The lowest and highest values before each place. */
  readonly bounds: readonly Bounds[]
}

export interface Bounds {
  readonly low: number
  readonly high: number
}

/** A forecast may leave what has been seen by this share of its range, and by no more. */
const roomShare = 0.5

/** Per place, the bounds within which forecasts from there are held, so that an unstable fit cannot run away. */
export function toBounds(series: Float64Array): readonly Bounds[] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  const bounds: Bounds[] = [noBounds]
  for (const value of series) {
    if (value < low) low = value
    if (value > high) high = value
    const room = (high - low) * roomShare
    bounds.push({ low: low - room, high: high + room })
  }
  return bounds
}

export const noBounds: Bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }

export function clamp(value: number, { low, high }: Bounds): number {
  return value < low ? low : value > high ? high : value
}
