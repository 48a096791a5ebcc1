import type { CallFacts } from '../../core/call.ts'
import { regionsAllowed } from '../../core/given.ts'
import type { Place } from '../../core/ports.ts'
import { backtestPack, type Backtest, type PolicyEngine } from '../policy/index.ts'
import { toPlaceFacts, type PlaceQuestion } from './place-facts.ts'
import type { RegionLattice } from './gate.ts'

export interface PlaceBacktestDeps {
  /** Of the pack `eu-sovereignty`, or of one that asks the same questions. */
  readonly engine: PolicyEngine
  readonly lattice: Pick<RegionLattice, 'within' | 'contains'>
  readonly rules: PlaceQuestion['rules']
  /** An endpoint as it is configured now; of one that is there no longer, nothing is known. */
  readonly findPlace: (endpoint: string) => Place | undefined
}

interface Tree {
  readonly root: CallFacts
  readonly nodes: readonly CallFacts[]
}

/**
 * Decides on every connection that recorded requests have made, by what is known of its endpoint and what its request allowed: each
 * on the day it was made. Grouped by endpoint and allowed regions, which stand where a use case would.
 */
export function backtestPlaces(trees: AsyncIterable<Tree>, deps: PlaceBacktestDeps): Promise<Backtest> {
  const { engine, lattice, rules, findPlace } = deps
  const asked = new Map<string, { readonly endpoint: string; readonly allowedRegions: readonly string[] }>()
  const allowedOf = new Map<string, readonly string[]>()
  async function* listSent(): AsyncGenerator<CallFacts> {
    for await (const { root, nodes } of trees) {
      allowedOf.clear()
      allowedOf.set(root.id, regionsAllowed(root) ?? [])
      // What was refused before it was sent went nowhere.
      for (const node of nodes) if (node.kind === 'dispatch' && node.errorCode !== 'REGION_REFUSED') yield node
    }
  }
  return backtestPack(listSent(), {
    engine,
    useCaseOf({ name: endpoint, rootId }) {
      const allowedRegions = allowedOf.get(rootId) ?? []
      const key = `${endpoint} within ${allowedRegions.join(', ')}`
      asked.set(key, { endpoint, allowedRegions })
      return key
    },
    answersOf(key, { startedAtMs: atMs }) {
      const { endpoint = '', allowedRegions = [] } = asked.get(key) ?? {}
      const place = findPlace(endpoint)
      if (place === undefined) return undefined
      return Object.fromEntries(toPlaceFacts(lattice, { place, allowedRegions, rules, atMs }))
    },
  })
}
