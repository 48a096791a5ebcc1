import { toInline, type Cell } from '../../canonical/index.ts'
import { columnsMax } from '../office/tables.ts'

/** Where cells of a row end, as stated before it; in twips. */
export interface RowDefinition {
  readonly left: number
  readonly cells: readonly CellDefinition[]
}

export interface CellDefinition {
  readonly right: number
  /** Whether it is a part of the cell left of it, or above it. */
  readonly goesOnLeft: boolean
  readonly goesOnAbove: boolean
}

export interface Row {
  readonly cells: readonly Cell[]
  readonly definition: RowDefinition
}

/** Edges nearer to each other than this, in twips, are one: programs round. */
const edgeWidth = 40

/**
 * Rows as a grid: cells stand in every column and row that they cover. Rows that would cover more than `placesMax` together
 * are several grids, as their counts of cells change.
 */
export function toGrids(rows: readonly Row[], placesMax: number): readonly Grid[] {
  const columnOf = findColumns(rows)
  if (columnOf === undefined) return byWidth(rows)
  const width = 1 + Math.max(0, ...columnOf.values())
  return width * rows.length > placesMax ? byWidth(rows) : [align(rows, columnOf)]
}

type Grid = readonly (readonly Cell[])[]

function byWidth(rows: readonly Row[]): readonly Grid[] {
  const grids: (readonly Cell[])[][] = []
  let width = -1
  for (const { cells } of rows) {
    if (cells.length !== width) grids.push([])
    width = cells.length
    grids.at(-1)?.push(cells)
  }
  return grids
}

function align(rows: readonly Row[], columnOf: ReadonlyMap<number, number>): Grid {
  const grid: (readonly Cell[])[] = []
  for (const { cells, definition } of rows) {
    const line: Cell[] = []
    let left = columnOf.get(definition.left) ?? 0
    while (line.length < left) line.push({ inline: toInline('') })
    for (const [index, cell] of cells.entries()) {
      const own = definition.cells[index]
      const right = Math.max(left + 1, columnOf.get(own?.right ?? Number.NaN) ?? left + 1)
      const above = own?.goesOnAbove === true ? grid.at(-1)?.[left] : undefined
      const shown = (own?.goesOnLeft === true ? line.at(-1) : undefined) ?? above ?? cell
      for (let column = left; column < Math.min(right, columnsMax); column++) line.push(shown)
      left = right
    }
    grid.push(line)
  }
  return grid
}

/** The column that begins at each edge; `undefined` when a row does not say where its cells are. */
function findColumns(rows: readonly Row[]): ReadonlyMap<number, number> | undefined {
  const edges = new Set<number>()
  for (const { cells, definition } of rows) {
    if (definition.cells.length < cells.length) return undefined
    edges.add(definition.left)
    for (const { right } of definition.cells.slice(0, cells.length)) edges.add(right)
  }
  const columns = new Map<number, number>()
  let column = -1
  let last = Number.NEGATIVE_INFINITY
  for (const edge of [...edges].toSorted((a, b) => a - b)) {
    if (edge - last > edgeWidth) column++
    last = edge
    columns.set(edge, column)
  }
  return column >= columnsMax ? undefined : columns
}
