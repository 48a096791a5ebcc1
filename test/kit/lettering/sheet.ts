import type { Font, Polygon } from './font.ts'

/** A grey picture: 0 is black, 255 white; row by row. */
export interface GreyPicture {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
}

export interface Lettering {
  readonly fonts: readonly Font[]
  /** Height of an em, pixels. */
  readonly emPixels: number
  readonly width: number
  /** Blank around the text, pixels. */
  readonly margin?: number
  /** From one base line to the next, in ems. */
  readonly leading?: number
}

/** Writes text as a picture; lines that are too long are broken at blanks, or anywhere where the script has none. */
export function letter(text: string, lettering: Lettering): GreyPicture {
  const { emPixels, width, margin = emPixels, leading = 1.6 } = lettering
  const lines = text.split('\n').flatMap((line) => breakLine(line, lettering, width - 2 * margin))
  const height = Math.ceil(2 * margin + lines.length * emPixels * leading)
  const picture = { width, height, pixels: new Uint8Array(width * height).fill(255) }
  for (const [index, line] of lines.entries()) {
    let x = margin
    const baseline = margin + (index + 0.85) * emPixels * leading
    for (const character of line) {
      const { font, glyph } = findGlyph(character, lettering)
      const scale = emPixels / font.unitsPerEm
      const placed = font
        .outlineOf(glyph)
        .map((polygon): Polygon => polygon.map(([px, py]) => [x + px * scale, baseline - py * scale]))
      fill(picture, placed)
      x += font.advanceOf(glyph) * scale
    }
  }
  return picture
}

/** A line in as many as it takes. */
function breakLine(line: string, lettering: Lettering, width: number): readonly string[] {
  const lines: string[] = []
  let open = ''
  let used = 0
  for (const piece of line.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/gu) ?? ['']) {
    const wide = widthOf(piece.trimEnd(), lettering)
    if (used + wide > width && open !== '') {
      lines.push(open.trimEnd())
      open = ''
      used = 0
    }
    open += piece
    used += widthOf(piece, lettering)
  }
  return [...lines, open.trimEnd()]
}

function widthOf(text: string, lettering: Lettering): number {
  let width = 0
  for (const character of text) {
    const { font, glyph } = findGlyph(character, lettering)
    width += (font.advanceOf(glyph) / font.unitsPerEm) * lettering.emPixels
  }
  return width
}

/** The first font that has the character. Throws when none has. */
function findGlyph(character: string, { fonts }: Lettering): { readonly font: Font; readonly glyph: number } {
  for (const font of fonts) {
    const glyph = font.glyphOf(character)
    if (glyph !== 0) return { font, glyph }
  }
  throw new Error(`no font has the character ${character}`)
}

/** Rows into which a row of pixels is parted, for soft edges. */
const partsPerRow = 4

/** Fills what lies inside by the rule that counts windings. */
function fill(picture: GreyPicture, polygons: readonly Polygon[]): void {
  const { width, height, pixels } = picture
  const all = polygons.flat()
  const top = Math.max(0, Math.floor(Math.min(...all.map(([, y]) => y))))
  const bottom = Math.min(height - 1, Math.ceil(Math.max(...all.map(([, y]) => y))))
  const cover = new Float32Array(width)
  for (let row = top; row <= bottom; row++) {
    cover.fill(0)
    for (let part = 0; part < partsPerRow; part++) {
      addRuns(cover, listCrossings(polygons, row + (part + 0.5) / partsPerRow))
    }
    for (let x = 0; x < width; x++) {
      const share = Math.min(1, (cover[x] ?? 0) / partsPerRow)
      if (share > 0) pixels[row * width + x] = Math.round((pixels[row * width + x] ?? 255) * (1 - share))
    }
  }
}

interface Crossing {
  readonly x: number
  readonly way: 1 | -1
}

function listCrossings(polygons: readonly Polygon[], y: number): readonly Crossing[] {
  const crossings: Crossing[] = []
  for (const polygon of polygons) {
    for (const [index, [x0, y0]] of polygon.entries()) {
      const [x1, y1] = polygon[(index + 1) % polygon.length] ?? [x0, y0]
      if (y0 <= y === y1 <= y) continue
      crossings.push({ x: x0 + ((y - y0) / (y1 - y0)) * (x1 - x0), way: y1 > y0 ? 1 : -1 })
    }
  }
  return crossings.toSorted((a, b) => a.x - b.x)
}

function addRuns(cover: Float32Array, crossings: readonly Crossing[]): void {
  let winding = 0
  for (const [index, { x, way }] of crossings.entries()) {
    winding += way
    const to = crossings[index + 1]?.x ?? x
    if (winding === 0) continue
    for (let at = Math.max(0, Math.floor(x)); at < Math.min(cover.length, to); at++) {
      cover[at] = (cover[at] ?? 0) + Math.max(0, Math.min(at + 1, to) - Math.max(at, x))
    }
  }
}
