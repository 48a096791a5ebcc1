import type { PageReader } from '../ocr/index.ts'
import type { ParsingLimits, SourceFile } from '../preparation.ts'

/** A family of formats. One file or folder with its reader, and one entry in the registry. */
export interface Format {
  /** Name and version, `markdown@1`: a document is prepared anew when its reader has a new version. */
  readonly id: string
  readonly mediaTypes: readonly string[]
  /** Lower case, without the dot. */
  readonly extensions: readonly string[]
  /** Loads the reader, which for some formats is large. */
  readonly load: () => Promise<Reader> | Reader
}

/**
 * Makes a file canonical. Throws DOCUMENT_REFUSED with a reason when nothing of it can be read; what can be read in part
 * has pages that say so. Takes time linear in the size of the file, and looks at the limits.
 */
export type Reader = (file: SourceFile, context: ParseContext) => Canonical | Promise<Canonical>

export interface ParseContext {
  readonly limits: ParsingLimits
  /** Milliseconds left; pages that begin when none are left fail with the reason `time`. */
  readonly millisecondsLeft: () => number
  /** How many files this one lies in: 0 for a document itself, 1 for an attachment of a mail. */
  readonly depth: number
  /** Reads a file that lies in this one, by the same rules. */
  readonly parseInner: (file: SourceFile) => Promise<Canonical>
  /** Reads pictures of text; absent where what it needs is not installed, or it is switched off. */
  readonly ocr: PageReader | undefined
}

/** A document as text with structure. Every character that is not blank lies in a block, a heading or the metadata. */
export interface Canonical {
  readonly text: string
  readonly title: string | undefined
  /** What the file says about itself; no part of what is searched. */
  readonly metadata: Span | undefined
  /** In order. The first has no heading of its own and may be empty. */
  readonly sections: readonly Section[]
  /** In order; together they hold the whole text. At least one. */
  readonly pages: readonly Page[]
  /** Where pieces of the text come from, ascending, not overlapping. */
  readonly origins: readonly Origin[]
  /** Looks of words that the text itself does not show: ascending by start. */
  readonly marks: readonly Mark[]
  /** What a reader should know of the file: `macros`, `encoding: gb18030`, `mislabelled: pdf`. */
  readonly notices: readonly string[]
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
  /** What it is; `paragraph` when absent. */
  readonly kind?: BlockKind | undefined
  /** Where to cut first when it is too long: starts of items, rows, lines. Ascending, inside the block. */
  readonly cuts: readonly number[]
  /** The header row of a table: its plain text, and where the rows begin. */
  readonly header?: { readonly text: string; readonly end: number } | undefined
}

/** `furniture` is what repeats on every page: running heads, page numbers. `note`: comments, speaker notes, footnotes. */
export type BlockKind = 'paragraph' | 'list' | 'quote' | 'table' | 'code' | 'formula' | 'html' | 'note' | 'furniture'

/** One page of a PDF, sheet of a workbook, slide, part of a mail, chapter of a book; else the whole text. */
export interface Page extends Span {
  readonly kind: PageKind
  /** From 1, within the document. */
  readonly number: number
  /** Of a sheet, an attachment, a chapter. */
  readonly name?: string | undefined
  readonly state: PageState
  /** Why a page is not `ok`, or what was done to make it so: `no-text`, `glyph-loss`, `time`, `ocr`. */
  readonly reason?: string | undefined
  /** 0…1: how sure the words of a page are that was read from a picture. */
  readonly confidence?: number | undefined
  /** Of a page that has a size: in points, of a picture in pixels. */
  readonly size?: readonly [width: number, height: number] | undefined
}

export type PageKind = 'text' | 'page' | 'sheet' | 'slide' | 'part' | 'chapter'
export type PageState = 'ok' | 'degraded' | 'failed'

/** Where a piece of the canonical text comes from. */
export interface Origin extends Span {
  /** Index into the pages. */
  readonly page: number
  /** Points (of a picture: pixels) from the left and the top of the page: left, top, right, bottom. */
  readonly box?: Box | undefined
  /** 0…1: how sure the word is, where it was read from a picture. */
  readonly confidence?: number | undefined
  /** Number of the paragraph in the body, from 1, where a format has no pages. */
  readonly paragraph?: number | undefined
  /** `B7`; of merged cells the first. */
  readonly cell?: string | undefined
  /** Of a table: row and column from 0, the head being row 0. */
  readonly row?: number | undefined
  readonly column?: number | undefined
  /** Unit that the format of a cell states: `%`, `€`. */
  readonly unit?: string | undefined
  /** UTF-16 offsets into the decoded source, for sources that are text. */
  readonly source?: Span | undefined
}

export type Box = readonly [left: number, top: number, right: number, bottom: number]

export interface Mark extends Span {
  readonly type: 'strong' | 'emphasis' | 'strike' | 'code' | 'link' | 'formula'
  /** Of a link. */
  readonly href?: string | undefined
}

/** The one page of a format that has none, whole. */
export function wholePage(text: string): readonly Page[] {
  return [{ kind: 'text', number: 1, start: 0, end: text.length, state: 'ok' }]
}
