import { toInline, type CanonicalBuilder, type Cell } from '../../canonical/index.ts'
import { columnName } from '../csv.ts'
import type { HiddenLines } from './hidden.ts'
import { findRegions, type Range, type Region, type SheetCell } from './regions.ts'

/** What stands on a sheet of a workbook, of whatever program. */
export interface SheetContent {
  readonly cells: readonly SheetCell[]
  readonly merged: readonly Range[]
  readonly hidden: HiddenLines
  /** Charts and boxes. */
  readonly drawn: readonly Piece[]
  readonly comments: readonly CellComment[]
  /** Whether cells were left out because there are more than allowed. */
  readonly isCut: boolean
}

/** What stands on a sheet, by the row that it begins in. */
export interface Piece {
  readonly top: number
  readonly write: () => void
}

export interface CellComment {
  readonly cell: string
  readonly line: string
}

/** Tables and what is drawn, from top to bottom, then the comments; ends the page that was begun. */
export function writeSheet(
  builder: CanonicalBuilder,
  { cells, merged, hidden, drawn, comments, isCut }: SheetContent,
  { name, placesMax }: { readonly name: string; readonly placesMax: number },
): void {
  const tables = findRegions(cells, { merged, placesMax }).map(
    (region): Piece => ({ top: region.top, write: () => writeRegion(builder, region) }),
  )
  for (const { write } of [...tables, ...drawn].toSorted((a, b) => a.top - b.top)) write()
  for (const { cell, line } of comments) builder.paragraph(toInline(line), { kind: 'note', origin: { cell } })
  for (const notice of hidden.notices(name, cells)) builder.notice(notice)
  builder.endPage(isCut ? { state: 'degraded', reason: 'memory' } : { state: 'ok' })
}

/** `B7` for row 6, column 1. */
export function addressOf(row: number, column: number): string {
  return `${columnName(column)}${row + 1}`
}

/** One table; what stands alone in the row above its head is its label. */
function writeRegion(builder: CanonicalBuilder, region: Region): void {
  const [first = [], second = []] = region.rows
  const label = first[0]
  const isAlone =
    label !== undefined &&
    first.length > 1 &&
    distinct(first).size === 1 &&
    distinct(second).size > 1 &&
    region.top < region.bottom
  if (isAlone) {
    builder.paragraph(toInline(label.text), { origin: { cell: addressOf(label.row, label.column) } })
  }
  const rows = isAlone ? region.rows.slice(1) : region.rows
  builder.table(
    rows.map((row) =>
      row.map((cell): Cell => {
        if (cell === undefined) return { inline: toInline('') }
        const text = cell.text.replace(/\s*[\r\n]+\s*/g, ' ').trim()
        return { inline: toInline(text), origin: { cell: addressOf(cell.row, cell.column), unit: cell.unit } }
      }),
    ),
  )
}

function distinct<T>(cells: readonly (T | undefined)[]): ReadonlySet<T> {
  return new Set(cells.filter((cell) => cell !== undefined))
}
