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
    calls: facts.map(toNode),
    key: root?.keyId ?? '',
    root: root?.rootId ?? '',
    sequence: place.sequence,
    tenant: place.tenant,
    type: 'call',
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

/** Its members stand in the order of canonical JSON, so that nothing has to be sorted. */
function toNode(fact: CallFacts): JsonObject {
  const { usage } = fact
  return {
    cost: fact.cost === undefined ? null : fact.cost.toString(),
    detail: fact.detail ?? null,
    duration_ms: fact.durationMs,
    error: fact.errorCode ?? null,
    first_byte_ms: fact.firstByteMs ?? null,
    id: fact.id,
    input_total: usage?.inputTotal ?? null,
    kind: fact.kind,
    name: fact.name,
    output_total: usage?.outputTotal ?? null,
    parent: fact.parentId ?? null,
    price_version: fact.priceVersion ?? null,
    regions: fact.regions ?? null,
    started_at_ms: fact.startedAtMs,
    status: fact.status,
    usage_source: usage?.source ?? null,
    vendor_model: fact.vendorModel ?? null,
  }
}
