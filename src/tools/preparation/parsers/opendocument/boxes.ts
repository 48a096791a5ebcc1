import { childrenOf, type Element } from '../../reading/index.ts'
import type { Box } from '../parser.ts'

/** Points of each unit that lengths have. */
const points: Readonly<Record<string, number>> = {
  cm: 72 / 2.54,
  mm: 7.2 / 2.54,
  in: 72,
  inch: 72,
  pt: 1,
  pc: 12,
  px: 0.75,
}

/** `2.54cm` as 72. */
export function toPoints(length: string | undefined): number | undefined {
  const [, number, unit = ''] = /^(-?\d+(?:\.\d+)?|-?\.\d+)([a-z]+)$/.exec(length ?? '') ?? []
  const factor = points[unit]
  return number === undefined || factor === undefined ? undefined : Math.round(Number(number) * factor * 10) / 10
}

/** Where a shape lies on its page, in points; a group lies where what is in it does. */
export function boxOf(shape: Element): Box | undefined {
  const { attributes } = shape
  const inside = shape.name === 'draw:g' || shape.name === 'draw:a' ? childrenOf(shape).map(boxOf) : []
  const known = inside.filter((box) => box !== undefined)
  if (known.length > 0) return known.reduce(around)
  const [x, y, x2, y2] = ['svg:x1', 'svg:y1', 'svg:x2', 'svg:y2'].map((name) => toPoints(attributes[name]))
  if (x !== undefined && y !== undefined && x2 !== undefined && y2 !== undefined) {
    return [Math.min(x, x2), Math.min(y, y2), Math.max(x, x2), Math.max(y, y2)]
  }
  // Of a shape that is turned, where it is moved to.
  const [, right, down] =
    /translate\s*\(\s*([^\s,)]+)[\s,]+([^\s)]+)\s*\)/.exec(attributes['draw:transform'] ?? '') ?? []
  const left = toPoints(attributes['svg:x'] ?? right)
  const top = toPoints(attributes['svg:y'] ?? down)
  if (left === undefined || top === undefined) return undefined
  const width = toPoints(attributes['svg:width']) ?? 0
  const height = toPoints(attributes['svg:height'] ?? attributes['fo:min-height']) ?? 0
  return [left, top, Math.round((left + width) * 10) / 10, Math.round((top + height) * 10) / 10]
}

function around(a: Box, b: Box): Box {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])]
}
