import type { Box } from '../parser.ts'

/** Something that lies on a slide. */
export interface Placed<Shape> {
  readonly shape: Shape
  readonly isTitle: boolean
  readonly box: Box | undefined
}

/** Tops that differ by less than this, in points, stand in one row. */
const rowHeight = 18

/** The title, then from top to bottom, and from left to right what stands beside each other. */
export function inReadingOrder<Shape>(shapes: readonly Placed<Shape>[]): readonly Shape[] {
  let last: Box = [0, 0, 0, 0]
  const placed = shapes.map(({ shape, isTitle, box }) => {
    // What says nothing of its place stands below what came before it.
    last = (isTitle ? [0, -1, 0, 0] : (box ?? last)) satisfies Box
    return { shape, left: last[0], top: last[1], row: 0 }
  })
  let row = 0
  let first = Number.NEGATIVE_INFINITY
  for (const each of placed.toSorted((a, b) => a.top - b.top)) {
    if (each.top - first > rowHeight) {
      row++
      first = each.top
    }
    each.row = row
  }
  return placed.toSorted((a, b) => a.row - b.row || a.left - b.left).map(({ shape }) => shape)
}
