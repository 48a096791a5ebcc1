import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import type { Random } from '../../../src/core/random.ts'
import { pick } from '../../../src/core/testing.ts'
import { drawPlace, drawAllowed, ownRegions, type EndpointPlace } from './places.ts'
import { drawRules, drawSaid, toJson, type WorldRules } from './sovereignty.ts'

/** A configuration drawn at random, with what a judge needs to know of it. */
export interface World {
  readonly config: JsonObject
  /** Regions allowed where a key says nothing. */
  readonly allowedRegions: readonly string[]
  readonly places: ReadonlyMap<string, EndpointPlace>
  readonly models: readonly WorldModel[]
  /** What is asked of places beside their regions; nothing where absent. */
  readonly rules: WorldRules | undefined
}

export interface WorldModel {
  readonly name: string
  /** Endpoints it may come to. */
  readonly endpoints: readonly string[]
  /** Most requests it may send: tries per leaf, over all leaves. */
  readonly callsMax: number
}

const dialects = ['openai', 'openai-responses', 'anthropic'] as const
const depthMax = 4

/** The collection that ground nodes of a world answer from. */
export const collection = 'facts'

/** Endpoints lead to `urls`, each below a path of its own: `/ENDPOINT/v1`. */
export function drawWorld(random: Random, urls: readonly string[]): World {
  const ids = Array.from({ length: 4 + Math.floor(random.next() * 5) }, (_, index) => `e${index}`)
  const rules = drawRules(random)
  const places = new Map(
    ids.map((id) => {
      const place = drawPlace(random)
      return [id, rules === undefined ? place : { ...place, sovereignty: drawSaid(random, place) }] as const
    }),
  )
  // A judge is asked through the same door as any other; whether it may be is for the gate to say.
  const judge = random.next() < 0.3 ? pick(random, ids) : undefined
  const attemptsMax = 1 + Math.floor(random.next() * 4)
  const models: WorldModel[] = []
  const nodes: Record<string, JsonValue> = {}
  for (const name of ['m0', 'm1', 'm2', 'm3']) {
    const tree = drawNode({ random, ids, models, attemptsMax }, depthMax)
    nodes[name] = tree.node
    models.push({ name, endpoints: tree.endpoints, callsMax: tree.callsMax })
  }
  const allowedRegions = drawAllowed(random, 3)
  const judged = models.map((model) =>
    judge === undefined
      ? model
      : { ...model, endpoints: [...model.endpoints, judge], callsMax: model.callsMax + attemptsMax },
  )
  return { allowedRegions, places, models: judged, rules, config: { ...toConfig(attemptsMax), ...parts() } }

  function parts(): JsonObject {
    const endpoints = Object.fromEntries(ids.map((id) => [id, toEndpoint(id)]))
    const guards =
      judge === undefined ? [] : [{ guard: 'judge', by: judge, rule: 'No.', do: 'observe', onError: 'open', ms: 500 }]
    const sovereignty = rules === undefined ? {} : { sovereignty: rules as unknown as JsonObject } // plain data
    return {
      endpoints,
      models: nodes,
      governance: { allowedRegions: [...allowedRegions], regions: ownRegions, guards, ...sovereignty },
    }
  }

  function toEndpoint(id: string): JsonObject {
    const { processing, storage } = places.get(id) ?? { processing: undefined, storage: undefined }
    const where = {
      ...(processing && { processing: [...processing] }),
      ...(storage && { storage: [...storage] }),
      ...toJson(places.get(id)?.sovereignty),
    }
    const url = `${pick(random, urls)}/${id}/v1`
    return {
      dialect: pick(random, dialects),
      url,
      model: 'vendor',
      key: `secret-of-${id}`,
      outputTokensMax: 64,
      ...where,
    }
  }
}

/** Nothing waits long and no endpoint is left alone for long: a run is to send as much as it can. */
function toConfig(attemptsMax: number): JsonObject {
  const timeouts = { connectMs: 1_000, firstByteMs: 250, idleMs: 250, totalMs: 2_000 }
  const breaker = { failuresMax: 40, openMs: 1 }
  return {
    egress: { attemptsMax, timeouts, breaker, retryBackoffMs: 1, retryWaitMsMax: 20, hedgesSampleMin: 2 },
    // Models that name models come to some thousand calls at worst now and then; what is measured is where they go.
    network: { callsMax: 100_000 },
  }
}

interface Drawing {
  readonly random: Random
  readonly ids: readonly string[]
  /** Those that are there already, and may be named. */
  readonly models: readonly WorldModel[]
  readonly attemptsMax: number
}

interface Tree extends Omit<WorldModel, 'name'> {
  readonly node: JsonValue
}

function drawNode(drawing: Drawing, depth: number): Tree {
  const { random, models } = drawing
  const chance = random.next()
  if (depth > 1 && chance < 0.4) return drawFallback(drawing, depth)
  if (depth > 1 && chance < 0.55) {
    const { node, ...rest } = drawNode(drawing, depth - 1)
    return { node: { ground: { in: collection, with: node } }, ...rest }
  }
  if (models.length > 0 && chance < 0.65) {
    const { name, ...rest } = pick(random, models)
    return { node: name, ...rest }
  }
  return drawLeaf(drawing)
}

function drawFallback(drawing: Drawing, depth: number): Tree {
  const count = 2 + Math.floor(drawing.random.next() * 2)
  const children = Array.from({ length: count }, () => drawNode(drawing, depth - 1))
  return {
    node: { fallback: children.map(({ node }) => node) },
    endpoints: children.flatMap(({ endpoints }) => endpoints),
    callsMax: children.reduce((sum, { callsMax }) => sum + callsMax, 0),
  }
}

function drawLeaf({ random, ids, attemptsMax }: Drawing): Tree {
  const chance = random.next()
  if (chance < 0.2) {
    const id = pick(random, ids)
    return { node: id, endpoints: [id], callsMax: attemptsMax }
  }
  const count = 1 + Math.floor(random.next() * 4)
  const endpoints = [...new Set(Array.from({ length: count }, () => pick(random, ids)))]
  const balance = pick(random, ['least-loaded', 'price', 'latency', 'order'] as const)
  const hedging = chance < 0.6 ? { hedgeQuantile: 0.5 } : {}
  return { node: { endpoint: endpoints, balance, ...hedging }, endpoints, callsMax: attemptsMax }
}
