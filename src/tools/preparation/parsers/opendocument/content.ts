import { InlineBuilder, toInline, type CanonicalBuilder, type Cell, type ListItem } from '../../canonical/index.ts'
import { childrenOf, type Archive, type Element } from '../../reading/index.ts'
import { prefixed, toMarker, type Label } from '../office/numbers.ts'
import { readPart } from '../office/relations.ts'
import { findFrame } from '../office/tables.ts'
import type { ParseContext } from '../parser.ts'
import { countOf, levelsMax, startOf } from './counts.ts'
import { ListCounting, nextLabel } from './lists.ts'
import { writeObject } from './objects.ts'
import type { ListStyle, Style, Styles } from './styles.ts'
import { toGrid } from './tables.ts'
import { readWords, type ParagraphWords } from './words.ts'

export interface ContentParts {
  readonly archive: Archive
  readonly context: ParseContext
  readonly styles: Styles
  /** What is said of where a paragraph comes from, by its number from 1. */
  readonly originOf: (paragraph: number) => ListItem['origin']
}

/** Where an item of a list stands. */
interface Place {
  readonly level: number
  readonly style: ListStyle | undefined
  readonly styleName: string | undefined
  readonly counts: (number | undefined)[]
}

/** Writes the blocks of a document; holds the list and the code that are being gathered from element after element. */
export class ContentWriter {
  readonly #builder: CanonicalBuilder
  readonly #parts: ContentParts
  readonly #counting = new ListCounting()
  readonly #outline: (number | undefined)[] = []
  readonly #items: ListItem[] = []
  readonly #code: string[] = []
  readonly #notes: string[] = []
  #paragraph = 0

  constructor(builder: CanonicalBuilder, parts: ContentParts) {
    this.#builder = builder
    this.#parts = parts
  }

  blocks(parent: Element): void {
    for (const element of childrenOf(parent)) this.#block(element)
  }

  /** Writes what is gathered, then the notes. */
  end(): void {
    this.#flush()
    for (const note of this.#notes.splice(0)) this.#builder.paragraph(toInline(note), { kind: 'note' })
  }

  /** What is drawn beside the text: boxes, charts, descriptions of pictures. */
  drawn(parent: Element): void {
    const content = readWords(parent, this.#parts)
    this.#builder.paragraph(content.inline, { origin: this.#parts.originOf(this.#paragraph) })
    this.#anchored(content)
  }

  /** Words of heads and feet of pages. */
  furniture(parent: Element): void {
    this.#builder.paragraph(this.flat(parent), { kind: 'furniture' })
  }

  /** All words below an element on one line. */
  flat(parent: Element): Cell['inline'] {
    const words = new InlineBuilder()
    this.#appendBlocks(words, parent)
    return words.build()
  }

  table(table: Element): void {
    const cells = new Map<Element, Cell>()
    const grid = toGrid(table)
    const frame = findFrame(grid)
    if (frame !== undefined) {
      this.blocks(frame)
      return this.#flush()
    }
    this.#builder.table(
      grid.map((row) =>
        row.map((element): Cell => {
          if (element === undefined) return { inline: toInline('') }
          const known = cells.get(element) ?? { inline: this.flat(element) }
          cells.set(element, known)
          return known
        }),
      ),
      { origin: this.#parts.originOf(this.#paragraph) },
    )
  }

  #flush(): void {
    this.#builder.list(this.#items.splice(0))
    const lines = this.#code.splice(0)
    if (lines.length > 0) this.#builder.code(lines.join('\n'))
  }

  #block(element: Element): void {
    const { name, attributes } = element
    switch (name) {
      case 'text:h':
        return this.#heading(element)
      case 'text:p':
        return this.#paragraphOf(element)
      case 'text:list':
        return this.#list(element, undefined)
      case 'table:table':
        this.#flush()
        return this.table(element)
      case 'text:section':
        if (this.#parts.styles.find('section', attributes['text:style-name']).isHidden) return
        if (attributes['text:display'] === 'none') return
        return this.blocks(element)
      case 'text:tracked-changes':
      case 'office:forms':
      case 'text:sequence-decls':
      case 'text:table-of-content-source':
      case 'table:shapes':
        return
      default:
        if (name.startsWith('draw:')) this.#anchored(readWords({ ...element, children: [element] }, this.#parts))
        else this.blocks(element)
    }
  }

  #heading(element: Element): void {
    this.#flush()
    this.#paragraph++
    const { styles } = this.#parts
    const content = readWords(element, { styles })
    const level = countOf(element, 'text:outline-level', levelsMax)
    const isCounted = element.attributes['text:is-list-header'] !== 'true' && content.inline.text !== ''
    const at = { level: level - 1, start: startOf(element) }
    const label = isCounted ? nextLabel(this.#outline, styles.outline, at) : undefined
    const origin = this.#parts.originOf(this.#paragraph)
    this.#builder.heading(level + 1, prefixed(label, content.inline), { origin })
    this.#anchored(content)
  }

  #paragraphOf(element: Element): void {
    this.#paragraph++
    const style = this.#parts.styles.find('paragraph', element.attributes['text:style-name'])
    if (style.isHidden) return
    if (isCode(style)) {
      if (this.#items.length > 0) this.#flush()
      this.#code.push(readWords(element, { ...this.#parts, keepsBlanks: true }).inline.text)
      return
    }
    this.#flush()
    const content = readWords(element, this.#parts)
    const origin = this.#parts.originOf(this.#paragraph)
    if (style.names.includes('Title')) this.#builder.heading(1, content.inline, { origin })
    else if (style.names.includes('Subtitle')) this.#builder.heading(2, content.inline, { origin })
    else this.#builder.paragraph(content.inline, { origin })
    this.#anchored(content)
  }

  #anchored({ boxes, objects, notes }: ParagraphWords): void {
    this.#notes.push(...notes)
    if (boxes.length + objects.length === 0) return
    this.#flush()
    for (const box of boxes) this.blocks(box)
    this.#flush()
    for (const path of objects) {
      const root = readPart(this.#parts.archive, `${path}/content.xml`, this.#parts.context)
      writeObject(this.#builder, root, (cell) => this.flat(cell))
    }
  }

  #enter(list: Element, outer: Place | undefined): Place {
    const styleName = list.attributes['text:style-name'] ?? outer?.styleName
    return {
      level: outer === undefined ? 0 : outer.level + 1,
      style: this.#parts.styles.findList(styleName),
      styleName,
      counts: outer?.counts ?? this.#counting.begin(list, styleName),
    }
  }

  #list(list: Element, outer: Place | undefined): void {
    const place = this.#enter(list, outer)
    for (const item of childrenOf(list)) this.#item(item, place)
  }

  #item(item: Element, place: Place): void {
    let isFirst = true
    for (const child of childrenOf(item)) {
      if (child.name === 'text:list') this.#list(child, place)
      else if (child.name === 'text:p') {
        this.#itemParagraph(child, place, { item, isFirst })
        isFirst = false
      } else if (child.name !== 'text:number') this.#block(child)
    }
  }

  #itemParagraph(element: Element, place: Place, { item, isFirst }: { item: Element; isFirst: boolean }): void {
    this.#paragraph++
    const style = this.#parts.styles.find('paragraph', element.attributes['text:style-name'])
    if (style.isHidden) return
    const content = readWords(element, this.#parts)
    const label = isFirst ? labelOf(item, place) : undefined
    const origin = this.#parts.originOf(this.#paragraph)
    if (content.inline.text !== '') {
      if (this.#code.length > 0) this.#flush()
      const before = this.#items.at(-1)
      if (label !== undefined)
        this.#items.push({ depth: place.level, marker: toMarker(label), inline: content.inline, origin })
      else if (before !== undefined && !isFirst) this.#items[this.#items.length - 1] = joined(before, content)
      else {
        this.#flush()
        this.#builder.paragraph(content.inline, { origin })
      }
    }
    this.#anchored(content)
  }

  #appendBlocks(words: InlineBuilder, parent: Element): void {
    for (const element of childrenOf(parent)) {
      if (element.name === 'text:p' || element.name === 'text:h') this.#appendParagraph(words, element)
      else if (element.name === 'text:list') this.#appendList(words, element, undefined)
      else if (element.name === 'table:table') {
        for (const cell of new Set(toGrid(element).flat())) if (cell !== undefined) this.#appendBlocks(words, cell)
      } else if (element.name.startsWith('draw:')) {
        this.#appendContent(words, readWords({ ...element, children: [element] }, this.#parts))
      } else this.#appendBlocks(words, element)
    }
  }

  #appendParagraph(words: InlineBuilder, element: Element): void {
    this.#paragraph++
    if (this.#parts.styles.find('paragraph', element.attributes['text:style-name']).isHidden) return
    this.#appendContent(words, readWords(element, this.#parts))
  }

  #appendContent(words: InlineBuilder, content: ParagraphWords): void {
    words.space()
    words.append(content.inline)
    this.#notes.push(...content.notes)
    for (const box of content.boxes) this.#appendBlocks(words, box)
  }

  #appendList(words: InlineBuilder, list: Element, outer: Place | undefined): void {
    const place = this.#enter(list, outer)
    for (const item of childrenOf(list)) {
      let isFirst = true
      for (const child of childrenOf(item)) {
        if (child.name === 'text:list') {
          this.#appendList(words, child, place)
          continue
        }
        const label = isFirst ? labelOf(item, place) : undefined
        isFirst = false
        words.space()
        if (label !== undefined) words.run(`${toMarker(label)} `)
        this.#appendBlocks(words, { ...item, children: [child] })
      }
    }
  }
}

/** Counts an item and says what stands before it; heads of lists are none. */
function labelOf(item: Element, { level, style, counts }: Place): Label | undefined {
  return item.name === 'text:list-item' ? nextLabel(counts, style, { level, start: startOf(item) }) : undefined
}

/** What follows in the same item stands below it. */
function joined(item: ListItem, { inline }: ParagraphWords): ListItem {
  const words = new InlineBuilder()
  words.append(item.inline)
  words.break()
  words.append(inline)
  return { ...item, inline: words.build() }
}

function isCode({ names }: Style): boolean {
  return names.some((name) => /^(?:Preformatted_20_Text|Source_20_Code|Code)$/i.test(name))
}
