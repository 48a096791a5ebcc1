import {
  InlineBuilder,
  joinInlines,
  toInline,
  type CanonicalBuilder,
  type Cell,
  type Inline,
  type ListItem,
  type RunStyle,
} from '../../canonical/index.ts'
import { childrenOf, findAll, findPath, isElement, textOf, type Archive, type Element } from '../../reading/index.ts'
import { readChart } from '../office/charts.ts'
import { toDescription } from '../office/descriptions.ts'
import { toLatex } from '../office/math.ts'
import { toMarker } from '../office/numbers.ts'
import { inReadingOrder } from '../office/reading-order.ts'
import { readPart, type Relation } from '../office/relations.ts'
import type { Box, ParseContext } from '../parser.ts'
import { findBullet, findLikes, formatItem, levelOf, placeholderOf, styleChain, type StyleChain } from './bullets.ts'

export interface ShapeParts {
  readonly relations: ReadonlyMap<string, Relation>
  /** Layout and master of the slide. */
  readonly parents: readonly (Element | undefined)[]
  readonly archive: Archive
  readonly context: ParseContext
}

/** Shapes as they are read: the title, then from top to bottom, and from left to right what stands beside each other. */
export function writeShapes(builder: CanonicalBuilder, tree: Element | undefined, parts: ShapeParts): void {
  for (const shape of inOrder(childrenOf(tree), parts)) {
    switch (shape.name) {
      case 'p:sp':
        writeShape(builder, shape, parts)
        break
      case 'p:pic':
        writePicture(builder, shape)
        break
      case 'p:grpSp':
        writeShapes(builder, shape, parts)
        break
      case 'p:graphicFrame':
        writeFrame(builder, shape, parts)
        break
      case 'mc:AlternateContent': {
        const [chosen] = [...childrenOf(shape, 'mc:Choice'), ...childrenOf(shape, 'mc:Fallback')]
        writeShapes(builder, chosen, parts)
        break
      }
      default:
    }
  }
}

function inOrder(shapes: readonly Element[], parts: ShapeParts): readonly Element[] {
  return inReadingOrder(
    shapes.map((shape) => {
      const place = placeholderOf(shape)
      const isTitle = place !== undefined && /^(ctrT|t)itle$/.test(place.type)
      return { shape, isTitle, box: isTitle ? undefined : findBox(shape, parts) }
    }),
  )
}

/** Where a shape lies: as it says, else as the placeholder it fills. */
function findBox(shape: Element, parts: ShapeParts): Box | undefined {
  const own = readBox(shape)
  if (own !== undefined) return own
  for (const like of findLikes(shape, parts.parents)) {
    const box = readBox(like)
    if (box !== undefined) return box
  }
  return undefined
}

function writeShape(builder: CanonicalBuilder, shape: Element, parts: ShapeParts): void {
  const body = findPath(shape, 'p:txBody')
  if (body === undefined) return
  const place = placeholderOf(shape)
  const origin = { box: findBox(shape, parts) }
  if (place !== undefined && /title/i.test(place.type)) {
    const words = childrenOf(body, 'a:p').map((paragraph) => readWords(paragraph, parts.relations))
    return builder.heading(place.type === 'subTitle' ? 2 : 1, joinInlines(words), { origin })
  }
  if (place !== undefined && ['sldNum', 'dt', 'ftr', 'hdr'].includes(place.type)) {
    for (const paragraph of childrenOf(body, 'a:p')) {
      builder.paragraph(readWords(paragraph, parts.relations), { kind: 'furniture', origin })
    }
    return
  }
  writeBody(builder, body, { chain: styleChain(shape, parts.parents), origin, relations: parts.relations })
}

function writePicture(builder: CanonicalBuilder, picture: Element): void {
  const description = toDescription(findPath(picture, 'p:nvPicPr', 'p:cNvPr')?.attributes['descr'])
  builder.paragraph(toInline(description), { origin: { box: readBox(picture) } })
}

interface BodyOptions {
  readonly chain: StyleChain
  readonly origin: { readonly box: Box | undefined }
  readonly relations: ShapeParts['relations']
}

function writeBody(builder: CanonicalBuilder, body: Element, { chain, origin, relations }: BodyOptions): void {
  const items: ListItem[] = []
  const counts: number[] = []
  for (const paragraph of childrenOf(body, 'a:p')) {
    const inline = readWords(paragraph, relations)
    if (inline.text.trim() === '') continue
    const level = levelOf(paragraph)
    const bullet = findBullet(paragraph, level, chain)
    if (bullet.type === 'number') {
      counts.length = level + 1
      counts[level] = (counts[level] ?? bullet.startAt - 1) + 1
      const label = { text: formatItem(counts[level], bullet.scheme), isBullet: false }
      items.push({ depth: level, marker: toMarker(label), inline })
      continue
    }
    counts.length = Math.min(counts.length, level)
    if (bullet.type === 'bullet') items.push({ depth: level, marker: '-', inline })
    else {
      builder.list(items.splice(0), { origin })
      builder.paragraph(inline, { origin })
    }
  }
  builder.list(items, { origin })
}

function writeFrame(builder: CanonicalBuilder, frame: Element, parts: ShapeParts): void {
  const data = findPath(frame, 'a:graphic', 'a:graphicData')
  const table = findPath(data, 'a:tbl')
  const origin = { box: readBox(frame) }
  if (table !== undefined) return builder.table(readTable(table, parts.relations), { origin })
  const chart = findPath(data, 'c:chart')?.attributes['r:id']
  const target = parts.relations.get(chart ?? '')?.target
  if (target !== undefined) return readChart(builder, readPart(parts.archive, target, parts.context))
  const diagram = parts.relations.get(findPath(data, 'dgm:relIds')?.attributes['r:dm'] ?? '')?.target
  if (diagram === undefined) return
  const points = findAll(readPart(parts.archive, diagram, parts.context), 'dgm:pt')
  const items = points.flatMap((point) =>
    findAll(point, 'a:p').map((paragraph) => ({
      depth: 0,
      marker: '-',
      inline: readWords(paragraph, parts.relations),
    })),
  )
  builder.list(
    items.filter(({ inline }) => inline.text.trim() !== ''),
    { origin },
  )
}

/** Rows of a table; merged cells stand in every place they cover. */
function readTable(table: Element, relations: ShapeParts['relations']): readonly (readonly Cell[])[] {
  const grid: Cell[][] = []
  for (const row of childrenOf(table, 'a:tr')) {
    const cells: Cell[] = []
    for (const cell of childrenOf(row, 'a:tc')) {
      const { hMerge, vMerge } = cell.attributes
      const left = isTrue(hMerge) ? cells.at(-1) : undefined
      const above = isTrue(vMerge) ? grid.at(-1)?.[cells.length] : undefined
      cells.push(left ?? above ?? { inline: readCell(cell, relations) })
    }
    grid.push(cells)
  }
  return grid
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true'
}

function readCell(cell: Element, relations: ShapeParts['relations']): Inline {
  const paragraphs = findAll(findPath(cell, 'a:txBody'), 'a:p')
  return joinInlines(paragraphs.map((paragraph) => readWords(paragraph, relations)))
}

/** The words of a paragraph with their looks. */
export function readWords(paragraph: Element, relations: ShapeParts['relations']): Inline {
  const words = new InlineBuilder()
  for (const child of paragraph.children) {
    if (!isElement(child)) continue
    if (child.name === 'a:r' || child.name === 'a:fld') {
      const properties = findPath(child, 'a:rPr')
      const text = textOf(findPath(child, 'a:t'))
      const style = { marks: readMarks(properties, relations) }
      if (Number(properties?.attributes['baseline'] ?? 0) > 0) words.raised(text, style)
      else words.run(text, style)
    } else if (child.name === 'a:br') words.break()
    else if (child.name === 'mc:AlternateContent' || child.name === 'a14:m') {
      for (const formula of findAll(child, 'm:oMath')) {
        words.run(` $${toLatex(formula)}$ `, { marks: [{ type: 'formula' }] })
      }
    }
  }
  return words.build()
}

function readMarks(
  properties: Element | undefined,
  relations: ShapeParts['relations'],
): NonNullable<RunStyle['marks']> {
  const { b, i, strike } = properties?.attributes ?? {}
  const link = findPath(properties, 'a:hlinkClick')?.attributes['r:id']
  const relation = relations.get(link ?? '')
  return [
    ...(isTrue(b) ? [{ type: 'strong' as const }] : []),
    ...(isTrue(i) ? [{ type: 'emphasis' as const }] : []),
    ...(strike !== undefined && strike !== 'noStrike' ? [{ type: 'strike' as const }] : []),
    ...(relation?.isExternal === true ? [{ type: 'link' as const, href: relation.target }] : []),
  ]
}

/** Where a shape lies on the slide, in points. */
function readBox(shape: Element): Box | undefined {
  const transform =
    findPath(shape, 'p:spPr', 'a:xfrm') ?? findPath(shape, 'p:xfrm') ?? findPath(shape, 'p:grpSpPr', 'a:xfrm')
  const { x, y } = findPath(transform, 'a:off')?.attributes ?? {}
  const { cx, cy } = findPath(transform, 'a:ext')?.attributes ?? {}
  if (x === undefined || y === undefined || cx === undefined || cy === undefined) return undefined
  const point = (units: number): number => Math.round(units / 1_270) / 10
  return [point(Number(x)), point(Number(y)), point(Number(x) + Number(cx)), point(Number(y) + Number(cy))]
}
