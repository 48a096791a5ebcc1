import type { EndpointChoice } from '../../core/ports.ts'
import type { Random } from '../../core/random.ts'
import type { EndpointEntry } from './registry.ts'

/** Tokens by which prices are compared: an answer a third as long as its question. */
const comparedTokens = { input: 3_000, output: 1_000 }

/**
 * The endpoint to try next, of those that may be tried: never empty. Endpoints that asked for rest come after all
 * others. Ties go by chance in proportion to the weights, so that idle endpoints share the load.
 */
export function chooseEndpoint(
  candidates: readonly [EndpointEntry, ...EndpointEntry[]],
  balance: EndpointChoice['balance'],
  random: Random,
): EndpointEntry {
  const [first] = candidates
  if (candidates.length === 1) return first
  let best: EndpointEntry[] = []
  let bestScore: Score | undefined
  for (const [index, entry] of candidates.entries()) {
    const score = [entry.health.restMs(), scoreOf(entry, balance, index), load(entry)] as const
    const order = bestScore === undefined ? -1 : compare(score, bestScore)
    if (order < 0) {
      best = [entry]
      bestScore = score
    } else if (order === 0) {
      best.push(entry)
    }
  }
  return drawByWeight(best, random) ?? first
}

type Score = readonly [restMs: number, score: number, load: number]

/** Lower is better. */
function scoreOf(entry: EndpointEntry, balance: EndpointChoice['balance'], index: number): number {
  switch (balance) {
    case 'order':
      return index
    case 'least-loaded':
      return load(entry)
    case 'latency':
      return ((entry.health.expectedMs() + 1) * (entry.health.inFlight + 1)) / entry.config.weight
    case 'price':
      return Number(entry.findPrice()?.costMax(comparedTokens) ?? Number.POSITIVE_INFINITY)
  }
}

function load(entry: EndpointEntry): number {
  return entry.health.inFlight / entry.config.weight
}

function compare(left: Score, right: Score): number {
  for (const place of [0, 1, 2] as const) {
    if (left[place] !== right[place]) return left[place] < right[place] ? -1 : 1
  }
  return 0
}

function drawByWeight(entries: readonly EndpointEntry[], random: Random): EndpointEntry | undefined {
  if (entries.length <= 1) return entries[0]
  let rest = random.next() * entries.reduce((sum, entry) => sum + entry.config.weight, 0)
  for (const entry of entries) {
    rest -= entry.config.weight
    if (rest < 0) return entry
  }
  return entries.at(-1)
}
