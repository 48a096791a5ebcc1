import type { Pieces } from '../../core/turns.ts'
import { medianOf, type Fitted } from './members/index.ts'
import type { Plan } from './plan.ts'
import { at } from './ridge.ts'

/** The members of a plan that could be fitted, ready to forecast from any origin. */
export interface Combination {
  readonly members: readonly string[]
  forecast(origin: number): Float64Array
}

/** Each fit of a member is a piece. */
export function* combine(plan: Plan, place: { readonly end: number; readonly horizon: number }): Pieces<Combination> {
  const { end, horizon } = place
  const fitted: Fitted[] = []
  const names: string[] = []
  for (const member of plan.members) {
    yield
    const each = member.fit(end, horizon)
    if (each === undefined) continue
    fitted.push(each)
    names.push(member.name)
  }
  const values = new Float64Array(fitted.length)
  return {
    members: names,
    forecast(origin) {
      const forecasts = fitted.map((each) => each(origin))
      const result = new Float64Array(horizon)
      for (let ahead = 0; ahead < horizon; ahead++) {
        for (let index = 0; index < forecasts.length; index++) values[index] = at(forecasts[index] ?? result, ahead)
        result[ahead] = medianOf(values)
      }
      return result
    },
  }
}
