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
  findPath,
  holdsMacros,
  openArchive,
  reasonOf,
  refuse,
  textOf,
  type Archive,
  type Element,
} from '../../reading/index.ts'
import { readChart } from '../office/charts.ts'
import { prefixed, toMarker, type Label } from '../office/numbers.ts'
import { findRelation, listRelations, readPart, readRelations, type Relation } from '../office/relations.ts'
import { findFrame } from '../office/tables.ts'
import { toTitle } from '../office/titles.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { readNumbering, type Numbering } from './numbering.ts'
import { readParagraph, type ParagraphContent } from './paragraph.ts'
import { readNumberingUse, readOutline, readStyles, valueOf, type Styles } from './styles.ts'
import { readRows } from './tables.ts'
import { writeNotes } from './notes.ts'

/** Word documents: headings, lists with their labels, tables, text boxes, equations, notes and comments. */
export async function readDocx(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const archive = await openArchive(file.source, file.bytes, context.limits)
  const path = findRelation(readRelations(archive, '', context), 'officeDocument')?.target ?? 'word/document.xml'
  const body = findPath(readPart(archive, path, context), 'w:document', 'w:body')
  if (body === undefined) throw refuse(file.source, 'corrupt', `has no text in ${path}`)
  const relations = readRelations(archive, path, context)
  const related = (type: string): Element | undefined => {
    const target = findRelation(relations, type)?.target
    return target === undefined ? undefined : readPart(archive, target, context)
  }
  const builder = new CanonicalBuilder()
  const reading = new BodyReading(builder, {
    relations,
    chunks: await readChunks(builder, { archive, relations, context }),
    archive,
    context,
    styles: readStyles(related('styles')),
    numbering: readNumbering(related('numbering')),
  })
  reading.readBlocks(body)
  reading.flush()
  writeNotes(builder, { related, references: reading.references })
  for (const type of ['header', 'footer']) {
    for (const { target } of listRelations(relations, type)) reading.readFurniture(readPart(archive, target, context))
  }
  const properties = findPath(readPart(archive, 'docProps/core.xml', context), 'cp:coreProperties')
  builder.title = toTitle(textOf(findPath(properties, 'dc:title'))) ?? builder.title
  if (holdsMacros(archive)) builder.notice('macros')
  return builder.build()
}

/** Most files of other formats that are read of one document. */
const chunksMax = 100

/** Files of other formats that stand in the text as they are (`altChunk`), by their path. */
async function readChunks(
  builder: CanonicalBuilder,
  { archive, relations, context }: Pick<BodyParts, 'archive' | 'relations' | 'context'>,
): Promise<ReadonlyMap<string, Canonical>> {
  const chunks = new Map<string, Canonical>()
  const targets = new Set(listRelations(relations, 'aFChunk').map(({ target }) => target))
  for (const [index, target] of [...targets].entries()) {
    const bytes = index < chunksMax && context.millisecondsLeft() > 0 ? archive.find(target) : undefined
    if (bytes === undefined) {
      builder.notice(`part left out: ${target}`)
      continue
    }
    const mediaType = /\.mht(?:ml)?$/i.test(target) ? 'message/rfc822' : undefined
    try {
      chunks.set(target, await context.parseInner({ source: target, bytes, mediaType }))
    } catch (thrown) {
      const reason = reasonOf(thrown)
      if (reason === undefined) throw thrown
      builder.notice(`part left out: ${target} (${reason})`)
    }
  }
  return chunks
}

interface BodyParts {
  readonly chunks: ReadonlyMap<string, Canonical>
  readonly relations: ReadonlyMap<string, Relation>
  readonly archive: Archive
  readonly context: ParseContext
  readonly styles: Styles
  readonly numbering: Numbering
}

/** Characters that prose has hardly any of: what is in a typewriter's font and has them is code. */
const codeCharacters = /[{};=<>]|\(\)|\w\(|^\s{2,}\S|\bdef |\bimport |#include|\bSELECT\b.*\bFROM\b/

/** Holds the list or the code that is being gathered from paragraph after paragraph. */
class BodyReading {
  readonly #builder: CanonicalBuilder
  readonly #parts: BodyParts
  readonly #items: ListItem[] = []
  readonly #code: { text: string; isStyled: boolean; content: ParagraphContent }[] = []
  readonly references = new Set<string>()
  #paragraph = 0
  /** Words of a paragraph that goes on in the next one. */
  #begun: { readonly inline: Inline; readonly gap: '' | ' ' } | undefined

  constructor(builder: CanonicalBuilder, parts: BodyParts) {
    this.#builder = builder
    this.#parts = parts
  }

  readBlocks(parent: Element): void {
    for (const element of childrenOf(parent)) this.#readBlock(element)
  }

  /** Writes what is gathered. */
  flush(): void {
    const begun = this.#begun
    this.#begun = undefined
    this.#builder.list(this.#items.splice(0))
    if (begun !== undefined) this.#builder.paragraph(begun.inline)
    const lines = this.#code.splice(0)
    if (lines.length === 0) return
    const isCode = lines.some(({ text, isStyled }) => isStyled || codeCharacters.test(text))
    if (isCode) this.#builder.code(lines.map(({ text }) => text).join('\n'))
    else for (const { text } of lines) this.#builder.paragraph(toInline(text.trim()))
  }

  /** Words of heads and feet of pages, each once. */
  readFurniture(root: Element | undefined): void {
    const [element] = childrenOf(root)
    if (element === undefined) return
    const text = new InlineBuilder()
    this.#appendBlocks(text, element)
    this.#builder.paragraph(text.build(), { kind: 'furniture' })
  }

  #readBlock(element: Element): void {
    switch (element.name) {
      case 'w:p':
        return this.#readParagraph(element)
      case 'w:tbl':
        return this.#readTable(element)
      case 'w:sdt': {
        const content = findPath(element, 'w:sdtContent')
        if (content !== undefined) this.readBlocks(content)
        return
      }
      case 'w:altChunk': {
        this.flush()
        const chunk = this.#parts.chunks.get(this.#parts.relations.get(element.attributes['r:id'] ?? '')?.target ?? '')
        if (chunk !== undefined) this.#builder.append({ ...chunk, pages: [] }, { level: 0 })
        return
      }
      case 'mc:AlternateContent': {
        const [chosen] = [...childrenOf(element, 'mc:Choice'), ...childrenOf(element, 'mc:Fallback')]
        if (chosen !== undefined) this.readBlocks(chosen)
        return
      }
      case 'w:customXml':
      case 'w:ins':
      case 'w:moveTo':
      case 'w:smartTag':
        return this.readBlocks(element)
      case 'm:oMathPara':
        return this.#readParagraph({ ...element, name: 'w:p', children: [element] })
      default:
    }
  }

  #readParagraph(paragraph: Element): void {
    const { styles, relations } = this.#parts
    const properties = findPath(paragraph, 'w:pPr')
    const style = styles.find(valueOf(properties, 'w:pStyle'))
    this.#paragraph++
    const content = this.#withBegun(readParagraph(paragraph, { relations, keepsBlanks: false, describes: true }))
    for (const reference of content.references) this.references.add(reference)
    const level = style.headingLevel ?? readOutline(properties)
    const text = content.inline.text.trim()
    const rest = findRest(properties)
    if (rest !== undefined) {
      this.#begun = { inline: content.inline, gap: rest }
      return
    }
    if (text !== '' && (style.isTitle || level !== undefined)) {
      this.flush()
      const label = this.#label(properties, style.numbering)
      const origin = { paragraph: this.#paragraph }
      this.#builder.heading(style.isTitle ? 1 : (level ?? 1) + 1, prefixed(label, content.inline), { origin })
    } else if (text !== '' && (style.isCode || content.isMonospaced)) this.#readCode(paragraph, style.isCode)
    else this.#readWords(properties, style.numbering, content)
    this.#readAnchored(content)
  }

  #withBegun(content: ParagraphContent): ParagraphContent {
    const begun = this.#begun
    if (begun === undefined) return content
    this.#begun = undefined
    const words = new InlineBuilder()
    words.append(begun.inline)
    if (begun.gap !== '') words.space()
    words.append(content.inline)
    return { ...content, inline: words.build() }
  }

  #readCode(paragraph: Element, isStyled: boolean): void {
    if (this.#items.length > 0) this.flush()
    const content = readParagraph(paragraph, { relations: this.#parts.relations, keepsBlanks: true })
    this.#code.push({ text: content.inline.text, isStyled, content })
  }

  #readWords(properties: Element | undefined, inherited: Use, content: ParagraphContent): void {
    if (this.#code.length > 0) this.flush()
    const { inline, isTicked } = content
    const origin = { paragraph: this.#paragraph }
    if (inline.text.trim() === '') return
    if (isTicked !== undefined) {
      this.#items.push({ depth: 0, marker: isTicked ? '- [x]' : '- [ ]', inline, origin })
      return
    }
    const use = findUse(properties, inherited)
    const label = use === undefined ? undefined : this.#parts.numbering.next(use)
    if (use === undefined || label === undefined) {
      this.flush()
      this.#builder.paragraph(inline, { origin })
    } else this.#items.push({ depth: use.level, marker: toMarker(label), inline, origin })
  }

  #readAnchored({ formulas, boxes, charts }: ParagraphContent): void {
    if (formulas.length + boxes.length + charts.length === 0) return
    this.flush()
    for (const formula of formulas) {
      const origin = { paragraph: this.#paragraph }
      this.#builder.paragraph(toInline(`$$${formula}$$`), { kind: 'formula', origin })
    }
    for (const box of boxes) {
      this.readBlocks(box)
      this.flush()
    }
    for (const id of charts) {
      const target = this.#parts.relations.get(id)?.target
      if (target !== undefined) readChart(this.#builder, readPart(this.#parts.archive, target, this.#parts.context))
    }
  }

  #label(properties: Element | undefined, inherited: Use): Label | undefined {
    const use = findUse(properties, inherited)
    return use === undefined ? undefined : this.#parts.numbering.next(use)
  }

  #readTable(table: Element): void {
    this.flush()
    const rows = readRows(table)
    const frame = findFrame(rows)
    if (frame !== undefined) {
      this.readBlocks(frame.element)
      this.flush()
      return
    }
    const grid: Cell[][] = []
    for (const cells of rows) {
      const row: Cell[] = []
      const above = grid.at(-1)
      for (const { element, column, span, goesOn } of cells) {
        while (row.length < column) row.push({ inline: toInline('') })
        const cell = goesOn ? (above?.[column] ?? { inline: toInline('') }) : this.#readCell(element)
        for (let count = 0; count < span; count++) row.push(cell)
      }
      grid.push(row)
    }
    this.#builder.table(grid)
  }

  #readCell(element: Element): Cell {
    const words = new InlineBuilder()
    this.#appendBlocks(words, element)
    return { inline: words.build() }
  }

  /** All words below an element on one line: of a cell, of a head of pages. */
  #appendBlocks(words: InlineBuilder, parent: Element): void {
    for (const element of childrenOf(parent)) {
      if (element.name === 'w:p') this.#appendParagraph(words, element)
      else if (element.name === 'w:tbl') {
        for (const cell of readRows(element).flat()) if (!cell.goesOn) this.#appendBlocks(words, cell.element)
      } else if (element.name === 'w:sdt') {
        const content = findPath(element, 'w:sdtContent')
        if (content !== undefined) this.#appendBlocks(words, content)
      } else if (['w:customXml', 'w:ins', 'mc:AlternateContent', 'mc:Choice'].includes(element.name)) {
        this.#appendBlocks(words, element)
      }
    }
  }

  #appendParagraph(words: InlineBuilder, paragraph: Element): void {
    this.#paragraph++
    const { relations, styles, numbering } = this.#parts
    const content = readParagraph(paragraph, { relations, keepsBlanks: false })
    for (const reference of content.references) this.references.add(reference)
    words.space()
    const properties = findPath(paragraph, 'w:pPr')
    const use = findUse(properties, styles.find(valueOf(properties, 'w:pStyle')).numbering)
    const label = use === undefined || content.inline.text === '' ? undefined : numbering.next(use)
    if (content.isTicked !== undefined) words.run(content.isTicked ? '- [x] ' : '- [ ] ')
    else if (label !== undefined) words.run(`${toMarker(label)} `)
    words.append(content.inline)
    for (const formula of content.formulas) words.run(` $${formula}$`, { marks: [{ type: 'formula' }] })
    for (const box of content.boxes) this.#appendBlocks(words, box)
  }
}

type Use = ReturnType<Styles['find']>['numbering']

/** The numbering of a paragraph: its own, else its style's. The list `0` is none. */
function findUse(properties: Element | undefined, inherited: Use): Use {
  const own = readNumberingUse(properties)
  const numId = own?.numId ?? inherited?.numId
  if (numId === undefined || numId === '0') return undefined
  return { numId, level: own?.level ?? inherited?.level ?? 0 }
}

/** What parts a paragraph from its rest in the next one: a large first letter, or a mark that tracked changes deleted. */
function findRest(properties: Element | undefined): '' | ' ' | undefined {
  const kind = findPath(properties, 'w:framePr')?.attributes['w:dropCap']
  if (kind === 'drop' || kind === 'margin') return ''
  return findPath(properties, 'w:rPr', 'w:del') === undefined ? undefined : ' '
}
