import type { Box } from '../parser.ts'
import { LetterReading, type Letters } from './letters.ts'
import { multiply, toNumbers, type Matrix } from './matrix.ts'
import { loadEngine, type PdfPage } from './engine.ts'

/** What is drawn on a page beside its text, and the names of its fonts. */
export interface Drawing {
  /** Thin lines and edges of boxes that are drawn. */
  readonly lines: Edges
  /** Edges of boxes that are only filled, as grounds of cells and rows are. */
  readonly fills: Edges
  /** Share of the page that pictures cover, 0…1. */
  readonly pictureShare: number
  readonly pictures: readonly PlacedPicture[]
  /** Whether a place is prepared and nothing drawn there, as where a picture is too large to be unpacked. */
  readonly lacksPictures: boolean
  /** Where every letter stands, found out once. */
  readonly letters: () => Letters
}

/** Lines by their direction. */
export interface Edges {
  readonly horizontal: readonly Box[]
  readonly vertical: readonly Box[]
}

/** A picture and where it lies: the matrix takes its unit square, whose foot is its last row, to points of the page. */
export interface PlacedPicture {
  /** A name by which the engine gives it out, or the picture itself. */
  readonly picture: unknown
  readonly matrix: Matrix
  /** Painted with a colour where its bits are 0, and with nothing elsewhere. */
  readonly isMask: boolean
}

/** Thicker than this, in points, is no line. */
const thicknessMax = 3
const linesMax = 5_000
const picturesMax = 5_000

/** Reads how a page is drawn. Costs as much again as its text, so it is asked for only where it tells something. */
export async function readDrawing(page: PdfPage): Promise<Drawing> {
  const { OPS } = await loadEngine()
  const viewport = page.getViewport({ scale: 1 })
  const { fnArray, argsArray } = await page.getOperatorList()
  const lines: OpenEdges = { horizontal: [], vertical: [], area: viewport.width * viewport.height }
  const fills: OpenEdges = { horizontal: [], vertical: [], area: lines.area }
  const filling: ReadonlySet<unknown> = new Set([OPS.fill, OPS.eoFill])
  const pictures: PlacedPicture[] = []
  let matrix: Matrix = viewport.transform as unknown as Matrix // six numbers, as everywhere in PDF
  const stack: Matrix[] = []
  let [pictureArea, lacksPictures] = [0, false]
  const letters = new LetterReading(page, OPS)
  for (const [index, operator] of fnArray.entries()) {
    const given: unknown = argsArray[index]
    switch (operator) {
      case OPS.save:
        stack.push(matrix)
        break
      case OPS.restore:
        if (fnArray[index - 1] === OPS.transform) lacksPictures = true
        matrix = stack.pop() ?? matrix
        break
      case OPS.transform:
        matrix = multiply(matrix, toNumbers(given))
        break
      case OPS.paintFormXObjectBegin: {
        stack.push(matrix)
        const form = Array.isArray(given) ? toNumbers(given[0]) : []
        if (form.length === 6) matrix = multiply(matrix, form)
        break
      }
      case OPS.paintFormXObjectEnd:
        matrix = stack.pop() ?? matrix
        break
      case OPS.constructPath: {
        const bounds = Array.isArray(given) ? toNumbers(given[2]) : []
        // A path that is only ended bounds what is drawn later; nobody sees it.
        const isSeen = Array.isArray(given) && given[0] !== OPS.endPath
        if (isSeen && bounds.length === 4) addEdges(toBox(matrix, bounds), lines, filling.has(given[0]) ? fills : lines)
        break
      }
      case OPS.paintImageXObject:
      case OPS.paintInlineImageXObject:
      case OPS.paintImageMaskXObject: {
        pictureArea += areaOf(toBox(matrix, [0, 0, 1, 1]))
        const picture: unknown = Array.isArray(given) ? given[0] : undefined
        const isMask = operator === OPS.paintImageMaskXObject
        if (pictures.length < picturesMax) pictures.push({ picture, matrix, isMask })
        break
      }
      case OPS.paintImageMaskXObjectGroup:
        for (const placed of toMasks(given, matrix)) {
          pictureArea += areaOf(toBox(placed.matrix, [0, 0, 1, 1]))
          if (pictures.length < picturesMax) pictures.push(placed)
        }
        break
      default:
    }
    letters.read(operator, given, matrix)
  }
  const area = Math.max(1, lines.area)
  return {
    lines,
    fills,
    pictureShare: Math.min(1, pictureArea / area),
    pictures,
    lacksPictures,
    letters: () => letters.letters(),
  }
}

/** Masks that the engine has put together, as it does for pages whose letters are pictures. */
function toMasks(given: unknown, matrix: Matrix): readonly PlacedPicture[] {
  const list: unknown = Array.isArray(given) ? given[0] : undefined
  if (!Array.isArray(list)) return []
  return list.map((picture: unknown) => {
    const own = picture !== null && typeof picture === 'object' && 'transform' in picture ? picture.transform : []
    return { picture, matrix: multiply(matrix, toNumbers(own)), isMask: true }
  })
}

/** Whether a font is bold or a typewriter's, by its name; the engine knows it once the page has been drawn. */
export function readFontLook(page: PdfPage, font: string): FontLook {
  const name = nameOf(page, font).replace(/^[A-Z]{6}\+/, '')
  return {
    isBold: /bold|black|heavy|demi|[-,]bd\b|bd(?:it)?$|medi$|medium|cmbx|sfbx|bx\d|[-,]b$|simhei|heiti|黑体/i.test(
      name,
    ),
    isMonospaced: /courier|mono|consol|menlo|typewriter|cmtt|sftt|lettergothic|code/i.test(name),
  }
}

export interface FontLook {
  readonly isBold: boolean
  readonly isMonospaced: boolean
}

function nameOf(page: PdfPage, font: string): string {
  try {
    const known: unknown = page.commonObjs.get(font)
    const name: unknown = known !== null && typeof known === 'object' && 'name' in known ? known.name : undefined
    return typeof name === 'string' ? name : ''
  } catch {
    return '' // The engine throws for a font that no drawing has asked for.
  }
}

/** A box that covers more of the page is its ground, or a frame around all. */
const groundShare = 0.4

interface OpenEdges {
  readonly horizontal: Box[]
  readonly vertical: Box[]
  /** Of the page. */
  readonly area: number
}

/** A thin path is a line; a box has four. */
function addEdges(box: Box, lines: OpenEdges, edges: OpenEdges): void {
  const [left, top, right, bottom] = box
  const [width, height] = [right - left, bottom - top]
  if (lines.horizontal.length + lines.vertical.length + edges.horizontal.length + edges.vertical.length > linesMax)
    return
  if (height <= thicknessMax && width > 8) lines.horizontal.push(box)
  else if (width <= thicknessMax && height > 4) lines.vertical.push(box)
  else if (width > 8 && height > 4 && width * height < lines.area * groundShare) {
    edges.horizontal.push([left, top, right, top], [left, bottom, right, bottom])
    edges.vertical.push([left, top, left, bottom], [right, top, right, bottom])
  }
}

function areaOf([left, top, right, bottom]: Box): number {
  return Math.max(0, right - left) * Math.max(0, bottom - top)
}

function toBox(matrix: Matrix, bounds: readonly number[]): Box {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = bounds
  const [a, b, c, d, e, f] = matrix
  const xs = [a * x0 + c * y0 + e, a * x1 + c * y1 + e]
  const ys = [b * x0 + d * y0 + f, b * x1 + d * y1 + f]
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}
