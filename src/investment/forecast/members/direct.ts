import type { LagModel } from '../lag-moments.ts'
import { generate } from '../ridge.ts'
import { step } from './autoregression.ts'
import { clamp, noBounds, type Member, type MemberContext } from './member.ts'

/** More regressions than this cost more than they are worth. */
const stepsMax = 96

/**
 * One regression for each step ahead, on values that are known at the origin: its errors do not build on each other as those
 * of a recursive forecast do. Beyond `stepsMax` steps it is of no more use than the others and too dear.
 */
export function createDirect(context: MemberContext, ridge: number): Member {
  const { series, seasons, moments, bounds } = context
  const reach = { season: seasons[0] ?? 1, long: seasons.at(-1) ?? 1, lagMax: context.tableLagMax }
  // One list for each step, so that fits of many ends share their sums.
  const lists: (readonly number[])[] = []
  return {
    name: 'direct regression',
    fit(end, horizon) {
      if (horizon > stepsMax) return undefined
      const isTabled = end === series.length && end > 3 * reach.lagMax && horizon < reach.lagMax
      const models: LagModel[] = []
      for (let ahead = 1; ahead <= horizon; ahead++) {
        const lags = (lists[ahead] ??= lagsFor(ahead, reach))
        const model = isTabled ? moments.fitFromTable(lags, ridge) : moments.fit(lags, end, ridge)
        if (model === undefined) return undefined
        models.push(model)
      }
      const [first] = models
      if (first === undefined) return undefined
      return (origin) => {
        const limits = bounds[origin] ?? noBounds
        return generate(horizon, (index) => clamp(step(models[index] ?? first, series, origin + index), limits))
      }
    },
  }
}

interface Reach {
  readonly season: number
  readonly long: number
  readonly lagMax: number
}

/** The newest values known, the same phase in earlier seasons, and their neighbours. */
function lagsFor(ahead: number, { season, long, lagMax }: Reach): readonly number[] {
  const back = Math.ceil(ahead / season) * season
  const wished = [ahead, ahead + 1, back, back + 1, back > ahead ? back - 1 : back + 2]
  if (season > 1) wished.push(back + season, back + 2 * season)
  if (long > season) wished.push(long - season, long - 1, long, long + 1, long + season)
  return [...new Set(wished)].filter((lag) => lag >= ahead && (lag <= lagMax || lag <= ahead + 1))
}
