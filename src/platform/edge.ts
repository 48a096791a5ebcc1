import type { Config, LoadedConfig } from '../config/index.ts'
import type { Principal } from '../core/call.ts'
import { PlatformError } from '../core/errors.ts'
import { toDollars, type Picodollars } from '../core/money.ts'
import { operatorTenant } from '../core/principals.ts'
import type { HttpParts } from '../applications/index.ts'
import {
  createCentre,
  createErrands,
  createSettlingStore,
  createUplink,
  readSettlement,
  type Centre,
  type Delivery,
  type Egress,
  type EdgeLease,
  type Uplink,
} from '../infrastructure/index.ts'
import type { Spending } from '../investment/index.ts'
import type { Standing } from './standing.ts'
import type { Store } from '../store/index.ts'

const leaseBudget = 'edge lease'
const bodyBytesMax = 1_048_576

/** What outlives a change of configuration. */
export interface Edge {
  readonly centre: Centre
  /** Regions that the lease allows; `undefined` where this server is no edge node. */
  regions(): readonly string[] | undefined
  takeLease(lease: EdgeLease | undefined): Promise<void>
}

export interface EdgeDeps {
  readonly store: Store
  readonly clock: Standing['clock']
  readonly spending: Spending
  readonly config: () => Config
}

/** Without a lease a node stays on its own ground. */
const ownGround: readonly string[] = Object.freeze(['local'])

export function createEdge({ store, clock, spending, config }: EdgeDeps): Edge {
  const centre = createCentre({
    store: createSettlingStore(store),
    recorder: store.recorder,
    clock,
    nodes: () => config().edge.nodes,
  })
  let leased = ownGround
  let limit: string | undefined
  return {
    centre,
    regions: () => (config().edge.centre === undefined ? undefined : leased),
    async takeLease(lease) {
      // The same list for the same lease, since decisions are remembered by it.
      const regions = lease?.regions ?? ownGround
      if (regions.join(' ') !== leased.join(' ')) leased = Object.freeze([...regions])
      const wanted = toDollars(lease?.granted ?? (0n as Picodollars))
      if (wanted === limit) return
      await limitSpending(spending.budgets, wanted)
      limit = wanted
    },
  }
}

/** What is lent is a budget like any other: held before anything is sent, and exact whatever is killed when. */
async function limitSpending(budgets: Spending['budgets'], limit: string): Promise<void> {
  const own = (await budgets.list(operatorTenant)).find(({ budget }) => budget.name === leaseBudget)
  if (own === undefined) await budgets.create(operatorTenant, { name: leaseBudget, counts: 'money', limit })
  else await budgets.change(operatorTenant, own.budget.id, { limit })
}

/** The link to the centre through the one door out; `undefined` where none is configured. */
export function createCentreLink(standing: Standing, { config }: LoadedConfig, egress: Egress): Uplink | undefined {
  const { centre } = config.edge
  if (centre === undefined) return undefined
  const { clock, ids, store, telemetry, edge } = standing
  const run = createErrands({ egress, recorder: store.recorder, clock, ids })
  const { url, key, node, processing, storage, sovereignty, everyMs } = centre
  const credentials = { authorization: `Bearer ${key}` }
  const { timeouts } = config.egress
  const target = { id: 'edge.centre', url, credentials, processing, storage, sovereignty, timeouts }
  const { allowedRegions } = config.governance
  return createUplink({
    node,
    key,
    everyMs,
    tenant: operatorTenant,
    store: createSettlingStore(store),
    calls: store.calls,
    flush: () => store.flush(),
    clock,
    log: telemetry.log,
    createEpoch: () => ids.create('job'),
    onLease: (lease) => edge.takeLease(lease),
    async send(delivery: Delivery) {
      const { epoch, records } = delivery
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ epoch, records })
      const request = { method: 'POST', path: `/v1/edge/${node}/settlements`, headers, body } as const
      const { status, body: answer } = await run({ target, allowedRegions, request, answerBytesMax: bodyBytesMax })
      if (status === 200) return readSettlement(answer)
      throw new PlatformError('UPSTREAM_REJECTED', `the centre answered ${status}`)
    },
  })
}

type Admission = HttpParts['flow']['admission']

/** Admission at an edge node: what is allowed here, as far as the lease allows it too. */
export function withLease(admission: Admission, edge: Edge): Admission {
  return {
    ...admission,
    labels(principal: Principal, asked) {
      const labels = admission.labels(principal, asked)
      const leased = edge.regions()
      if (leased === undefined) return labels
      const allowedRegions = admission.narrow(labels.allowedRegions, leased)
      return { ...labels, allowedRegions, record: { ...labels.record, allowed_regions: allowedRegions } }
    },
  }
}
