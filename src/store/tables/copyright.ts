/** What may be done with documents. */
export interface CopyrightTables {
  readonly document_right: DocumentRightTable
}

export interface DocumentRightTable {
  readonly tenant: string
  readonly document: string
  /** The work that the document is a copy of, as the operator names it: an address, a number. */
  readonly work: string
  readonly licence: string | null
  readonly attribution: string | null
  /** 1 or 0. */
  readonly may_search: number
  readonly may_ground: number
  readonly may_train: number
  readonly may_copy: number
  /** JSON: the verdict of each purpose with whose word decided. */
  readonly verdicts: string
  /** JSON: every signal as it was said. */
  readonly signals: string
  readonly decided_at_ms: number
  readonly withdrawn_at_ms: number | null
}
