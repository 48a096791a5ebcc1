import type { Box } from '../parser.ts'
import type { Drawing } from './drawing.ts'
import { joinTexts, type Fragment } from './words.ts'

/** A table of a page: its cells, row by row, the text of merged ones in every place they cover. */
export interface PageTable {
  readonly box: Box
  readonly rows: readonly (readonly TableCell[])[]
  /** What it took up. */
  readonly fragments: ReadonlySet<Fragment>
}

export interface TableCell {
  readonly text: string
  readonly box: Box | undefined
}

/** Lines nearer than this, in points, are one. */
const near = 3
const cellsMax = 20_000
/** More text than this in one cell, and the lines are those of a page, not of a table. */
const textMax = 1_500

/** Tables whose cells are drawn as boxes: by the lines that cross each other, whatever stands in the cells. */
export function findGrids(fragments: readonly Fragment[], drawing: Drawing): readonly PageTable[] {
  const tables: PageTable[] = []
  for (const group of groupCrossing(joinEnds(drawing.horizontal, 1), joinEnds(drawing.vertical, 0))) {
    // Tables are often open at their sides: the ends of their lines are edges too.
    const xs = distinct([...group.vertical.map(([left]) => left), ...ends(group.horizontal, 0, 2)])
    const ys = distinct([...group.horizontal.map(([, top]) => top), ...ends(group.vertical, 1, 3)])
    const [rows, columns] = [ys.length - 1, xs.length - 1]
    if (rows < 2 || columns < 2 || rows * columns > cellsMax) continue
    const table = fillGrid(fragments, { xs, ys, group })
    const texts = table.rows.flat().flatMap((cell) => (cell.text === '' ? [] : [cell.text.length]))
    const filled = texts.length
    if (Math.max(0, ...texts) > textMax) continue
    if (table.fragments.size >= 4 && filled >= rows * columns * 0.3) tables.push(table)
  }
  return tables
}

interface Lines {
  readonly horizontal: readonly Box[]
  readonly vertical: readonly Box[]
}

/** Lines are often drawn cell by cell: those that go on where another ends are one. The axis is the one they do not run along. */
function joinEnds(lines: readonly Box[], axis: 0 | 1): readonly Box[] {
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
function groupCrossing(horizontal: readonly Box[], vertical: readonly Box[]): readonly Lines[] {
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
  readonly group: Lines
}

function fillGrid(fragments: readonly Fragment[], { xs, ys, group }: Grid): PageTable {
  const [rows, columns] = [ys.length - 1, xs.length - 1]
  const owners = mergeCells({ xs, ys, group })
  const inside = new Map<number, Fragment[]>()
  const taken = new Set<Fragment>()
  for (const fragment of fragments) {
    const row = placeOf(ys, fragment.baseline - fragment.size * 0.3)
    const column = placeOf(xs, fragment.left + Math.min(fragment.right - fragment.left, fragment.size) / 2)
    if (row === undefined || column === undefined) continue
    const owner = owners[row * columns + column] ?? row * columns + column
    inside.set(owner, [...(inside.get(owner) ?? []), fragment])
    taken.add(fragment)
  }
  const cells = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (__, column): TableCell => {
      const owner = owners[row * columns + column] ?? 0
      const box: Box = [xs[column] ?? 0, ys[row] ?? 0, xs[column + 1] ?? 0, ys[row + 1] ?? 0]
      return { text: joinLines(inside.get(owner) ?? []), box }
    }),
  )
  return { box: [xs[0] ?? 0, ys[0] ?? 0, xs.at(-1) ?? 0, ys.at(-1) ?? 0], rows: cells, fragments: taken }
}

/** For each cell the first one of those it is merged with: no line is drawn between them. */
function mergeCells({ xs, ys, group }: Grid): readonly number[] {
  const [rows, columns] = [ys.length - 1, xs.length - 1]
  const owners = Array.from({ length: rows * columns }, (_, index) => index)
  for (let row = 0; row < rows; row++) {
    const middle = ((ys[row] ?? 0) + (ys[row + 1] ?? 0)) / 2
    for (let column = 1; column < columns; column++) {
      if (isCut(group.vertical, { axis: 0, at: xs[column] ?? 0, middle })) continue
      owners[row * columns + column] = owners[row * columns + column - 1] ?? 0
    }
  }
  for (let row = 1; row < rows; row++) {
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

/** Words of a cell, line by line. */
export function joinLines(fragments: readonly Fragment[]): string {
  return fragments
    .toSorted((a, b) =>
      Math.abs(a.baseline - b.baseline) < Math.min(a.size, b.size) * 0.5 ? a.left - b.left : a.baseline - b.baseline,
    )
    .reduce((text, fragment) => joinTexts(text, fragment.text.trim()), '')
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
