import { readModelNode, type Config, type LoadedConfig } from '../config/index.ts'
import type { Principal } from '../core/call.ts'
import { PlatformError } from '../core/errors.ts'
import { hasRight } from '../core/rights.ts'
import type { Model } from '../core/model.ts'
import { createPersonalDataScanner, type createRegionGate, type Guards } from '../governance/index.ts'
import type { Endpoints } from '../infrastructure/index.ts'
import { createForecastKind } from '../investment/index.ts'
import {
  createCodeRunner,
  createModelTree,
  type CodeRunner,
  type ModelCatalogue,
  type Shadows,
} from '../models/index.ts'
import { createRouters } from './learning.ts'
import { createLawfulSearch } from './rights.ts'
import type { Standing } from './standing.ts'
import { createGroundKind } from '../tools/index.ts'

export interface ModelSurroundings {
  readonly gate: ReturnType<typeof createRegionGate>
  readonly endpoints: Endpoints
  /** The kind of node that makes shadow traffic. */
  readonly shadow: Shadows['kind']
  readonly guards: Pick<Guards, 'passages'>
}

/** The models of one configuration, with what the other rooms bring to them. Throws CONFIG_INVALID. */
export function createModels(
  { clock, knowledge, copyright, caches, code, learning }: Standing,
  loaded: LoadedConfig,
  { gate, endpoints, shadow, guards }: ModelSurroundings,
): ModelCatalogue {
  const { config, hash } = loaded
  const lawful = createLawfulSearch(knowledge, copyright, 'ground')
  return createModelTree({
    config: config.models,
    endpoints,
    nodeKinds: [
      createGroundKind({ knowledge: lawful, copyright, guard: guards.passages, clock }),
      createForecastKind({ clock }),
      shadow,
    ],
    clock,
    limits: config.network,
    regions: toRegions(config, gate),
    routers: createRouters(learning, loaded),
    personal: createPersonalDataScanner({ clock }),
    caches,
    withdrawn: knowledge,
    code,
    configHash: hash,
  })
}

/** What runs the programs of answers, under the configuration in force. */
export function createPrograms(config: () => Config): CodeRunner {
  return createCodeRunner(() => {
    const { codeThreadsMax, codeWaitingMax } = config().network
    return { workersMax: codeThreadsMax, waitingMax: codeWaitingMax }
  })
}

type TreeRegions = NonNullable<Parameters<typeof createModelTree>[0]['regions']>

/** What the tree may ask of regions. */
export function toRegions(config: Config, gate: ReturnType<typeof createRegionGate>): TreeRegions {
  return {
    meet: (left, right) => gate.meet(left, right),
    mayUse(id, allowed) {
      const endpoint = config.endpoints[id]
      if (endpoint === undefined) return false
      const { processing, storage } = endpoint
      return gate.decide({ processing, storage }, allowed).type === 'pass'
    },
  }
}

const path = 'strata.network'

/** Builds the models that requests bring themselves, of models that their key may use. */
export function createComposer(deps: {
  readonly config: Config['network']
  readonly models: ModelCatalogue
}): (network: unknown, principal: Principal) => Model {
  const { inline, inlineNodesMax, depthMax } = deps.config
  return (network, principal) => {
    const may =
      principal.composes ?? (inline === 'everybody' || (inline === 'admins' && hasRight(principal, 'models:compose')))
    if (!may) {
      const why = principal.composes === false ? 'it was made without that right' : `network.inline is ${inline}`
      throw new PlatformError('FORBIDDEN', `this key may not send a network of models: ${why}`, { param: path })
    }
    return deps.models.compose(readModelNode(network, { path, depthMax, nodesMax: inlineNodesMax }), {
      path,
      mayUse: (name) => principal.models === undefined || principal.models.includes(name),
    })
  }
}
