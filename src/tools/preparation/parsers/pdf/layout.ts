import type { Inline } from '../../canonical/index.ts'
import type { Box } from '../parser.ts'
import { findAligned } from './aligned.ts'
import { isParted, toBands } from './bands.ts'
import { withRowsBeside } from './beside.ts'
import type { Drawing } from './drawing.ts'
import type { PageTable } from './cells.ts'
import { findGrids, joinEnds } from './grids.ts'
import { cutPieces } from './pieces.ts'
import { findSeams } from './seams.ts'
import { boxAround, joinTexts, type Fragment, type PageText } from './words.ts'

/** What a page is made of, in the order of reading. */
export type PageItem =
  | { readonly type: 'line'; readonly line: Line }
  | { readonly type: 'table'; readonly table: Pick<PageTable, 'rows' | 'box'> }
  /** Read from a picture: whole already. */
  | { readonly type: 'paragraph'; readonly inline: Inline }

export interface Line {
  readonly text: string
  readonly box: Box
  readonly size: number
  /** The font of most of it. */
  readonly font: string
  readonly isTurned: boolean
  /** Bounds of the column it stands in. */
  readonly column: readonly [left: number, right: number]
}

/** Whether the page has lines that may be rows of tables, so that it is worth looking at what is drawn. */
export function maybeTables({ fragments }: PageText): boolean {
  return toBands(fragments.filter((fragment) => !fragment.isTurned)).filter(isParted).length >= 2
}

/** Parts a page into lines and tables. */
export function layOut(page: PageText, drawing: Drawing | undefined): readonly PageItem[] {
  const placed = page.fragments.filter((fragment) => !fragment.isTurned)
  const upright = drawing === undefined || !maybeTables(page) ? placed : cutPieces(placed, drawing)
  const drawn = drawing === undefined ? [] : findGrids(upright, drawing)
  const free = upright.filter((fragment) => !drawn.some((grid) => grid.fragments.has(fragment)))
  const grids = drawn.map((grid) => withRowsBeside(grid, free))
  const rest = upright.filter((fragment) => !grids.some((grid) => grid.fragments.has(fragment)))
  const rules = drawing === undefined ? [] : joinEnds([...drawing.lines.horizontal, ...drawing.fills.horizontal], 1)
  const seams = drawing === undefined ? [] : findSeams(drawing)
  const text = placed.filter((each) => !grids.some(({ box }) => isInside(each, box)))
  const gutter = findGutter(text, page.width)
  const zones = gutter === undefined ? [rest] : partBy(rest, gutter)
  const tables = [...grids, ...zones.flatMap((zone) => findAligned(zone, { rules, seams }))]
  const ordered = gutter === undefined || isColumnwise(rest, gutter) ? upright : byColumns(upright, gutter)
  const items: PageItem[] = []
  const written = new Set<PageTable>()
  let open: Fragment[] = []
  const close = (): void => {
    if (open.length > 0) items.push({ type: 'line', line: toLine(open, columnOf(open, gutter, page.width)) })
    open = []
  }
  for (const fragment of ordered) {
    const table = tables.find((each) => each.fragments.has(fragment))
    if (table !== undefined) {
      close()
      if (!written.has(table)) items.push({ type: 'table', table: { rows: table.rows, box: table.box } })
      written.add(table)
      continue
    }
    const last = open.at(-1)
    const isSameLine =
      last !== undefined &&
      Math.abs(last.baseline - fragment.baseline) < Math.min(last.size, fragment.size) * 0.35 &&
      fragment.left >= last.right - last.size &&
      sideOf(last, gutter) === sideOf(fragment, gutter)
    if (!isSameLine) close()
    open.push(fragment)
  }
  close()
  for (const fragment of page.fragments) {
    if (fragment.isTurned) items.push({ type: 'line', line: toLine([fragment], [0, page.width]) })
  }
  return items
}

function toLine(fragments: readonly Fragment[], column: Line['column']): Line {
  const longest = fragments.reduce((best, each) => (each.text.length > best.text.length ? each : best))
  return {
    text: fragments.reduce((text, fragment) => joinTexts(text, fragment.text.trim()), ''),
    box: boxAround(fragments),
    size: longest.size,
    font: longest.font,
    isTurned: longest.isTurned,
    column,
  }
}

function isInside({ left, right, baseline }: Fragment, [x0, y0, x1, y1]: Box): boolean {
  const middle = (left + right) / 2
  return middle > x0 && middle < x1 && baseline > y0 && baseline < y1 + 1
}

/** The empty stretch between two columns of text, by its middle. */
interface Gutter {
  readonly at: number
  readonly left: number
  readonly right: number
}

/** Fewest lines that must have text on both sides, and most of them long. */
const columnLinesMin = 6
/** Points by which a page is looked through for one. */
const step = 4

function findGutter(fragments: readonly Fragment[], width: number): Gutter | undefined {
  const left = Math.min(...fragments.map((fragment) => fragment.left))
  const right = Math.max(...fragments.map((fragment) => fragment.right))
  const steps = Math.ceil(width / step) + 1
  if (fragments.length < 2 * columnLinesMin || !(steps < 10_000)) return undefined
  const crossing = new Int32Array(steps + 1)
  for (const fragment of fragments) {
    const [from, to] = [Math.floor(fragment.left / step), Math.ceil(fragment.right / step)]
    for (let at = Math.max(0, from); at <= Math.min(steps, to); at++) crossing[at] = (crossing[at] ?? 0) + 1
  }
  const few = fragments.length * 0.2
  let best: { readonly gutter: Gutter; readonly width: number } | undefined
  for (let at = Math.floor((width * 0.2) / step); at < (width * 0.8) / step; at++) {
    let end = at
    while (end < steps && (crossing[end] ?? 0) <= few) end++
    const gap = (end - at) * step
    const gutter = { at: (at + (end - at) / 2) * step, left, right }
    if (gap >= 8 && gap > (best?.width ?? 0) && isGutter(fragments, gutter, width)) best = { gutter, width: gap }
    at = Math.max(at, end)
  }
  return best?.gutter
}

/** Prose on both sides, in lines that are long and much of one length; few lines go across. */
function isGutter(fragments: readonly Fragment[], gutter: Gutter, pageWidth: number): boolean {
  const across = fragments.filter((fragment) => sideOf(fragment, gutter) === 'across').length
  if (across > fragments.length * 0.35) return false
  const share = (side: 'left' | 'right'): number => {
    const widths = fragments
      .filter((fragment) => sideOf(fragment, gutter) === side)
      .map((piece) => piece.right - piece.left)
      .toSorted((a, b) => a - b)
    const full = widths[Math.floor(widths.length * 0.9)] ?? 0
    if (widths.length < columnLinesMin || full < pageWidth * 0.2) return 0
    return widths.filter((width) => width > full * 0.6).length / widths.length
  }
  const [left, right] = [share('left'), share('right')]
  return Math.max(left, right) > 0.4 && Math.min(left, right) > 0.25
}

type Side = 'left' | 'right' | 'across'

function sideOf(fragment: Fragment, gutter: Gutter | undefined): Side {
  if (gutter === undefined) return 'across'
  if (fragment.right <= gutter.at + 2) return 'left'
  return fragment.left >= gutter.at - 2 ? 'right' : 'across'
}

function partBy(fragments: readonly Fragment[], gutter: Gutter): readonly (readonly Fragment[])[] {
  return (['left', 'right', 'across'] as const).map((side) => fragments.filter((each) => sideOf(each, gutter) === side))
}

/** Whether the page is drawn column by column already: it seldom goes from one side to the other. */
function isColumnwise(fragments: readonly Fragment[], gutter: Gutter): boolean {
  let changes = 0
  let before: Side | undefined
  for (const fragment of fragments) {
    const side = sideOf(fragment, gutter)
    if (side === 'across') continue
    if (before !== undefined && side !== before) changes++
    before = side
  }
  return changes < fragments.length / 6
}

/** What goes across parts the page; between that, the left column comes before the right one. */
function byColumns(fragments: readonly Fragment[], gutter: Gutter): readonly Fragment[] {
  const ordered: Fragment[] = []
  let left: Fragment[] = []
  let right: Fragment[] = []
  const flush = (): void => {
    ordered.push(...left, ...right)
    left = []
    right = []
  }
  for (const { fragments: pieces } of toBands(fragments)) {
    for (const fragment of pieces) {
      const side = sideOf(fragment, gutter)
      if (side === 'left') left.push(fragment)
      else if (side === 'right') right.push(fragment)
      else {
        flush()
        ordered.push(fragment)
      }
    }
  }
  flush()
  return ordered
}

function columnOf(fragments: readonly Fragment[], gutter: Gutter | undefined, width: number): Line['column'] {
  const [first] = fragments
  if (gutter === undefined || first === undefined) return [0, width]
  const side = sideOf(first, gutter)
  if (side === 'left') return [gutter.left, gutter.at]
  return side === 'right' ? [gutter.at, gutter.right] : [gutter.left, gutter.right]
}
