import type { Config } from '../config/index.ts'
import type { Ids } from '../core/ids.ts'
import type { EventLog } from '../core/ports.ts'
import type { Clock } from '../core/time.ts'
import type { Egress } from '../infrastructure/index.ts'
import {
  createBilling,
  createMeterExport,
  createOutcomes,
  createPriceEntries,
  type Billing,
  type MeterExport,
  type Outcomes,
  type PriceEntries,
  type Spending,
} from '../investment/index.ts'
import { createPost } from './posting.ts'
import type { Standing } from './standing.ts'
import type { Store } from '../store/index.ts'

/** What has to do with money and outlives a change of configuration. */
export interface Money {
  readonly billing: Billing
  readonly outcomes: Outcomes
  readonly priceEntries: PriceEntries
}

export interface MoneyDeps {
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  readonly log: EventLog
  readonly spending: Pick<Spending, 'corrections'>
  /** As it is now. */
  readonly config: () => Config
}

export async function createMoney({ store, clock, ids, log, config, spending }: MoneyDeps): Promise<Money> {
  const outcomes = createOutcomes({ store, clock })
  const sinks = (): readonly string[] => Object.keys(config().investment.meterSinks)
  return {
    outcomes,
    billing: createBilling({ store, clock, outcomes, sinks }),
    priceEntries: await createPriceEntries({
      store,
      clock,
      ids,
      log,
      correct: (tenant, rootIds) => spending.corrections.book(tenant, rootIds),
    }),
  }
}

/** Sends counted events on: a meter is a place like any other. */
export function createSinks(standing: Standing, config: Config, egress: Egress): MeterExport {
  const { clock, store, telemetry } = standing
  const post = createPost(standing, config, egress)
  const { meterSinks } = config.investment
  return createMeterExport({
    store,
    clock,
    log: telemetry.log,
    sinks: meterSinks,
    async send(name, request) {
      const sink = meterSinks[name]
      return sink === undefined ? 0 : post(sink, { id: `meter.${name}`, ...request })
    },
  })
}
