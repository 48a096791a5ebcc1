/** What stops deleting by the clock. */
export interface RetentionTables {
  readonly legal_hold: LegalHoldTable
  readonly retention_head: RetentionHeadTable
}

export interface LegalHoldTable {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly reason: string
  /** `null` for every use case, and for calls of none. */
  readonly use_case: string | null
  /** Of what began in this span; `null` for no bound. */
  readonly from_ms: number | null
  readonly until_ms: number | null
  readonly key_id: string
  readonly created_at_ms: number
  readonly released_at_ms: number | null
}

export interface RetentionHeadTable {
  readonly id: number
  readonly turns: number
}
