import type { DecisionRow, ReviewRow } from './store.ts'

/** One request or answer that is held for people, or was. */
export interface Review {
  readonly id: string
  readonly tenant: string
  /** What is held: the request, before anything leaves, or the answer to it. */
  readonly stage: 'request' | 'answer'
  readonly state: ReviewRow['state']
  /** Root of the call that was held. */
  readonly call: string
  /** Key of who asked. */
  readonly keyId: string
  /** The people that the key and the request stand for. */
  readonly askers: readonly string[]
  readonly useCase: string | undefined
  readonly model: string
  /** Why it is held. */
  readonly reason: string
  /** SHA-256, hexadecimal. */
  readonly requestHash: string
  readonly answerHash: string | undefined
  /** How many people have to agree: 1 or 2. */
  readonly persons: number
  /** How often its text was overridden: agreement counts for the text it was given to. */
  readonly version: number
  /** Milliseconds UTC, this and the others. */
  readonly createdAtMs: number
  readonly deadlineMs: number
  readonly endedAtMs: number | undefined
  /** When, and for which call, it was let through; that happens once. */
  readonly usedAtMs: number | undefined
  readonly usedCall: string | undefined
}

export interface ReviewDecision {
  readonly person: string
  readonly keyId: string
  readonly decision: DecisionRow['decision']
  readonly reason: string
  readonly version: number
  readonly atMs: number
}

export function toReview(row: ReviewRow): Review {
  return {
    id: row.id,
    tenant: row.tenant,
    stage: row.stage,
    state: row.state,
    call: row.call,
    keyId: row.key_id,
    askers: JSON.parse(row.askers) as string[], // written by `open`
    useCase: row.use_case ?? undefined,
    model: row.model,
    reason: row.reason,
    requestHash: row.request_hash,
    answerHash: row.answer_hash ?? undefined,
    persons: row.persons,
    version: row.version,
    createdAtMs: row.created_at_ms,
    deadlineMs: row.deadline_ms,
    endedAtMs: row.ended_at_ms ?? undefined,
    usedAtMs: row.used_at_ms ?? undefined,
    usedCall: row.used_call ?? undefined,
  }
}

export function toDecision(row: DecisionRow): ReviewDecision {
  const { person, key_id: keyId, decision, reason, version, at_ms: atMs } = row
  return { person, keyId, decision, reason, version, atMs }
}
