import { assert } from '../../../core/assert.ts'
import { PlatformError } from '../../../core/errors.ts'
import { toIso, type Clock } from '../../../core/time.ts'
import { createTurns } from '../../../core/turns.ts'
import type { Store } from '../../../store/index.ts'
import { forecastEach, levelsDefault, type ForecastAnswer } from '../../forecast/index.ts'
import { createSpendStore, type SpendBucket, type SpendBy } from './store.ts'

export type SpendStep = 'hour' | 'day'
export type SpendOf = 'cost' | 'calls' | 'tokens'

export interface SpendAsked {
  readonly tenant: string
  /** `cost` in dollars. */
  readonly of: SpendOf
  readonly by: SpendBy
  readonly step: SpendStep
  readonly horizon: number
  /** What is left of a budget, in the unit of `of`. */
  readonly remaining: number | undefined
}

export interface SpendForecast {
  readonly of: SpendOf
  readonly by: SpendBy
  readonly step: SpendStep
  /** Start of the first step of the history and of the first step that is forecast, ISO. */
  readonly from: string
  readonly until: string
  readonly series: readonly SpendSeries[]
}

export interface SpendSeries extends ForecastAnswer {
  /** Of each step of the history. */
  readonly history: readonly number[]
  /** Calls of the history whose cost is not known: they are not in a forecast of cost. */
  readonly costUnknown: number
}

/** Forecasts what a tenant uses and spends, from its record. */
export interface SpendForecaster {
  /**
   * Largest groups first. Rejects with INVALID_REQUEST where there is no whole step of history, and with the reason of the signal, soon
   * after it is aborted.
   */
  forecast(asked: SpendAsked, signal?: AbortSignal): Promise<SpendForecast>
}

const stepMs = { hour: 3_600_000, day: 86_400_000 } as const
const seasons = { hour: [24, 168], day: [7] } as const
/** The history that is looked at: sixty days by the hour, three years by the day. */
const stepsMax = { hour: 1_440, day: 1_095 } as const
/** The groups that are forecast each by itself; the rest are named together. */
const groupsMax = 20
const restName = 'other'

export function createSpendForecaster(deps: {
  readonly store: Pick<Store, 'sql' | 'flush'>
  readonly clock: Clock
}): SpendForecaster {
  const spend = createSpendStore(deps.store)
  const turns = createTurns(deps.clock)
  return {
    async forecast(asked, signal) {
      const { tenant, by, step, of } = asked
      const length = stepMs[step]
      const now = Math.floor(deps.clock.now() / length)
      const query = { tenant, by, stepMs: length, fromMs: (now - stepsMax[step]) * length, untilMs: now * length }
      const buckets = await spend.read(query)
      const first = buckets.reduce((least, { bucket }) => Math.min(least, bucket), now)
      if (first === now) {
        throw new PlatformError('INVALID_REQUEST', `there is no whole ${step} of calls to forecast from yet`, {
          param: 'step',
        })
      }
      const dateAfter = (steps: number): string => toIso((now + steps - 1) * length)
      const groups = groupBuckets(buckets, of).map(({ name, members }) => ({
        name,
        values: toHistory(members, { first, now, of }),
        costUnknown: members.reduce((sum, each) => sum + each.costUnknown, 0),
      }))
      const answers = await turns.run(
        forecastEach(
          groups.map(({ name, values }) => ({ name, values, seasons: seasons[step], dateAfter })),
          { horizon: asked.horizon, levels: levelsDefault, remaining: asked.remaining, seed: 1 },
        ),
        signal,
      )
      const series = groups.map(({ values: history, costUnknown }, index) => {
        const answer = answers[index]
        assert(answer !== undefined, 'each series has its answer')
        return { ...answer, history, costUnknown }
      })
      return { of, by, step, from: toIso(first * length), until: toIso(now * length), series }
    },
  }
}

interface Group {
  readonly name: string
  readonly members: readonly SpendBucket[]
}

function groupBuckets(buckets: readonly SpendBucket[], of: SpendOf): readonly Group[] {
  const groups = Map.groupBy(buckets, ({ group }) => group)
  const sum = (members: readonly SpendBucket[]): number =>
    members.reduce((total, each) => total + amountOf(each, of), 0)
  const sorted = [...groups].toSorted(([, left], [, right]) => sum(right) - sum(left))
  const shown = sorted.slice(0, groupsMax).map(([name, members]) => ({ name, members }))
  const rest = sorted.slice(groupsMax).flatMap(([, members]) => members)
  return rest.length === 0 ? shown : [...shown, { name: restName, members: rest }]
}

/** One value for each whole step since the first call; a step without calls saw nothing, which is known. */
function toHistory(
  members: readonly SpendBucket[],
  span: { first: number; now: number; of: SpendOf },
): readonly number[] {
  const history = Array.from({ length: span.now - span.first }, () => 0)
  for (const each of members) {
    const place = each.bucket - span.first
    history[place] = (history[place] ?? 0) + amountOf(each, span.of)
  }
  return history
}

/** As a number: a forecast is an estimate, and not a bill. */
function amountOf({ calls, cost, tokens }: SpendBucket, of: SpendOf): number {
  if (of === 'calls') return calls
  return of === 'tokens' ? tokens : Number(cost) / 1e12
}
