import type { Box } from '../parser.ts'
import type { Column } from './columns.ts'
import type { Drawing } from './drawing.ts'

/** A place where two cells meet: lines and grounds are often drawn cell by cell. */
export interface Seam {
  readonly x: number
  readonly y: number
}

/** Nearer than this, in points, is the same place. */
const near = 1.5

/** Where lines across, and edges of grounds, end and others go on. */
export function findSeams({ lines, fills }: Drawing): readonly Seam[] {
  const pieces = [...lines.horizontal, ...fills.horizontal].toSorted(
    (a, b) => Math.round(a[1]) - Math.round(b[1]) || a[0] - b[0],
  )
  const seams: Seam[] = []
  for (const [index, [left, y]] of pieces.entries()) {
    // Those before it that reach its beginning: what is drawn twice lies between.
    for (let at = index - 1; at >= 0 && at > index - 4; at--) {
      const before = pieces[at]
      if (before === undefined || Math.abs(before[1] - y) > near || before[0] >= left - near) continue
      if (Math.abs(before[2] - left) <= near) seams.push({ x: left, y })
      break
    }
  }
  return seams
}

/** Columns between the seams within a box; none where they do not stand one above the other. */
export function columnsBetween(seams: readonly Seam[], [left, top, right, bottom]: Box): readonly Column[] {
  const inside = seams
    .filter(({ x, y }) => y >= top - near && y <= bottom + near && x > left + 4 && x < right - 4)
    .toSorted((a, b) => a.x - b.x)
  const groups: Seam[][] = []
  for (const seam of inside) {
    const group = groups.at(-1)
    if (group?.[0] !== undefined && seam.x - group[0].x <= near) group.push(seam)
    else groups.push([seam])
  }
  const bounds = groups.flatMap((group) => {
    const heights = new Set(group.map(({ y }) => Math.round(y)))
    return heights.size < 2 || group[0] === undefined ? [] : [group[0].x]
  })
  const ends = [left, ...bounds, right]
  return bounds.length === 0 ? [] : bounds.concat(right).map((bound, index): Column => [ends[index] ?? left, bound])
}
