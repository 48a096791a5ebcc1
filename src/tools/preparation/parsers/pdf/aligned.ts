import type { Box } from '../parser.ts'
import { caption, isParted, toBands, type Band } from './bands.ts'
import { findBeside } from './beside.ts'
import { findColumns, placeIn, type Column, type PlacedBand } from './columns.ts'
import type { PageTable } from './cells.ts'
import { toRows } from './rows.ts'
import { columnsBetween, type Seam } from './seams.ts'
import { boxAround, type Fragment } from './words.ts'

/** What is drawn on a page that tells of tables. */
export interface Drawn {
  /** Lines across, and edges of grounds. */
  readonly rules: readonly Box[]
  readonly seams: readonly Seam[]
}

/** Tables that show by their alignment: lines after lines whose pieces stand in the same columns, ruled off or not. */
export function findAligned(fragments: readonly Fragment[], drawn: Drawn): readonly PageTable[] {
  const { rules } = drawn
  const tables: PageTable[] = []
  const taken = new Set<Fragment>()
  const add = (table: PageTable | undefined): void => {
    if (table === undefined) return
    tables.push(table)
    for (const fragment of table.fragments) taken.add(fragment)
  }
  for (const block of findBlocks(drawn)) {
    const left = fragments.filter((each) => !taken.has(each))
    for (const part of partBlock(left, block)) add(toTable(part, rules))
  }
  const bands = toBands(fragments.filter((each) => !taken.has(each)))
  for (const [from, to] of findRuns(bands)) {
    for (const part of partAtCaptions(bands.slice(from, to + 1))) {
      const start = part[0] === undefined ? 0 : bands.indexOf(part[0])
      add(toTable({ bands: part, above: bands.slice(Math.max(0, start - headLinesMax), start) }, rules))
    }
  }
  return tables
}

/** Lines that may be a table. */
interface Given {
  readonly bands: readonly Band[]
  /** Lines above the first, some of which may be heads. */
  readonly above?: readonly Band[]
  /** Where its columns stand, as far as that is drawn. */
  readonly columns?: readonly Column[]
}

/** What stands between the lines of a block, and beside it in the same columns. */
function partBlock(fragments: readonly Fragment[], { top, bottom, columns }: Block): readonly Given[] {
  const inside = fragments.filter((each) => isBetween(each, top, bottom))
  const above = fragments.filter(({ baseline }) => baseline <= top[1])
  const below = fragments.filter(({ baseline }) => baseline > bottom[1] + 1)
  const parts = partAtCaptions(toBands(inside))
  return parts.flatMap((bands, index): readonly Given[] => {
    const beside = {
      above: index === 0 ? toBands(above) : [],
      below: index === parts.length - 1 ? toBands(below) : [],
    }
    const all = withBeside({ bands, columns }, beside)
    const parted = all.filter(isParted).length
    return parted < 2 || parted < all.length * (columns.length > 0 ? 0.25 : 0.4) ? [] : [{ bands: all, columns }]
  })
}

/** With the lines above the first and below the last of those drawn that stand in the same columns. */
function withBeside(
  { bands, columns: known = [] }: Given,
  { above, below }: Readonly<Record<'above' | 'below', readonly Band[]>>,
): readonly Band[] {
  const inside = bands.filter(isParted)
  const columns = known.length > 0 ? known : findColumns(inside, median(inside.map(({ size }) => size)))
  if (columns.length < 2) return bands
  const table = { inside: bands, columns }
  return [...findBeside(table, above, 'above'), ...bands, ...findBeside(table, below, 'below')]
}

/** Parts lines where one names a table, where a wide gap follows, and where lines of text go across. */
function partAtCaptions(bands: readonly Band[]): readonly (readonly Band[])[] {
  const parts: Band[][] = [[]]
  const named = new Set<Band>()
  const proses = new Set<Band>()
  const width = widthOf(bands)
  const isAcross = (band: Band | undefined): boolean => band !== undefined && isText(band, width)
  for (const [index, band] of bands.entries()) {
    const [before, after] = [bands[index - 1], bands[index + 1]]
    const isFar = before !== undefined && band.baseline - before.baseline > 4.5 * Math.max(band.size, before.size)
    const isMore = before !== undefined && proses.has(before) && endsText(before, band)
    const isProse: boolean =
      isMore || (isAcross(band) && (isAcross(before) || isAcross(after) || endsText(band, after)))
    if (isProse) proses.add(band)
    const isName: boolean = isCaption(band) || (before !== undefined && named.has(before) && isMoreOf(before, band))
    if (isName) named.add(band)
    if (isFar || isProse || isName) parts.push([])
    if (!isName && !isProse) parts.at(-1)?.push(band)
  }
  return parts.filter((part) => part.length > 0)
}

function widthOf(bands: readonly Band[]): number {
  const pieces = bands.flatMap(({ fragments }) => fragments)
  return Math.max(...pieces.map(({ right }) => right)) - Math.min(...pieces.map(({ left }) => left))
}

/** Whether a line is one long piece, as those of paragraphs are. */
function isText({ fragments: [first, ...rest] }: Band, width: number): boolean {
  return first !== undefined && rest.length === 0 && first.right - first.left > width * 0.7 && first.text.length > 40
}

function isCaption({ fragments: [first, ...rest] }: Band): boolean {
  return first !== undefined && rest.length <= 1 && caption.test(first.text)
}

/** Whether a line is the last one of a paragraph that goes across. */
function endsText(before: Band, band: Band | undefined): boolean {
  const [first, last] = [before.fragments[0], band?.fragments[0]]
  if (band === undefined || first === undefined || last === undefined || band.fragments.length > 1) return false
  const isNear = band.baseline - before.baseline < band.size * 1.7
  return isNear && Math.abs(first.left - last.left) < band.size * 0.3 && first.font === last.font
}

/** Whether a line goes on the one that names a table. */
function isMoreOf(before: Band, { fragments: [first, ...rest], baseline, size }: Band): boolean {
  if (first === undefined || rest.length > 0 || baseline - before.baseline > size * 1.35) return false
  return before.fragments.some(({ font }) => font === first.font)
}

/** Lines above the first parted one that may be heads over several columns. */
const headLinesMax = 3
/** Shorter lines than this, in points, rule off no table. */
const ruleMin = 80

interface Block {
  readonly top: Box
  readonly bottom: Box
  readonly columns: readonly Column[]
}

/** From the first to the last of the lines that are drawn across at the same width, one below the other. */
function findBlocks({ rules, seams }: Drawn): readonly Block[] {
  const groups: Box[][] = []
  for (const rule of rules.filter(([left, , right]) => right - left >= ruleMin).toSorted((a, b) => a[1] - b[1])) {
    const group = groups.find(
      ([first]) => first !== undefined && Math.abs(first[0] - rule[0]) < 4 && Math.abs(first[2] - rule[2]) < 4,
    )
    if (group === undefined) groups.push([rule])
    else group.push(rule)
  }
  return groups.flatMap((group) => {
    const [top, bottom] = [group[0], group.at(-1)]
    if (top === undefined || bottom === undefined) return []
    const columns = columnsBetween(seams, [top[0], top[1], top[2], bottom[1]])
    return bottom[1] - top[1] < (columns.length > 0 ? 6 : 20) ? [] : [{ top, bottom, columns }]
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
      ((index - run[1] <= 3 && band.baseline - last.baseline < 4.5 * Math.max(band.size, last.size)) ||
        areNames(bands.slice(run[1], index + 1)))
    if (run !== undefined && isNear) run[1] = index
    else runs.push((run = [index, index]))
  }
  return runs.filter(([from, to]) => bands.slice(from, to + 1).filter(isParted).length >= 2)
}

/** Most rows with nothing but a name, between two of which more is known. */
const namesMax = 12

/** Whether what stands between the first and the last line is names of rows that are empty. */
function areNames(bands: readonly Band[]): boolean {
  const [above, ...rest] = bands
  const [name, value] = above?.fragments ?? []
  if (name === undefined || value === undefined || rest.length > namesMax) return false
  return rest.every((band, index) => {
    const step = band.baseline - (bands[index]?.baseline ?? 0)
    const [first] = band.fragments
    const isAligned = first !== undefined && Math.abs(first.left - name.left) < first.size * 0.5
    return step < band.size * 2.6 && isAligned && first.right < value.left + first.size
  })
}

function toTable(
  { bands: given, above = [], columns: known = [] }: Given,
  rules: readonly Box[],
): PageTable | undefined {
  const size = median(given.map((band) => band.size))
  const found = known.length > 0 ? known : withOutdents(findColumns(given.filter(isParted), size), given)
  if (found.length < 2) return undefined
  const heads = findHeads(above, given, found)
  const { placed, columns } = placeAll([...heads, ...given], found)
  const bands = placed.filter(
    (band, index) =>
      isParted(band) || isOfTable(band, columns) || isName(band, [placed[index - 1], placed[index + 1]], columns),
  )
  const rows = toRows({ bands, columns, size, rules })
  if (rows.length < 2 || isLists(rows)) return undefined
  const fragments = bands.flatMap((band) => band.fragments)
  const lengths = fragments.map((fragment) => fragment.text.length)
  const isProse = columns.length === 2 && median(lengths) > 28
  const filled = rows.flat().filter((cell) => cell.text !== '').length
  const isFilled = filled >= rows.length * columns.length * 0.35
  if (isProse || !isFilled || (columns.length === 2 && rows.length < 3) || median(lengths) > 60) return undefined
  return { box: boxAround(fragments), rows, fragments: new Set(bands.flatMap((band) => band.sources)) }
}

/** Whether lists stand side by side: several columns of marks of items. */
function isLists(rows: PageTable['rows']): boolean {
  const columns =
    rows[0]?.map((_, index) => rows.map((row) => row[index]?.text ?? '').filter((text) => text !== '')) ?? []
  const marks = columns.filter((texts) => texts.filter(isMark).length > texts.length * 0.8)
  return marks.length > 1 && marks.length >= columns.length / 3
}

/** A mark of an item, alone or before its text. */
function isMark(text: string): boolean {
  return /^[•▪▫◦○●■□–—-](?:\s+\p{L}.*)?$/u.test(text)
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
  if (kept.length < 2) return { placed, columns }
  const again = kept.length === columns.length ? placed : bands.map((band) => placeIn(kept, band))
  const joined = joinHeads(again, kept)
  return joined.length === kept.length || joined.length < 2
    ? { placed: again, columns: kept }
    : { placed: bands.map((band) => placeIn(joined, band)), columns: joined }
}

/** A head that stands to the left with its values to the right is no column of its own, nor are they. */
function joinHeads(placed: readonly PlacedBand[], columns: readonly Column[]): readonly Column[] {
  const kinds = columns.map((_, index) => {
    const at = placed.flatMap(({ cells }, band) =>
      cells.some(({ from, to }) => from <= index && to >= index) ? [band] : [],
    )
    return { first: at[0] ?? 0, last: at.at(-1) ?? 0, count: at.length }
  })
  const joined: [number, number][] = []
  let open: (typeof kinds)[number] | undefined
  for (const [index, column] of columns.entries()) {
    const [kind, last] = [kinds[index], joined.at(-1)]
    const pair = open === undefined || kind === undefined ? [] : [open, kind].toSorted((a, b) => a.first - b.first)
    const [head, body] = pair
    const isOne =
      head !== undefined && body !== undefined && head.last < body.first && head.last < headLinesMax && body.count > 1
    if (isOne && last !== undefined && index > 1) {
      last[1] = column[1]
      open = undefined
    } else {
      joined.push([...column])
      open = kind
    }
  }
  return joined
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
