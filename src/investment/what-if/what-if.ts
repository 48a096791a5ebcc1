import type { CallFacts } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Picodollars } from '../../core/money.ts'
import type { CreateReplayWorld, RecordedCall, RecordedUse, Replayed, ReplayPricer } from '../../core/ports-replay.ts'
import { createChoices } from './choices.ts'
import type { OffPolicy } from './off-policy.ts'
import { createOutcomes } from './outcomes.ts'
import { createPolicyTallies, type PolicyReport } from './policies.ts'
import { rerunSample, type RerunAsked, type RerunReport } from './rerun.ts'
import { createTally, type Tally, type TallyReport } from './report.ts'
import { toBudget, toWorldChange, type Scenario } from './scenario.ts'

/** Reads the recorded calls of a tenant, oldest first, as often as it is asked to. */
export type ReadCalls = (span: Span) => AsyncIterable<RecordedCall>

export interface Span {
  readonly tenant: string
  /** Milliseconds UTC. */
  readonly fromMs: number
  readonly untilMs: number
}

/** The dispatches of the same calls that used something, page by page. */
export type ReadUses = (span: Span) => AsyncIterable<readonly RecordedUse[]>

export interface WhatIfParts {
  readonly read: ReadCalls
  readonly readUses: ReadUses
  readonly createWorld: CreateReplayWorld
  readonly pricer: ReplayPricer
}

export interface WhatIfReport {
  readonly recorded: TallyReport
  readonly replayed: TallyReport
  /** Calls that went through the router again, and those whose record had to stand. */
  readonly routed: number
  readonly kept: number
  /** Calls with the same dispatches, in order, at the same cost to the picodollar. */
  readonly same: number
  /** Tries whose outcome is not on record and was taken from others of their endpoint. */
  readonly estimatedTries: number
  /** Where the scenario has other policies. */
  readonly policies: PolicyReport | undefined
  /** Names of the scenario that no endpoint of these calls has. */
  readonly unmatched: readonly string[]
  /** The first calls that went otherwise. */
  readonly examples: readonly { readonly call: string; readonly recorded: string; readonly replayed: string }[]
}

/** Replays recorded traffic in a world that may be different. */
export interface WhatIf {
  /** Sends every call through the router again. Rejects with INVALID_REQUEST or CONFIG_INVALID for a scenario that cannot be. */
  replay(span: Span, scenario: Scenario): Promise<WhatIfReport>
  /** From the probabilities of choices on record, for each endpoint that was chosen by chance. */
  estimate(span: Span): Promise<readonly EndpointEstimate[]>
  /** Sends a sample of the calls again, living. Rejects with INVALID_REQUEST where no call has its content on record. */
  rerun(span: Span, asked: RerunAsked): Promise<RerunReport>
  /** Exact: what was used, at the prices in force now with the changes of the scenario. Routes stay. */
  reprice(span: Span, scenario: Scenario): Promise<RepriceReport>
}

/** What it would have brought to take one endpoint wherever it was a candidate. */
export interface EndpointEstimate {
  readonly endpoint: string
  /** Choices in which it was a candidate that had a chance. */
  readonly choices: number
  /** Of a choice: dollars, milliseconds, and the share that was answered. */
  readonly cost: OffPolicy
  readonly latencyMs: OffPolicy
  readonly served: OffPolicy
}

export interface RepriceReport {
  readonly dispatches: number
  readonly recorded: Picodollars
  readonly repriced: Picodollars
  /** Dispatches whose cost is not known, on record and now. */
  readonly unknownRecorded: number
  readonly unknownNow: number
  /** Dispatches whose cost is the same to the picodollar. */
  readonly same: number
  /** Names of the scenario that no endpoint of these calls has. */
  readonly unmatched: readonly string[]
}

/** More calls than this are not replayed at once. */
const callsMax = 5_000_000
const examplesMax = 20

export function createWhatIf(parts: WhatIfParts): WhatIf {
  return {
    replay: (span, scenario) => replay(parts, span, scenario),
    rerun: (span, asked) => rerunSample(parts.read, span, asked),
    async estimate(span) {
      const choices = createChoices()
      for await (const { nodes } of parts.read(span)) for (const node of nodes) choices.learn(node)
      return choices.estimate()
    },
    async reprice(span, scenario) {
      const change = toWorldChange(scenario)
      const sums = { dispatches: 0, recorded: 0n, repriced: 0n, unknownRecorded: 0, unknownNow: 0, same: 0 }
      for await (const uses of parts.readUses(span)) {
        for (const use of uses) {
          const cost = parts.pricer.price(use, change)
          sums.dispatches++
          sums.recorded += use.cost ?? 0n
          sums.repriced += cost ?? 0n
          if (use.cost === undefined) sums.unknownRecorded++
          if (cost === undefined) sums.unknownNow++
          if (use.cost === cost) sums.same++
        }
      }
      return { ...sums, unmatched: change.unmatched() }
    },
  }
}

async function replay(parts: WhatIfParts, span: Span, scenario: Scenario): Promise<WhatIfReport> {
  const change = toWorldChange(scenario)
  const outcomes = createOutcomes()
  let spent = 0n
  if (hasChange(scenario)) {
    for await (const { nodes, root } of parts.read(span)) {
      outcomes.learn(nodes)
      spent += root.cost ?? 0n
    }
  }
  const budget = toBudget(scenario, spent)
  const world = parts.createWorld(change, outcomes)
  const tallies = { recorded: createTally(), replayed: createTally() }
  const counts = { calls: 0, routed: 0, kept: 0, same: 0, estimatedTries: 0 }
  const examples: WhatIfReport['examples'][number][] = []
  const policies = change.policies === undefined ? undefined : createPolicyTallies()
  let left = budget
  try {
    for await (const call of parts.read(span)) {
      if (++counts.calls > callsMax)
        throw new PlatformError('INVALID_REQUEST', `the span holds more than ${callsMax} calls; choose a shorter one`)
      const recorded = dispatchesOf(call)
      addRecorded(tallies.recorded, call, recorded)
      if (left !== undefined && left <= 0n) {
        tallies.replayed.deny('BUDGET')
        continue
      }
      const again = await world.replay(call)
      counts[again.type]++
      counts.estimatedTries += again.estimated.size
      addReplayed(tallies.replayed, again)
      policies?.add(call, again)
      if (left !== undefined) left -= again.dispatches.reduce((sum, { cost }) => sum + (cost ?? 0n), 0n)
      if (isSame(recorded, again.dispatches) && isServed(call.root) === again.isServed) counts.same++
      else if (examples.length < examplesMax) {
        examples.push({ call: call.root.id, recorded: describe(recorded), replayed: describe(again.dispatches) })
      }
    }
  } finally {
    await world.close()
  }
  const { routed, kept, same, estimatedTries } = counts
  return {
    recorded: tallies.recorded.report(),
    replayed: tallies.replayed.report(),
    routed,
    kept,
    same,
    estimatedTries,
    policies: policies?.report(),
    unmatched: change.unmatched(),
    examples,
  }
}

function hasChange({ gone, prices, allowedRegions, budget, models, policies }: Scenario): boolean {
  return (
    gone.length + prices.length > 0 || [allowedRegions, budget, models, policies].some((part) => part !== undefined)
  )
}

function dispatchesOf({ nodes }: RecordedCall): readonly CallFacts[] {
  return nodes.filter(({ kind }) => kind === 'dispatch')
}

function isServed({ status }: CallFacts): boolean {
  return status === 'ok'
}

function addRecorded(tally: Tally, { root }: RecordedCall, dispatches: readonly CallFacts[]): void {
  tally.add({
    isServed: isServed(root),
    errorCode: root.errorCode,
    dispatches,
    estimated: new Set(),
  })
}

function addReplayed(tally: Tally, again: Replayed): void {
  tally.add(again)
}

/** The same tries at the same endpoints, which ended the same and cost the same to the picodollar. */
function isSame(recorded: readonly CallFacts[], replayed: readonly CallFacts[]): boolean {
  if (recorded.length !== replayed.length) return false
  return recorded.every((one, index) => {
    const other = replayed[index]
    return (
      other !== undefined &&
      one.name === other.name &&
      one.status === other.status &&
      one.errorCode === other.errorCode &&
      one.cost === other.cost &&
      one.priceVersion === other.priceVersion
    )
  })
}

function describe(dispatches: readonly CallFacts[]): string {
  const parts = dispatches.map(
    ({ name, status, errorCode, cost }) => `${name} ${errorCode ?? status} ${cost ?? 'unknown'}`,
  )
  return parts.length === 0 ? 'no try' : parts.join(', ')
}
