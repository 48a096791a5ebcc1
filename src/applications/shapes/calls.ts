import type { CallFacts } from '../../core/call.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { toDollars } from '../../core/money.ts'
import { toIso } from '../../core/time.ts'
import type { Usage } from '../../core/usage.ts'
import type { CallCorrection } from '../../store/index.ts'

/** One node of a call tree as JSON: absent figures are null, never 0. */
export function toCallJson(fact: CallFacts): JsonObject {
  return {
    id: fact.id,
    parent: fact.parentId ?? null,
    kind: fact.kind,
    name: fact.name,
    status: fact.status,
    error: fact.errorCode ?? null,
    started_at: toIso(fact.startedAtMs),
    duration_ms: fact.durationMs,
    first_byte_ms: fact.firstByteMs ?? null,
    vendor_model: fact.vendorModel ?? null,
    regions: fact.regions ?? null,
    usage: toUsageJson(fact.usage),
    cost: fact.cost === undefined ? null : { usd: toDollars(fact.cost), picodollars: fact.cost.toString() },
    price_version: fact.priceVersion ?? null,
    detail: fact.detail ?? null,
  }
}

type Corrections = ReadonlyMap<string, CallCorrection>

/** What has become known since; left out where nothing has. */
function toCorrectionJson(correction: CallCorrection | undefined): JsonObject {
  if (correction === undefined) return {}
  const { cost, priceVersion, lookup } = correction
  const reason = lookup === undefined || lookup.state === 'told' ? null : (lookup.reason ?? null)
  return {
    correction: {
      cost: cost === undefined ? null : { usd: toDollars(cost), picodollars: cost.toString() },
      price_version: priceVersion ?? null,
      ...(lookup === undefined ? {} : { lookup: lookup.state, reason }),
      ...(lookup?.state === 'told' ? { usage: toUsageJson(lookup.usage), told_at: toIso(lookup.atMs) } : {}),
    },
  }
}

/** A call tree as nested JSON: each node with its children, in the order they began, and what has become known of it since. */
export function toTreeJson(facts: readonly CallFacts[], corrections?: Corrections): JsonObject {
  const ids = new Set(facts.map((fact) => fact.id))
  const roots = facts.filter((fact) => fact.parentId === undefined || !ids.has(fact.parentId))
  const nest = (fact: CallFacts): JsonObject => ({
    ...toCallJson(fact),
    ...toCorrectionJson(corrections?.get(fact.id)),
    children: facts
      .filter((child) => child.parentId === fact.id)
      .toSorted((left, right) => left.startedAtMs - right.startedAtMs || (left.id < right.id ? -1 : 1))
      .map(nest),
  })
  const [root] = roots
  return { object: 'call', ...(root === undefined ? {} : nest(root)) }
}

// A type rather than an interface, so that it counts as JSON.
export type RouteStep = {
  readonly kind: CallFacts['kind']
  readonly name: string
  readonly status: CallFacts['status']
  readonly error?: string
}

/** The nodes that ran, in the order they began, each with how it ended. */
export function toRoute(facts: readonly CallFacts[]): readonly RouteStep[] {
  return facts
    .filter((fact) => fact.kind !== 'request')
    .toSorted(
      (left, right) =>
        left.startedAtMs - right.startedAtMs || left.id.length - right.id.length || (left.id < right.id ? -1 : 1),
    )
    .map((fact) => ({
      kind: fact.kind,
      name: fact.name,
      status: fact.status,
      ...(fact.errorCode === undefined ? {} : { error: fact.errorCode }),
    }))
}

export function toUsageJson(usage: Usage | undefined): JsonValue {
  if (usage === undefined) return null
  return {
    input_total: usage.inputTotal ?? null,
    cache_read: usage.cacheRead ?? null,
    cache_write_5m: usage.cacheWrite5m ?? null,
    cache_write_1h: usage.cacheWrite1h ?? null,
    output_total: usage.outputTotal ?? null,
    reasoning: usage.reasoning ?? null,
    source: usage.source,
  }
}
