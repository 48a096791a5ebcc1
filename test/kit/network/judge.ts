import type { Call, CallFacts } from '../../../src/core/call.ts'
import { isJsonObject } from '../../../src/core/json.ts'
import type { Model } from '../../../src/core/model.ts'
import { fromDollars } from '../../../src/core/money.ts'
import { mayGo, type EndpointPlace } from '../residency/places.ts'
import type { Send } from './scripted-adapter.ts'

/** What must never happen; counts. */
export interface Faults {
  /** A node, or the request, spent more than its budget of money, tokens or calls. */
  readonly budgetsExceeded: number
  /** A send to an endpoint outside the regions of the request or of a node above it. */
  readonly regionsLeft: number
  /** A call that never ended, ended twice, or an answer that nobody read or cancelled. */
  readonly callsUncancelled: number
  /** A request that would never have ended. */
  readonly deadlocks: number
  /** More calls or more cost than the model's traits say. */
  readonly worstCaseBroken: number
  /** A send after the deadline of its call. */
  readonly lateSends: number
  /** A defect: something thrown that no error says. */
  readonly unexpected: number
}

export interface TreeRecord {
  readonly call: Call
  readonly model: Model
  readonly sends: readonly Send[]
  /** Answers of upstreams that are still open. */
  readonly open: number
  readonly places: ReadonlyMap<string, EndpointPlace>
}

export interface TreeVerdict {
  readonly faults: Omit<Faults, 'deadlocks' | 'unexpected'>
  /** Nodes that ran under a budget of their own. */
  readonly budgets: number
}

/** Judges one request by its record and by what the upstreams saw; derives nothing as the server does. */
export function judgeTree(record: TreeRecord): TreeVerdict {
  const { call, model, sends, open } = record
  const below = new Map<string, CallFacts[]>()
  for (const fact of call.facts) {
    const siblings = below.get(fact.parentId ?? '') ?? []
    siblings.push(fact)
    below.set(fact.parentId ?? '', siblings)
  }
  const limited = call.facts.filter(({ detail }) => isJsonObject(detail?.['budget']))
  const request = { calls: call.budget.left().calls, tokens: call.budget.left().tokens }
  const exceeded = limited.filter((fact) => isExceeded(fact, dispatchesBelow(below, fact.id)))
  const dispatches = call.facts.filter(({ kind }) => kind === 'dispatch')
  const total = sum(dispatches)
  const { callsMax, costMax } = model.traits
  return {
    budgets: limited.length,
    faults: {
      budgetsExceeded: exceeded.length + Number((request.calls ?? 0) < 0 || (request.tokens ?? 0) < 0),
      regionsLeft: sends.filter((send) => !isAllowed(record, send)).length,
      callsUncancelled: open + countLost(call),
      worstCaseBroken: Number(sends.length > callsMax) + Number(costMax !== undefined && total.cost > costMax),
      lateSends: sends.filter(({ isLate }) => isLate).length,
    },
  }
}

function dispatchesBelow(below: ReadonlyMap<string, readonly CallFacts[]>, id: string): readonly CallFacts[] {
  return (below.get(id) ?? []).flatMap((fact) => (fact.kind === 'dispatch' ? [fact] : dispatchesBelow(below, fact.id)))
}

function isExceeded({ detail }: CallFacts, dispatches: readonly CallFacts[]): boolean {
  const budget = detail?.['budget']
  if (!isJsonObject(budget)) return false
  const spent = sum(dispatches)
  const { calls, tokens, usd } = budget
  return (
    (typeof calls === 'number' && spent.calls > calls) ||
    (typeof tokens === 'number' && spent.tokens > tokens) ||
    (typeof usd === 'string' && spent.cost > (fromDollars(usd) ?? 0n))
  )
}

interface Spent {
  readonly calls: number
  readonly tokens: number
  readonly cost: bigint
}

function sum(dispatches: readonly CallFacts[]): Spent {
  const sent = dispatches.filter(({ detail }) => detail?.['sent'] !== false)
  return {
    calls: sent.length,
    tokens: sent.reduce((total, { usage }) => total + (usage?.inputTotal ?? 0) + (usage?.outputTotal ?? 0), 0),
    cost: sent.reduce((total, { cost }) => total + (cost ?? 0n), 0n),
  }
}

/** Nodes are numbered as they start, so that the highest number is how many started; each must have ended once. */
function countLost({ facts }: Call): number {
  const numbers = facts.map(({ id }) => Number(id.split('.')[1] ?? 0))
  const started = Math.max(0, ...numbers) + 1
  return Math.abs(started - new Set(numbers).size) + (numbers.length - new Set(numbers).size)
}

/** Every list of regions above a send: those of the request, and those that nodes narrow to. */
function isAllowed({ call, places }: TreeRecord, send: Send): boolean {
  const lists: (readonly string[])[] = [call.labels.allowedRegions]
  for (let id = send.call.parentId; id !== undefined; ) {
    const fact = call.facts.find((each) => each.id === id)
    const regions = fact?.detail?.['regions']
    if (Array.isArray(regions)) lists.push(regions.map(String))
    id = fact?.parentId
  }
  const place = places.get(send.endpoint)
  return place !== undefined && mayGo(place, lists)
}
