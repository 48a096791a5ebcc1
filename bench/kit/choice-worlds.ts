import type { CallFacts } from '../../src/core/call.ts'
import type { RecordedCall } from '../../src/core/ports-replay.ts'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { createWhatIf, type EndpointEstimate } from '../../src/investment/index.ts'

/** What is estimated of an endpoint, in the unit that the estimate has. */
const measures = ['cost', 'latencyMs', 'served'] as const
type Measure = (typeof measures)[number]

export interface Coverage {
  /** Estimates: of each world, endpoint and measure. */
  readonly estimates: number
  /** The share of their 95 % intervals that hold the truth. */
  readonly held: Readonly<Record<'ips' | 'snips' | 'doublyRobust', number>>
  /** The same for the doubly robust ones, by measure. */
  readonly heldBy: Readonly<Record<Measure, number>>
  /** Half the width of the doubly robust intervals of cost, as a share of the truth: the median. */
  readonly halfWidth: number
}

/**
 * Simulated logs: requests of several kinds, which endpoints serve at different costs, times and failure rates, with long tails; the
 * probabilities with which endpoints were taken are known, and hang on the kind, so that means alone would deceive. What it would
 * have brought to take one endpoint always is known from how the world was made, and estimated through the door from the log alone.
 */
export async function measureCoverage(options: {
  readonly worlds: number
  readonly choices: number
  readonly seed: number
}): Promise<Coverage> {
  const held = { ips: 0, snips: 0, doublyRobust: 0 }
  const heldBy = { cost: 0, latencyMs: 0, served: 0 }
  const widths: number[] = []
  let estimates = 0
  for (let number = 0; number < options.worlds; number++) {
    const random = createSeededRandom(options.seed * 1_000_003 + number)
    const world = createWorld(random)
    for (const found of await estimate(drawLog(world, random, options.choices))) {
      for (const measure of measures) {
        const truth = truthOf(world, found.endpoint, measure)
        estimates++
        for (const way of ['ips', 'snips', 'doublyRobust'] as const) if (holds(found[measure][way], truth)) held[way]++
        if (holds(found[measure].doublyRobust, truth)) heldBy[measure]++
      }
      const { lower = Number.NaN, upper = Number.NaN } = found.cost.doublyRobust
      widths.push((upper - lower) / 2 / truthOf(world, found.endpoint, 'cost'))
    }
  }
  const share = (count: number, of: number): number => count / of
  widths.sort((one, other) => one - other)
  return {
    estimates,
    held: {
      ips: share(held.ips, estimates),
      snips: share(held.snips, estimates),
      doublyRobust: share(held.doublyRobust, estimates),
    },
    heldBy: {
      cost: share(heldBy.cost * measures.length, estimates),
      latencyMs: share(heldBy.latencyMs * measures.length, estimates),
      served: share(heldBy.served * measures.length, estimates),
    },
    halfWidth: widths[Math.floor(widths.length / 2)] ?? Number.NaN,
  }
}

interface World {
  readonly endpoints: readonly string[]
  readonly kinds: readonly Kind[]
}

/** Requests of one kind. By endpoint: the chance of being taken, the mean cost and time, and the chance of an answer. */
interface Kind {
  readonly share: number
  readonly ways: readonly Way[]
}

interface Way {
  readonly propensity: number
  /** Dollars. */
  readonly cost: number
  readonly latencyMs: number
  readonly served: number
}

/** Of the logarithms of costs and times: a tail in which one in twenty is three times the middle. */
const sigma = 0.7

function createWorld(random: Random): World {
  const endpoints = ['one', 'two', 'three'].slice(0, 2 + Math.floor(random.next() * 2))
  const shares = Array.from({ length: 3 }, () => 0.2 + random.next())
  const whole = shares.reduce((sum, share) => sum + share, 0)
  const level = endpoints.map(() => 0.001 * (1 + 9 * random.next()))
  return {
    endpoints,
    kinds: shares.map((share) => {
      const weights = endpoints.map(() => 0.15 + random.next())
      const all = weights.reduce((sum, weight) => sum + weight, 0)
      const size = 0.5 + 3 * random.next()
      return {
        share: share / whole,
        ways: endpoints.map((_, index) => ({
          propensity: (weights[index] ?? 0) / all,
          cost: size * (level[index] ?? 0),
          latencyMs: size * (100 + 900 * random.next()),
          served: 0.6 + 0.39 * random.next(),
        })),
      }
    }),
  }
}

function truthOf({ endpoints, kinds }: World, endpoint: string, measure: Measure): number {
  const index = endpoints.indexOf(endpoint)
  return kinds.reduce((sum, { share, ways }) => sum + share * (ways[index]?.[measure] ?? 0), 0)
}

function holds({ lower, upper }: EndpointEstimate['cost']['ips'], truth: number): boolean {
  return lower !== undefined && upper !== undefined && lower <= truth && truth <= upper
}

function drawLog(world: World, random: Random, choices: number): readonly RecordedCall[] {
  return Array.from({ length: choices }, (_, index) => {
    const kind = pick(world.kinds, ({ share }) => share, random)
    const way = pick(kind.ways, ({ propensity }) => propensity, random)
    const dispatch = toDispatch(world, { kind, way, random, index })
    return { root: { ...dispatch, kind: 'request' as const, id: `call_${index}` }, nodes: [dispatch] }
  })
}

interface Drawn {
  readonly kind: Kind
  readonly way: Way
  readonly random: Random
  readonly index: number
}

function toDispatch({ endpoints }: World, { kind, way, random, index }: Drawn): CallFacts {
  const none = undefined
  return {
    id: `call_${index}.1`,
    rootId: `call_${index}`,
    parentId: `call_${index}`,
    kind: 'dispatch',
    name: endpoints[kind.ways.indexOf(way)] ?? '',
    tenant: 'default',
    keyId: 'key',
    startedAtMs: index,
    durationMs: drawLong(way.latencyMs, random),
    status: random.next() < way.served ? 'ok' : 'error',
    cost: BigInt(Math.round(1e12 * drawLong(way.cost, random))),
    detail: {
      decision: {
        propensity: way.propensity,
        draw: random.next(),
        candidates: Object.fromEntries(endpoints.map((endpoint) => [endpoint, [0, 0, 0]])),
      },
    },
    firstByteMs: none,
    errorCode: none,
    vendorModel: none,
    regions: none,
    usage: none,
    priceVersion: none,
  }
}

/** Log-normal, of the given mean. */
function drawLong(mean: number, random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  return mean * Math.exp(sigma * normal - (sigma * sigma) / 2)
}

function pick<T>(all: readonly T[], weigh: (each: T) => number, random: Random): T {
  let draw = random.next()
  for (const each of all) {
    draw -= weigh(each)
    if (draw < 0) return each
  }
  const last = all.at(-1)
  if (last === undefined) throw new Error('there is nothing to pick from')
  return last
}

function estimate(log: readonly RecordedCall[]): Promise<readonly EndpointEstimate[]> {
  const unused = (): never => {
    throw new Error('an estimate asks for nothing but the record')
  }
  const whatIf = createWhatIf({
    async *read() {
      yield* log
    },
    readUses: unused,
    createWorld: unused,
    pricer: { price: unused },
  })
  return whatIf.estimate({ tenant: 'default', fromMs: 0, untilMs: log.length })
}
