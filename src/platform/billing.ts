import type { Config } from '../config/index.ts'
import type { Ids } from '../core/ids.ts'
import type { EventLog } from '../core/ports.ts'
import type { Clock } from '../core/time.ts'
import { splitUrl } from '../core/urls.ts'
import { createErrands, type Egress } from '../infrastructure/index.ts'
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

/** Sends counted events on through the same door as everything else: a meter is a place like any other. */
export function createSinks(standing: Standing, config: Config, egress: Egress): MeterExport {
  const { clock, ids, store, telemetry } = standing
  const run = createErrands({ egress, recorder: store.recorder, clock, ids })
  const { meterSinks } = config.investment
  const { allowedRegions } = config.governance
  return createMeterExport({
    store,
    clock,
    log: telemetry.log,
    sinks: meterSinks,
    async send(name, { headers, body }) {
      const sink = meterSinks[name]
      if (sink === undefined) return 0
      const { url, headers: credentials, processing, storage, sovereignty } = sink
      const { timeouts } = config.egress
      const { origin, path } = splitUrl(url)
      const target = { id: `meter.${name}`, url: origin, credentials, processing, storage, sovereignty, timeouts }
      const request = { method: 'POST', path, headers, body } as const
      return (await run({ target, allowedRegions, request, answerBytesMax: 65_536 })).status
    },
  })
}
