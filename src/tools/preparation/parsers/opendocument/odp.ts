import { CanonicalBuilder, joinInlines, toInline, type Inline } from '../../canonical/index.ts'
import type { SourceFile } from '../../preparation.ts'
import { childrenOf, findAll, findPath, holdsMacros, refuse, textOf, type Element } from '../../reading/index.ts'
import { inReadingOrder } from '../office/reading-order.ts'
import type { Box, Canonical, ParseContext } from '../parser.ts'
import { boxOf, toPoints } from './boxes.ts'
import { ContentWriter } from './content.ts'
import { openDocument } from './package.ts'
import { readStyles, type Styles } from './styles.ts'
import { readWords, toLine } from './words.ts'

type Size = readonly [width: number, height: number]

/** OpenDocument presentations and drawings: a page for each slide, its title, lists, tables, charts, notes, comments. */
export async function readOdp(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const { archive, general, title, readContent } = await openDocument(file, context)
  const content = readContent()
  const [body] = findAll(content, 'office:presentation', 'office:drawing')
  if (body === undefined) throw refuse(file.source, 'corrupt', 'has no slides in content.xml')
  const builder = new CanonicalBuilder()
  const styles = readStyles([content, general])
  const writer = new SlideWriter(builder, styles, (originOf) => {
    return new ContentWriter(builder, { archive, context, styles, originOf })
  })
  const sizes = readSizes([content, general])
  const declared = readDeclared(body)
  const kind = body.name === 'office:drawing' ? 'page' : 'slide'
  for (const [index, page] of childrenOf(body, 'draw:page').entries()) {
    const { attributes } = page
    builder.beginPage({ kind, size: sizes.get(attributes['draw:master-page-name'] ?? '') })
    if (context.millisecondsLeft() <= 0) {
      builder.endPage({ state: 'failed', reason: 'time' })
      continue
    }
    if (styles.find('drawing-page', attributes['draw:style-name']).isHidden)
      builder.notice(`hidden slide: ${index + 1}`)
    const start = builder.length
    writer.slide(page)
    for (const name of declarations) {
      const text = declared.get(`presentation:${name}-decl ${attributes[`presentation:use-${name}-name`]}`)
      if (text !== undefined) builder.paragraph(toInline(text), { kind: 'furniture' })
    }
    writer.beside(page)
    builder.endPage(builder.length > start ? { state: 'ok' } : { state: 'degraded', reason: 'no-text' })
  }
  if (title !== undefined) builder.title = title
  if (holdsMacros(archive)) builder.notice('macros')
  return builder.build()
}

type ToContent = (originOf: () => { readonly box: Box } | undefined) => ContentWriter

/** Writes what lies on a slide; knows where the shape lies that it is in. */
class SlideWriter {
  readonly #builder: CanonicalBuilder
  readonly #styles: Styles
  readonly #content: ContentWriter
  #box: Box | undefined

  constructor(builder: CanonicalBuilder, styles: Styles, toContent: ToContent) {
    this.#builder = builder
    this.#styles = styles
    this.#content = toContent(() => this.#origin())
  }

  slide(page: Element): void {
    this.#shapes(childrenOf(page))
  }

  /** What is said of a slide without being on it: notes of the speaker, then comments. */
  beside(page: Element): void {
    for (const frame of findAll(findPath(page, 'presentation:notes'), 'draw:frame')) {
      if (frame.attributes['presentation:class'] !== 'notes') continue
      for (const paragraph of findAll(frame, 'text:p', 'text:h')) {
        this.#builder.paragraph(readWords(paragraph, { styles: this.#styles }).inline, { kind: 'note' })
      }
    }
    for (const comment of childrenOf(page, 'office:annotation')) {
      this.#builder.paragraph(toInline(toLine(comment)), { kind: 'note' })
    }
  }

  #origin(): { readonly box: Box } | undefined {
    return this.#box === undefined ? undefined : { box: this.#box }
  }

  #shapes(elements: readonly Element[]): void {
    const shapes = elements.filter(({ name }) => name.startsWith('draw:') && name !== 'draw:layer-set')
    const placed = shapes.map((shape) => ({
      shape,
      isTitle: shape.attributes['presentation:class'] === 'title',
      box: boxOf(shape),
    }))
    for (const shape of inReadingOrder(placed)) {
      if (shape.name === 'draw:g' || shape.name === 'draw:a') this.#shapes(childrenOf(shape))
      else this.#shape(shape)
      this.#box = undefined
    }
  }

  #shape(shape: Element): void {
    this.#box = boxOf(shape)
    const role = shape.attributes['presentation:class'] ?? ''
    const text = findPath(shape, 'draw:text-box')
    const table = findPath(shape, 'table:table')
    if (table !== undefined) this.#content.table(table)
    else if (text === undefined) this.#drawn(shape)
    else if (role === 'title' || role === 'subtitle') {
      this.#builder.heading(role === 'title' ? 1 : 2, this.#words(text), { origin: this.#origin() })
    } else if (furniture.has(role)) {
      this.#builder.paragraph(this.#words(text), { kind: 'furniture', origin: this.#origin() })
    } else this.#content.blocks(text)
    this.#content.end()
  }

  /** A shape with words of its own, a chart, or a picture that is described. */
  #drawn(shape: Element): void {
    const hasWords = childrenOf(shape).some(({ name }) => name === 'text:p' || name === 'text:list')
    if (hasWords) this.#content.blocks(shape)
    else this.#content.drawn({ ...shape, children: [shape] })
  }

  /** All paragraphs on one line, without labels. */
  #words(text: Element): Inline {
    const paragraphs = findAll(text, 'text:p', 'text:h')
    return joinInlines(paragraphs.map((paragraph) => readWords(paragraph, { styles: this.#styles }).inline))
  }
}

const furniture: ReadonlySet<string> = new Set(['header', 'footer', 'date-time', 'page-number'])
/** What slides may show of it by name. */
const declarations = ['header', 'footer', 'date-time'] as const

/** Texts that slides refer to, by element and name. */
function readDeclared(body: Element): ReadonlyMap<string, string> {
  const elements = childrenOf(body).filter(({ name }) => /^presentation:(?:header|footer|date-time)-decl$/.test(name))
  return new Map(
    elements.map((element) => [`${element.name} ${element.attributes['presentation:name']}`, textOf(element).trim()]),
  )
}

/** Sizes of pages in points, by the name of their master. */
function readSizes(parts: readonly (Element | undefined)[]): ReadonlyMap<string, Size> {
  const layouts = new Map<string, Size>()
  const sizes = new Map<string, Size>()
  for (const layout of parts.flatMap((part) => findAll(part, 'style:page-layout'))) {
    const { 'fo:page-width': given, 'fo:page-height': tall } =
      findPath(layout, 'style:page-layout-properties')?.attributes ?? {}
    const [width, height] = [toPoints(given), toPoints(tall)]
    if (width !== undefined && height !== undefined) layouts.set(layout.attributes['style:name'] ?? '', [width, height])
  }
  for (const { attributes } of parts.flatMap((part) => findAll(part, 'style:master-page'))) {
    const size = layouts.get(attributes['style:page-layout-name'] ?? '')
    if (size !== undefined) sizes.set(attributes['style:name'] ?? '', size)
  }
  return sizes
}
