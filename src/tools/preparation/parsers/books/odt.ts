import {
  CanonicalBuilder,
  InlineBuilder,
  toInline,
  type Cell,
  type Inline,
  type ListItem,
} from '../../canonical/index.ts'
import type { SourceFile } from '../../preparation.ts'
import {
  childrenOf,
  findAll,
  findPath,
  isElement,
  openArchive,
  refuse,
  textOf,
  type Element,
} from '../../reading/index.ts'
import { toComment } from '../docx/index.ts'
import { readPart } from '../office/relations.ts'
import type { Canonical, ParseContext } from '../parser.ts'

/** OpenDocument text: headings, lists, tables, notes and comments. */
export async function readOdt(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const archive = await openArchive(file.source, file.bytes, context.limits)
  const read = (path: string): Element | undefined => readPart(archive, path, context)
  if (findAll(read('META-INF/manifest.xml'), 'manifest:encryption-data').length > 0) {
    throw refuse(file.source, 'password', 'is protected by a password')
  }
  const body = findPath(read('content.xml'), 'office:document-content', 'office:body', 'office:text')
  if (body === undefined) throw refuse(file.source, 'corrupt', 'has no text in content.xml')
  const builder = new CanonicalBuilder()
  const walk = new OdtWalk(builder)
  walk.blocks(body)
  walk.writeNotes()
  const title = textOf(findAll(read('meta.xml'), 'dc:title')[0]).trim()
  if (title !== '') builder.title = title
  return builder.build()
}

class OdtWalk {
  readonly #builder: CanonicalBuilder
  readonly #notes: string[] = []
  #paragraph = 0

  constructor(builder: CanonicalBuilder) {
    this.#builder = builder
  }

  blocks(parent: Element): void {
    for (const element of childrenOf(parent)) this.#block(element)
  }

  writeNotes(): void {
    for (const note of this.#notes) this.#builder.paragraph(toInline(note), { kind: 'note' })
  }

  #block(element: Element): void {
    switch (element.name) {
      case 'text:h': {
        const level = Number(element.attributes['text:outline-level'] ?? 1)
        this.#paragraph++
        return this.#builder.heading((level || 1) + 1, this.#words(element), { origin: { paragraph: this.#paragraph } })
      }
      case 'text:p': {
        this.#paragraph++
        const inline = this.#words(element)
        const origin = { paragraph: this.#paragraph }
        if (/^title$/i.test(element.attributes['text:style-name'] ?? '')) this.#builder.heading(1, inline, { origin })
        else this.#builder.paragraph(inline, { origin })
        for (const box of findAll(element, 'draw:text-box')) this.blocks(box)
        return
      }
      case 'text:list': {
        const items: ListItem[] = []
        this.#list(element, 0, items)
        return this.#builder.list(items)
      }
      case 'table:table':
        return this.#builder.table(this.#rows(element))
      case 'text:tracked-changes':
      case 'office:forms':
      case 'text:sequence-decls':
        return
      default:
        this.blocks(element)
    }
  }

  #list(list: Element, depth: number, items: ListItem[]): void {
    for (const item of childrenOf(list)) {
      for (const child of childrenOf(item)) {
        if (child.name === 'text:list') this.#list(child, depth + 1, items)
        else if (child.name === 'text:p' || child.name === 'text:h') {
          this.#paragraph++
          const inline = this.#words(child)
          if (inline.text !== '') items.push({ depth, marker: '-', inline, origin: { paragraph: this.#paragraph } })
        }
      }
    }
  }

  /** Rows with what is repeated and spanned in every place; long empty repetitions are left out. */
  #rows(table: Element): readonly (readonly Cell[])[] {
    const grid: Cell[][] = []
    for (const row of findAll(table, 'table:table-row')) {
      const cells: Cell[] = []
      for (const cell of childrenOf(row)) {
        const isCovered = cell.name === 'table:covered-table-cell'
        const given = isCovered ? undefined : { inline: this.#flat(cell) }
        const count = Math.min(Number(cell.attributes['table:number-columns-repeated'] ?? 1) || 1, 100)
        for (let index = 0; index < count; index++) {
          cells.push(
            given ??
              (cells.length > 0 && grid.length === 0
                ? cells.at(-1)
                : (grid.at(-1)?.[cells.length] ?? cells.at(-1))) ?? { inline: toInline('') },
          )
        }
      }
      grid.push(cells)
    }
    return grid
  }

  #flat(cell: Element): Inline {
    const words = new InlineBuilder()
    for (const paragraph of findAll(cell, 'text:p', 'text:h')) {
      words.space()
      words.append(this.#words(paragraph))
    }
    return words.build()
  }

  #words(paragraph: Element): Inline {
    const words = new InlineBuilder()
    this.#append(words, paragraph, undefined)
    return words.build()
  }

  #append(words: InlineBuilder, element: Element, href: string | undefined): void {
    for (const child of element.children) {
      if (!isElement(child)) {
        words.run(child.text.replaceAll(/[\r\n]/g, ' '), href === undefined ? {} : { marks: [{ type: 'link', href }] })
        continue
      }
      switch (child.name) {
        case 'text:s':
        case 'text:tab':
          words.space()
          break
        case 'text:line-break':
          words.break()
          break
        case 'text:a':
          this.#append(words, child, child.attributes['xlink:href'])
          break
        case 'text:note':
          this.#note(words, child)
          break
        case 'office:annotation':
          this.#notes.push(readAnnotation(child))
          break
        case 'draw:frame':
        case 'text:bookmark':
          break
        default:
          this.#append(words, child, href)
      }
    }
  }

  #note(words: InlineBuilder, note: Element): void {
    const label = textOf(findPath(note, 'text:note-citation')).trim()
    words.run(` [^${label}]`)
    this.#notes.push(`[^${label}]: ${textOf(findPath(note, 'text:note-body')).replace(/\s+/g, ' ').trim()}`)
  }
}

function readAnnotation(annotation: Element): string {
  const text = findAll(annotation, 'text:p').map(textOf).join(' ').replace(/\s+/g, ' ').trim()
  const author = textOf(findPath(annotation, 'dc:creator')).trim()
  return toComment({ author, date: textOf(findPath(annotation, 'dc:date')).trim(), text })
}
