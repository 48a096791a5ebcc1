import type { Box } from '../parser.ts'
import { isValue, type Cell, type Column, type PlacedBand } from './columns.ts'
import { joinLines, type TableCell } from './cells.ts'
import { countHeadBands, toHeadRows } from './heads.ts'
import { boxAround } from './words.ts'

export interface AlignedLines {
  readonly bands: readonly PlacedBand[]
  readonly columns: readonly Column[]
  /** Of most letters. */
  readonly size: number
  /** Lines drawn across. */
  readonly rules: readonly Box[]
}

/** Rows of a table from its lines: heads first, then what stands between lines drawn, or is set closer, as one row. */
export function toRows(lines: AlignedLines): readonly (readonly TableCell[])[] {
  const { bands, columns } = lines
  const heads = countHeadBands(lines)
  const body = bands.slice(heads)
  const groups = groupBody(body, lines)
  return [...toHeadRows(bands.slice(0, heads), lines), ...groups.map((group) => toRow(group, columns))]
}

function toRow(bands: readonly PlacedBand[], columns: readonly Column[]): readonly TableCell[] {
  const cells = bands.flatMap((band) => band.cells)
  return columns.map((_, index): TableCell => {
    const inside = cells.filter((cell) => isIn(cell, index)).map(({ fragment }) => fragment)
    return { text: joinLines(inside), box: inside.length === 0 ? undefined : boxAround(inside) }
  })
}

/** In the body a piece that goes beyond its column belongs to the one it begins in. */
function isIn({ from }: Cell, index: number): boolean {
  return from === index
}

/** Lines below the heads, row by row. */
export function groupBody(bands: readonly PlacedBand[], lines: AlignedLines): readonly (readonly PlacedBand[])[] {
  const between = bands.slice(1).map((band, index) => isRuledOff(bands[index], band, lines))
  const isRuled = between.length > 1 && between.filter(Boolean).length >= between.length * 0.3
  const cellMax = isRuled ? undefined : findCellStep(bands, lines)
  if (cellMax !== undefined) return shareNames(groupByCells(bands, cellMax), lines)
  const closeMax = isRuled ? undefined : findCloseStep(bands, lines.size)
  const groups: PlacedBand[][] = []
  for (const [index, band] of bands.entries()) {
    const group = groups.at(-1)
    const before = group?.at(-1)
    const isCut =
      index === 0 ||
      between[index - 1] === true ||
      (group !== undefined && ((isRecord(band) && group.some(isRecord)) || repeats(band, group)))
    if (group === undefined || before === undefined || isCut) groups.push([band])
    else if (isRuled || isSameRow({ group, before, band, closeMax }, lines)) group.push(band)
    else groups.push([band])
  }
  return groups
}

/** Lines nearer than this, in heights of letters, overlap, so that they are of one row. */
const overlapMax = 0.85

/**
 * Where cells are set in the middle of their rows: the largest step between lines of one cell, if those of different
 * cells of a column are farther apart.
 */
function findCellStep(bands: readonly PlacedBand[], { columns, size }: AlignedLines): number | undefined {
  const overlaps = bands
    .slice(1)
    .filter((band, index) => band.baseline - (bands[index]?.baseline ?? 0) < size * overlapMax)
  if (overlaps.length < 2 || overlaps.length < bands.length * 0.2) return undefined
  const steps = columns.flatMap((_, column) => {
    const own = bands.filter(({ cells }) => cells.some(({ from }) => from === column))
    return own.slice(1).map((band, index) => band.baseline - (own[index]?.baseline ?? 0))
  })
  const sorted = steps.filter((step) => step > size * overlapMax).toSorted((a, b) => a - b)
  const least = sorted[0] ?? 0
  if (least > size * 1.45) return least * 0.9 // Every cell is one line.
  const above = sorted.find((step, index) => step > (sorted[index - 1] ?? step) * 1.12)
  return above === undefined ? undefined : (least + above) / 2
}

/** Rows whose cells have their lines at their own heights: a line is more of what it overlaps, or stands close below. */
function groupByCells(bands: readonly PlacedBand[], cellMax: number): readonly PlacedBand[][] {
  const groups: PlacedBand[][] = []
  for (const band of bands) {
    const group = groups.at(-1)
    const steps = (group ?? []).flatMap((above) =>
      above.cells.some(({ from }) => band.cells.some((cell) => cell.from === from))
        ? [band.baseline - above.baseline]
        : [],
    )
    const last = group?.at(-1)
    const isOver = last !== undefined && band.baseline - last.baseline < Math.min(band.size, last.size) * overlapMax
    const isMore = steps.length > 0 ? Math.min(...steps) <= cellMax : isOver
    if (group !== undefined && isMore) group.push(band)
    else groups.push([band])
  }
  return groups
}

/** A name that stands between two rows that have none is that of both. */
function shareNames(groups: readonly PlacedBand[][], { columns }: AlignedLines): readonly (readonly PlacedBand[])[] {
  const shared = groups.map((group) => [...group])
  for (const [index, group] of shared.entries()) {
    const after = shared[index + 1]
    const name = group.at(-1)
    const isBetween = name !== undefined && isNameOnly(name) && group.length > 1 && columns.length > 1
    const isAlone = !group.slice(0, -1).some(({ cells }) => cells.some(({ from }) => from === 0))
    const first = after?.[0]
    if (!isBetween || !isAlone || after === undefined || first === undefined) continue
    const isOver = first.baseline - name.baseline < name.size * overlapMax
    if (isOver && !after.some(({ cells }) => cells.some(({ from }) => from === 0))) after.unshift(name)
  }
  return shared
}

/** A line with a name and values of its own. */
function isRecord({ cells }: PlacedBand): boolean {
  const rest = cells.filter(({ from }) => from > 0)
  return rest.length < cells.length && rest.length > 0 && rest.filter(isNumber).length >= rest.length * 0.5
}

/** Whether a line has values below those of a row, in most of the columns where it has any. */
function repeats(band: PlacedBand, group: readonly PlacedBand[]): boolean {
  const before = group.at(-1)
  const numbers = band.cells.filter(isNumber)
  if (before === undefined || numbers.length < 2 || band.baseline - before.baseline < band.size * 1.3) return false
  const filled = new Set(group.flatMap(({ cells }) => cells.filter(isNumber).map(({ from }) => from)))
  return numbers.filter(({ from }) => filled.has(from)).length > numbers.length * 0.6
}

/** Whether a line is drawn between two lines of text, over most of the table. */
function isRuledOff(before: PlacedBand | undefined, band: PlacedBand, { rules, columns }: AlignedLines): boolean {
  if (before === undefined) return false
  const [left, right] = [columns[0]?.[0] ?? 0, columns.at(-1)?.[1] ?? 0]
  return rules.some(
    (rule) =>
      rule[1] > before.baseline - before.size * 0.2 &&
      rule[1] < band.baseline - band.size * 0.4 &&
      Math.min(rule[2], right) - Math.max(rule[0], left) > (right - left) * 0.6,
  )
}

/** The largest step between lines of one row, where lines of one row stand closer than rows do. */
function findCloseStep(bands: readonly PlacedBand[], size: number): number | undefined {
  const steps = bands.slice(1).map((band, index) => band.baseline - (bands[index]?.baseline ?? 0))
  const sorted = steps.toSorted((a, b) => a - b)
  const few = Math.max(2, Math.floor(sorted.length * 0.15))
  let best: { readonly ratio: number; readonly at: number } | undefined
  for (let index = few; index <= sorted.length - few; index++) {
    const [below, above] = [sorted[index - 1] ?? 1, sorted[index] ?? 1]
    if (below > size * 1.5 || below < size * 0.85) continue
    if (above / below > (best?.ratio ?? 1.2)) best = { ratio: above / below, at: (below + above) / 2 }
  }
  return best?.at
}

interface Joint {
  readonly group: readonly PlacedBand[]
  readonly before: PlacedBand
  readonly band: PlacedBand
  readonly closeMax: number | undefined
}

function isSameRow({ group, before, band, closeMax }: Joint, { columns }: AlignedLines): boolean {
  const step = band.baseline - before.baseline
  if (step < Math.min(band.size, before.size) * 0.85) return true
  // A line in the first column alone may also name the rows below it.
  const first = band.cells.find(({ from }) => from === 0)
  const isName = columns.length > 2 && first !== undefined && (band.cells.length === 1 || group.every(isNameOnly))
  if (isName) {
    const isClose = closeMax !== undefined && isNameOnly(band) && group[0] !== undefined && isRecord(group[0])
    return step < (closeMax ?? band.size * 1.45) && (isClose || wraps(first, before, columns) || hangs(band, group))
  }
  if (closeMax !== undefined) return step < closeMax
  if (step > band.size * 1.7) return false
  const filled = new Set(group.flatMap((each) => each.cells.map(({ from }) => from)))
  const isBelow = band.cells.every(({ from }) => filled.has(from))
  if (first === undefined) return band.cells.length < columns.length / 2 && (isBelow || !band.cells.some(isNumber))
  return isBelow && band.cells.length < columns.length / 2 && band.cells.every((cell) => wraps(cell, before, columns))
}

function isNameOnly({ cells }: PlacedBand): boolean {
  return cells.length === 1 && cells[0]?.from === 0
}

function isNumber({ fragment }: Cell): boolean {
  return isValue(fragment.text)
}

/** Whether a name goes on, a little to the right of where it begins, below a row with values. */
function hangs(band: PlacedBand, group: readonly PlacedBand[]): boolean {
  const [above] = group
  const [one, other] = [band.cells[0]?.fragment, above?.cells[0]]
  if (above === undefined || one === undefined || other?.from !== 0 || !isNameOnly(band) || !isRecord(above))
    return false
  const indent = one.left - other.fragment.left
  return indent > one.size * 0.2 && indent < one.size * 3
}

/** Whether a piece goes on the one above it, whose line had no room for its first word. */
function wraps(cell: Cell, before: PlacedBand, columns: readonly Column[]): boolean {
  const above = before.cells.findLast(({ from }) => from === cell.from)
  if (above === undefined || isNumber(cell) || isNumber(above) || above.fragment.font !== cell.fragment.font)
    return false
  const { text, left, right, size } = cell.fragment
  const word = /^\S+/.exec(text)?.[0].length ?? 0
  const width = ((right - left) * word) / Math.max(1, text.length)
  const end = columns[cell.from]?.[1] ?? 0
  const isShort = above.fragment.right + size * 0.25 + width <= end || above.fragment.right > end + size
  return !isShort && left - above.fragment.left > -size * 0.5
}
