import { createLagMoments, type LagModel } from '../lag-moments.ts'
import { at } from '../ridge.ts'
import { clamp, noBounds, type Member, type MemberContext } from './member.ts'

export interface AutoregressionOptions {
  readonly name: string
  readonly lags: readonly number[]
  /** Steps between which differences are taken before; 0 for the values themselves. */
  readonly difference: number
  readonly ridge: number
}

/** With fewer lags than this a regression's own moments cost less than a table of them. */
const tableLagsMin = 24

/** Regression on earlier values or differences, applied step by step to its own forecasts. */
export function createAutoregression(context: MemberContext, options: AutoregressionOptions): Member {
  const { series, bounds } = context
  const { difference, lags, ridge } = options
  const back = Math.max(...lags) + difference
  const z = difference === 0 ? series : differences(series, difference)
  const moments =
    difference === 0
      ? context.moments
      : createLagMoments(z, { halfLife: context.halfLife, tableLagMax: Math.max(...lags) })
  return {
    name: options.name,
    fit(end, horizon) {
      const isTabled = lags.length >= tableLagsMin && end === series.length
      const model = isTabled ? moments.fitFromTable(lags, ridge) : moments.fit(lags, end - difference, ridge)
      if (model === undefined) return undefined
      return (origin) => {
        const limits = bounds[origin] ?? noBounds
        if (difference === 0)
          return extend({ known: series, origin, back, horizon }, (path, t) => clamp(step(model, path, t), limits))
        const changes = extend({ known: z, origin: origin - difference, back, horizon }, (path, t) =>
          step(model, path, t),
        )
        return extend({ known: series, origin, back, horizon }, (path, t) =>
          clamp(at(path, t - difference) + at(changes, t - back), limits),
        )
      }
    },
  }
}

export interface Extension {
  readonly known: Float64Array
  readonly origin: number
  /** How many of the newest known values the next one may look at. */
  readonly back: number
  readonly horizon: number
}

/** The values from the origin on, each made from those before it; `t` counts from `back` values before the origin. */
export function extend(
  { known, origin, back, horizon }: Extension,
  next: (path: Float64Array, t: number) => number,
): Float64Array {
  const path = new Float64Array(back + horizon)
  path.set(known.subarray(origin - back, origin))
  for (let t = back; t < back + horizon; t++) path[t] = next(path, t)
  return path.subarray(back)
}

export function step(model: LagModel, path: Float64Array, t: number): number {
  const { lags, coefficients } = model
  let value = model.intercept
  for (let index = 0; index < lags.length; index++) value += at(coefficients, index) * at(path, t - (lags[index] ?? 0))
  return value
}

function differences(series: Float64Array, apart: number): Float64Array {
  const result = new Float64Array(Math.max(0, series.length - apart))
  for (let t = apart; t < series.length; t++) result[t - apart] = at(series, t) - at(series, t - apart)
  return result
}
