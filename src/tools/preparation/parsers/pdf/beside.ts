import { caption, isParted, note, toBands, type Band } from './bands.ts'
import { joinLines, type PageTable, type TableCell } from './cells.ts'
import { placeIn, type Column, type PlacedBand } from './columns.ts'
import { boxAround, type Fragment } from './words.ts'

/** Most lines above or below that are taken. */
const linesMax = 60
/** Distance of rows, in heights of letters, and in usual distances of the table's own. */
const stepMax = 2.4
const wideMax = 1.5
/** Distance of lines of one row. */
const closeMax = 1.45

interface Beside {
  /** Lines of the table, from top to bottom. */
  readonly inside: readonly Band[]
  readonly columns: readonly Column[]
}

/**
 * Lines right above or below a table that stand in its columns: a head above the first line that is drawn, a last row
 * without a ground. In the order of the page.
 */
export function findBeside(
  { inside, columns }: Beside,
  candidates: readonly Band[],
  side: 'above' | 'below',
): readonly PlacedBand[] {
  const found: PlacedBand[] = []
  const ordered = side === 'above' ? candidates.toReversed() : candidates
  let last = side === 'above' ? inside[0] : inside.at(-1)
  const usual = usualStep(inside)
  let taken = 0
  for (const [index, band] of ordered.slice(0, linesMax).entries()) {
    if (last === undefined || isAside(band)) break
    const step = Math.abs(last.baseline - band.baseline)
    if (step > Math.max(band.size * stepMax, usual * wideMax)) break
    const placed = placeIn(columns, band)
    if (!isFitting(placed, { columns, side })) break
    const next = ordered[index + 1]
    // The second line of what names the table.
    if (side === 'above' && !isRow(placed, columns) && next !== undefined && isAside(next)) break
    found.push(placed)
    last = band
    if (isRow(placed, columns)) taken = found.length
    // More of a cell stands close to the line that has most of the row.
    else if (taken > 0 && taken === found.length - 1 && step <= band.size * closeMax) taken = found.length
    else if (next === undefined || found.length - taken > 2) break
  }
  const kept = found.slice(0, taken)
  return side === 'above' ? kept.toReversed() : kept
}

/** A table whose cells are drawn, with the rows right above and below that no line goes around. */
export function withRowsBeside(table: PageTable, free: readonly Fragment[]): PageTable {
  const { box, columns = [] } = table
  const inside = toBands([...table.fragments])
  const [first, last] = [inside[0], inside.at(-1)]
  if (first === undefined || last === undefined) return table
  const [above, below] = (['above', 'below'] as const).map((side) => {
    const bands = toBands(
      free.filter(({ baseline }) => (side === 'above' ? baseline < box[1] + 1 : baseline > box[3] - 1)),
    )
    return findBeside({ inside, columns }, bands, side)
  })
  if (above === undefined || below === undefined || above.length + below.length === 0) return table
  const bands = [...above, ...below]
  return {
    ...table,
    box: boxAround([...table.fragments, ...bands.flatMap(({ fragments }) => fragments)]),
    rows: [...toRows(above, columns), ...table.rows, ...toRows(below, columns)],
    fragments: new Set([...table.fragments, ...bands.flatMap(({ sources }) => sources)]),
  }
}

/** Lines as rows: what stands close is one. */
function toRows(bands: readonly PlacedBand[], columns: readonly Column[]): readonly (readonly TableCell[])[] {
  const groups: PlacedBand[][] = []
  for (const band of bands) {
    const before = groups.at(-1)?.at(-1)
    if (before !== undefined && band.baseline - before.baseline <= band.size * closeMax) groups.at(-1)?.push(band)
    else groups.push([band])
  }
  return groups.map((group) =>
    columns.map((_, index): TableCell => {
      const cells = group.flatMap((band) => band.cells.filter(({ from }) => from === index))
      const fragments = cells.map(({ fragment }) => fragment)
      return { text: joinLines(fragments), box: fragments.length === 0 ? undefined : boxAround(fragments) }
    }),
  )
}

function usualStep(bands: readonly Band[]): number {
  const steps = bands.slice(1).map((band, index) => band.baseline - (bands[index]?.baseline ?? 0))
  return steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0
}

function isAside({ fragments: [first, ...rest] }: Band): boolean {
  if (first === undefined || rest.length > 1) return false
  return caption.test(first.text) || (rest.length === 0 && note.test(first.text))
}

/** Whether every piece stands in one column, or above may be a head over several. */
function isFitting(
  { cells }: PlacedBand,
  { columns, side }: { readonly columns: readonly Column[]; readonly side: 'above' | 'below' },
): boolean {
  const mayCover = side === 'above' && cells.length > 1 && cells.length < columns.length
  return cells.every(({ fragment: { left, right, size }, from, to }) => {
    const [start, end] = [columns[from - 1]?.[1], columns[to + 1]?.[0]]
    const outer = columns[from]?.[0] ?? 0
    // The last column may be wider than what is known of it.
    if (from !== to && !(mayCover && from > 0)) return false
    return left > (start ?? outer - size * 1.5) - 1 && right < (end ?? Number.POSITIVE_INFINITY) + 1
  })
}

/** Whether a line has pieces in enough columns to be a row of its own. */
function isRow(band: PlacedBand, columns: readonly Column[]): boolean {
  const filled = new Set(
    band.cells.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, at) => from + at)),
  ).size
  return filled >= 2 && filled >= (columns.length - 1) * 0.5 && isParted(band)
}
