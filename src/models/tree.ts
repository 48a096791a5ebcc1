import type { Config, ModelNode, NodeCommons } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Model } from '../core/model.ts'
import type { NodeKind } from '../core/node-kind.ts'
import type { PersonalDataScanner } from '../core/ports-privacy.ts'
import type { EndpointCaller, WithdrawnVersions } from '../core/ports.ts'
import { findSimilar } from '../core/similar.ts'
import type { Clock } from '../core/time.ts'
import type { CodeRunner } from './code/index.ts'
import type { RouterCatalogue } from './learning/index.ts'
import {
  createAnswerCaches,
  createEndpointModel,
  createNodeKinds,
  limitModel,
  type AnswerCaches,
} from './node-kinds/index.ts'
import { checkShape, type RegionRules, type Shape, type ShapeLimits } from './shape.ts'

/** Every model there is, by name. Immutable: a new configuration makes a new catalogue. */
export interface ModelCatalogue {
  /** The model of that name: a configured one, else the endpoint of that id. */
  find(name: string): Model | undefined
  /** Configured models in the order of the configuration, then the endpoints whose ids no model has taken. */
  list(): readonly Model[]
  /**
   * A model of a network that came with a request; `mayUse` says which names it may be made of. Throws INVALID_REQUEST
   * with the place below `path`.
   */
  compose(network: ModelNode, options: ComposeOptions): Model
  /** How a model is built: what `strata models` shows. `undefined` for an endpoint. */
  findShape(model: Model): Shape | undefined
}

export interface ComposeOptions {
  /** Where the network stands in the request: `strata.network`. */
  readonly path: string
  readonly mayUse: (name: string) => boolean
}

export interface ModelTreeParts {
  readonly config: Config['models']
  readonly endpoints: EndpointCaller
  /** Kinds that other rooms contribute, beside those of this one. */
  readonly nodeKinds: readonly NodeKind[]
  readonly clock: Clock
  /** Bounds of the trees; none when absent. */
  readonly limits?: ShapeLimits | undefined
  readonly regions?: RegionRules | undefined
  /** Learned routers by name, for the kinds that ask them. */
  readonly routers?: RouterCatalogue | undefined
  readonly personal?: PersonalDataScanner | undefined
  /** Those of the platform, so that answers outlive a change of configuration; new ones when absent. */
  readonly caches?: AnswerCaches | undefined
  /** Which documents are gone that kept answers were made from. */
  readonly withdrawn?: WithdrawnVersions | undefined
  /** Runs programs of answers, for checks that ask for it. */
  readonly code?: CodeRunner | undefined
  /** Hash of the configuration in force. */
  readonly configHash?: string | undefined
}

const noLimits: ShapeLimits = { depthMax: 64, callsMax: Number.POSITIVE_INFINITY }

/**
 * Builds every model of the configuration. Names are looked for among models, then among endpoints. Throws
 * CONFIG_INVALID that lists each model's first fault with its key path: an unknown name, a cycle, a node of no known kind.
 */
export function createModelTree(deps: ModelTreeParts): ModelCatalogue {
  const builder = new TreeBuilder(deps)
  const faults = new Map<string, PlatformError>()
  for (const name of Object.keys(deps.config)) {
    try {
      builder.check(builder.resolve(name, `models.${name}`), `models.${name}`)
    } catch (thrown) {
      if (!(thrown instanceof PlatformError) || thrown.code !== 'CONFIG_INVALID') throw thrown
      faults.set(thrown.message, thrown)
    }
  }
  if (faults.size > 0) throw toOneError([...faults.values()])
  const names = new Set([...Object.keys(deps.config), ...deps.endpoints.list()])
  const models = new Map([...names].map((name) => [name, builder.resolve(name, `endpoints.${name}`)]))
  const list = [...models.values()]
  return {
    find: (name) => models.get(name),
    list: () => list,
    compose: (network, options) => builder.compose(network, options),
    findShape: (model) => builder.findShape(model),
  }
}

/** Where a node is described: how names are looked up there, and what the paths of its models begin with. */
interface Scope {
  readonly resolve: (name: string, path: string) => Model
  readonly idOf: (path: string) => string
}

/** Holds the state of one build: what is finished and which names are being built, outermost first. */
class TreeBuilder {
  readonly #deps: ModelTreeParts
  readonly #kinds: ReadonlyMap<string, NodeKind>
  readonly #endpointIds: ReadonlySet<string>
  readonly #built = new Map<string, Model>()
  readonly #shapes = new WeakMap<Model, Shape>()
  readonly #open: string[] = []

  constructor(deps: ModelTreeParts) {
    this.#deps = deps
    const kinds = createNodeKinds({
      endpoints: deps.endpoints,
      clock: deps.clock,
      personal: deps.personal,
      routers: deps.routers,
      caches: deps.caches ?? createAnswerCaches(deps.clock),
      code: deps.code,
      withdrawn: deps.withdrawn,
      configHash: deps.configHash ?? '',
    })
    this.#kinds = new Map([...kinds, ...deps.nodeKinds].map((kind) => [kind.key, kind]))
    this.#endpointIds = new Set(deps.endpoints.list())
  }

  /** The model of a name; `path` is the key that uses the name. */
  resolve(name: string, path: string): Model {
    const known = this.#built.get(name)
    if (known !== undefined) return known
    if (this.#open.includes(name)) throw this.#cycle(name, path)
    const node = Object.hasOwn(this.#deps.config, name) ? this.#deps.config[name] : undefined
    if (node === undefined && !this.#endpointIds.has(name)) throw this.#unknownName(name, path)
    this.#open.push(name)
    try {
      const model = node === undefined ? this.#endpointModel(name) : this.#named(name, node)
      this.#built.set(name, model)
      return model
    } finally {
      this.#open.pop()
    }
  }

  /** Throws CONFIG_INVALID for a tree that cannot do what it says. */
  check(model: Model, path: string): void {
    const { regions, limits = noLimits } = this.#deps
    checkShape({ shapeOf: (each) => this.#shapes.get(each), regions, limits }, model, path)
  }

  findShape(model: Model): Shape | undefined {
    return this.#shapes.get(model)
  }

  compose(network: ModelNode, { path, mayUse }: ComposeOptions): Model {
    const resolve = (name: string, at: string): Model => {
      const model = this.#built.get(name)
      if (model !== undefined && mayUse(name)) return model
      throw fault(at, `there is no model "${name}" that this key may use; GET /v1/models lists them`)
    }
    try {
      const model =
        typeof network === 'string'
          ? resolve(network, path)
          : this.#describe(network, path, { resolve, idOf: (at) => at.replace(path, 'network') })
      this.check(model, path)
      return model
    } catch (thrown) {
      if (!(thrown instanceof PlatformError) || thrown.code !== 'CONFIG_INVALID') throw thrown
      throw new PlatformError('INVALID_REQUEST', thrown.message, { param: thrown.param, cause: thrown })
    }
  }

  #named(name: string, node: string | object): Model {
    const path = `models.${name}`
    const scope: Scope = {
      resolve: (other, at) => this.resolve(other, at),
      idOf: (at) => at.slice('models.'.length),
    }
    if (typeof node === 'object') return this.#describe(node, path, scope)
    const named = this.resolve(node, path)
    const shape = this.#shapes.get(named)
    const model = { ...named, id: name }
    if (shape !== undefined) this.#shapes.set(model, shape)
    return model
  }

  #endpointModel(id: string): Model {
    const choice = { endpoints: [id], balance: 'least-loaded', hedgeQuantile: undefined } as const
    const model = createEndpointModel(this.#deps.endpoints, choice, { id, path: `endpoints.${id}` })
    const shape = { kind: 'endpoint', path: `endpoints.${id}`, children: [], regions: undefined, endpoints: [id] }
    this.#shapes.set(model, shape)
    return model
  }

  /** The model of a node described in place. */
  #describe(node: NodeCommons & object, path: string, scope: Scope): Model {
    const kind = Object.keys(node)
      .map((key) => this.#kinds.get(key))
      .find((known) => known !== undefined)
    if (kind === undefined) {
      const kinds = [...this.#kinds.keys()].join(', ')
      throw fault(path, `a node of no known kind; give it one of the keys ${kinds}`)
    }
    const children: Model[] = []
    const built = kind.create(node, {
      id: scope.idOf(path),
      path,
      build: (child, childPath) => {
        const model =
          typeof child === 'string' ? scope.resolve(child, childPath) : this.#describe(child, childPath, scope)
        children.push(model)
        return model
      },
    })
    const model = limitModel(built, node, this.#deps.clock)
    const endpoints = 'endpoint' in node ? [node.endpoint].flat().map(String) : undefined
    this.#shapes.set(model, { kind: kind.key, path, children, regions: node.regions, endpoints })
    return model
  }

  #cycle(name: string, path: string): PlatformError {
    const round = [...this.#open.slice(this.#open.indexOf(name)), name].join(' → ')
    const aside = this.#endpointIds.has(name) ? `; if the endpoint "${name}" is meant, write { endpoint: ${name} }` : ''
    return fault(path, `a model cannot be made of itself: models.${round}; break the circle at one of them${aside}`)
  }

  #unknownName(name: string, path: string): PlatformError {
    const known = [...Object.keys(this.#deps.config), ...this.#endpointIds]
    return fault(path, `there is no model or endpoint "${name}"; ${advise(name, known)}`)
  }
}

/** What a message says after an unknown name: the near misses, else what there is. */
function advise(name: string, known: readonly string[]): string {
  const similar = findSimilar(name, [...new Set(known)])
  if (similar.length > 0) return `did you mean ${similar.map((other) => `"${other}"`).join(' or ')}?`
  return 'add it under models or endpoints, or use a name that stands there'
}

function fault(path: string, statement: string): PlatformError {
  return new PlatformError('CONFIG_INVALID', `${path}: ${statement}`, { param: path })
}

function toOneError(faults: readonly PlatformError[]): PlatformError {
  const [first] = faults
  if (first !== undefined && faults.length === 1) return first
  const details: JsonObject = { faults: faults.map((one) => ({ path: one.param ?? null, message: one.message })) }
  const message = faults.map((one) => one.message).join('\n')
  return new PlatformError('CONFIG_INVALID', message, { param: first?.param, details })
}
