import type {
  Block,
  BlockKind,
  Canonical,
  Mark,
  Origin,
  Page,
  PageKind,
  PageState,
  Section,
} from '../parsers/parser.ts'
import { onOneLine, type Inline, type InlineOrigin } from './inline.ts'

export interface PageStart {
  readonly kind: PageKind
  readonly name?: string | undefined
  readonly size?: Page['size']
}

export interface PageVerdict {
  readonly state: PageState
  readonly reason?: string | undefined
  readonly confidence?: number | undefined
}

export interface ListItem {
  /** 0 for an item that lies in no other. */
  readonly depth: number
  /** `-`, `3.`, or a label of its own such as `- 1.2.` or `- 第三条`. */
  readonly marker: string
  readonly inline: Inline
  readonly origin?: PlainOrigin | undefined
}

export interface Cell {
  readonly inline: Inline
  /** Where it comes from; row and column are added. */
  readonly origin?: PlainOrigin | undefined
}

type PlainOrigin = Omit<InlineOrigin, 'start' | 'end'>

export interface AppendOptions {
  /** Headings of the other document are moved below this level. */
  readonly level: number
  /** Of its pages, where they have none. */
  readonly name?: string
  /** Where its first page begins, when something that stands here already belongs to it. */
  readonly from?: number
}

export interface BlockOptions {
  readonly kind?: BlockKind
  /** Where the words come from that say nothing of it themselves. */
  readonly origin?: PlainOrigin | undefined
}

/** Writes a canonical text, block by block, as Markdown without looks: headings, lists, tables, code. */
export class CanonicalBuilder {
  readonly #pieces: string[] = []
  readonly #pages: Page[] = []
  readonly #sections: { level: number; headings: string[]; heading: Section['heading']; blocks: Block[] }[] = [
    { level: 0, headings: [], heading: undefined, blocks: [] },
  ]
  readonly #trail: (string | undefined)[] = []
  readonly #origins: Origin[] = []
  readonly #marks: Mark[] = []
  readonly #notices = new Set<string>()
  #length = 0
  #page: (PageStart & { readonly start: number }) | undefined
  #title: string | undefined

  /** Code units written. */
  get length(): number {
    return this.#length
  }

  get title(): string | undefined {
    return this.#title
  }

  set title(title: string | undefined) {
    this.#title = title
  }

  notice(text: string): void {
    this.#notices.add(text)
  }

  beginPage(page: PageStart): void {
    this.#page = { ...page, start: this.#length }
  }

  endPage(verdict: PageVerdict = { state: 'ok' }): void {
    const page = this.#page
    if (page === undefined) return
    this.#page = undefined
    const { kind, name, size, start } = page
    this.#pages.push({ kind, number: this.#pages.length + 1, name, size, start, end: this.#length, ...verdict })
  }

  heading(level: number, given: Inline, options: BlockOptions = {}): void {
    const inline = onOneLine(given)
    if (inline.text.trim() === '') return
    const depth = Math.min(6, Math.max(1, level))
    this.#separate()
    const start = this.#length
    this.#write(`${'#'.repeat(depth)} `)
    this.#inline(inline, options.origin)
    this.#trail.length = depth - 1
    this.#trail[depth - 1] = inline.text
    const headings = this.#trail.flatMap((heading) => (heading === undefined ? [] : [heading]))
    this.#sections.push({ level: depth, headings, heading: { start, end: this.#length }, blocks: [] })
    this.#title ??= inline.text
  }

  paragraph(inline: Inline, options: BlockOptions = {}): void {
    if (inline.text.trim() === '') return
    this.#separate()
    const start = this.#length
    this.#inline(inline, options.origin)
    this.#block({ start, end: this.#length, kind: options.kind ?? 'paragraph', cuts: [] })
  }

  list(items: readonly ListItem[], options: BlockOptions = {}): void {
    if (items.length === 0) return
    this.#separate()
    const start = this.#length
    const cuts: number[] = []
    let above = -1
    for (const { depth: asked, marker, inline, origin } of items) {
      // No item is deeper than one below the one before it.
      const depth = Math.min(asked, above + 1, 8)
      above = depth
      if (this.#length > start) this.#write('\n')
      if (this.#length > start) cuts.push(this.#length)
      const indent = '    '.repeat(depth)
      this.#write(`${indent}${marker} `)
      this.#inline(indentLines(inline, `${indent}  `), origin ?? options.origin)
    }
    this.#block({ start, end: this.#length, kind: 'list', cuts })
  }

  /** The first row is the head. Rows may be of different length. */
  table(rows: readonly (readonly Cell[])[], options: BlockOptions = {}): void {
    const width = Math.max(0, ...rows.map((row) => row.length))
    const [head] = rows
    if (head === undefined || width === 0) return
    this.#separate()
    const start = this.#length
    const cuts: number[] = []
    this.#row(head, { width, row: 0 })
    this.#write(`\n|${' - |'.repeat(width)}`)
    const headEnd = this.#length
    for (const [index, row] of rows.entries()) {
      if (index === 0) continue
      this.#write('\n')
      cuts.push(this.#length)
      this.#row(row, { width, row: index })
    }
    const text = head
      .map((cell) => cell.inline.text.replaceAll('\n', ' '))
      .filter((cell) => cell !== '')
      .join(' · ')
    const header = rows.length > 1 && text !== '' ? { text, end: Math.min(headEnd + 1, this.#length) } : undefined
    this.#block({ start, end: this.#length, kind: 'table', cuts, header })
    this.#originFrom(start, options.origin)
  }

  code(text: string, options: BlockOptions & { readonly language?: string | undefined } = {}): void {
    const body = text.replace(/^\n+|\s+$/g, '')
    if (body.trim() === '') return
    this.#separate()
    const start = this.#length
    const longest = Math.max(2, ...Array.from(body.matchAll(/`+/g), ([ticks]) => ticks.length))
    const fence = '`'.repeat(longest + 1)
    const bodyStart = start + fence.length + (options.language ?? '').length + 1
    this.#write(`${fence}${options.language ?? ''}\n${body}\n${fence}`)
    const cuts = Array.from(body.matchAll(/\n/g), ({ index }) => bodyStart + index + 1)
    this.#block({ start, end: this.#length, kind: 'code', cuts })
    this.#originFrom(bodyStart, options.origin)
  }

  /** Another document whole, its headings below the given level; its pages become pages of this one. */
  append(inner: Canonical, options: AppendOptions): void {
    this.#separate()
    const base = this.#length
    const firstPage = this.#pages.length
    this.#write(inner.text)
    for (const section of inner.sections) this.#adopt(section, base, options.level)
    for (const [index, page] of inner.pages.entries()) {
      const number = this.#pages.length + 1
      const name = page.name ?? options.name
      this.#pages.push({
        ...page,
        name,
        number,
        start: index === 0 ? (options.from ?? base) : page.start + base,
        end: page.end + base,
      })
    }
    for (const mark of inner.marks) this.#marks.push({ ...mark, start: mark.start + base, end: mark.end + base })
    for (const origin of inner.origins) {
      const moved = { start: origin.start + base, end: origin.end + base, page: origin.page + firstPage }
      this.#origins.push({ ...origin, ...moved })
    }
    for (const notice of inner.notices) this.#notices.add(notice)
  }

  build(): Canonical {
    this.endPage()
    const text = this.#pieces.join('')
    const pages = this.#pages.length > 0 ? this.#pages : [whole(text)]
    return {
      text,
      title: this.#title,
      metadata: undefined,
      sections: this.#sections,
      pages,
      origins: this.#origins,
      marks: this.#marks,
      notices: [...this.#notices],
    }
  }

  #adopt(section: Section, base: number, level: number): void {
    const move = <S extends { start: number; end: number }>(span: S): S => ({
      ...span,
      start: span.start + base,
      end: span.end + base,
    })
    const blocks = section.blocks.map((block) => ({
      ...move(block),
      cuts: block.cuts.map((cut) => cut + base),
      header: block.header === undefined ? undefined : { ...block.header, end: block.header.end + base },
    }))
    if (section.level === 0) {
      this.#sections.at(-1)?.blocks.push(...blocks)
      return
    }
    const above = this.#trail.slice(0, level).flatMap((heading) => (heading === undefined ? [] : [heading]))
    this.#sections.push({
      level: Math.min(6, section.level + level),
      headings: [...above, ...section.headings],
      heading: section.heading === undefined ? undefined : move(section.heading),
      blocks,
    })
  }

  #row(cells: readonly Cell[], { width, row }: { readonly width: number; readonly row: number }): void {
    this.#write('|')
    for (let column = 0; column < width; column++) {
      const cell = cells[column]
      if (cell === undefined || cell.inline.text === '') {
        this.#write('  |')
        continue
      }
      this.#write(' ')
      const start = this.#length
      const inline = onOneLine(escapePipes(cell.inline))
      this.#inline({ ...inline, origins: [] }, undefined)
      const origin = { start, end: this.#length, page: this.#pages.length, row, column, ...cell.origin }
      this.#origins.push({ ...origin, source: cell.origin?.source ?? sourceOf(cell.inline) })
      this.#write(' |')
    }
  }

  #inline(inline: Inline, origin: PlainOrigin | undefined): void {
    const base = this.#length
    this.#write(inline.text)
    for (const mark of inline.marks) this.#marks.push({ ...mark, start: mark.start + base, end: mark.end + base })
    const page = this.#pages.length
    for (const own of inline.origins) {
      this.#origins.push({ ...own, page, start: own.start + base, end: own.end + base })
    }
    if (inline.origins.length === 0) this.#originFrom(base, origin)
  }

  #originFrom(start: number, origin: PlainOrigin | undefined): void {
    if (origin === undefined || (this.#origins.at(-1)?.end ?? -1) > start) return
    this.#origins.push({ start, end: this.#length, page: this.#pages.length, ...origin })
  }

  #block(block: Block): void {
    this.#sections.at(-1)?.blocks.push(block)
  }

  #separate(): void {
    if (this.#length > 0) this.#write('\n\n')
  }

  #write(text: string): void {
    this.#pieces.push(text)
    this.#length += text.length
  }
}

function whole(text: string): Page {
  return { kind: 'text', number: 1, start: 0, end: text.length, state: 'ok' }
}

/** Lines of an item stand under its first one. */
function indentLines(inline: Inline, indent: string): Inline {
  return inline.text.includes('\n') ? replaceKeepingOffsets(inline, /\n/g, `\n${indent}`) : inline
}

function escapePipes(inline: Inline): Inline {
  return inline.text.includes('|') ? replaceKeepingOffsets(inline, /\|/g, '\\|') : inline
}

/** Replaces and moves marks and origins along. */
function replaceKeepingOffsets(inline: Inline, pattern: RegExp, replacement: string): Inline {
  const places = Array.from(inline.text.matchAll(pattern), ({ index }) => index)
  const growth = replacement.length - 1
  const move = (offset: number): number => {
    let low = 0
    let high = places.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((places[middle] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return offset + low * growth
  }
  const moveSpan = <S extends { start: number; end: number }>(span: S): S => ({
    ...span,
    start: move(span.start),
    end: move(span.end),
  })
  return {
    text: inline.text.replace(pattern, replacement),
    marks: inline.marks.map(moveSpan),
    origins: inline.origins.map(moveSpan),
  }
}

function sourceOf(inline: Inline): Origin['source'] {
  const first = inline.origins[0]?.source
  const last = inline.origins.at(-1)?.source
  return first === undefined || last === undefined ? undefined : { start: first.start, end: last.end }
}
