import type { Box } from '../parser.ts'
import type { Drawing, Edges } from './drawing.ts'
import { caption, note, toBands } from './bands.ts'
import { joinLines, type PageTable, type TableCell } from './cells.ts'
import { findColumns, isValue, placeIn, type Column, type PlacedBand } from './columns.ts'
import { groupBody } from './rows.ts'
import type { Fragment } from './words.ts'

/** Lines nearer than this, in points, are one. */
const near = 3
const cellsMax = 20_000
/** More text than this in one cell, and the lines are those of a page, not of a table. */
const textMax = 1_500

/** Tables whose cells are drawn as boxes: by the lines that cross each other, whatever stands in the cells. */
export function findGrids(fragments: readonly Fragment[], { lines, fills }: Drawing): readonly PageTable[] {
  const drawn = findIn(fragments, lines)
  const rest = fragments.filter((fragment) => !drawn.some((table) => table.fragments.has(fragment)))
  if (fills.horizontal.length === 0) return drawn
  // Grounds of cells tell where no lines do.
  const all = {
    horizontal: [...lines.horizontal, ...fills.horizontal],
    vertical: [...lines.vertical, ...fills.vertical],
  }
  return [...drawn, ...findIn(rest, all)]
}

function findIn(fragments: readonly Fragment[], { horizontal, vertical }: Edges): readonly PageTable[] {
  if (vertical.length < 2 || horizontal.length < 2) return []
  const tables: PageTable[] = []
  for (const group of groupCrossing(joinEnds(horizontal, 1), joinEnds(vertical, 0))) {
    const grid = toGrid(fragments, group)
    const table = grid === undefined ? undefined : trim(fragments, grid)
    if (table !== undefined) tables.push(table)
  }
  return tables
}

function toGrid(fragments: readonly Fragment[], group: Edges): Grid | undefined {
  // Tables are often open at their sides: the ends of their lines are edges too.
  const xs = distinct([...group.vertical.map(([left]) => left), ...ends(group.horizontal, 0, 2)])
  const ys = distinct([...group.horizontal.map(([, top]) => top), ...ends(group.vertical, 1, 3)])
  const grid = {
    xs: withoutGaps(
      xs,
      fragments.map(({ left, size }) => left + size * 0.2),
    ),
    ys,
    group,
  }
  const [rows, columns] = [ys.length - 1, grid.xs.length - 1]
  return rows < 2 || columns < 2 || rows * columns > cellsMax
    ? undefined
    : partRows(fragments, partColumns(fragments, grid))
}

/** Where one drawn column holds values side by side in most of its lines, they are columns of their own. */
function partColumns(fragments: readonly Fragment[], grid: Grid): Grid {
  const { xs, ys } = grid
  const parted = xs.slice(1).flatMap((right, index) => {
    const left = xs[index] ?? 0
    const inside = fragments.filter(
      (each) =>
        each.left >= left - near &&
        each.right <= right + near &&
        each.baseline > (ys[0] ?? 0) &&
        each.baseline < (ys.at(-1) ?? 0),
    )
    const bands = toBands(inside)
    const valued = bands.filter(({ fragments: cells }) => cells.length > 1 && cells.every(({ text }) => isValue(text)))
    if (valued.length < 3 || valued.length < bands.length * 0.6) return []
    const columns = findColumns(valued, bands[0]?.size ?? 0)
    return columns.slice(1).map(([from], place) => (from + (columns[place]?.[1] ?? from)) / 2)
  })
  return { ...grid, xs: [...xs, ...parted].toSorted((a, b) => a - b), parted: new Set(parted) }
}

/** Where one drawn row holds several lines of values, each with its own name, they are rows of their own. */
function partRows(fragments: readonly Fragment[], grid: Grid): Grid {
  const { xs, ys } = grid
  const columns = xs.slice(1).map((right, index): Column => [xs[index] ?? 0, right])
  const parted = ys.slice(1).flatMap((bottom, index) => {
    const top = ys[index] ?? 0
    const inside = fragments.filter(
      ({ left, right, baseline }) =>
        baseline > top && baseline < bottom && left >= (xs[0] ?? 0) - near && right <= (xs.at(-1) ?? 0) + near,
    )
    if (inside.length < 4) return []
    const bands = toBands(inside).map((band) => placeIn(columns, band))
    const rows = bands.filter(hasValue)
    const named = rows.filter(({ cells }) => cells.some(({ from }) => from === 0))
    if (rows.length < 2 || named.length < rows.length * 0.6) return []
    const size = bands[0]?.size ?? 0
    return groupBody(bands, { bands, columns, size, rules: [] })
      .slice(1)
      .flatMap(([first]) => (first === undefined ? [] : [first.baseline - first.size]))
  })
  return {
    ...grid,
    ys: [...ys, ...parted].toSorted((a, b) => a - b),
    parted: new Set([...(grid.parted ?? []), ...parted]),
  }
}

function hasValue({ cells }: PlacedBand): boolean {
  return cells.some(({ from, fragment }) => from > 0 && isValue(fragment.text))
}

/** Narrower than this, in points, and empty: the gap between two lines or boxes, no column. */
const gapMax = 7

function withoutGaps(bounds: readonly number[], places: readonly number[]): readonly number[] {
  const kept: number[] = []
  for (const bound of bounds) {
    const before = kept.at(-1)
    const isGap = before !== undefined && bound - before < gapMax && !places.some((at) => at > before && at < bound)
    // Of two lines around a gap that which is farther out bounds the table.
    if (!isGap) kept.push(bound)
  }
  const [last, bound] = [kept.at(-1), bounds.at(-1)]
  if (last !== undefined && bound !== undefined && bound > last) kept[kept.length - 1] = bound
  return kept
}

/** Whether most of what stands in it is lines of text across its columns, as beside what is drawn for its looks. */
function isProse({ rows }: PageTable): boolean {
  const filled = rows.flat().filter(({ text }) => text !== '').length
  const across = rows.flatMap((row) =>
    row.filter(
      ({ text }, index) => text.length > 40 && (row[index - 1]?.text === text || row[index + 1]?.text === text),
    ),
  )
  return across.length > filled * 0.6
}

/** The table without the line that names it and the notes below it, which often stand within its frame. */
function trim(fragments: readonly Fragment[], grid: Grid): PageTable | undefined {
  const table = fillGrid(fragments, grid)
  const isAside = (row: readonly TableCell[] | undefined, pattern: RegExp): boolean => {
    const text = row?.[0]?.text ?? ''
    return row !== undefined && text !== '' && row.every((cell) => cell.text === text) && pattern.test(text)
  }
  const [from, to] = [isAside(table.rows[0], caption) ? 1 : 0, isAside(table.rows.at(-1), note) ? 1 : 0]
  const [top, bottom] = [grid.ys[from] ?? 0, grid.ys[grid.ys.length - 1 - to] ?? 0]
  if (from + to > 0 && table.rows.length - from - to >= 2) {
    const inner = toGrid(fragments, {
      horizontal: grid.group.horizontal.filter((box) => box[1] > top - near && box[1] < bottom + near),
      vertical: grid.group.vertical
        .filter((box) => box[3] > top + near && box[1] < bottom - near)
        .map((box): Box => [box[0], Math.max(box[1], top), box[2], Math.min(box[3], bottom)]),
    })
    return inner === undefined ? undefined : trim(fragments, inner)
  }
  const texts = table.rows.flat().flatMap((cell) => (cell.text === '' ? [] : [cell.text.length]))
  if (Math.max(0, ...texts) > textMax || table.fragments.size < 4 || isProse(table)) return undefined
  return texts.length >= table.rows.flat().length * 0.3 ? table : undefined
}

/** Lines are often drawn cell by cell: those that go on where another ends are one. The axis is the one they do not run along. */
export function joinEnds(lines: readonly Box[], axis: 0 | 1): readonly Box[] {
  const [from, to] = axis === 0 ? ([1, 3] as const) : ([0, 2] as const)
  const joined: Box[] = []
  for (const box of lines.toSorted((a, b) => Math.round(a[axis]) - Math.round(b[axis]) || a[from] - b[from])) {
    const last = joined.at(-1)
    const isMore = last !== undefined && Math.abs(last[axis] - box[axis]) <= 1.5 && box[from] - last[to] <= 1.5
    if (!isMore) joined.push(box)
    else joined[joined.length - 1] = [last[0], last[1], Math.max(last[2], box[2]), Math.max(last[3], box[3])]
  }
  return joined
}

/** Lines that reach each other, directly or over others. */
function groupCrossing(horizontal: readonly Box[], vertical: readonly Box[]): readonly Edges[] {
  const parents = Array.from({ length: horizontal.length + vertical.length }, (_, index) => index)
  const find = (index: number): number => {
    let root = index
    while (parents[root] !== root) root = parents[root] ?? root
    parents[index] = root
    return root
  }
  const ordered = [...vertical.entries()].toSorted(([, a], [, b]) => a[0] - b[0])
  for (const [h, [left, top, right]] of horizontal.entries()) {
    for (const [v, [x, above, , below]] of ordered) {
      if (x < left - near) continue
      if (x > right + near) break
      if (above - near <= top && below + near >= top) parents[find(horizontal.length + v)] = find(h)
    }
  }
  const groups = new Map<number, { horizontal: Box[]; vertical: Box[] }>()
  const groupOf = (index: number): { horizontal: Box[]; vertical: Box[] } => {
    const root = find(index)
    const group = groups.get(root) ?? { horizontal: [], vertical: [] }
    groups.set(root, group)
    return group
  }
  for (const [index, box] of horizontal.entries()) groupOf(index).horizontal.push(box)
  for (const [index, box] of vertical.entries()) groupOf(horizontal.length + index).vertical.push(box)
  return [...groups.values()].filter((group) => group.horizontal.length >= 2 && group.vertical.length >= 2)
}

interface Grid {
  readonly xs: readonly number[]
  readonly ys: readonly number[]
  readonly group: Edges
  /** Places where rows or columns end though no line is drawn. */
  readonly parted?: ReadonlySet<number>
}

function fillGrid(fragments: readonly Fragment[], grid: Grid): PageTable {
  const { xs, ys } = grid
  const [rows, columns] = [ys.length - 1, xs.length - 1]
  const owners = mergeCells(grid)
  const placed: Placed[] = []
  for (const fragment of fragments) {
    const row = placeOf(ys, fragment.baseline - fragment.size * 0.3)
    const column = placeOf(xs, fragment.left + Math.min(fragment.right - fragment.left, fragment.size) / 2)
    if (row !== undefined && column !== undefined) placed.push({ fragment, row, column })
  }
  const own = partMerged(owners, placed, { xs, columns })
  const inside = new Map<number, Fragment[]>()
  for (const { fragment, row, column } of placed) {
    const owner = own[row * columns + column] ?? row * columns + column
    inside.set(owner, [...(inside.get(owner) ?? []), fragment])
  }
  const cells = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (__, column): TableCell => {
      const owner = own[row * columns + column] ?? 0
      const box: Box = [xs[column] ?? 0, ys[row] ?? 0, xs[column + 1] ?? 0, ys[row + 1] ?? 0]
      return { text: joinLines(inside.get(owner) ?? []), box }
    }),
  )
  const box: Box = [xs[0] ?? 0, ys[0] ?? 0, xs.at(-1) ?? 0, ys.at(-1) ?? 0]
  const bounds = xs.slice(1).map((right, index) => [xs[index] ?? 0, right] as const)
  return { box, rows: cells, fragments: new Set(placed.map(({ fragment }) => fragment)), columns: bounds }
}

interface Placed {
  readonly fragment: Fragment
  readonly row: number
  readonly column: number
}

/** Cells that no line parts are parted by what stands in them: pieces of one line, each within a column of its own. */
function partMerged(
  owners: readonly number[],
  placed: readonly Placed[],
  { xs, columns }: { readonly xs: readonly number[]; readonly columns: number },
): readonly number[] {
  const byOwner = new Map<number, Placed[]>()
  for (const each of placed) {
    const owner = owners[each.row * columns + each.column] ?? 0
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), each])
  }
  const parted = new Set<number>()
  for (const [owner, inside] of byOwner) {
    const isWithin = inside.every(({ fragment, column }) => fragment.right <= (xs[column + 1] ?? 0) + near)
    const isBeside = inside.some((one) =>
      inside.some(
        (other) => other.column > one.column && Math.abs(other.fragment.baseline - one.fragment.baseline) < 2,
      ),
    )
    if (isWithin && isBeside) parted.add(owner)
  }
  return owners.map((owner, index) => (parted.has(owner) ? index : owner))
}

/** For each cell the first one of those it is merged with: no line is drawn between them. */
function mergeCells({ xs, ys, group, parted }: Grid): readonly number[] {
  const [rows, columns] = [ys.length - 1, xs.length - 1]
  const owners = Array.from({ length: rows * columns }, (_, index) => index)
  for (let row = 0; row < rows; row++) {
    const middle = ((ys[row] ?? 0) + (ys[row + 1] ?? 0)) / 2
    for (let column = 1; column < columns; column++) {
      if (parted?.has(xs[column] ?? 0) === true || isCut(group.vertical, { axis: 0, at: xs[column] ?? 0, middle }))
        continue
      owners[row * columns + column] = owners[row * columns + column - 1] ?? 0
    }
  }
  for (let row = 1; row < rows; row++) {
    if (parted?.has(ys[row] ?? 0) === true) continue
    for (let column = 0; column < columns; column++) {
      const middle = ((xs[column] ?? 0) + (xs[column + 1] ?? 0)) / 2
      if (!isCut(group.horizontal, { axis: 1, at: ys[row] ?? 0, middle })) {
        owners[row * columns + column] = owners[(row - 1) * columns + column] ?? 0
      }
    }
  }
  return owners
}

/** Whether a line is drawn between two cells: at a place across, reaching the middle of them along. */
function isCut(
  lines: readonly Box[],
  edge: { readonly axis: 0 | 1; readonly at: number; readonly middle: number },
): boolean {
  const [from, to] = edge.axis === 0 ? ([1, 3] as const) : ([0, 2] as const)
  return lines.some(
    (box) =>
      Math.abs(box[edge.axis] - edge.at) <= near && box[from] - near <= edge.middle && box[to] + near >= edge.middle,
  )
}

function placeOf(bounds: readonly number[], at: number): number | undefined {
  const index = bounds.findLastIndex((bound) => bound <= at)
  return index < 0 || index >= bounds.length - 1 ? undefined : index
}

function ends(lines: readonly Box[], from: 0 | 1, to: 2 | 3): readonly number[] {
  return [Math.min(...lines.map((box) => box[from])), Math.max(...lines.map((box) => box[to]))]
}

function distinct(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted.filter((value, index) => index === 0 || value - (sorted[index - 1] ?? 0) > near)
}
