import { CanonicalBuilder, toInline } from '../../canonical/index.ts'
import type { SourceFile } from '../../preparation.ts'
import {
  childrenOf,
  decodeXml,
  findAll,
  findPath,
  holdsMacros,
  openArchive,
  refuse,
  textOf,
  type Archive,
} from '../../reading/index.ts'
import { readChart, type LookUp } from '../office/charts.ts'
import { findRelation, readPart, readRelations, type Relation } from '../office/relations.ts'
import { writeSheet, type Piece } from '../office/sheets.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { readComments, readPersons, type CommentParts } from './comments.ts'
import { readCellFormats, type CellFormats } from './formats.ts'
import { readAddress, readSharedStrings, readSheet, type Sheet } from './sheet.ts'

/** Workbooks: a page for each sheet, tables with the addresses and units of their cells, charts as tables, comments. */
export async function readXlsx(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const archive = await openArchive(file.source, file.bytes, context.limits)
  const path = findRelation(readRelations(archive, '', context), 'officeDocument')?.target ?? 'xl/workbook.xml'
  const workbook = findPath(readPart(archive, path, context), 'workbook')
  if (workbook === undefined) throw refuse(file.source, 'corrupt', `has no workbook in ${path}`)
  const relations = readRelations(archive, path, context)
  const related = (type: string): string | undefined => findRelation(relations, type)?.target
  const is1904 = ['1', 'true'].includes(findPath(workbook, 'workbookPr')?.attributes['date1904'] ?? '')
  const strings = archive.find(related('sharedStrings') ?? 'xl/sharedStrings.xml')
  const book: Book = {
    archive,
    context,
    formats: readCellFormats(readPart(archive, related('styles') ?? 'xl/styles.xml', context), is1904 ? 1904 : 1900),
    sharedStrings: strings === undefined ? [] : readSharedStrings(decodeXml(strings)),
    persons: readPersons(archive, relations, context),
  }
  const builder = new CanonicalBuilder()
  const budget = { cells: context.limits.nodesMax }
  for (const sheet of childrenOf(findPath(workbook, 'sheets'), 'sheet')) {
    const { name = '', state } = sheet.attributes
    const id = sheet.attributes['r:id'] ?? Object.entries(sheet.attributes).find(([key]) => key.endsWith(':id'))?.[1]
    if (state === 'hidden' || state === 'veryHidden') builder.notice(`hidden sheet: ${name}`)
    readOneSheet(builder, book, { name, path: relations.get(id ?? '')?.target, budget })
  }
  builder.title = undefined
  if (holdsMacros(archive)) builder.notice('macros')
  return builder.build()
}

interface Book {
  readonly archive: Archive
  readonly context: ParseContext
  readonly formats: CellFormats
  readonly sharedStrings: readonly string[]
  readonly persons: CommentParts['persons']
}

interface SheetPlace {
  readonly name: string
  readonly path: string | undefined
  /** Cells that the whole book may still have. */
  readonly budget: { cells: number }
}

function readOneSheet(builder: CanonicalBuilder, book: Book, { name, path, budget }: SheetPlace): void {
  const { archive, context } = book
  builder.beginPage({ kind: 'sheet', name })
  const bytes = path === undefined || context.millisecondsLeft() <= 0 ? undefined : archive.find(path)
  builder.heading(2, toInline(name))
  if (path === undefined || bytes === undefined) {
    const reason = context.millisecondsLeft() <= 0 ? 'time' : 'corrupt'
    return builder.endPage({ state: 'failed', reason })
  }
  const sheet = readSheet(decodeXml(bytes), { ...book, cellsMax: budget.cells })
  budget.cells -= sheet.cells.length
  const relations = readRelations(archive, path, context)
  const { cells, merged, hidden, isCut } = sheet
  const drawing = relations.get(sheet.drawing ?? '')?.target
  const drawn = drawing === undefined ? [] : findDrawn(builder, book, { path: drawing, lookUp: lookIn(name, sheet) })
  const content = { cells, merged, hidden, isCut, drawn, comments: readComments({ ...book, relations }) }
  writeSheet(builder, content, { name, placesMax: context.limits.nodesMax })
}

interface Drawing {
  readonly path: string
  readonly lookUp: LookUp
}

/** Looks at the cells of one sheet, which charts mostly draw. */
function lookIn(name: string, sheet: Sheet): LookUp {
  return (reference) => {
    const [, own = '', from = '', to = from] = /^(.*)!([$\w]+)(?::([$\w]+))?$/.exec(reference) ?? []
    const [first, last] = [readAddress(from), readAddress(to)]
    if (first === undefined || last === undefined || own.replace(/^'|'$/g, '').replaceAll("''", "'") !== name)
      return new Map()
    const inside = sheet.cells.filter(
      ({ row, column }) => row >= first.row && row <= last.row && column >= first.column && column <= last.column,
    )
    const width = last.column - first.column + 1
    return new Map(inside.map(({ row, column, text }) => [(row - first.row) * width + column - first.column, text]))
  }
}

/** Charts as tables, and the words of boxes that lie on the sheet. */
function findDrawn(builder: CanonicalBuilder, { archive, context }: Book, { path, lookUp }: Drawing): readonly Piece[] {
  const relations: ReadonlyMap<string, Relation> = readRelations(archive, path, context)
  const anchors = findAll(
    readPart(archive, path, context),
    'xdr:twoCellAnchor',
    'xdr:oneCellAnchor',
    'xdr:absoluteAnchor',
  )
  return anchors.map((anchor) => ({
    top: Number(textOf(findPath(anchor, 'xdr:from', 'xdr:row')) || Number.POSITIVE_INFINITY),
    write: () => {
      for (const element of findAll(anchor, 'xdr:txBody', 'c:chart')) {
        if (element.name === 'c:chart') {
          const target = relations.get(element.attributes['r:id'] ?? '')?.target
          if (target !== undefined) readChart(builder, readPart(archive, target, context), lookUp)
          continue
        }
        for (const paragraph of findAll(element, 'a:p')) {
          builder.paragraph(toInline(findAll(paragraph, 'a:t').map(textOf).join('')))
        }
      }
    },
  }))
}
