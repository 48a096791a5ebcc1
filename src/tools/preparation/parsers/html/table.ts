import { childrenOf, hasBelow, isElement, type Element } from '../../reading/index.ts'

/** A cell of a table in its place, once for each row and column it spans. */
export interface GridCell {
  readonly element: Element
}

const columnsMax = 1_000
const rowsMax = 65_534

/**
 * The grid of a table: merged cells stand in every place they span. A row that has nothing but beginnings of cells that
 * go on below is no row of its own.
 */
export function toGrid(table: Element): readonly (readonly (GridCell | undefined)[])[] {
  const grid: (GridCell | undefined)[][] = []
  let carried: { cell: GridCell; left: number }[] = []
  for (const row of rowsOf(table)) {
    const line: (GridCell | undefined)[] = []
    const next: { cell: GridCell; left: number }[] = []
    let column = 0
    const carry = (): void => {
      for (let above = carried[column]; above !== undefined; above = carried[column]) {
        line[column] = above.cell
        if (above.left > 1) next[column] = { cell: above.cell, left: above.left - 1 }
        column++
      }
    }
    const elements = childrenOf(row).filter(({ name }) => name === 'td' || name === 'th')
    for (const element of elements) {
      carry()
      const { columns, rows } = spanOf(element)
      for (let count = 0; count < columns && column < columnsMax; count++, column++) {
        line[column] = { element }
        if (rows > 1) next[column] = { cell: { element }, left: rows - 1 }
      }
    }
    carry()
    for (let rest = column; rest < carried.length; rest++) {
      const above = carried[rest]
      if (above === undefined) continue
      line[rest] = above.cell
      if (above.left > 1) next[rest] = { cell: above.cell, left: above.left - 1 }
    }
    carried = next
    const isCarrier = elements.length > 0 && elements.every((element) => spanOf(element).rows > 1)
    const isNarrow = line.filter((cell) => cell !== undefined).length < widthOf(table, grid)
    if (!(isCarrier && isNarrow) && line.length > 0) grid.push(Array.from(line))
  }
  return grid
}

/** Of text in one cell, in UTF-16 units: what is longer is no cell of data. */
const cellLengthMax = 300

/**
 * Whether a table only places what is in it, as old pages and messages do: it says so, or it names nothing and one of its
 * cells holds sections or other tables, and much text.
 */
export function isLayout(table: Element): boolean {
  if (/^(?:presentation|none)$/i.test(table.attributes['role'] ?? '')) return true
  if (childrenOf(table).some(({ name }) => name === 'caption' || name === 'thead')) return false
  const cells = rowsOf(table).flatMap((row) => childrenOf(row))
  if (cells.some(({ name }) => name === 'th')) return false
  return cells.some(holdsSections) && cells.some(isLong)
}

function holdsSections(cell: Element): boolean {
  return hasBelow(cell, (node) => isElement(node) && /^(?:table|h[1-6])$/.test(node.name))
}

function isLong(cell: Element): boolean {
  let length = 0
  return hasBelow(cell, (node) => {
    if (!isElement(node)) length += node.text.trim().length
    return length > cellLengthMax
  })
}

function widthOf(table: Element, grid: readonly (readonly unknown[])[]): number {
  return Math.max(0, ...grid.slice(0, 50).map((row) => row.length), grid.length === 0 ? firstWidth(table) : 0)
}

function firstWidth(table: Element): number {
  return Math.max(
    0,
    ...rowsOf(table)
      .slice(0, 3)
      .map((row) => childrenOf(row).reduce((sum, cell) => sum + spanOf(cell).columns, 0)),
  )
}

function rowsOf(table: Element): readonly Element[] {
  return childrenOf(table)
    .flatMap((child) => {
      if (child.name === 'tr') return [child]
      return ['thead', 'tbody', 'tfoot'].includes(child.name) ? childrenOf(child, 'tr') : []
    })
    .slice(0, rowsMax)
}

function spanOf(cell: Element): { readonly columns: number; readonly rows: number } {
  return {
    columns: clamp(Number(cell.attributes['colspan'] ?? 1), columnsMax),
    rows: clamp(Number(cell.attributes['rowspan'] ?? 1), rowsMax),
  }
}

function clamp(value: number, max: number): number {
  return Number.isInteger(value) && value >= 1 ? Math.min(value, max) : 1
}
