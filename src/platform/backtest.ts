import type { Config } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { CallFacts } from '../core/call.ts'
import type { Place } from '../core/ports.ts'
import {
  backtestPack,
  backtestPlaces,
  createEngine,
  loadPack,
  toGiven,
  type Backtest,
  type Pack,
  type PolicyEngine,
  type PolicyGuard,
  type RegionLattice,
} from '../governance/index.ts'
import { placeOf } from '../infrastructure/index.ts'
import type { Standing } from './standing.ts'
import type { CallSpan } from '../store/index.ts'

/**
 * Decides on the recorded calls of a tenant under another pack: by its id, or the pack itself. Rejects with NOT_FOUND for an id
 * that is neither in force nor built in.
 */
export type RunBacktest = (pack: string | PolicyEngine, span: CallSpan) => Promise<Backtest>

interface BacktestConfig {
  readonly config: Config['governance']
  readonly endpoints: Config['endpoints']
  readonly lattice: RegionLattice
}

export function createBacktest(
  { store, identity, governance }: Pick<Standing, 'store' | 'identity' | 'governance'>,
  inForce: BacktestConfig,
  policies: PolicyGuard,
): RunBacktest {
  const { config, endpoints, lattice } = inForce
  const answers = createPolicyAnswers({ identity, governance }, config, policies)
  return async (pack, span) => {
    const engine = typeof pack === 'string' ? answers.findEngine(pack) : pack
    const keys = new Map((await identity.keys.list(span.tenant)).map((key) => [key.id, key.useCase]))
    const { id } = engine.pack
    if (isAboutPlaces(engine.pack)) {
      const { sovereignty: rules } = config
      if (rules === undefined) throw noRules(id)
      const findPlace = (id: string): Place | undefined => {
        const endpoint = endpoints[id]
        return endpoint === undefined ? undefined : placeOf(endpoint)
      }
      return backtestPlaces(store.calls.scan(span), { engine, lattice, rules, findPlace })
    }
    return backtestPack(rootsOf(store.calls.scan(span)), {
      engine,
      useCaseOf: ({ keyId }) => keys.get(keyId) ?? config.defaultUseCase,
      answersOf: (useCase) => answers.answersOf(span.tenant, useCase, engine.pack),
    })
  }
}

/** What packs are asked with about recorded calls: the use cases as they are declared now. */
export interface PolicyAnswers {
  /** One in force, else one that comes with Strata. Throws NOT_FOUND. */
  findEngine(id: string): PolicyEngine
  /** Of a call whose record names none. */
  useCaseOf(root: Pick<CallFacts, 'tenant' | 'keyId'>): Promise<string | undefined>
  /** `undefined` when there is no use case of that name. */
  answersOf(tenant: string, useCase: string, pack: Pack): JsonObject | undefined
}

export function createPolicyAnswers(
  { identity, governance }: Pick<Standing, 'identity' | 'governance'>,
  config: Config['governance'],
  policies: PolicyGuard,
): PolicyAnswers {
  return {
    findEngine: (id) =>
      policies.policies.find(({ engine }) => engine.pack.id === id)?.engine ?? createEngine(loadPack(id)),
    async useCaseOf({ tenant, keyId }) {
      const key = (await identity.keys.list(tenant)).find(({ id }) => id === keyId)
      return key?.useCase ?? config.defaultUseCase
    },
    answersOf(tenant, useCase, pack) {
      const declared = Object.hasOwn(config.useCases, useCase) ? config.useCases[useCase] : undefined
      const given: unknown = declared?.[pack.id] ?? {}
      if (declared !== undefined) return isJsonObject(given) ? given : {}
      const registered = governance.useCases.find(tenant, useCase)
      return registered === undefined ? undefined : toGiven(registered, pack)
    },
  }
}

/** Of places, not of use cases. */
export function isAboutPlaces({ facts }: Pack): boolean {
  return Object.hasOwn(facts, placeFact)
}

/** A pack that asks this is about places, not about use cases. */
const placeFact = 'operatorJurisdictions'

function noRules(pack: string): PlatformError {
  const message = `${pack} is about places: governance.sovereignty has to say the rules they are held against; mode: shadow refuses nothing`
  return new PlatformError('INVALID_REQUEST', message, { param: 'pack' })
}

async function* rootsOf(trees: ReturnType<Standing['store']['calls']['scan']>) {
  for await (const { root } of trees) yield root
}
