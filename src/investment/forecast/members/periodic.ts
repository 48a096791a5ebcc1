import type { LagModel } from '../lag-moments.ts'
import { at, solveSymmetric } from '../ridge.ts'
import { extend, step } from './autoregression.ts'
import { clamp, noBounds, type Member, type MemberContext } from './member.ts'

/** A regression of its own for each phase of the season: a Monday morning follows from a Sunday night otherwise than a noon from a morning. */
export function createPeriodic(context: MemberContext, ridge: number): Member | undefined {
  const { series, seasons, bounds } = context
  const season = seasons[0] ?? 1
  const long = seasons.at(-1) ?? 1
  if (season < 2) return undefined
  const lags = [...new Set([1, season, season + 1, long, long + 1])]
  const lagMax = Math.max(...lags)
  return {
    name: 'periodic regression',
    fit(end, horizon) {
      if (end - lagMax < season * (lags.length + 2)) return undefined
      const models: LagModel[] = []
      for (let phase = 0; phase < season; phase++) {
        const residue = (end + phase) % season
        const model = fitPhase({ series, end, season, residue, lags, lagMax, ridge })
        if (model === undefined) return undefined
        models[residue] = model
      }
      return (origin) => {
        const limits = bounds[origin] ?? noBounds
        return extend({ known: series, origin, back: lagMax, horizon }, (path, t) => {
          const model = models[(origin + t - lagMax) % season]
          return model === undefined ? at(path, t - season) : clamp(step(model, path, t), limits)
        })
      }
    },
  }
}

interface PhaseRows {
  readonly series: Float64Array
  readonly end: number
  readonly season: number
  readonly residue: number
  readonly lags: readonly number[]
  readonly lagMax: number
  readonly ridge: number
}

function fitPhase(rows: PhaseRows): LagModel | undefined {
  const { series, end, season, residue, lags, lagMax, ridge } = rows
  const size = lags.length
  const first = lagMax + ((((residue - lagMax) % season) + season) % season)
  const means = new Float64Array(size)
  let own = 0
  let count = 0
  for (let t = first; t < end; t += season) {
    own += at(series, t)
    for (let index = 0; index < size; index++) means[index] = at(means, index) + at(series, t - (lags[index] ?? 0))
    count++
  }
  own /= count
  for (let index = 0; index < size; index++) means[index] = at(means, index) / count
  const lower = new Float64Array(size * size)
  const right = new Float64Array(size)
  const row = new Float64Array(size)
  for (let t = first; t < end; t += season) {
    for (let index = 0; index < size; index++) row[index] = at(series, t - (lags[index] ?? 0)) - at(means, index)
    const value = at(series, t) - own
    for (let i = 0; i < size; i++) {
      right[i] = at(right, i) + at(row, i) * value
      for (let j = 0; j <= i; j++) lower[i * size + j] = at(lower, i * size + j) + at(row, i) * at(row, j)
    }
  }
  let variance = 0
  for (let i = 0; i < size; i++) variance += at(lower, i * size + i) / size
  if (!(variance > 1e-18)) return { lags, coefficients: new Float64Array(size), intercept: own }
  for (let i = 0; i < size; i++) lower[i * size + i] = at(lower, i * size + i) + ridge * variance
  const coefficients = solveSymmetric(lower, right)
  if (coefficients === undefined) return undefined
  let intercept = own
  for (let i = 0; i < size; i++) intercept -= at(coefficients, i) * at(means, i)
  return { lags, coefficients, intercept }
}
