import type { Box } from '../parser.ts'
import { joinLines, type PageTable, type TableCell } from './grids.ts'
import { boxAround, type Fragment } from './words.ts'

/** Pieces that stand on one line, from left to right. */
export interface Band {
  readonly baseline: number
  readonly size: number
  readonly fragments: readonly Fragment[]
}

/** Groups pieces by the line they stand on, from top to bottom. */
export function toBands(fragments: readonly Fragment[]): readonly Band[] {
  const bands: { baseline: number; size: number; fragments: Fragment[] }[] = []
  for (const fragment of fragments.toSorted((a, b) => a.baseline - b.baseline)) {
    const band = bands.at(-1)
    if (band !== undefined && fragment.baseline - band.baseline <= Math.min(band.size, fragment.size) * 0.35) {
      band.fragments.push(fragment)
      band.size = Math.max(band.size, fragment.size)
    } else bands.push({ baseline: fragment.baseline, size: fragment.size, fragments: [fragment] })
  }
  return bands.map((band) => ({ ...band, fragments: band.fragments.toSorted((a, b) => a.left - b.left) }))
}

/** What begins an item or a heading, and is no cell of its own. */
const marker =
  /^(?:[•▪▫◦○●■□–—-]|[([]?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)\]]?|\d+(?:\.\d+)+\.?|第[\d一二三四五六七八九十百]+[章节条])$/iu

/** Whether a line has pieces that stand apart as cells do. */
export function isParted({ fragments }: Band): boolean {
  if (fragments.length < 2) return false
  const [first, ...rest] = fragments
  if (rest.length === 1 && first !== undefined && (marker.test(first.text.trim()) || /\.{4,}|…{2,}/.test(first.text)))
    return false
  return true
}

/** Tables that show by their alignment alone: lines after lines whose pieces stand in the same columns. */
export function findAligned(fragments: readonly Fragment[]): readonly PageTable[] {
  const bands = toBands(fragments)
  const tables: PageTable[] = []
  for (const [from, to] of findRuns(bands)) {
    const table = toTable(bands.slice(from, to + 1))
    if (table !== undefined) tables.push(table)
  }
  return tables
}

/** From the first to the last parted line of each group of them; few lines between may be whole. */
function findRuns(bands: readonly Band[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = []
  let run: [number, number] | undefined
  for (const [index, band] of bands.entries()) {
    if (!isParted(band)) continue
    const last = run === undefined ? undefined : bands[run[1]]
    const isNear =
      run !== undefined &&
      last !== undefined &&
      index - run[1] <= 3 &&
      band.baseline - last.baseline < 4.5 * Math.max(band.size, last.size)
    if (run !== undefined && isNear) run[1] = index
    else runs.push((run = [index, index]))
  }
  return runs.filter(([from, to]) => bands.slice(from, to + 1).filter(isParted).length >= 2)
}

function toTable(given: readonly Band[]): PageTable | undefined {
  const size = median(given.map((band) => band.size))
  const columns = findColumns(given.filter(isParted), size)
  if (columns.length < 2) return undefined
  const bands = given.filter((band) => isParted(band) || fits(band, columns))
  const rows = toRows(bands, columns)
  if (rows.length < 2) return undefined
  const fragments = bands.flatMap((band) => band.fragments)
  const lengths = fragments.map((fragment) => fragment.text.length)
  const isProse = columns.length === 2 && median(lengths) > 28
  const filled = rows.flat().filter((cell) => cell.text !== '').length
  const isFilled = filled >= rows.length * columns.length * 0.35
  if (isProse || !isFilled || (columns.length === 2 && rows.length < 3) || median(lengths) > 60) return undefined
  return { box: boxAround(fragments), rows, fragments: new Set(fragments) }
}

type Column = readonly [left: number, right: number]

/** Stretches of the line between the gaps that go through nearly all lines. */
function findColumns(bands: readonly Band[], size: number): readonly Column[] {
  const edges = bands.flatMap(({ fragments }) =>
    fragments.flatMap(({ left, right }) => [
      { at: left, step: 1 },
      { at: right, step: -1 },
    ]),
  )
  edges.sort((a, b) => a.at - b.at || a.step - b.step)
  const allowed = Math.floor(bands.length * 0.15)
  const columns: [number, number][] = []
  let depth = 0
  let left: number | undefined
  for (const { at, step } of edges) {
    const before = depth
    depth += step
    if (before <= allowed && depth > allowed) left = at
    else if (before > allowed && depth <= allowed && left !== undefined) columns.push([left, at])
  }
  const merged: [number, number][] = []
  for (const column of columns) {
    const last = merged.at(-1)
    if (last !== undefined && column[0] - last[1] < size * 0.35) last[1] = column[1]
    else merged.push([...column])
  }
  return merged
}

/** Whether a line that is whole lies within one column: more of a cell, not a sentence across. */
function fits({ fragments }: Band, columns: readonly Column[]): boolean {
  return fragments.every((fragment) =>
    columns.some(([left, right]) => fragment.left >= left - fragment.size && fragment.right <= right + fragment.size),
  )
}

/** Lines that overlap in height are one row; a line that has nothing in the first column goes on the row above. */
function toRows(bands: readonly Band[], columns: readonly Column[]): readonly (readonly TableCell[])[] {
  const groups: { bands: Band[]; bottom: number }[] = []
  for (const band of bands) {
    const top = band.baseline - band.size * 0.8
    const group = groups.at(-1)
    const before = group?.bands.at(-1)
    const goesOn =
      before !== undefined &&
      band.baseline - before.baseline < band.size * 1.6 &&
      band.fragments.every((fragment) => columnOf(fragment, columns) !== 0) &&
      band.fragments.length < columns.length / 2
    if (group !== undefined && (top < group.bottom - band.size * 0.1 || goesOn)) {
      group.bands.push(band)
      group.bottom = Math.max(group.bottom, band.baseline + band.size * 0.15)
    } else groups.push({ bands: [band], bottom: band.baseline + band.size * 0.15 })
  }
  return groups.map((group) => {
    const fragments = group.bands.flatMap((band) => band.fragments)
    return columns.map((_, index): TableCell => {
      const inside = fragments.filter((fragment) => columnOf(fragment, columns) === index)
      return { text: joinLines(inside), box: inside.length === 0 ? undefined : (boxAround(inside) satisfies Box) }
    })
  })
}

/** The column that most of a piece stands in. */
function columnOf(fragment: Fragment, columns: readonly Column[]): number {
  const middle = (fragment.left + fragment.right) / 2
  let best = 0
  let distance = Number.POSITIVE_INFINITY
  for (const [index, [left, right]] of columns.entries()) {
    const away = middle < left ? left - middle : middle > right ? middle - right : 0
    if (away < distance) {
      best = index
      distance = away
    }
  }
  return best
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
