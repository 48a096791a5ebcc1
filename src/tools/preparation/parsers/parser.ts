import type { SourceFile } from '../preparation.ts'

/** Reads one family of formats into the canonical form. One file and one line in the registry each. */
export interface Parser {
  /** Name and version, `markdown@1`: a document is prepared anew when the parser has a new version. */
  readonly id: string
  readonly mediaTypes: readonly string[]
  /** Lower case, without the dot. */
  readonly extensions: readonly string[]
  /** Throws DOCUMENT_REFUSED. Must take time linear in the size of the file. */
  parse(file: SourceFile): Canonical
}

/** A document as text with structure. Every character that is not blank lies in a block, a heading or the metadata. */
export interface Canonical {
  readonly text: string
  readonly title: string | undefined
  /** What the file says about itself; no part of what is searched. */
  readonly metadata: Span | undefined
  /** In order. The first has no heading of its own and may be empty. */
  readonly sections: readonly Section[]
}

/** UTF-16 code units, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What stands between one heading and the next. */
export interface Section {
  /** 1…6; 0 for what stands before the first heading. */
  readonly level: number
  /** Plain text of the headings above, this one last; outermost first. */
  readonly headings: readonly string[]
  /** Where the heading stands; `undefined` for level 0. */
  readonly heading: Span | undefined
  readonly blocks: readonly Block[]
}

/** A paragraph, list, table, piece of code: what belongs together. */
export interface Block extends Span {
  /** Where to cut first when it is too long: starts of items, rows, lines. Ascending, inside the block. */
  readonly cuts: readonly number[]
  /** The header row of a table: its plain text, and where the rows begin. */
  readonly header?: { readonly text: string; readonly end: number } | undefined
}
