/** What a work may be used for. `search`: found and shown in part · `ground`: given to a model as the source of an answer · `train`. */
export const purposes = ['search', 'ground', 'train'] as const
export type Purpose = (typeof purposes)[number]

/** What somebody said of the use of a work, as it was said, and what it says here. */
export interface Signal {
  readonly kind: SignalKind
  /** Of what it speaks: this document, a path that it lies in, the whole site. The narrower one counts. */
  readonly scope: 'document' | 'path' | 'site'
  /** The words themselves, cut at a bound. */
  readonly raw: string
  readonly statements: readonly Statement[]
}

export type SignalKind =
  | 'contract'
  | 'licence'
  | 'tdmrep'
  | 'content-usage'
  | 'rsl'
  | 'robots'
  | 'ai-txt'
  | 'x-robots-tag'
  | 'meta'

export interface Statement {
  readonly purpose: Purpose
  readonly permits: boolean
  /** What the permission asks for: payment, a licence under an address. Without it being met it is no permission. */
  readonly condition?: string | undefined
}

/** What came with a document. All of it is optional and none of it is trusted to be well-formed. */
export interface RightsSources {
  /** Where the document was fetched from. */
  readonly url?: string | undefined
  /** Of the answer that brought it, lower-case names. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly robotsTxt?: string | undefined
  readonly tdmrepJson?: string | undefined
  readonly aiTxt?: string | undefined
  readonly rslXml?: string | undefined
  /** Its head is read for what it says of itself. */
  readonly html?: string | undefined
  /** An SPDX expression, or a licence's address. */
  readonly licence?: string | undefined
  /** What was agreed with whoever holds the rights; it goes before everything else. */
  readonly contract?: Contract | undefined
}

export interface Contract {
  /** The operator's own name for it: a number, a file. */
  readonly id: string
  readonly permits: readonly Purpose[]
}

/** Longest text of a signal that is kept. */
const rawLengthMax = 2_000

export function toRaw(text: string): string {
  return text.length <= rawLengthMax ? text : `${text.slice(0, rawLengthMax)}…`
}

/** One statement for each of the purposes. */
export function stateAll(of: readonly Purpose[], permits: boolean, condition?: string): readonly Statement[] {
  return of.map((purpose) => (condition === undefined ? { purpose, permits } : { purpose, permits, condition }))
}
