import type { PlacedPicture } from './drawing.ts'
import type { Matrix } from './matrix.ts'
import type { PdfPage } from './engine.ts'

/** A page as a grey picture, drawn from the pictures that lie on it alone. */
export interface Raster {
  readonly width: number
  readonly height: number
  /** Pixels for each point of the page. */
  readonly scale: number
  /** 0 is black; row by row. */
  readonly pixels: Uint8Array
}

/** A picture as the engine gives it out once it is unpacked. */
interface Picture {
  readonly width: number
  readonly height: number
  /** Brightness 0…255 of a pixel; `undefined` where nothing is painted. */
  readonly at: (x: number, y: number) => number | undefined
}

/** Pixels per point: letters are read best at 200 to 400 dots per inch. */
const scaleMin = 200 / 72
const scaleMax = 400 / 72
/** Smaller pictures than these, in pixels, say nothing about how finely a page was scanned. */
const tellingMin = 32

/** Draws the pictures of a page, in their order. `undefined` when none of them can be had, or they are too large. */
export async function drawPictures(
  page: PdfPage,
  placed: readonly PlacedPicture[],
  pixelsMax: number,
): Promise<Raster | undefined> {
  const viewport = page.getViewport({ scale: 1 })
  const pictures: { readonly picture: Picture; readonly matrix: Matrix }[] = []
  for (const { picture: given, matrix, isMask } of placed) {
    const picture = toPicture(await resolve(page, given), isMask)
    if (picture !== undefined) pictures.push({ picture, matrix })
  }
  if (pictures.length === 0) return undefined
  const area = Math.max(1, viewport.width * viewport.height)
  const fine = Math.max(0, ...pictures.map(({ picture, matrix }) => finenessOf(picture, matrix)))
  const scale = Math.min(scaleMax, Math.max(scaleMin, fine), Math.sqrt(pixelsMax / area))
  const [width, height] = [Math.floor(viewport.width * scale), Math.floor(viewport.height * scale)]
  if (width < 1 || height < 1) return undefined
  const raster = { width, height, scale, pixels: new Uint8Array(width * height).fill(255) }
  for (const { picture, matrix } of pictures) draw(raster, picture, matrix)
  return raster
}

/** Pixels of a picture for each point of the page, the better of its two ways. */
function finenessOf({ width, height }: Picture, [a, b, c, d]: Matrix): number {
  if (width < tellingMin && height < tellingMin) return 0
  return Math.max(width / Math.max(1, Math.hypot(a, b)), height / Math.max(1, Math.hypot(c, d)))
}

/** What the engine has under a name; it may still be unpacking it. */
async function resolve(page: PdfPage, given: unknown): Promise<unknown> {
  const name = typeof given === 'string' ? given : nameIn(given)
  if (name === undefined) return given
  const store = name.startsWith('g_') ? page.commonObjs : page.objs
  const found = await new Promise<unknown>((done) => {
    const timer = setTimeout(() => done(undefined), waitMs)
    store.get(name, (value: unknown) => {
      clearTimeout(timer)
      done(value)
    })
  })
  return typeof given === 'string' ? found : { ...(given as object), ...(found as object) } // nameIn has seen that it is one
}

/** A picture that has not come by then could not be unpacked. */
const waitMs = 10_000

function nameIn(given: unknown): string | undefined {
  if (given === null || typeof given !== 'object' || !('data' in given)) return undefined
  return typeof given.data === 'string' ? given.data : undefined
}

/** Kinds of data, as the engine numbers them. */
const kinds = { bits: 1, rgb: 2, rgba: 3 } as const

function toPicture(value: unknown, isMask: boolean): Picture | undefined {
  if (value === null || typeof value !== 'object') return undefined
  const { width, height, data, kind } = value as Record<string, unknown> // read below, each with its type
  if (typeof width !== 'number' || typeof height !== 'number') return undefined
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) return undefined
  const rowBytes = (width + 7) >> 3
  if (isMask || kind === kinds.bits) {
    if (data.length < rowBytes * height) return undefined
    const light = isMask ? undefined : 255
    const isDark = (x: number, y: number): boolean =>
      (((data[y * rowBytes + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1) === 0
    return { width, height, at: (x, y) => (isDark(x, y) ? 0 : light) }
  }
  const step = kind === kinds.rgb ? 3 : kind === kinds.rgba ? 4 : 0
  if (step === 0 || data.length < width * height * step) return undefined
  const at = (x: number, y: number): number => {
    const place = (y * width + x) * step
    return Math.round(0.299 * (data[place] ?? 0) + 0.587 * (data[place + 1] ?? 0) + 0.114 * (data[place + 2] ?? 0))
  }
  return { width, height, at }
}

/** For each pixel of the page that lies in the picture: the mean of what lies under it there. */
function draw(raster: Raster, picture: Picture, matrix: Matrix): void {
  const { width, height, scale, pixels } = raster
  const [a, b, c, d, e, f] = matrix
  const determinant = a * d - b * c
  if (Math.abs(determinant) < 1e-9) return
  const xs = [e, e + a, e + c, e + a + c]
  const ys = [f, f + b, f + d, f + b + d]
  const [left, right] = [
    Math.max(0, Math.floor(Math.min(...xs) * scale)),
    Math.min(width, Math.ceil(Math.max(...xs) * scale)),
  ]
  const [top, bottom] = [
    Math.max(0, Math.floor(Math.min(...ys) * scale)),
    Math.min(height, Math.ceil(Math.max(...ys) * scale)),
  ]
  // How many pixels of the picture lie under one of the page, each way.
  const across = Math.max(1, Math.min(8, Math.round(picture.width / Math.max(1, Math.hypot(a, b) * scale))))
  const down = Math.max(1, Math.min(8, Math.round(picture.height / Math.max(1, Math.hypot(c, d) * scale))))
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [px, py] = [(x + 0.5) / scale - e, (y + 0.5) / scale - f]
      const u = ((px * d - py * c) / determinant) * picture.width
      const v = (1 - (py * a - px * b) / determinant) * picture.height
      if (u < 0 || v < 0 || u >= picture.width || v >= picture.height) continue
      const shade = meanAt(picture, { u, v, across, down })
      if (shade !== undefined) pixels[y * width + x] = shade
    }
  }
}

interface Patch {
  readonly u: number
  readonly v: number
  readonly across: number
  readonly down: number
}

/** The mean of a patch; what is not painted counts as white, and a patch of which nothing is painted as nothing. */
function meanAt(picture: Picture, { u, v, across, down }: Patch): number | undefined {
  if (across === 1 && down === 1) return picture.at(Math.floor(u), Math.floor(v))
  let [sum, painted, count] = [0, 0, 0]
  const [fromX, fromY] = [Math.floor(u - (across - 1) / 2), Math.floor(v - (down - 1) / 2)]
  for (let y = Math.max(0, fromY); y < Math.min(picture.height, fromY + down); y++) {
    for (let x = Math.max(0, fromX); x < Math.min(picture.width, fromX + across); x++) {
      const shade = picture.at(x, y)
      sum += shade ?? 255
      if (shade !== undefined) painted++
      count++
    }
  }
  return painted === 0 ? undefined : Math.round(sum / count)
}

/** As a file that every reader of pictures knows: PGM. */
export function toPgm({ width, height, pixels }: Raster): Uint8Array {
  return Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`, 'latin1'), pixels])
}
