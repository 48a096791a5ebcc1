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
  { balance, resting }: Among,
  random: Random,
): Chosen {
  const states: Record<string, State> = {}
  let best: EndpointEntry[] = []
  let bestScore: Score | undefined
  for (const [index, entry] of candidates.entries()) {
    const { health } = entry
    // Read once: what is on record is what decided.
    const state: State = [health.inFlight, health.restMs(), health.expectedMs()]
    states[entry.id] = state
    const score = [state[1], scoreOf(entry, { balance, index, state }), load(entry, state)] as const
    const order = bestScore === undefined ? -1 : compare(score, bestScore)
    if (order < 0) {
      best = [entry]
      bestScore = score
    } else if (order === 0) {
      best.push(entry)
    }
  }
  const drawn = best.length > 1 ? random.next() : undefined
  const entry = pickByWeight(best, drawn ?? 0) ?? candidates[0]
  const weights = best.reduce((sum, each) => sum + each.config.weight, 0)
  const propensity = best.length > 1 ? entry.config.weight / weights : 1
  return { entry, decision: { propensity, draw: drawn ?? null, candidates: states, resting } }
}

export interface Among {
  readonly balance: EndpointChoice['balance']
  /** Ids of those that may not be tried now: for the record. */
  readonly resting: readonly string[]
}

/** What is chosen, and what is needed to choose it again. */
export interface Chosen {
  readonly entry: EndpointEntry
  /** `undefined` where the leaf has one endpoint only. One candidate alone is a decision too: the others were resting. */
  readonly decision: Decision | undefined
}

/** A choice among several, as the record keeps it. */
export type Decision = {
  /** The probability with which what was chosen was chosen; the draw that decided, 0…1, where there was one. */
  readonly propensity: number
  readonly draw: number | null
  /** By id, as they stood when the choice was made. */
  readonly candidates: Readonly<Record<string, State>>
  /** Endpoints of the leaf that might not be tried then. */
  readonly resting: readonly string[]
}

/** Tries under way, milliseconds of rest asked for, expected milliseconds to the first byte. */
type State = readonly [inFlight: number, restMs: number, expectedMs: number]

type Score = readonly [restMs: number, score: number, load: number]

interface Scoring {
  readonly balance: EndpointChoice['balance']
  readonly index: number
  readonly state: State
}

/** Lower is better. */
function scoreOf(entry: EndpointEntry, { balance, index, state }: Scoring): number {
  const [inFlight, , expectedMs] = state
  switch (balance) {
    case 'order':
      return index
    case 'least-loaded':
      return load(entry, state)
    case 'latency':
      return ((expectedMs + 1) * (inFlight + 1)) / entry.config.weight
    case 'price':
      return Number(entry.findPrice()?.costMax(comparedTokens) ?? Number.POSITIVE_INFINITY)
  }
}

function load(entry: EndpointEntry, [inFlight]: State): number {
  return inFlight / entry.config.weight
}

function compare(left: Score, right: Score): number {
  for (const place of [0, 1, 2] as const) {
    if (left[place] !== right[place]) return left[place] < right[place] ? -1 : 1
  }
  return 0
}

/** The entry on whose share of the weights `drawn`, 0…1, falls. */
function pickByWeight(entries: readonly EndpointEntry[], drawn: number): EndpointEntry | undefined {
  if (entries.length <= 1) return entries[0]
  let rest = drawn * entries.reduce((sum, entry) => sum + entry.config.weight, 0)
  for (const entry of entries) {
    rest -= entry.config.weight
    if (rest < 0) return entry
  }
  return entries.at(-1)
}
