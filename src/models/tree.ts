import type { Config } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Model } from '../core/model.ts'
import type { NodeKind } from '../core/node-kind.ts'
import type { EndpointCaller } from '../core/ports.ts'
import { findSimilar } from '../core/similar.ts'
import type { Clock } from '../core/time.ts'
import type { RouterCatalogue } from './learning/index.ts'
import { createEndpointModel, createNodeKinds } from './node-kinds/index.ts'

/** Every model there is, by name. Immutable: a new configuration makes a new catalogue. */
export interface ModelCatalogue {
  /** The model of that name: a configured one, else the endpoint of that id. */
  find(name: string): Model | undefined
  /** Configured models in the order of the configuration, then the endpoints whose ids no model has taken. */
  list(): readonly Model[]
}

export interface ModelTreeParts {
  readonly config: Config['models']
  readonly endpoints: EndpointCaller
  /** Kinds that other rooms contribute, beside `endpoint` and `fallback`. */
  readonly nodeKinds: readonly NodeKind[]
  readonly clock: Clock
  /** Learned routers by name, for the kinds that ask them. */
  readonly routers?: RouterCatalogue | undefined
}

/**
 * Builds every model of the configuration. Names are looked for among models, then among endpoints. Throws
 * CONFIG_INVALID that lists each model's first fault with its key path: an unknown name, a cycle, a node of no known kind.
 */
export function createModelTree(deps: ModelTreeParts): ModelCatalogue {
  const builder = new TreeBuilder(deps)
  const faults = new Map<string, PlatformError>()
  for (const name of Object.keys(deps.config)) {
    try {
      builder.resolve(name, `models.${name}`)
    } catch (thrown) {
      if (!(thrown instanceof PlatformError) || thrown.code !== 'CONFIG_INVALID') throw thrown
      faults.set(thrown.message, thrown)
    }
  }
  if (faults.size > 0) throw toOneError([...faults.values()])
  const names = new Set([...Object.keys(deps.config), ...deps.endpoints.list()])
  const models = new Map([...names].map((name) => [name, builder.resolve(name, `endpoints.${name}`)]))
  const list = [...models.values()]
  return { find: (name) => models.get(name), list: () => list }
}

/** Holds the state of one build: what is finished and which names are being built, outermost first. */
class TreeBuilder {
  readonly #deps: ModelTreeParts
  readonly #kinds: ReadonlyMap<string, NodeKind>
  readonly #endpointIds: ReadonlySet<string>
  readonly #built = new Map<string, Model>()
  readonly #open: string[] = []

  constructor(deps: ModelTreeParts) {
    this.#deps = deps
    this.#kinds = new Map([...createNodeKinds(deps), ...deps.nodeKinds].map((kind) => [kind.key, kind]))
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

  #named(name: string, node: string | object): Model {
    const path = `models.${name}`
    if (typeof node === 'object') return this.#describe(node, path)
    return { ...this.resolve(node, path), id: name }
  }

  #endpointModel(id: string): Model {
    const choice = { endpoints: [id], balance: 'least-loaded', hedgeQuantile: undefined } as const
    return createEndpointModel(this.#deps.endpoints, choice, { id, path: `endpoints.${id}` })
  }

  /** The model of a node described in place. */
  #describe(node: object, path: string): Model {
    const kind = Object.keys(node)
      .map((key) => this.#kinds.get(key))
      .find((known) => known !== undefined)
    if (kind === undefined) {
      const kinds = [...this.#kinds.keys()].join(', ')
      throw fault(path, `a node of no known kind; give it one of the keys ${kinds}`)
    }
    return kind.create(node, {
      id: path.slice('models.'.length),
      path,
      build: (child, childPath) =>
        typeof child === 'string' ? this.resolve(child, childPath) : this.#describe(child, childPath),
    })
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
