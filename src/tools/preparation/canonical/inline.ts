import type { Mark, Origin } from '../parsers/parser.ts'

/** Words of one block with their looks and where they come from; offsets are into `text`. */
export interface Inline {
  readonly text: string
  readonly marks: readonly Mark[]
  readonly origins: readonly InlineOrigin[]
}

export type InlineOrigin = Omit<Origin, 'page'>

export interface RunStyle {
  readonly marks?: readonly Omit<Mark, 'start' | 'end'>[]
  readonly origin?: Omit<InlineOrigin, 'start' | 'end'> | undefined
}

/** Words without looks. */
export function toInline(text: string): Inline {
  return { text: clean(text), marks: [], origins: [] }
}

/**
 * Gathers runs into the words of one block. Blanks are made one space unless `keepsBlanks`; a break of lines is kept as
 * one. What the text begins and ends with is no blank.
 */
export class InlineBuilder {
  readonly #keepsBlanks: boolean
  readonly #pieces: string[] = []
  readonly #marks: Mark[] = []
  readonly #origins: InlineOrigin[] = []
  #length = 0
  /** Blank that is written when something follows. */
  #pending = ''

  constructor(options: { readonly keepsBlanks?: boolean } = {}) {
    this.#keepsBlanks = options.keepsBlanks ?? false
  }

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** How much of the text stands, without blanks that nothing has followed yet. */
  get length(): number {
    return this.#length
  }

  run(raw: string, style: RunStyle = {}): void {
    const text = clean(raw)
    if (this.#keepsBlanks) {
      this.#write(text, style)
      return
    }
    const plain = text.replace(/[^\S\n \u3000]/g, ' ')
    for (const { index, 0: piece } of plain.matchAll(/\n|[^\S\n]+|\S+(?:[^\S\n]\S+)*/g)) {
      if (piece === '\n') this.break()
      else if (piece.trim() === '') this.space()
      else this.#write(piece, narrow(style, raw, { start: index, end: index + piece.length }))
    }
  }

  space(): void {
    if (this.#length > 0 && this.#pending === '') this.#pending = ' '
  }

  /** Ends the line. */
  break(): void {
    if (this.#length > 0) this.#pending = '\n'
  }

  /** Words that stand above the line: `10^6` is another number than `106`. Ordinals and marks stay as they are. */
  raised(raw: string, style: RunStyle = {}): void {
    const isPower = this.#length > 0 && this.#pending === '' && /^[\s(]*[-+−]?[\p{L}\p{N}]/u.test(raw)
    if (isPower && !/^\s*(?:st|nd|rd|th|er|re|e|ème|o|a|tm|sm)\s*$/i.test(raw)) this.run('^')
    this.run(raw, style)
  }

  /** Words with a blank before and after them. */
  apart(raw: string, style: RunStyle = {}): void {
    this.space()
    this.run(raw, style)
    this.space()
  }

  /** Words of another block, as they are. */
  append(inline: Inline): void {
    if (inline.text === '') return
    this.#flush()
    const base = this.#length
    this.#pieces.push(inline.text)
    this.#length += inline.text.length
    for (const mark of inline.marks) this.#marks.push({ ...mark, start: mark.start + base, end: mark.end + base })
    for (const origin of inline.origins) {
      this.#origins.push({ ...origin, start: origin.start + base, end: origin.end + base })
    }
  }

  build(): Inline {
    return { text: this.#pieces.join(''), marks: mergeMarks(this.#marks), origins: mergeOrigins(this.#origins) }
  }

  #flush(): void {
    if (this.#pending === '') return
    this.#pieces.push(this.#pending)
    this.#length += 1
    this.#pending = ''
  }

  #write(piece: string, style: RunStyle): void {
    if (piece === '') return
    this.#flush()
    const start = this.#length
    this.#pieces.push(piece)
    this.#length += piece.length
    const end = this.#length
    for (const mark of style.marks ?? []) this.#marks.push({ ...mark, start, end })
    if (style.origin !== undefined) this.#origins.push({ ...style.origin, start, end })
  }
}

/** Words of several blocks as those of one, a blank between them. */
export function joinInlines(inlines: readonly Inline[]): Inline {
  const [only] = inlines
  if (only !== undefined && inlines.length === 1) return only
  const words = new InlineBuilder()
  for (const inline of inlines) {
    words.space()
    words.append(inline)
  }
  return words.build()
}

/** Words of a cell: on one line. */
export function onOneLine(inline: Inline): Inline {
  return inline.text.includes('\n') ? { ...inline, text: inline.text.replaceAll('\n', ' ') } : inline
}

/** Text that can stand in a document: well-formed, without control characters, one kind of line break. */
function clean(text: string): string {
  if (!/[^\n\u0020-\u007e\u00a1-\u1fff\u3001-\ud7ff]/.test(text)) return text
  return text
    .toWellFormed()
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    .replace(/[^\P{Cc}\s]|[\ufeff\ufffe\uffff]/gu, '')
}

/** Marks of the same kind that touch are one, also across a single blank. */
function mergeMarks(marks: readonly Mark[]): readonly Mark[] {
  const merged: Mark[] = []
  const last = new Map<string, number>()
  for (const mark of marks) {
    const key = `${mark.type} ${mark.href ?? ''}`
    const index = last.get(key)
    const before = index === undefined ? undefined : merged[index]
    if (index !== undefined && before !== undefined && mark.type !== 'formula' && mark.start - before.end <= 1) {
      merged[index] = { ...before, end: mark.end }
    } else {
      last.set(key, merged.length)
      merged.push(mark)
    }
  }
  return merged.toSorted((a, b) => a.start - b.start || b.end - a.end)
}

function mergeOrigins(origins: readonly InlineOrigin[]): readonly InlineOrigin[] {
  const merged: InlineOrigin[] = []
  for (const origin of origins) {
    const before = merged.at(-1)
    const source = joinSources(before, origin)
    if (before !== undefined && source !== undefined) merged[merged.length - 1] = { ...before, end: origin.end, source }
    else merged.push(origin)
  }
  return merged
}

/** The source of two neighbours that follow each other in the source as they do in the text. */
function joinSources(before: InlineOrigin | undefined, after: InlineOrigin): InlineOrigin['source'] {
  if (before?.source === undefined || after.source === undefined || before.cell !== after.cell) return undefined
  const gap = after.start - before.end
  if (after.source.start - before.source.end !== gap || before.box !== undefined) return undefined
  return { start: before.source.start, end: after.source.end }
}

/** The style of a piece of a run: where the whole run is as long as its source, the piece has its own place there. */
function narrow(style: RunStyle, raw: string, piece: { readonly start: number; readonly end: number }): RunStyle {
  const source = style.origin?.source
  if (source === undefined || source.end - source.start !== raw.length) return style
  return {
    ...style,
    origin: { ...style.origin, source: { start: source.start + piece.start, end: source.start + piece.end } },
  }
}
