import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import type { Random } from '../../../src/core/random.ts'
import { pick } from '../../../src/core/testing.ts'

/** What a tree may be made of. */
export interface TreeParts {
  readonly random: Random
  /** Endpoints that chat. */
  readonly chats: readonly string[]
  readonly embedder: string
  /** Models that are there already. */
  readonly models: readonly string[]
  /** Learned routers, each with its weak and its strong model. */
  readonly router: { readonly name: string; readonly weak: string; readonly strong: string }
  readonly regions: () => readonly string[]
}

type Draw = (parts: TreeParts, depth: number) => JsonValue

/** A node of at most that depth, of any kind, with a budget and regions of its own now and then. */
export function drawTree(parts: TreeParts, depth: number): JsonValue {
  const { random, models } = parts
  if (depth <= 1 || random.next() < 0.12) return drawLeaf(parts)
  if (models.length > 0 && random.next() < 0.08) return pick(random, models)
  const node = pick(random, kinds)(parts, depth)
  return typeof node === 'object' && node !== null && !Array.isArray(node)
    ? { ...(node as JsonObject), ...drawCommons(parts) } // an object that is no list is one with keys
    : node
}

function drawLeaf(parts: TreeParts): JsonValue {
  const { random, chats } = parts
  if (random.next() < 0.5) return pick(random, chats)
  const endpoint = [...new Set([pick(random, chats), pick(random, chats), pick(random, chats)])]
  return { endpoint, balance: pick(random, ['order', 'price', 'latency', 'least-loaded']) }
}

function drawCommons({ random, regions }: TreeParts): JsonObject {
  const chance = random.next()
  const own = random.next() < 0.1 ? { regions: [...regions()] } : {}
  if (chance < 0.7) return own
  const budget: Record<string, JsonValue> = {}
  if (random.next() < 0.5) budget['calls'] = 1 + Math.floor(random.next() * 12)
  if (random.next() < 0.4) budget['tokens'] = 100 + Math.floor(random.next() * 4_000)
  if (random.next() < 0.4) budget['usd'] = (random.next() * 0.000_02).toFixed(12)
  if (random.next() < 0.3) budget['ms'] = 50 + Math.floor(random.next() * 2_000)
  if (random.next() < 0.2) budget['efforts'] = { low: { calls: 1 + Math.floor(random.next() * 3) } }
  return { ...own, budget }
}

/** Of one to three nodes below, each a level deeper. */
function some(parts: TreeParts, depth: number, countMax = 3): readonly JsonValue[] {
  const count = 1 + Math.floor(parts.random.next() * countMax)
  return Array.from({ length: count }, () => drawTree(parts, depth - 1))
}

const one: Draw = (parts, depth) => drawTree(parts, depth - 1)

function oneOrMore(parts: TreeParts, depth: number): JsonValue {
  return parts.random.next() < 0.5 ? one(parts, depth) : some(parts, depth, 2)
}

function maybe(random: Random, share: number, more: () => JsonObject): JsonObject {
  return random.next() < share ? more() : {}
}

function drawCheck(parts: TreeParts, depth: number): JsonObject {
  const { random } = parts
  const chance = random.next()
  if (chance < 0.3) return { arithmetic: true }
  if (chance < 0.5) return { pattern: 'is \\d+' }
  if (chance < 0.7) return { schema: { type: 'object', required: ['n'] } }
  if (chance < 0.8) return { unit: { of: ['kg'] } }
  return { judge: { by: one(parts, Math.min(depth, 3)), atLeast: 5 } }
}

const drawVote: Draw = (parts, depth) => {
  const { random } = parts
  const meaning = maybe(random, 0.15, () => ({ key: 'semantic', embedder: parts.embedder }))
  const key = 'key' in meaning ? meaning : { key: pick(random, ['answer', 'json', 'exact']) }
  const size = { n: 2 + Math.floor(random.next() * 4), parallel: 1 + Math.floor(random.next() * 3) }
  return { vote: { of: oneOrMore(parts, depth), ...size, ...key, stop: pick(random, ['adaptive', 'all']) } }
}

const drawCascade: Draw = (parts, depth) => {
  const { random, router } = parts
  const steps = some(parts, depth, 2).map((use): JsonValue => {
    const chance = random.next()
    if (chance < 0.35) return { use, accept: { check: drawCheck(parts, depth) } }
    if (chance < 0.5) return { use, accept: { learned: router.name, threshold: random.next() } }
    if (chance < 0.75) return { use, accept: { agreement: { n: 2 } } }
    return { use, accept: { agreement: { with: some(parts, depth, 2), atLeast: 2 } } }
  })
  return { cascade: [...steps, { use: one(parts, depth) }] }
}

const drawRoute: Draw = (parts, depth) => {
  const { random, router, chats } = parts
  const chance = random.next()
  if (chance < 0.25) {
    const among = { [router.weak]: one(parts, depth), [router.strong]: one(parts, depth) }
    return { route: { learned: router.name, among, ...maybe(random, 0.5, () => ({ threshold: 0.1 })) } }
  }
  if (chance < 0.4) return { route: { by: 'language', table: { zh: one(parts, depth) }, else: one(parts, depth) } }
  const when = pick<JsonObject>(random, [
    { language: 'zh' },
    { any: [{ task: 'math' }, { tokens: { atLeast: 40 } }] },
    { not: { effort: 'low' } },
    { healthy: pick(random, chats) },
    { network: 'up' },
    { price: { of: pick(random, chats), below: '0.001' } },
  ])
  return { route: [{ when, use: one(parts, depth) }, { use: one(parts, depth) }] }
}

const drawVerify: Draw = (parts, depth) => ({
  verify: {
    use: one(parts, depth),
    check: drawCheck(parts, depth),
    repairs: Math.floor(parts.random.next() * 3),
    otherwise: pick(parts.random, ['refuse', 'pass']),
    ...maybe(parts.random, 0.4, () => ({ escalate: one(parts, depth) })),
  },
})

const drawBest: Draw = (parts, depth) => ({
  best: {
    of: oneOrMore(parts, depth),
    n: 2 + Math.floor(parts.random.next() * 3),
    ...(parts.random.next() < 0.5
      ? { judge: { by: one(parts, Math.min(depth, 3)) } }
      : { check: drawCheck(parts, depth) }),
  },
})

const drawMix: Draw = (parts, depth) => ({
  mix: {
    of: oneOrMore(parts, depth),
    n: 2 + Math.floor(parts.random.next() * 2),
    layers: 1 + Math.floor(parts.random.next() * 2),
    ...maybe(parts.random, 0.4, () => ({ aggregator: one(parts, depth) })),
  },
})

const drawMap: Draw = (parts, depth) => ({
  map: { use: one(parts, depth), pieceTokens: 16, piecesMax: 1 + Math.floor(parts.random.next() * 5) },
})

const drawCache: Draw = (parts, depth) => ({
  cache: {
    use: one(parts, depth),
    seconds: 60,
    ...maybe(parts.random, 0.3, () => ({ semantic: { embedder: parts.embedder, atLeast: 0.9 } })),
  },
})

const drawPrompt: Draw = (parts, depth) => ({
  prompt: { use: one(parts, depth), version: '1', user: 'Say it plainly: {{input}}' },
})

const drawExperiment: Draw = (parts, depth) => ({
  experiment: { arms: { a: { use: one(parts, depth) }, b: { use: one(parts, depth), weight: 2 } } },
})

const kinds: readonly Draw[] = [
  (parts, depth) => ({ fallback: [...some(parts, depth)] }),
  drawVote,
  drawCascade,
  drawRoute,
  drawVerify,
  drawBest,
  drawMix,
  drawMap,
  drawCache,
  drawPrompt,
  drawExperiment,
]
