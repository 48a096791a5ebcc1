import type { LoadedConfig } from '../config/index.ts'
import type { createRegionGate } from '../governance/index.ts'
import { createErrands, createVendorLookups, type Egress, type Endpoints } from '../infrastructure/index.ts'
import { createLookups, type Lookups, type PriceBook } from '../investment/index.ts'
import type { Standing } from './standing.ts'

export interface LookupParts {
  readonly egress: Egress
  readonly endpoints: Pick<Endpoints, 'findTarget'>
  readonly gate: ReturnType<typeof createRegionGate>
  readonly pricer: Pick<PriceBook, 'find'>
}

/** Asks vendors what calls used whose end nobody saw, and brings what they say to the accounts. */
export function createConfiguredLookups(
  { clock, ids, store, spending, telemetry }: Standing,
  { config }: LoadedConfig,
  { egress, endpoints, gate, pricer }: LookupParts,
): Lookups {
  const vendors = createVendorLookups({
    config,
    allowedRegions: config.governance.allowedRegions,
    narrowRegions: (outer, inner) => gate.meet(outer, inner),
    findTarget: (endpoint) => endpoints.findTarget(endpoint),
    run: createErrands({ egress, recorder: store.recorder, clock, ids }),
  })
  return createLookups({
    store,
    clock,
    log: telemetry.log,
    config: config.investment.lookups,
    ask: (question, signal) => vendors.ask(question, signal),
    findPrice({ endpoint, vendorModel: model, startedAtMs: atMs }) {
      return pricer.find({ endpoint, vendor: endpoints.findTarget(endpoint)?.vendor, model, atMs })
    },
    correct: (tenant, rootIds) => spending.corrections.book(tenant, rootIds),
  })
}
