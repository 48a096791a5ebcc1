/** One cell that is not empty. Rows and columns from 0. */
export interface SheetCell {
  readonly row: number
  readonly column: number
  readonly text: string
  readonly unit: string | undefined
}

export interface Range {
  readonly top: number
  readonly left: number
  readonly bottom: number
  readonly right: number
}

/** A rectangle of a sheet whose cells touch each other: one table, or one word on its own. */
export interface Region extends Range {
  /** Rows of cells; merged cells stand in every place they cover. */
  readonly rows: readonly (readonly (SheetCell | undefined)[])[]
}

export interface Merged {
  readonly merged: readonly Range[]
  /** How many places merged cells may cover; those beyond stand in their first. */
  readonly placesMax: number
}

/** Largest rectangle that is written as one table; sparse ones beyond are parted by rows. */
const areaMax = 4_000_000

/**
 * Parts a sheet into tables: cells that touch by a side, merged ones being as large as what they cover. Top to bottom,
 * then left to right.
 */
export function findRegions(cells: readonly SheetCell[], merged: Merged): readonly Region[] {
  const grid = placeCells(cells, merged)
  const seen = new Set<number>()
  const regions: Region[] = []
  for (const place of [...grid.keys()].toSorted((a, b) => a - b)) {
    if (seen.has(place)) continue
    const bounds = spread(place, grid, seen)
    if (bounds === undefined) continue
    regions.push({ ...bounds, rows: rowsOf(bounds, grid) })
  }
  return regions
}

/** Columns of a sheet, as Excel and LibreOffice have them. */
export const width = 16_384

/** Most merged cells of a sheet that are kept. */
export const mergesMax = 100_000

/** Largest merged cell that stands in every place it covers; a larger one stands in its first. */
const mergedAreaMax = 100_000

function placeCells(cells: readonly SheetCell[], { merged, placesMax }: Merged): ReadonlyMap<number, SheetCell> {
  const grid = new Map<number, SheetCell>()
  for (const cell of cells) grid.set(cell.row * width + cell.column, cell)
  let placesLeft = placesMax
  for (const { top, left, bottom, right } of merged) {
    const cell = grid.get(top * width + left)
    const area = (bottom - top + 1) * (right - left + 1)
    if (cell === undefined || area > mergedAreaMax || area > placesLeft) continue
    placesLeft -= area
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) grid.set(row * width + column, cell)
    }
  }
  return grid
}

/** Marks all that touches a place and says how far it reaches. */
function spread(start: number, grid: ReadonlyMap<number, SheetCell>, seen: Set<number>): Range | undefined {
  const pending = [start]
  seen.add(start)
  let bounds: Range | undefined
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const row = Math.floor(place / width)
    const column = place % width
    bounds = {
      top: Math.min(bounds?.top ?? row, row),
      left: Math.min(bounds?.left ?? column, column),
      bottom: Math.max(bounds?.bottom ?? row, row),
      right: Math.max(bounds?.right ?? column, column),
    }
    const neighbours = [
      place - width,
      place + width,
      ...(column > 0 ? [place - 1] : []),
      ...(column + 1 < width ? [place + 1] : []),
    ]
    for (const next of neighbours) {
      if (!grid.has(next) || seen.has(next)) continue
      seen.add(next)
      pending.push(next)
    }
  }
  return bounds
}

function rowsOf(bounds: Range, grid: ReadonlyMap<number, SheetCell>): Region['rows'] {
  const { top, left, bottom, right } = bounds
  const columns =
    (bottom - top + 1) * (right - left + 1) > areaMax
      ? Math.max(1, Math.floor(areaMax / (bottom - top + 1)))
      : right - left + 1
  return Array.from({ length: bottom - top + 1 }, (_, row) =>
    Array.from({ length: columns }, (__, column) => grid.get((top + row) * width + left + column)),
  )
}
