import { CanonicalBuilder, toInline } from '../../canonical/index.ts'
import type { SourceFile } from '../../preparation.ts'
import { childrenOf, findAll, holdsMacros, refuse, type Element } from '../../reading/index.ts'
import { writeSheet, type Piece } from '../office/sheets.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { ContentWriter } from './content.ts'
import { openDocument } from './package.ts'
import { RowsReading, type Sheet } from './sheet.ts'
import { readStyles, type Styles } from './styles.ts'

/** OpenDocument spreadsheets: a page for each sheet, tables with addresses and units, charts, boxes, comments. */
export async function readOds(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const { archive, general, title, readContent } = await openDocument(file, context)
  let styles: Styles | undefined
  let rows: RowsReading | undefined
  const content = readContent({
    name: 'table:table-row',
    take(row, above) {
      // All styles stand before the first row.
      styles ??= readStyles([above[0], general])
      rows ??= new RowsReading(styles, context.limits)
      rows.take(row, above)
    },
  })
  const [body] = findAll(content, 'office:spreadsheet')
  if (body === undefined) throw refuse(file.source, 'corrupt', 'has no spreadsheet in content.xml')
  styles ??= readStyles([content, general])
  const builder = new CanonicalBuilder()
  const writer = new ContentWriter(builder, { archive, context, styles, originOf: () => undefined })
  for (const table of childrenOf(body, 'table:table')) {
    const name = table.attributes['table:name'] ?? ''
    if (styles.find('table', table.attributes['table:style-name']).isHidden) builder.notice(`hidden sheet: ${name}`)
    builder.beginPage({ kind: 'sheet', name })
    builder.heading(2, toInline(name))
    if (context.millisecondsLeft() <= 0) {
      builder.endPage({ state: 'failed', reason: 'time' })
      continue
    }
    const sheet = (rows ?? new RowsReading(styles, context.limits)).sheetOf(table)
    for (const times of sheet.repeatsCut)
      builder.notice(`rows or columns repeated ${times} times read fewer times: ${name}`)
    const content = { ...sheet.content(), drawn: toPieces(table, sheet, writer) }
    writeSheet(builder, content, { name, placesMax: context.limits.nodesMax })
  }
  builder.title = title
  if (holdsMacros(archive)) builder.notice('macros')
  return builder.build()
}

/** What is drawn on a sheet: what is anchored to cells where they are, what is anchored to the page after all. */
function toPieces(table: Element, sheet: Sheet, writer: ContentWriter): readonly Piece[] {
  const onPage = childrenOf(table, 'table:shapes').map((element) => ({ top: Number.POSITIVE_INFINITY, element }))
  return [...sheet.drawn, ...onPage].map(({ top, element }) => ({
    top,
    write: () => {
      writer.drawn(element)
      writer.end()
    },
  }))
}
