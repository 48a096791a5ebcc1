import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'

/** A font of outlines (TrueType, plain or packed as WOFF), as far as writing lines of text needs it. */
export interface Font {
  /** Units of the design that make one em. */
  readonly unitsPerEm: number
  /** Number of the glyph of a character; 0 when the font has none. */
  glyphOf(character: string): number
  /** Units from one letter to the next. */
  advanceOf(glyph: number): number
  /** Closed curves as polygons, units from the base line upwards. */
  outlineOf(glyph: number): readonly Polygon[]
}

export type Polygon = readonly (readonly [x: number, y: number])[]

export function readFont(path: string): Font {
  const tables = readTables(readFileSync(path))
  const head = tableOf(tables, 'head')
  const loca = tableOf(tables, 'loca')
  const glyf = tableOf(tables, 'glyf')
  const hmtx = tableOf(tables, 'hmtx')
  const widths = tableOf(tables, 'hhea').readUInt16BE(34)
  const isLong = head.readInt16BE(50) === 1
  const findGlyph = readCharacterMap(tableOf(tables, 'cmap'))
  const placeOf = (glyph: number): number => (isLong ? loca.readUInt32BE(glyph * 4) : loca.readUInt16BE(glyph * 2) * 2)
  const outlineOf = (glyph: number): readonly Polygon[] => {
    const [from, to] = [placeOf(glyph), placeOf(glyph + 1)]
    if (from === to) return []
    const data = glyf.subarray(from, to)
    return data.readInt16BE(0) >= 0 ? readSimple(data) : readComposite(data, outlineOf)
  }
  return {
    unitsPerEm: head.readUInt16BE(18),
    glyphOf: (character) => findGlyph(character.codePointAt(0) ?? 0),
    advanceOf: (glyph) => hmtx.readUInt16BE(Math.min(glyph, widths - 1) * 4),
    outlineOf,
  }
}

function tableOf(tables: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const table = tables.get(name)
  if (table === undefined) throw new Error(`the font has no table ${name}`)
  return table
}

function readTables(file: Buffer): ReadonlyMap<string, Buffer> {
  const tables = new Map<string, Buffer>()
  const isPacked = file.toString('latin1', 0, 4) === 'wOFF'
  const [first, size] = isPacked ? [44, 20] : [12, 16]
  for (let number = 0; number < file.readUInt16BE(isPacked ? 12 : 4); number++) {
    const entry = file.subarray(first + number * size)
    const name = entry.toString('latin1', 0, 4)
    const from = entry.readUInt32BE(isPacked ? 4 : 8)
    const packed = entry.readUInt32BE(isPacked ? 8 : 12)
    const data = file.subarray(from, from + packed)
    tables.set(name, isPacked && packed < entry.readUInt32BE(12) ? inflateSync(data) : data)
  }
  return tables
}

/** Characters to glyphs, by the formats 4 and 12 of the table. */
function readCharacterMap(table: Buffer): (code: number) => number {
  const places = Array.from({ length: table.readUInt16BE(2) }, (_, index) => table.readUInt32BE(4 + index * 8 + 4))
  const parts = places.map((place) => table.subarray(place))
  const long = parts.find((part) => part.readUInt16BE(0) === 12)
  const short = parts.find((part) => part.readUInt16BE(0) === 4)
  return (code) => (long === undefined ? 0 : findLong(long, code)) || (short === undefined ? 0 : findShort(short, code))
}

function findLong(part: Buffer, code: number): number {
  for (let group = 0; group < part.readUInt32BE(12); group++) {
    const at = 16 + group * 12
    const first = part.readUInt32BE(at)
    if (code >= first && code <= part.readUInt32BE(at + 4)) return part.readUInt32BE(at + 8) + code - first
  }
  return 0
}

function findShort(part: Buffer, code: number): number {
  const segments = part.readUInt16BE(6) / 2
  for (let segment = 0; segment < segments; segment++) {
    const [end, start] = [14 + segment * 2, 16 + segments * 2 + segment * 2]
    if (code > part.readUInt16BE(end)) continue
    const first = part.readUInt16BE(start)
    if (code < first) return 0
    const delta = part.readUInt16BE(start + segments * 2)
    const at = start + segments * 4
    const offset = part.readUInt16BE(at)
    if (offset === 0) return (code + delta) & 0xffff
    const glyph = part.readUInt16BE(at + offset + (code - first) * 2)
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff
  }
  return 0
}

interface Point {
  readonly x: number
  readonly y: number
  readonly isOn: boolean
}

function readSimple(data: Buffer): readonly Polygon[] {
  const count = data.readInt16BE(0)
  const ends = Array.from({ length: count }, (_, index) => data.readUInt16BE(10 + index * 2))
  const points = (ends.at(-1) ?? -1) + 1
  let at = 10 + count * 2
  at += 2 + data.readUInt16BE(at)
  const flags: number[] = []
  while (flags.length < points) {
    const flag = data.readUInt8(at++)
    const repeats = (flag & 8) === 0 ? 0 : data.readUInt8(at++)
    for (let time = 0; time <= repeats; time++) flags.push(flag)
  }
  const readAxis = (short: number, same: number): readonly number[] => {
    let value = 0
    return flags.map((flag) => {
      if ((flag & short) !== 0) value += (flag & same) === 0 ? -data.readUInt8(at++) : data.readUInt8(at++)
      else if ((flag & same) === 0) {
        value += data.readInt16BE(at)
        at += 2
      }
      return value
    })
  }
  const xs = readAxis(2, 16)
  const ys = readAxis(4, 32)
  const all = flags.map((flag, index): Point => ({ x: xs[index] ?? 0, y: ys[index] ?? 0, isOn: (flag & 1) === 1 }))
  return ends.map((end, index) => toPolygon(all.slice((ends[index - 1] ?? -1) + 1, end + 1)))
}

/** Steps in which a curve is drawn. */
const curveSteps = 6

function toPolygon(points: readonly Point[]): Polygon {
  const polygon: [number, number][] = []
  const whole = withMiddles(points)
  const from = whole.findIndex((point) => point.isOn)
  const ordered = [...whole.slice(from), ...whole.slice(0, from + 1)]
  for (const [index, point] of ordered.entries()) {
    const [before, after] = [ordered[index - 1], ordered[index + 1]]
    if (point.isOn) polygon.push([point.x, point.y])
    else if (before !== undefined && after !== undefined) {
      for (let step = 1; step < curveSteps; step++) {
        const t = step / curveSteps
        const [a, b, c] = [(1 - t) * (1 - t), 2 * t * (1 - t), t * t]
        polygon.push([a * before.x + b * point.x + c * after.x, a * before.y + b * point.y + c * after.y])
      }
    }
  }
  return polygon
}

/** Between two points that bend the curve lies one that is on it. */
function withMiddles(points: readonly Point[]): readonly Point[] {
  return points.flatMap((point, index) => {
    const next = points[(index + 1) % points.length]
    if (next === undefined || point.isOn || next.isOn) return [point]
    return [point, { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2, isOn: true }]
  })
}

function readComposite(data: Buffer, outlineOf: (glyph: number) => readonly Polygon[]): readonly Polygon[] {
  const polygons: Polygon[] = []
  let at = 10
  for (let flags = 0x20; (flags & 0x20) !== 0; ) {
    flags = data.readUInt16BE(at)
    const glyph = data.readUInt16BE(at + 2)
    const isWide = (flags & 1) !== 0
    const dx = isWide ? data.readInt16BE(at + 4) : data.readInt8(at + 4)
    const dy = isWide ? data.readInt16BE(at + 6) : data.readInt8(at + 5)
    at += isWide ? 8 : 6
    const scales = (flags & 8) !== 0 ? 1 : (flags & 0x40) !== 0 ? 2 : (flags & 0x80) !== 0 ? 4 : 0
    const given = Array.from({ length: scales }, (_, index) => data.readInt16BE(at + index * 2) / 16_384)
    at += scales * 2
    const [a = 1, b = 0, c = 0, d = a] = scales === 2 ? [given[0], 0, 0, given[1]] : given
    for (const polygon of outlineOf(glyph)) {
      polygons.push(polygon.map(([x, y]) => [a * x + c * y + dx, b * x + d * y + dy] as const))
    }
  }
  return polygons
}
