import { assert } from '../../../core/assert.ts'
import { fromDollars, type Picodollars } from '../../../core/money.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { CallRecorder } from '../../../core/ports.ts'
import type { Clock } from '../../../core/time.ts'
import type { CallFacts } from '../../../core/call.ts'
import type { EdgeNodeRow, SettlingStore } from './store.ts'
import { isSigned, readTree, refuse, toSecret, type EdgeRecord } from './wire.ts'

/** What the centre allows one of its nodes. */
export interface NodeTerms {
  /** Id of the key it signs in with. */
  readonly key: string
  /** Dollars that it may have spent and not yet settled. */
  readonly usd: string
  readonly regions: readonly string[]
  readonly leaseMs: number
}

export interface Delivery {
  readonly node: string
  /** Of the node's queue; another one begins its numbers anew. */
  readonly epoch: string
  readonly records: readonly EdgeRecord[]
}

/** Who delivers: the key as it was sent proves the records too. */
export interface Deliverer {
  readonly tenant: string
  readonly keyId: string
  readonly credential: string
}

export interface Settlement {
  /** Every record up to here is on record at the centre. */
  readonly acknowledged: number
  /** MAC of that record; empty before the first. Another one than the node knows says that one of the two was set back. */
  readonly head: string
  readonly lease: Lease
}

export interface Lease {
  /** All that the node may ever have spent, from its first call on. */
  readonly granted: Picodollars
  readonly regions: readonly string[]
  /** Milliseconds UTC: from then on it may neither spend nor leave its own ground. */
  readonly expiresAtMs: number
}

export interface Centre {
  /**
   * Takes what a node has to tell, each record once however often it comes, in its order whatever the order of arrival. Throws
   * NOT_FOUND for a node that is not configured, and for another's key, SETTLEMENT_REFUSED for a record that was changed
   * or is none: then nothing of the delivery is taken.
   */
  deliver(who: Deliverer, delivery: Delivery): Promise<Settlement>
  list(tenant: string): Promise<readonly EdgeNodeRow[]>
}

export interface CentreDeps {
  readonly store: SettlingStore
  readonly recorder: Pick<CallRecorder, 'settle'>
  readonly clock: Clock
  /** As configured now. */
  readonly nodes: () => Readonly<Record<string, NodeTerms>>
}

export function createCentre({ store, recorder, clock, nodes }: CentreDeps): Centre {
  return {
    list: (tenant) => store.listNodes(tenant),
    async deliver(who, { node, epoch, records }) {
      const terms = findTerms(nodes(), node, who)
      const secret = toSecret(who.credential)
      const trees = records.map((record) => {
        const signed = { node, epoch, sequence: record.sequence, tree: record.tree }
        if (!isSigned(secret, signed, record.mac))
          throw refuse(record.sequence, 'does not bear the signature of its node')
        return { ...record, facts: readTree(record, { ...who, node }) }
      })
      return store.exclusively({ tenant: who.tenant, node }, async (known) => {
        const { row } = known
        const isKnown = row.epoch === epoch
        let head = isKnown ? { acknowledged: Number(row.acknowledged), head: row.head } : { acknowledged: 0, head: '' }
        let spent = BigInt(row.spent)
        let unpriced = Number(row.unpriced)
        let taken = 0
        for (const { sequence, facts, mac } of trees.toSorted((one, other) => one.sequence - other.sequence)) {
          if (sequence !== head.acknowledged + 1) continue // told already, or too early: what is missing comes again
          // Durable before it is acknowledged; should the acknowledgement be lost, it is the same rows again.
          recorder.settle(facts)
          taken++
          head = { acknowledged: sequence, head: mac }
          const cost = costOf(facts)
          if (cost === undefined) unpriced++
          else spent += cost
        }
        const nowMs = Math.trunc(clock.now())
        const lease = extend(row, terms, { spent, nowMs })
        const lent = { granted: String(lease.granted), expires_at_ms: lease.expiresAtMs, seen_at_ms: nowMs }
        // Only a signed record can begin another epoch.
        const told = taken === 0 ? {} : { epoch, ...head, spent: String(spent), unpriced }
        await known.update({ ...lent, ...told })
        return { ...head, lease }
      })
    },
  }
}

function findTerms(nodes: Readonly<Record<string, NodeTerms>>, node: string, { keyId }: Deliverer): NodeTerms {
  const terms = Object.hasOwn(nodes, node) ? nodes[node] : undefined
  // Nobody is told of nodes by the names of others.
  if (terms?.key === keyId) return terms
  throw new PlatformError('NOT_FOUND', 'this key is not that of an edge node of that name', { param: 'node' })
}

/** What the request came to; `undefined` when that is not known. A try that was refused before it was sent cost nothing. */
function costOf(facts: readonly CallFacts[]): bigint | undefined {
  const [root] = facts
  const isSent = ({ kind, detail }: CallFacts): boolean => kind === 'dispatch' && detail?.['sent'] !== false
  return root?.cost ?? (facts.some(isSent) ? undefined : 0n)
}

/** What is settled may be spent again. What was granted is never taken back: the node may have spent it. */
function extend(
  row: EdgeNodeRow,
  terms: NodeTerms,
  { spent, nowMs }: { readonly spent: bigint; readonly nowMs: number },
): Lease {
  const allowance = fromDollars(terms.usd)
  assert(allowance !== undefined, 'the configuration holds decimal dollars')
  const wanted = spent + allowance
  const former = BigInt(row.granted)
  const granted = (wanted > former ? wanted : former) as Picodollars // a sum of integers
  return { granted, regions: terms.regions, expiresAtMs: nowMs + terms.leaseMs }
}
