import type { Band } from './bands.ts'
import { joinTexts, type Fragment, type Part } from './words.ts'

export type Column = readonly [left: number, right: number]

/** A piece and the columns it stands over. */
export interface Cell {
  readonly fragment: Fragment
  readonly from: number
  readonly to: number
}

export interface PlacedBand extends Band {
  readonly cells: readonly Cell[]
  /** The pieces of the page that those of the line were cut from. */
  readonly sources: readonly Fragment[]
}

/** Stretches of the line between the gaps that go through nearly all lines that have about as many pieces as any. */
export function findColumns(bands: readonly Band[], size: number): readonly Column[] {
  const counts = bands.map((band) => band.fragments.length).toSorted((a, b) => a - b)
  const most = counts[Math.floor(counts.length * 0.9)] ?? 0
  const full = bands.filter((band) => band.fragments.length >= most * 0.6)
  return stretches(full.length >= 3 ? full : bands, size)
}

function stretches(bands: readonly Band[], size: number): readonly Column[] {
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

/** A line with each piece in its columns; pieces that only stand close together are cut where columns end. */
export function placeIn(columns: readonly Column[], band: Band): PlacedBand {
  const cells = band.fragments.flatMap((fragment) => {
    const whole = cellOf(columns, fragment)
    if (whole.from === whole.to) return [whole]
    return cut(columns, fragment).map((piece) => cellOf(columns, piece))
  })
  return { ...band, fragments: cells.map(({ fragment }) => fragment), cells, sources: band.fragments }
}

function cellOf(columns: readonly Column[], fragment: Fragment): Cell {
  const deep = fragment.size * 0.5
  const wide = columns.flatMap(([left, right], index) => {
    const common = Math.min(right, fragment.right) - Math.max(left, fragment.left)
    return common > Math.min(deep, (right - left) * 0.5) ? [{ index, common }] : []
  })
  const near = nearest(columns, fragment)
  const width = fragment.right - fragment.left
  const over = wide.length === 2 ? wide.filter(({ common }) => common > width * 0.22) : wide
  return { fragment, from: over[0]?.index ?? near, to: over.at(-1)?.index ?? near }
}

/** The column that most of a piece stands in, or is nearest to. */
function nearest(columns: readonly Column[], fragment: Fragment): number {
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

/** Parts of a piece by the column each stands in; the piece itself where one of them stands over more. */
function cut(columns: readonly Column[], fragment: Fragment): readonly Fragment[] {
  const parts = fragment.parts.flatMap((part) => toWords(part, fragment.size))
  const groups: { column: number; parts: Part[] }[] = []
  for (const part of parts) {
    const placed = { ...fragment, ...part }
    const { from, to } = cellOf(columns, placed)
    if (to > from + 1) return [fragment]
    const column = from === to ? from : nearest(columns, placed)
    const last = groups.at(-1)
    if (last?.column === column) last.parts.push(part)
    else groups.push({ column, parts: [part] })
  }
  // A sentence across columns is parted by chance too: values are what stands in columns one beside the other.
  const isApart = groups.every(({ parts: [first] }, index) => {
    const before = groups[index - 1]?.parts.at(-1)
    return (
      before === undefined ||
      first === undefined ||
      first.left - before.right > fragment.size * 0.3 ||
      isValue(first.text)
    )
  })
  if (groups.length < 2 || !isApart) return [fragment]
  return groups.map((group) => ({
    ...fragment,
    left: group.parts[0]?.left ?? fragment.left,
    right: group.parts.at(-1)?.right ?? fragment.right,
    text: group.parts.reduce((text, part) => joinTexts(text, part.text.trim()), ''),
    parts: group.parts,
  }))
}

/** Numbers, dates, shares, and what stands where there is none. */
export function isValue(text: string): boolean {
  return /^[-–—−+±(<>≤≥~≈]*\s*(?:[$€£¥￥]|US\$|RMB|EUR|USD)?\s*[-–—−]?(?:\d[\d\s.,:/’'%–-]*|n\/?a\.?|[-–—…*.]+)\s*(?:[%‰)†‡*€$£]|pp|bn|mn|万|亿|元|[a-z]{1,2})*$/iu.test(
    text.trim(),
  )
}

/** Words of a part that is several values in one, by the usual widths of letters. */
function toWords(part: Part, size: number): readonly Part[] {
  const words = part.text.trim().split(/\s+/)
  if (words.length < 2 || !words.every(isValue)) return [part]
  const widths = words.map((word) => Array.from(word).reduce((sum, letter) => sum + widthOf(letter), 0) * size)
  const blank = (part.right - part.left - widths.reduce((sum, width) => sum + width, 0)) / (words.length - 1)
  if (blank < size * 0.2) return [part]
  let left = part.left
  return words.map((text, index) => {
    const word = { text, left, right: left + (widths[index] ?? 0) }
    left = word.right + blank
    return word
  })
}

function widthOf(letter: string): number {
  return /[.,:;'’|!()\-/]/.test(letter) ? 0.29 : /[%—…]/.test(letter) ? 0.87 : 0.53
}
