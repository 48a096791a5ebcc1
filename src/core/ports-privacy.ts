/** The sockets through which personal data is recognised and masked. Filled by governance. */

/** Recognises personal data in a text. */
export interface PersonalDataScanner {
  /** Every type it can find: `email`, `iban`, `cn-resident-id`, … */
  readonly types: readonly string[]
  /** In the order of the text, not overlapping. Throws INVALID_REQUEST for a type that there is not. Linear in the text. */
  scan(text: string, options?: ScanOptions): readonly PersonalDatum[]
}

export interface ScanOptions {
  /** Only these; all when absent. */
  readonly types?: readonly string[] | undefined
  /** 0…1; 0.5 when absent. */
  readonly confidenceMin?: number | undefined
}

/** A place in a text where a person is told of. */
export interface PersonalDatum {
  readonly type: string
  /** UTF-16 code units, end exclusive. */
  readonly start: number
  readonly end: number
  /** Of the first character, from 1. */
  readonly line: number
  /** 0…1. */
  readonly confidence: number
  /** What spoke for it: `form`, `checksum`, `region`, `context`, … */
  readonly why: readonly string[]
}
