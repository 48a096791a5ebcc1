import { clauseEnd, countUnits, findCut, findCuts, sentenceEnd, toSafeCut, trimSpan } from './cuts.ts'
import type { Block, Canonical, Section, Span } from './parsers/index.ts'
import { findSymbols } from './symbols.ts'

/** What is found and cited: a span of the canonical text, with the titles it stands under beside it. */
export interface Chunk extends Span {
  /** Exactly the slice `start…end` of the canonical text. */
  readonly text: string
  /** Outermost first. Rows of a table that are parted from its head carry the head's cells as the last. */
  readonly headings: readonly string[]
  /** Names that the text defines: functions and types of code, terms of prose. */
  readonly symbols: readonly string[]
}

/**
 * A document cut where its sender says: pieces from one cut to the next without the blanks around them, under the
 * headings that stand above each. Cuts inside a character move behind it.
 */
export function toGivenChunks({ text, sections }: Canonical, cuts: readonly number[]): readonly Chunk[] {
  const bounds = [...new Set([0, ...cuts.map((cut) => toSafeCut(text, cut)), text.length])].toSorted((a, b) => a - b)
  let section = 0
  return bounds.slice(1).flatMap((end, index) => {
    const span = trimSpan(text, { start: bounds[index] ?? 0, end })
    while (section + 1 < sections.length && (sections[section + 1]?.heading?.start ?? end) <= span.start) section++
    return span.end > span.start ? [toChunk(text, span, sections[section]?.headings ?? [])] : []
  })
}

/**
 * Cuts a document along its structure: sections, then blocks, then items, rows and lines, then sentences, then clauses;
 * neighbours of one section are packed together up to `unitsMax`. Only one character that is larger than that makes a
 * larger chunk. A heading stands beside what is under it; one with nothing under it is a chunk of its own.
 */
export function toChunks(canonical: Canonical, unitsMax: number): readonly Chunk[] {
  const { text, sections } = canonical
  return sections.flatMap((section, index) => {
    const isBare = section.blocks.length === 0 && (sections[index + 1]?.level ?? 0) <= section.level
    if (isBare && section.heading !== undefined) {
      const above = section.headings.slice(0, -1)
      return pack(text, divide(text, section.heading, { unitsMax, cuts: [] }), unitsMax).map((span) =>
        toChunk(text, span, above),
      )
    }
    return packSection(text, section, unitsMax)
  })
}

function packSection(text: string, section: Section, unitsMax: number): readonly Chunk[] {
  const pieces = section.blocks.flatMap((block) => divide(text, block, { unitsMax, cuts: block.cuts }))
  const tables = section.blocks.filter((block) => block.header !== undefined)
  let table = 0
  return pack(text, pieces, unitsMax).map((span) => {
    while (table < tables.length && (tables[table]?.end ?? 0) <= span.start) table++
    return toChunk(text, span, [...section.headings, ...findHead(tables[table], span)])
  })
}

/** The cells of the head of the table that the span begins in the middle of. */
function findHead(table: Block | undefined, span: Span): readonly string[] {
  const header = table?.header
  return header !== undefined && span.start >= header.end ? [header.text] : []
}

function toChunk(text: string, { start, end }: Span, headings: readonly string[]): Chunk {
  const slice = text.slice(start, end)
  return { start, end, text: slice, headings, symbols: findSymbols(slice) }
}

/** Joins neighbours as long as they fit. Pieces are in order and hold everything that is not blank. */
function pack(text: string, pieces: readonly Span[], unitsMax: number): readonly Span[] {
  const packed: Span[] = []
  let open: { readonly start: number; end: number; units: number } | undefined
  for (const piece of pieces) {
    const gap = open === undefined ? 0 : countUnits(text, { start: open.end, end: piece.start })
    const units = countUnits(text, piece)
    if (open !== undefined && open.units + gap + units <= unitsMax) {
      open.end = piece.end
      open.units += gap + units
    } else {
      if (open !== undefined) packed.push({ start: open.start, end: open.end })
      open = { start: piece.start, end: piece.end, units }
    }
  }
  if (open !== undefined) packed.push({ start: open.start, end: open.end })
  return packed
}

interface Division {
  readonly unitsMax: number
  /** Where to cut first. */
  readonly cuts: readonly number[]
}

/** A span in pieces that fit, without the blanks around each; whole when it fits. */
function divide(text: string, span: Span, { unitsMax, cuts }: Division): readonly Span[] {
  const levels: readonly ((piece: Span) => readonly number[])[] = [
    () => cuts,
    (piece) => findCuts(text, piece, sentenceEnd),
    (piece) => findCuts(text, piece, clauseEnd),
    (piece) => findHardCuts(text, piece, unitsMax),
  ]
  let pieces: readonly Span[] = [trimSpan(text, span)]
  for (const level of levels) {
    pieces = pieces.flatMap((piece) =>
      countUnits(text, piece) <= unitsMax ? [piece] : split(text, piece, level(piece)),
    )
  }
  return pieces.filter((piece) => piece.end > piece.start)
}

function split(text: string, span: Span, cuts: readonly number[]): readonly Span[] {
  const bounds = [span.start, ...cuts.filter((cut) => cut > span.start && cut < span.end), span.end]
  return bounds.slice(1).map((end, index) => trimSpan(text, { start: bounds[index] ?? span.start, end }))
}

function findHardCuts(text: string, span: Span, unitsMax: number): readonly number[] {
  const cuts: number[] = []
  let start = span.start
  while (start < span.end) {
    start = findCut(text, { start, end: span.end }, unitsMax)
    if (start < span.end) cuts.push(start)
  }
  return cuts
}
