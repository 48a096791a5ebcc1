import { CanonicalBuilder, toInline, type Inline, type ListItem } from '../../canonical/index.ts'
import type { PageVerdict } from '../../canonical/index.ts'
import type { FontLook } from './drawing.ts'
import type { Line, PageItem } from './layout.ts'
import { findMarker, goesOn, headingLevel, isCode, isLarge, joinLines, Measuring, type Measures } from './lines.ts'
import { PackedPages } from './packed.ts'

/** A page as it was read; what could not be has no items. */
export interface ReadPage {
  readonly items: readonly PageItem[]
  readonly size: readonly [width: number, height: number]
  readonly verdict: PageVerdict
}

/** The pages of a document, one after another as they are read, and the document once they all are. */
export class Composition {
  readonly #pages = new PackedPages()
  readonly #measuring = new Measuring()
  readonly #margins = new Map<string, number>()

  add(page: ReadPage): void {
    const lines = page.items.flatMap((item) => (item.type === 'line' ? [item.line] : []))
    this.#measuring.add(lines)
    const keys = lines.filter((line) => inMargin(line, page)).map(({ text }) => keyOf(text))
    for (const key of new Set(keys)) this.#margins.set(key, (this.#margins.get(key) ?? 0) + 1)
    this.#pages.add(page)
  }

  /** What stands at the same place of many pages is set apart, sizes make headings. Once. */
  write(looks: ReadonlyMap<string, FontLook>): CanonicalBuilder {
    const furniture = this.#findFurniture()
    const measures = this.#measuring.done(looks)
    const builder = new CanonicalBuilder()
    for (let number = 0; number < this.#pages.count; number++) {
      writePage(this.#pages.take(number), { builder, measures, furniture })
    }
    return builder
  }

  /** Texts in the margins, numbers apart, that stand on many pages. */
  #findFurniture(): ReadonlySet<string> {
    const few = Math.max(3, this.#pages.count * 0.1)
    return new Set([...this.#margins].filter(([, count]) => count >= few).map(([key]) => key))
  }
}

interface Writing {
  readonly builder: CanonicalBuilder
  readonly measures: Measures
  readonly furniture: ReadonlySet<string>
}

function writePage(page: ReadPage, { builder, measures, furniture }: Writing): void {
  builder.beginPage({ kind: 'page', size: page.size })
  const writing = new PageWriting(builder, measures)
  const aside: Line[] = []
  for (const [index, item] of page.items.entries()) {
    const after = page.items[index + 1]
    if (item.type === 'table') writing.table(item.table)
    else if (item.type === 'paragraph') writing.paragraph(item.inline)
    else if (item.line.isTurned || isFurniture(item.line, page, furniture)) aside.push(item.line)
    else writing.line(item.line, after?.type === 'line' ? after.line : undefined)
  }
  writing.flush()
  for (const line of aside) builder.paragraph(joinLines([line]), { kind: 'furniture' })
  builder.endPage(page.verdict)
}

/** Share of a page, at its head and foot, where what repeats stands. */
const marginShare = 0.09

function isFurniture(line: Line, page: ReadPage, furniture: ReadonlySet<string>): boolean {
  if (!inMargin(line, page)) return false
  return (
    furniture.has(keyOf(line.text)) ||
    /^[-–—\s]*(?:page|第)?\s*\d{1,5}\s*(?:页)?(?:\s*(?:\/|of|共)\s*\d+\s*页?)?[-–—\s]*$/i.test(line.text)
  )
}

function inMargin(line: Line, page: ReadPage): boolean {
  const [, height] = page.size
  return line.box[3] < height * marginShare || line.box[1] > height * (1 - marginShare)
}

function keyOf(text: string): string {
  return text.replace(/\d+/g, '#').replace(/\s+/g, ' ').trim()
}

interface OpenItem {
  readonly marker: string
  readonly length: number
  readonly lines: Line[]
}

/** Holds the paragraph, the list or the code that is open on a page. */
class PageWriting {
  readonly #builder: CanonicalBuilder
  readonly #measures: Measures
  #paragraph: Line[] = []
  #heading: { level: number; lines: Line[] } | undefined
  #items: OpenItem[] = []
  #code: Line[] = []
  #last: Line | undefined

  constructor(builder: CanonicalBuilder, measures: Measures) {
    this.#builder = builder
    this.#measures = measures
  }

  line(line: Line, next: Line | undefined): void {
    if (line.text === '') return
    const before = this.#last
    this.#last = line
    if (isCode(line, this.#measures)) {
      if (this.#code.length === 0) this.flush()
      this.#code.push(line)
      return
    }
    const isNext = before !== undefined && goesOn(before, line, this.#measures)
    const open = this.#items.at(-1)
    if (
      open !== undefined &&
      before !== undefined &&
      !isLarge(line, this.#measures) &&
      this.#isOfItem(open, before, line)
    ) {
      open.lines.push(line)
      return
    }
    const isLast = next === undefined || next.font !== line.font || !goesOn(line, next, this.#measures)
    const isAlone = (!isNext || this.#heading !== undefined) && isLast
    const level = headingLevel(line, { isAlone }, this.#measures)
    if (level !== undefined) return this.#openHeading(level, line)
    const marker = findMarker(line.text)
    if (
      marker !== undefined &&
      !(isNext && this.#items.length === 0 && !/^[-\u2010-\u27bf\ue000-\uf8ff]/u.test(line.text))
    ) {
      if (this.#items.length === 0) this.flush()
      this.#items.push({ marker: marker.text, length: marker.length, lines: [line] })
      return
    }
    if (!(isNext && this.#paragraph.length > 0)) this.flush()
    this.#paragraph.push(line)
  }

  table({ rows, box }: Extract<PageItem, { type: 'table' }>['table']): void {
    this.flush()
    this.#last = undefined
    this.#builder.table(
      rows.map((row) => row.map((cell) => ({ inline: toInline(cell.text), origin: { box: cell.box ?? box } }))),
    )
  }

  paragraph(inline: Inline): void {
    this.flush()
    this.#last = undefined
    this.#builder.paragraph(inline)
  }

  flush(): void {
    const heading = this.#heading
    this.#heading = undefined
    if (heading !== undefined) this.#builder.heading(heading.level, joinLines(heading.lines))
    if (this.#paragraph.length > 0) this.#builder.paragraph(joinLines(this.#paragraph))
    this.#paragraph = []
    this.#flushItems()
    this.#flushCode()
  }

  /** Lines of one size that follow each other are one heading. */
  #openHeading(level: number, line: Line): void {
    const open = this.#heading
    const last = open?.lines.at(-1)
    const isMore =
      open?.level === level &&
      last !== undefined &&
      line.box[1] - last.box[1] > 0 &&
      line.box[1] - last.box[1] < line.size * 1.7 &&
      findSection(line.text) === undefined
    if (isMore) {
      open.lines.push(line)
      return
    }
    this.flush()
    this.#heading = { level, lines: [line] }
  }

  #isOfItem(item: OpenItem, before: Line, line: Line): boolean {
    const first = item.lines[0]
    if (first === undefined) return false
    const step = line.box[1] - before.box[1]
    const isNear = step > 0 && step < line.size * Math.max(this.#measures.leading * 1.3, 1.6)
    return isNear && findMarker(line.text) === undefined && line.box[0] >= first.box[0] + line.size * 0.3
  }

  #flushItems(): void {
    const items = this.#items
    this.#items = []
    if (items.length === 0) return
    const lefts = [...new Set(items.map(({ lines }) => Math.round((lines[0]?.box[0] ?? 0) / 6)))].toSorted(
      (a, b) => a - b,
    )
    const list = items.map(
      ({ marker, length, lines }): ListItem => ({
        depth: lefts.indexOf(Math.round((lines[0]?.box[0] ?? 0) / 6)),
        marker,
        inline: joinLines(lines, length),
      }),
    )
    this.#builder.list(list.filter(({ inline }) => inline.text !== ''))
  }

  #flushCode(): void {
    const lines = this.#code
    this.#code = []
    if (lines.length === 0) return
    const left = Math.min(...lines.map((line) => line.box[0]))
    const text = lines
      .map((line) => ' '.repeat(Math.max(0, Math.round((line.box[0] - left) / (line.size * 0.6)))) + line.text)
      .join('\n')
    this.#builder.code(text, { origin: { box: lines[0]?.box } })
  }
}

/** The number that a heading begins with: `5.1`, `第三章`. */
function findSection(text: string): string | undefined {
  return /^(?:\d+(?:\.\d+)*\.?\s|第[\d一二三四五六七八九十百]+[章节条])/.exec(text)?.[0]
}
