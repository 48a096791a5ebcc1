import type { Box } from '../parser.ts'
import { caption, toBands, type Band } from './bands.ts'
import { findColumns, placeIn, type Column, type PlacedBand } from './columns.ts'
import type { PageTable } from './cells.ts'
import { toRows } from './rows.ts'
import { boxAround, type Fragment } from './words.ts'

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

/** Tables that show by their alignment: lines after lines whose pieces stand in the same columns, ruled off or not. */
export function findAligned(fragments: readonly Fragment[], rules: readonly Box[]): readonly PageTable[] {
  const tables: PageTable[] = []
  const taken = new Set<Fragment>()
  const add = (table: PageTable | undefined): void => {
    if (table === undefined) return
    tables.push(table)
    for (const fragment of table.fragments) taken.add(fragment)
  }
  for (const [top, bottom] of findBlocks(rules)) {
    const inside = fragments.filter((each) => !taken.has(each) && isBetween(each, top, bottom))
    for (const bands of partAtCaptions(toBands(inside))) {
      const parted = bands.filter(isParted).length
      if (parted >= 2 && parted >= bands.length * 0.4) add(toTable(bands, rules))
    }
  }
  const bands = toBands(fragments.filter((each) => !taken.has(each)))
  for (const [from, to] of findRuns(bands)) {
    for (const part of partAtCaptions(bands.slice(from, to + 1))) {
      const start = part[0] === undefined ? 0 : bands.indexOf(part[0])
      add(toTable(part, rules, bands.slice(Math.max(0, start - headLinesMax), start)))
    }
  }
  return tables
}

/** Parts lines where one names a table, or a wide gap follows. */
function partAtCaptions(bands: readonly Band[]): readonly (readonly Band[])[] {
  const parts: Band[][] = [[]]
  for (const [index, band] of bands.entries()) {
    const before = bands[index - 1]
    const isFar = before !== undefined && band.baseline - before.baseline > 4.5 * Math.max(band.size, before.size)
    if (isFar || isCaption(band)) parts.push([])
    if (!isCaption(band)) parts.at(-1)?.push(band)
  }
  return parts.filter((part) => part.length > 1)
}

function isCaption({ fragments: [first, ...rest] }: Band): boolean {
  return first !== undefined && rest.length <= 1 && caption.test(first.text)
}

/** Lines above the first parted one that may be heads over several columns. */
const headLinesMax = 3
/** Shorter lines than this, in points, rule off no table. */
const ruleMin = 80

/** From the first to the last of the lines that are drawn across at the same width, one below the other. */
function findBlocks(rules: readonly Box[]): readonly (readonly [top: Box, bottom: Box])[] {
  const groups: Box[][] = []
  for (const rule of rules.filter(([left, , right]) => right - left >= ruleMin).toSorted((a, b) => a[1] - b[1])) {
    const group = groups.find(
      ([first]) => first !== undefined && Math.abs(first[0] - rule[0]) < 4 && Math.abs(first[2] - rule[2]) < 4,
    )
    if (group === undefined) groups.push([rule])
    else group.push(rule)
  }
  return groups.flatMap((group) => {
    const [first, last] = [group[0], group.at(-1)]
    return first === undefined || last === undefined || last[1] - first[1] < 20 ? [] : [[first, last] as const]
  })
}

function isBetween({ left, right, baseline }: Fragment, top: Box, bottom: Box): boolean {
  return baseline > top[1] && baseline < bottom[1] + 1 && left >= top[0] - 6 && right <= top[2] + 6
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

function toTable(given: readonly Band[], rules: readonly Box[], above: readonly Band[] = []): PageTable | undefined {
  const size = median(given.map((band) => band.size))
  const found = withOutdents(findColumns(given.filter(isParted), size), given)
  if (found.length < 2) return undefined
  const heads = findHeads(above, given, found)
  const { placed, columns } = placeAll([...heads, ...given], found)
  const bands = placed.filter(
    (band, index) =>
      isParted(band) || isOfTable(band, columns) || isName(band, [placed[index - 1], placed[index + 1]], columns),
  )
  const rows = toRows({ bands, columns, size, rules })
  if (rows.length < 2) return undefined
  const fragments = bands.flatMap((band) => band.fragments)
  const lengths = fragments.map((fragment) => fragment.text.length)
  const isProse = columns.length === 2 && median(lengths) > 28
  const filled = rows.flat().filter((cell) => cell.text !== '').length
  const isFilled = filled >= rows.length * columns.length * 0.35
  if (isProse || !isFilled || (columns.length === 2 && rows.length < 3) || median(lengths) > 60) return undefined
  return { box: boxAround(fragments), rows, fragments: new Set(bands.flatMap((band) => band.sources)) }
}

/** Names of groups of rows often stand a little to the left of those of rows. */
function withOutdents([first, ...rest]: readonly Column[], bands: readonly Band[]): readonly Column[] {
  if (first === undefined) return []
  const lefts = bands.flatMap(({ fragments: [each], size }) =>
    each !== undefined && each.left < first[0] && each.left > first[0] - size * 4 ? [each.left] : [],
  )
  return [[Math.min(first[0], ...lefts), first[1]], ...rest]
}

/** Lines that stand right above, over some of the columns but not the first. */
function findHeads(above: readonly Band[], given: readonly Band[], columns: readonly Column[]): readonly Band[] {
  const heads: Band[] = []
  const [first, second] = columns
  const last = columns.at(-1)
  if (first === undefined || second === undefined || last === undefined || columns.length < 3) return []
  for (const band of above.toReversed()) {
    const below = heads[0] ?? given[0]
    if (below === undefined || below.baseline - band.baseline > below.size * 1.9) break
    const [left, right] = [band.fragments[0]?.left ?? 0, band.fragments.at(-1)?.right ?? 0]
    if (left < first[1] + band.size * 0.5 || right > last[1] + band.size * 2) break
    heads.unshift(band)
  }
  return heads
}

/** Every line in its columns, without columns that nothing stands in for itself. */
function placeAll(
  bands: readonly Band[],
  columns: readonly Column[],
): { readonly placed: readonly PlacedBand[]; readonly columns: readonly Column[] } {
  const placed = bands.map((band) => placeIn(columns, band))
  const used = new Set(placed.flatMap(({ cells }) => cells.flatMap(({ from, to }) => (from === to ? [from] : []))))
  const kept = columns.filter((_, index) => used.has(index))
  if (kept.length === columns.length || kept.length < 2) return { placed, columns }
  return { placed: bands.map((band) => placeIn(kept, band)), columns: kept }
}

/** Whether a line that is whole is one of the table: more of a cell, or a head, not a sentence across. */
function isOfTable(band: PlacedBand, columns: readonly Column[]): boolean {
  return band.cells.every(({ from, to, fragment }) => {
    const left = Math.min((columns[from]?.[0] ?? 0) - fragment.size, columns[from - 1]?.[1] ?? Number.POSITIVE_INFINITY)
    const right = Math.max((columns[to]?.[1] ?? 0) + fragment.size, columns[to + 1]?.[0] ?? 0)
    return fragment.left >= left && fragment.right <= right && (from === to || fragment.text.length <= 60)
  })
}

/** Whether a line between rows names those below it. */
function isName(band: PlacedBand, around: readonly (PlacedBand | undefined)[], columns: readonly Column[]): boolean {
  const [fragment, ...rest] = band.fragments
  const [before, after] = around
  if (fragment === undefined || rest.length > 0 || before === undefined || after === undefined || !isParted(after))
    return false
  const isLeft = Math.abs(fragment.left - (columns[0]?.[0] ?? 0)) < fragment.size * 2
  return isLeft && fragment.text.length <= 80 && fragment.right < (columns.at(-1)?.[0] ?? 0)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
