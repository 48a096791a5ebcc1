import { columnName } from '../csv.ts'
import type { SheetCell } from './regions.ts'

interface Lines {
  readonly from: number
  readonly to: number
}

/** Runs of rows or columns that are named at most. */
const namedMax = 20
const columnsMax = 1_000

/** Rows and columns of a sheet that its program does not show: they are read, and said to be hidden. */
export class HiddenLines {
  readonly #rows: Lines[] = []
  readonly #columns: Lines[] = []

  /** Rows that hold words, ascending. */
  addRows(from: number, to: number): void {
    const last = this.#rows.at(-1)
    if (last !== undefined && from <= last.to + 1) this.#rows[this.#rows.length - 1] = { from: last.from, to }
    else this.#rows.push({ from, to })
  }

  /** Columns, whether they hold words or not. */
  addColumns(from: number, to: number): void {
    if (from >= 0 && to >= from && this.#columns.length < columnsMax) this.#columns.push({ from, to })
  }

  /** What to say of a sheet with these cells: `hidden rows: Rates 3-5, 9`. */
  notices(sheet: string, cells: readonly SheetCell[]): readonly string[] {
    const used = this.#columns.length === 0 ? [] : [...new Set(cells.map(({ column }) => column))]
    const columns = this.#columns.filter(({ from, to }) => used.some((column) => column >= from && column <= to))
    return [
      ...(this.#rows.length === 0 ? [] : [`hidden rows: ${sheet} ${toText(this.#rows, (row) => String(row + 1))}`]),
      ...(columns.length === 0 ? [] : [`hidden columns: ${sheet} ${toText(columns, columnName)}`]),
    ]
  }
}

function toText(lines: readonly Lines[], nameOf: (line: number) => string): string {
  const named = lines
    .slice(0, namedMax)
    .map(({ from, to }) => (from === to ? nameOf(from) : `${nameOf(from)}-${nameOf(to)}`))
  return [...named, ...(lines.length > namedMax ? ['…'] : [])].join(', ')
}
