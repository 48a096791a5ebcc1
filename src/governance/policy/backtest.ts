import type { CallFacts } from '../../core/call.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Picodollars } from '../../core/money.ts'
import type { Decision, PolicyEngine, Verdict } from './engine.ts'

/** What a pack would have made of recorded traffic. */
export interface Backtest {
  readonly pack: { readonly id: string; readonly version: string; readonly hash: string }
  readonly calls: number
  /** Calls whose use case is not on record, or is declared no longer: decided as one that nothing is known of. */
  readonly callsUnknown: number
  readonly byDecision: Readonly<Record<Verdict, Tally>>
  /** Calls that were answered then and would be refused or held now. */
  readonly newlyRefused: Tally
  /** Calls that a pack refused then and this one would let through. */
  readonly newlyAllowed: number
  /** The most frequent first. */
  readonly groups: readonly BacktestGroup[]
}

export interface Tally {
  readonly calls: number
  /** What these calls have cost, as far as it is known. */
  readonly cost: Picodollars
  readonly callsOfUnknownCost: number
}

/** Calls of one use case that are decided alike. */
export interface BacktestGroup extends Tally {
  /** `undefined` where none is on record. */
  readonly useCase: string | undefined
  readonly decision: Verdict
  readonly articles: readonly string[]
  readonly reasons: readonly string[]
  /** Facts that are not known and matter. */
  readonly missing: readonly string[]
}

export interface BacktestDeps {
  readonly engine: PolicyEngine
  /**
   * The answers to the pack's questions about a use case as it is declared now; `undefined` when there is none of that name. The same
   * for all calls of one use case on one day.
   */
  readonly answersOf: (useCase: string, root: CallFacts) => JsonObject | undefined
  /** The use case a call belongs to where its record does not say. */
  readonly useCaseOf: (root: CallFacts) => string | undefined
}

const dayMs = 86_400_000
const groupsMax = 1_000

/**
 * Decides on recorded calls anew, each on the day it was made, with the use cases as they are declared now. Needs no model and
 * changes nothing. Cost: one decision for each use case and day.
 */
export async function backtestPack(
  roots: AsyncIterable<CallFacts>,
  { engine, answersOf, useCaseOf }: BacktestDeps,
): Promise<Backtest> {
  const decided = new Map<string, Decision>()
  const groups = new Map<string, Group>()
  const tallies: Record<Verdict, MutableTally> = { allow: createTally(), review: createTally(), deny: createTally() }
  const newlyRefused = createTally()
  let [calls, callsUnknown, newlyAllowed] = [0, 0, 0]

  function decide(useCase: string | undefined, answers: JsonObject, atMs: number): Decision {
    const key = `${Math.floor(atMs / dayMs)} ${useCase ?? ''}`
    const known = decided.get(key)
    if (known !== undefined) return known
    const decision = engine.decide(engine.read(answers), atMs)
    decided.set(key, decision)
    return decision
  }

  for await (const root of roots) {
    const said = root.detail?.['use_case']
    const useCase = typeof said === 'string' ? said : useCaseOf(root)
    const answers = useCase === undefined ? undefined : answersOf(useCase, root)
    calls++
    if (answers === undefined) callsUnknown++
    const decision = decide(answers === undefined ? undefined : useCase, answers ?? {}, root.startedAtMs)
    add(tallies[decision.decision], root)
    add(groupOf(groups, useCase, decision).tally, root)
    const wasRefused = root.errorCode === 'POLICY_REFUSED' || root.errorCode === 'POLICY_REVIEW'
    if (decision.decision !== 'allow' && root.status === 'ok') add(newlyRefused, root)
    if (decision.decision === 'allow' && wasRefused) newlyAllowed++
  }
  return {
    pack: { id: engine.pack.id, version: engine.pack.version, hash: engine.pack.hash },
    calls,
    callsUnknown,
    byDecision: tallies,
    newlyRefused,
    newlyAllowed,
    groups: [...groups.values()]
      .toSorted((left, right) => right.tally.calls - left.tally.calls)
      .map(({ tally, ...group }) => ({ ...group, ...tally })),
  }
}

interface MutableTally {
  calls: number
  cost: Picodollars
  callsOfUnknownCost: number
}

interface Group extends Omit<BacktestGroup, keyof Tally> {
  readonly tally: MutableTally
}

function createTally(): MutableTally {
  return { calls: 0, cost: 0n, callsOfUnknownCost: 0 }
}

function add(tally: MutableTally, root: CallFacts): void {
  tally.calls++
  if (root.cost === undefined) tally.callsOfUnknownCost++
  else tally.cost += root.cost
}

function groupOf(groups: Map<string, Group>, useCase: string | undefined, decision: Decision): Group {
  const effects = decision.effects.filter((effect) => effect.decision === decision.decision)
  const articles = decision.decision === 'allow' ? [] : [...new Set(effects.map(({ article }) => article))]
  const key = `${useCase ?? ''} ${decision.decision} ${articles.join(' ')}`
  const known = groups.get(key)
  if (known !== undefined) return known
  const refused = decision.decision === 'allow' ? [] : effects
  const group: Group = {
    useCase,
    decision: decision.decision,
    articles,
    reasons: [...new Set(refused.map(({ reason }) => reason))],
    missing: [...new Set(refused.flatMap(({ missing }) => missing))],
    tally: createTally(),
  }
  if (groups.size < groupsMax) groups.set(key, group)
  return group
}
