/** What is held for people to decide on. */
export interface ReviewsTables {
  readonly review: ReviewTable
  readonly review_decision: ReviewDecisionTable
  readonly review_content: ReviewContentTable
}

/** One request or answer that is held, or was. */
export interface ReviewTable {
  readonly id: string
  readonly tenant: string
  readonly stage: 'request' | 'answer'
  readonly state: 'pending' | 'accepted' | 'overridden' | 'stopped' | 'expired'
  /** Root of the call that was held. */
  readonly call: string
  readonly key_id: string
  /** JSON array: the people the key and the request stand for. */
  readonly askers: string
  readonly use_case: string | null
  readonly model: string
  readonly dialect: string
  /** Why it is held. */
  readonly reason: string
  /** SHA-256 of the request and of the answer, hexadecimal. */
  readonly request_hash: string
  readonly answer_hash: string | null
  /** How many people have to agree. */
  readonly persons: number
  /** How often its text was overridden: agreement counts for the text it was given to. */
  readonly version: number
  readonly created_at_ms: number
  readonly deadline_ms: number
  readonly ended_at_ms: number | null
  /** When, and for which call, it was let through. */
  readonly used_at_ms: number | null
  readonly used_call: string | null
}

/** What a person decided; never changed, never removed. */
export interface ReviewDecisionTable {
  readonly review: string
  readonly version: number
  readonly person: string
  readonly tenant: string
  readonly key_id: string
  readonly decision: 'accept' | 'override' | 'stop'
  readonly reason: string
  /** The audit log holds SHA-256 of this and the reason, hexadecimal. */
  readonly salt: string
  readonly at_ms: number
}

/** The words that are decided on. */
export interface ReviewContentTable {
  readonly review: string
  /** `request` and `answer` are JSON, `override` is text. */
  readonly part: 'request' | 'answer' | 'override'
  readonly tenant: string
  readonly text: string
}
