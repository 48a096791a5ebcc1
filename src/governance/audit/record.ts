import type { CallFacts } from '../../core/call.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { toCanonicalJson } from '../../core/canonical-json.ts'

/** Where a record stands: in its tenant's own count, which has no gaps. */
export interface RecordPlace {
  readonly tenant: string
  /** From 1. */
  readonly sequence: number
}

/** A call tree as the bytes that the tree of the log holds: canonical JSON (RFC 8785), UTF-8. */
export function toCallRecord(place: RecordPlace, facts: readonly CallFacts[]): string {
  const [root] = facts
  return toCanonicalJson({
    type: 'call',
    tenant: place.tenant,
    sequence: place.sequence,
    root: root?.rootId ?? '',
    key: root?.keyId ?? '',
    calls: facts.map(toNode),
  })
}

/** An administrative act: a key made or revoked, a configuration put in force. */
export function toActRecord(
  place: RecordPlace,
  act: { readonly id: string; readonly atMs: number; readonly body: JsonValue },
): string {
  return toCanonicalJson({
    type: 'act',
    tenant: place.tenant,
    sequence: place.sequence,
    id: act.id,
    at_ms: act.atMs,
    act: act.body,
  })
}

function toNode(fact: CallFacts): JsonObject {
  const { usage } = fact
  return {
    id: fact.id,
    parent: fact.parentId ?? null,
    kind: fact.kind,
    name: fact.name,
    started_at_ms: fact.startedAtMs,
    duration_ms: fact.durationMs,
    first_byte_ms: fact.firstByteMs ?? null,
    status: fact.status,
    error: fact.errorCode ?? null,
    vendor_model: fact.vendorModel ?? null,
    regions: fact.regions ?? null,
    cost: fact.cost === undefined ? null : fact.cost.toString(),
    price_version: fact.priceVersion ?? null,
    input_total: usage?.inputTotal ?? null,
    output_total: usage?.outputTotal ?? null,
    usage_source: usage?.source ?? null,
    detail: fact.detail ?? null,
  }
}
