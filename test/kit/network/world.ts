import { configSchema } from '../../../src/config/index.ts'
import { createIds } from '../../../src/core/ids.ts'
import { PlatformError } from '../../../src/core/errors.ts'
import type { JsonValue } from '../../../src/core/json.ts'
import type { Model } from '../../../src/core/model.ts'
import type { EventLog } from '../../../src/core/ports.ts'
import type { Random } from '../../../src/core/random.ts'
import { createFakeClock, type FakeClock } from '../../../src/core/time.ts'
import { createPersonalDataScanner, createRegionGate } from '../../../src/governance/index.ts'
import { createEgress, createEndpoints } from '../../../src/infrastructure/index.ts'
import { createPricer } from '../../../src/investment/index.ts'
import { createModelTree, readRouter, trainRouter, writeRouter, type Router } from '../../../src/models/index.ts'
import { drawAllowed, drawPlace, ownRegions, type EndpointPlace } from '../residency/places.ts'
import { drawTree } from './draw-tree.ts'
import { createScriptedUpstreams, type ScriptedUpstreams } from './scripted-adapter.ts'

/** Endpoints, prices, regions and trees drawn at random, on the real registry, door and gate; only upstreams and time are scripted. */
export interface NetworkWorld {
  readonly clock: FakeClock
  readonly upstreams: ScriptedUpstreams
  readonly places: ReadonlyMap<string, EndpointPlace>
  readonly allowedRegions: readonly string[]
  readonly meet: (left: readonly string[], right: readonly string[]) => readonly string[]
  readonly trees: readonly DrawnTree[]
  close(): Promise<void>
}

export interface DrawnTree {
  readonly model: Model
  /** How many were drawn before it that could not stand. */
  readonly refused: number
}

const depthMax = 5
const drawsMax = 50
const silent: EventLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

export function createNetworkWorld(random: Random, router: Router, treeCount: number): NetworkWorld {
  const clock = createFakeClock(1_700_000_000_000)
  const chats = ['e0', 'e1', 'e2', 'e3', 'e4']
  const places = new Map([...chats, 'vec'].map((id) => [id, drawPlace(random)]))
  const config = drawConfig(random, { chats, places })
  const gate = createRegionGate(config.governance)
  const upstreams = createScriptedUpstreams(random, clock)
  const recorder = { intend: () => undefined, identify: () => undefined, settle: () => undefined }
  const pricer = createPricer({ config })
  const egress = createEgress({
    config: config.egress,
    gate,
    pricer,
    unknownPrice: 'flag',
    recorder,
    clock,
    log: silent,
  })
  const ids = createIds({ clock, random })
  const adapters = { openai: upstreams.adapter }
  const endpoints = createEndpoints({ config, egress, adapters, pricer, recorder, clock, random, ids, log: silent })
  const build = (models: Readonly<Record<string, JsonValue>>): Model => {
    const tree = createModelTree({
      config: configSchema.parse({ models }).models,
      endpoints,
      nodeKinds: [],
      clock,
      limits: { depthMax: 16, callsMax: 3_000 },
      regions: {
        meet: (left, right) => gate.meet(left, right),
        mayUse(id, allowed) {
          const place = places.get(id)
          return gate.decide({ processing: place?.processing, storage: place?.storage }, allowed).type === 'pass'
        },
      },
      routers: { find: (name) => (name === 'r' ? { router, certificate: undefined } : undefined), names: () => ['r'] },
      personal: createPersonalDataScanner({ clock }),
    })
    const model = tree.find('it')
    if (model === undefined) throw new Error('the tree lost its model')
    return model
  }
  const parts = {
    random,
    chats,
    embedder: 'vec',
    models: [],
    router: { name: 'r', weak: 'small', strong: 'large' },
    regions: () => drawAllowed(random, 3),
  }
  return {
    clock,
    upstreams,
    places,
    allowedRegions: drawAllowed(random, 4),
    meet: (left, right) => gate.meet(left, right),
    trees: Array.from({ length: treeCount }, () => drawStanding(() => build({ it: drawTree(parts, depthMax) }))),
    async close() {
      endpoints.close()
      await egress.close()
    },
  }
}

/** Draws until a tree can stand: those that cannot are refused at load, with the key and the fix. */
function drawStanding(draw: () => Model): DrawnTree {
  for (let refused = 0; refused < drawsMax; refused++) {
    try {
      return { model: draw(), refused }
    } catch (thrown) {
      if (!(thrown instanceof PlatformError) || thrown.code !== 'CONFIG_INVALID' || thrown.param === undefined)
        throw thrown
    }
  }
  throw new Error(`no tree of ${drawsMax} could stand`)
}

function drawConfig(
  random: Random,
  { chats, places }: { readonly chats: readonly string[]; readonly places: ReadonlyMap<string, EndpointPlace> },
) {
  const endpoints = Object.fromEntries(
    [...chats, 'vec'].map((id) => [
      id,
      {
        dialect: 'openai',
        url: 'http://127.0.0.1:9/v1',
        model: 'vendor',
        does: id === 'vec' ? ['embed'] : ['chat'],
        contextTokens: 4_000,
        ...(random.next() < 0.7 ? { outputTokensMax: 64 + Math.floor(random.next() * 200) } : {}),
        ...(random.next() < 0.8
          ? { price: { input: (random.next() * 0.5).toFixed(4), output: random.next().toFixed(4) } }
          : {}),
        ...places.get(id),
      },
    ]),
  )
  const breaker = { failuresMax: 10_000, openMs: 1 }
  const egress = {
    attemptsMax: 1 + Math.floor(random.next() * 2),
    retryBackoffMs: 0,
    outputTokensAssumed: 128,
    breaker,
  }
  return configSchema.parse({ endpoints, egress, governance: { allowedRegions: ['*'], regions: ownRegions } })
}

/** A router that prefers the small model for plain words. Made once: training it takes longer than a world. */
export function createTestRouter(): Router {
  const pairs = Array.from({ length: 40 }, (_, index) => ({
    prompt: index % 2 === 0 ? `plain words number ${index}` : `the theorem of lemma ${index}`,
    scores: { small: index % 2 === 0 ? 1 : 0, large: 1 },
    answers: { small: index % 3 === 0 ? '3 + 4 = 8' : 'It is 42', large: 'It is 42' },
  }))
  const { content } = trainRouter({ pairs, seed: 1, nowMs: 0 })
  return readRouter(Buffer.from(writeRouter(content)))
}
