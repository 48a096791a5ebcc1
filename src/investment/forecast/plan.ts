import type { Seasons } from './seasons.ts'
import { createLagMoments } from './lag-moments.ts'
import {
  createAnalog,
  createAutoregression,
  createDampedTrend,
  createDirect,
  createLast,
  createPeriodic,
  createProfile,
  createSeasonalLast,
  createTheta,
  type Member,
  type MemberContext,
} from './members/index.ts'
import { toBounds } from './members/member.ts'
import type { Transform } from './transform.ts'

export interface Plan {
  readonly members: readonly Member[]
  /** Whether the members are so cheap, and the series so short, that each trial forecast is fitted on its own past. */
  readonly refits: boolean
  /** By how much the errors of its trials must be made larger at the last step, as a share. */
  readonly tilt: number
}

/** Below this many values each trial is fitted on its own past, and smoothing has one more voice. */
const shortMax = 200
/** Without a season all members are cheap, and trials of longer series can be fitted anew too. */
const plainShortMax = 600
/** Below as many seasons no regression knows them. */
const seasonsMin = 3
/** Chosen on held-out tails of the training part of M4 hourly. */
const inSampleTilt = 0.3
/** A light penalty: it only keeps the solution finite where lags repeat each other. */
const ridge = 1e-5

export interface PlanPlace {
  readonly horizon: number
  /** How the series came to the scale it is on. */
  readonly transform: Transform
}

/** Which members forecast a series of this length with these seasons. */
export function createPlan(series: Float64Array, { steps: seasons, isPlain }: Seasons, place: PlanPlace): Plan {
  const { horizon, transform } = place
  const { length } = series
  const long = seasons.at(-1) ?? 1
  const halfLife = Math.max(2 * long, 52)
  const season = seasons[0] ?? 1
  const tableLagMax = Math.min(Math.floor(length / 3), Math.max(long, horizon) + season + 1)
  const moments = createLagMoments(series, { halfLife, tableLagMax })
  const context: MemberContext = { series, seasons, moments, tableLagMax, halfLife, bounds: toBounds(series) }
  if (long === 1)
    return {
      members: [...plainMembers(context), ...straightMembers(context, transform), createLast(context)],
      refits: length < plainShortMax,
      tilt: length < plainShortMax ? 0 : inSampleTilt,
    }
  if (length < seasonsMin * long) return { members: briefMembers(context), refits: true, tilt: 0 }
  const members = seasonalMembers(context)
  const plain = plainMembers({ ...context, seasons: [] })
  const refits = length < shortMax
  return { members: isPlain ? members : [...members, ...plain], refits, tilt: refits ? 0 : inSampleTilt }
}

/** Of a season that was seen twice nothing can be fitted but itself. */
function briefMembers(context: MemberContext): readonly Member[] {
  return [
    createSeasonalLast(context, 0),
    createSeasonalLast(context, 0.8),
    createProfile(context, { seasonsMax: 4, persistence: 0.95 }),
  ]
}

/**
 * The same on the values as they are, where the scale is another: whether a short series grows by shares or by amounts nobody can
 * tell from it, so both are heard.
 */
function straightMembers(context: MemberContext, transform: Transform): readonly Member[] {
  if (transform.name === 'identity') return []
  const values = context.series.map(transform.from)
  let [low, mean] = [Number.POSITIVE_INFINITY, 0]
  for (const value of values) {
    if (value < low) low = value
    mean += value / values.length
  }
  const series = values.map((value) => value / mean)
  const moments = createLagMoments(series, { halfLife: context.halfLife, tableLagMax: context.tableLagMax })
  const floor = low / 10
  return plainMembers({ ...context, series, moments, bounds: toBounds(series) }).map((member) => ({
    name: `${member.name} of the values`,
    fit(end, horizon) {
      const fitted = member.fit(end, horizon)
      return fitted && ((origin) => fitted(origin).map((value) => transform.to(Math.max(floor, value * mean))))
    },
  }))
}

function plainMembers(context: MemberContext): readonly Member[] {
  return [
    createTheta(context),
    createDampedTrend(context),
    createAutoregression(context, { name: 'autoregression', lags: [1, 2], difference: 0, ridge }),
    createAutoregression(context, { name: 'differences', lags: [1, 2, 3, 4], difference: 1, ridge }),
  ]
}

function seasonalMembers(context: MemberContext): readonly Member[] {
  const season = context.seasons[0] ?? 1
  const long = context.seasons.at(-1) ?? 1
  const around = (lag: number): readonly number[] => [lag - 1, lag, lag + 1]
  const days = Array.from(
    { length: Math.min(5, Math.max(0, Math.ceil(long / season) - 3)) },
    (_, index) => (index + 3) * season,
  )
  const isLong = context.series.length >= 6 * long || long > season
  const own = isLong
    ? [1, 2, 3, ...around(season), ...around(2 * season), ...days, ...around(long)]
    : [1, 2, 3, ...around(season)]
  const dense = isLong
    ? [
        ...Array.from({ length: Math.min(season + 1, 25) }, (_, index) => index + 1),
        ...around(season),
        ...around(2 * season),
        ...days,
        ...around(long - season),
        ...around(long),
      ]
    : [1, 2, 3, 4, ...around(season)]
  const lags = (list: readonly number[]): readonly number[] => [...new Set(list)].filter((lag) => lag >= 1)
  return [
    createAutoregression(context, { name: 'autoregression', lags: lags(own), difference: 0, ridge }),
    createDirect(context, ridge),
    createAutoregression(context, {
      name: 'seasonal differences',
      lags: lags(isLong ? [1, 2, ...around(season), 2 * season, long] : [1, 2]),
      difference: long,
      ridge,
    }),
    createAutoregression(context, { name: 'differences', lags: lags(dense), difference: 1, ridge }),
    createPeriodic(context, 1e-3),
    createAnalog(context, 5),
    createProfile(context, { seasonsMax: 4, persistence: 0.95 }),
    createDampedTrend(context),
    ...(context.series.length < shortMax ? [createTheta(context)] : []),
  ].filter((member) => member !== undefined)
}
