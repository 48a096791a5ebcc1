/** Fingerprints of generated texts. */
export interface MarksTables {
  readonly mark: MarkTable
  readonly mark_print: MarkPrintTable
}

export interface MarkTable {
  /** Root of the call that generated the text. */
  readonly call: string
  readonly tenant: string
  readonly model: string
  readonly use_case: string | null
  readonly at_ms: number
  readonly words: number
  /** How many fingerprints are kept of it. */
  readonly prints: number
}

export interface MarkPrintTable {
  readonly tenant: string
  /** 48 bits. */
  readonly print: number
  readonly call: string
}
