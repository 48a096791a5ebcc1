/** The registry of use cases. */
export interface UseCaseTables {
  readonly use_case: UseCaseTable
  readonly use_case_version: UseCaseVersionTable
  readonly use_case_document: UseCaseDocumentTable
  readonly use_case_signal: UseCaseSignalTable
  readonly literacy_record: LiteracyRecordTable
  readonly use_case_head: UseCaseHeadTable
}

export interface UseCaseTable {
  readonly tenant: string
  readonly name: string
  /** The highest version. */
  readonly latest: number
  /** The version that requests are decided by; `null` before activation. */
  readonly active: number | null
  readonly created_at_ms: number
  readonly activated_at_ms: number | null
  readonly retired_at_ms: number | null
}

/** What was said of a use case at a time; never changed. */
export interface UseCaseVersionTable {
  readonly tenant: string
  readonly name: string
  readonly version: number
  readonly title: string
  readonly purpose: string
  readonly owner: string
  /** JSON object: the answers to each pack's questions, by its id. */
  readonly answers: string
  readonly key_id: string
  readonly at_ms: number
}

/** A document that exists outside, by its hash; a later number takes the place of an earlier one, which stays. */
export interface UseCaseDocumentTable {
  readonly tenant: string
  readonly name: string
  readonly slot: string
  readonly number: number
  /** SHA-256, hexadecimal. */
  readonly hash: string
  /** YYYY-MM-DD. */
  readonly dated: string
  readonly owner: string
  /** Where it can be found. */
  readonly place: string | null
  readonly key_id: string
  readonly at_ms: number
}

/** What the content of requests hinted at, and how often. */
export interface UseCaseSignalTable {
  readonly tenant: string
  readonly name: string
  readonly signal: string
  readonly count: number
  readonly first_at_ms: number
  readonly last_at_ms: number
}

/** A measure that supports somebody's literacy in artificial intelligence. */
export interface LiteracyRecordTable {
  readonly id: string
  readonly tenant: string
  readonly person: string
  readonly measure: string
  /** YYYY-MM-DD. */
  readonly dated: string
  readonly hash: string | null
  readonly key_id: string
  readonly at_ms: number
}

export interface UseCaseHeadTable {
  readonly id: number
  readonly turns: number
}
