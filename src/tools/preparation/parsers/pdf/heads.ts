import { joinLines, type TableCell } from './cells.ts'
import { isValue, type Cell, type Column, type PlacedBand } from './columns.ts'
import type { AlignedLines } from './rows.ts'
import { boxAround, type Fragment } from './words.ts'

/** More lines than this are no head. */
const headBandsMax = 8

/** How many of the first lines are heads: down to the first line drawn across, or to the first values. */
export function countHeadBands(lines: AlignedLines): number {
  const { bands, rules, columns } = lines
  const [left, right] = [columns[0]?.[0] ?? 0, columns.at(-1)?.[1] ?? 0]
  const first = bands[0]
  if (first === undefined) return 0
  const rule = rules
    .filter(([from, y, to]) => {
      const isBelow = y > first.baseline - first.size * 0.2
      const isWhole = from < (columns[0]?.[1] ?? 0)
      return isBelow && isWhole && Math.min(to, right) - Math.max(from, left) > (right - left) * 0.75
    })
    .toSorted((a, b) => a[1] - b[1])[0]
  const above = rule === undefined ? 0 : bands.filter((band) => band.baseline < rule[1] + 1).length
  if (above > 0 && above <= headBandsMax && above < bands.length) return above
  const values = bands.findIndex(hasValues)
  const count =
    values >= 0 && values <= headBandsMax
      ? bands.slice(0, values).findLastIndex((band) => !isSection(band)) + 1
      : values >= 0
        ? 0
        : countByFont(bands)
  return count < 2 ? count : Math.min(count, countTogether(lines))
}

/** How many of the first lines may be one head: down to the first that has all of it and is followed by a row. */
function countTogether({ bands, columns, size }: AlignedLines): number {
  const steps = bands.slice(1).map((band, index) => band.baseline - (bands[index]?.baseline ?? 0))
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0
  const index = bands.findIndex((band, place) => {
    const [step, next] = [steps[place] ?? 0, bands[place + 1]]
    const filled = band.cells.filter(({ to }) => to > 0).length
    if (next === undefined || filled < columns.length - 1) return false
    const fonts = [band, next].map(({ fragments }) =>
      fragments.every(({ font }) => font === fragments[0]?.font) ? fragments[0]?.font : undefined,
    )
    const differs = fonts[0] !== undefined && fonts[1] !== undefined && fonts[0] !== fonts[1]
    return differs || (step > size * 1.4 && step >= usual * 0.9)
  })
  return index < 0 ? bands.length : index + 1
}

/** A line that only names the rows below it. */
function isSection({ cells }: PlacedBand): boolean {
  return cells.length === 1 && cells[0]?.from === 0
}

/** Lines at the top that are set in another font than those below; one where there is no difference. */
function countByFont(bands: readonly PlacedBand[]): number {
  const counts = new Map<string, number>()
  for (const { fragments } of bands) for (const { font } of fragments) counts.set(font, (counts.get(font) ?? 0) + 1)
  const usual = [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0]
  const index = bands.findIndex(({ fragments }) => fragments.some(({ font }) => font === usual))
  return index > 0 && index <= headBandsMax ? index : 1
}

/** Whether most of what stands beside the first column is values, years apart. */
function hasValues({ cells }: PlacedBand): boolean {
  const rest = cells.filter(({ from }) => from > 0)
  const values = rest.filter(({ fragment: { text } }) => isValue(text) && !isPeriod(text))
  return values.length > 0 && values.length >= rest.length * 0.5
}

function isPeriod(text: string): boolean {
  return /^\(?(?:19|20)\d\d(?:\s*[-–—/]\s*\d{2,4})?\)?\s*[*a-z]?$|^\d{1,2}[/.]\d{1,2}[/.]\d{2,4}$|^\(?[%‰]\)?$/i.test(
    text.trim(),
  )
}

/** What stands above a column, from top to bottom: heads over several columns, then its own. */
interface Level {
  readonly span: Span
  readonly cells: Cell[]
}

type Span = readonly [from: number, to: number]

/** Rows of heads: one for each depth of heads over several columns, and one of what stands over a single column. */
export function toHeadRows(bands: readonly PlacedBand[], lines: AlignedLines): readonly (readonly TableCell[])[] {
  if (bands.length === 0) return []
  const stacks = lines.columns.map((): Level[] => [])
  for (const [number, band] of bands.entries()) {
    const spans = spansOf(band, { above: bands.slice(0, number), below: bands.slice(number + 1) }, lines)
    for (const [index, cell] of band.cells.entries()) {
      const span = spans[index]
      put(stacks, cell, span !== undefined && isNested(stacks, span) ? span : [cell.from, cell.to])
    }
  }
  const depth = Math.max(1, ...stacks.map((stack) => stack.length))
  return Array.from({ length: depth }, (_, row) =>
    stacks.map((stack) => toCell(stack[Math.min(row, stack.length - 1)]?.cells ?? [])),
  )
}

/** Whether a head would stand within one of those above it, or beside them. */
function isNested(stacks: readonly Level[][], [from, to]: Span): boolean {
  return stacks.every((stack) =>
    stack.every(({ span }) => span[1] < from || span[0] > to || (span[0] <= from && span[1] >= to)),
  )
}

function put(stacks: readonly Level[][], cell: Cell, span: Span): void {
  const last = stacks[span[0]]?.at(-1)
  if (last !== undefined && last.span[0] === span[0] && last.span[1] === span[1]) {
    last.cells.push(cell)
    return
  }
  const level: Level = { span, cells: [cell] }
  for (let index = span[0]; index <= span[1]; index++) stacks[index]?.push(level)
}

interface Around {
  readonly above: readonly PlacedBand[]
  readonly below: readonly PlacedBand[]
}

/** The columns that each piece of a line is meant for: those above a line drawn below it, those it is in the middle of. */
function spansOf(band: PlacedBand, { above, below }: Around, lines: AlignedLines): readonly Span[] {
  const ruled = band.cells.map((cell) => ruledSpan(cell, below[0], lines))
  if (below.length === 0 || ruled.some((span) => span !== undefined)) {
    return band.cells.map((cell, index) => ruled[index] ?? [cell.from, cell.to])
  }
  const cells = band.cells.filter(({ to }) => to > 0)
  const mayCover =
    cells.length < lines.columns.length - 1 && !cells.every((cell) => goesOn(cell, below)) && !above.some(hasOwn)
  const centred = mayCover ? cover(cells, lines.columns) : undefined
  return band.cells.map((cell): Span => centred?.[cells.indexOf(cell)] ?? [cell.from, cell.to])
}

/** Whether a line has heads of single columns beside the first. */
function hasOwn({ cells }: PlacedBand): boolean {
  return cells.filter(({ from, to }) => from > 0 && from === to).length > 2
}

/** Whether each of several lines below has more of the same head. */
function goesOn({ from, to }: Cell, below: readonly PlacedBand[]): boolean {
  return below.length > 1 && below.every(({ cells }) => cells.some((cell) => cell.from === from && cell.to === to))
}

function ruledSpan({ from, to, fragment }: Cell, below: PlacedBand | undefined, lines: AlignedLines): Span | undefined {
  const { rules, columns } = lines
  const width = (columns.at(-1)?.[1] ?? 0) - (columns[0]?.[0] ?? 0)
  const end = below === undefined ? fragment.baseline + fragment.size : below.baseline - below.size * 0.4
  const rule = rules.find(([left, y, right]) => {
    const isBelow = y > fragment.baseline - fragment.size * 0.2 && y < end
    return isBelow && left < fragment.left + 4 && right > fragment.right - 4 && right - left < width * 0.9
  })
  if (rule === undefined) return undefined
  const under = columns.flatMap(([left, right], index) => {
    const middle = (left + right) / 2
    return middle > rule[0] && middle < rule[2] ? [index] : []
  })
  return [Math.min(from, ...under), Math.max(to, ...under)]
}

/** Groups of columns side by side, down to the last, of which each piece stands in the middle; none when there are no such. */
function cover(cells: readonly Cell[], columns: readonly Column[]): readonly Span[] | undefined {
  const [cell, ...rest] = cells
  if (cell === undefined) return undefined
  for (let from = cell.from; from >= 1; from--) {
    const spans = coverFrom(from, [cell, ...rest], columns)
    if (spans !== undefined) return spans
  }
  return undefined
}

function coverFrom(from: number, cells: readonly Cell[], columns: readonly Column[]): readonly Span[] | undefined {
  const [cell, ...rest] = cells
  if (cell === undefined) return from === columns.length ? [] : undefined
  for (let to = columns.length - 1 - rest.length; to >= Math.max(from, cell.to); to--) {
    if (cell.from < from || !isCentred(cell.fragment, columns.slice(from, to + 1))) continue
    const others = coverFrom(to + 1, rest, columns)
    if (others !== undefined) return [[from, to], ...others]
  }
  return undefined
}

function isCentred({ left, right, size }: Fragment, columns: readonly Column[]): boolean {
  const [from, to] = [columns[0]?.[0] ?? 0, columns.at(-1)?.[1] ?? 0]
  return Math.abs(left + right - from - to) / 2 < size * 0.9 + (to - from) * 0.05
}

function toCell(cells: readonly Cell[]): TableCell {
  const fragments: readonly Fragment[] = cells.map(({ fragment }) => fragment)
  return { text: joinLines(fragments), box: fragments.length === 0 ? undefined : boxAround(fragments) }
}
