import { toOcrVerdict, toParagraphs, type PageReader } from '../../ocr/index.ts'
import type { ReadPage } from './compose.ts'
import type { Drawing } from './drawing.ts'
import type { PdfPage } from './engine.ts'
import { drawPictures, toPgm } from './raster.ts'
import type { PageText } from './words.ts'

/** Fewer characters than this on a page, and it may be a picture of text. */
export const charactersMin = 24
/** Fewer than this beside pictures that cover the page are a stamp, a running head. */
export const charactersFew = 200
/** Shares of the page that pictures cover: of one without text, and of one with a little. */
const pictureShareMin = 0.3
const pictureShareWhole = 0.6

interface Scan {
  readonly page: PdfPage
  readonly text: PageText
  readonly drawing: Drawing
  /** What the text layer alone gives. */
  readonly read: ReadPage
  readonly ocr: PageReader
}

/** The page with what stands on its pictures, where its own text is none, garbage, or hardly any. */
export async function readScan({ page, text, drawing, read, ocr }: Scan): Promise<ReadPage> {
  const isLost = read.verdict.reason === 'no-text' || read.verdict.reason === 'glyph-loss'
  const isScan = isLost
    ? drawing.pictureShare > pictureShareMin
    : text.characters < charactersFew && drawing.pictureShare > pictureShareWhole
  if (!isScan) return read
  const raster = await drawPictures(page, drawing.pictures, ocr.pixelsMax)
  if (raster === undefined) return isLost ? { ...read, verdict: { ...read.verdict, reason: 'size' } } : read
  const outcome = await ocr.read(toPgm(raster))
  const verdict = toOcrVerdict(outcome)
  if (outcome.type === 'failed' || outcome.recognition.paragraphs.length === 0)
    return isLost ? { ...read, verdict } : read
  const toPoint = (pixels: number): number => Math.round((pixels / raster.scale) * 10) / 10
  const items = toParagraphs(outcome.recognition, ([left, top, right, bottom]) => [
    toPoint(left),
    toPoint(top),
    toPoint(right),
    toPoint(bottom),
  ]).map((inline) => ({ type: 'paragraph' as const, inline }))
  // Garbage is replaced; what can be read beside the picture stays.
  return { ...read, items: read.verdict.reason === 'glyph-loss' ? items : [...read.items, ...items], verdict }
}

/** Whether the text layer of a page is no text: hardly a letter among many characters. */
export function isGarbled({ fragments, characters }: PageText): boolean {
  if (characters < charactersFew) return false
  const letters = fragments.reduce((sum, { text }) => sum + (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0), 0)
  return letters < characters * 0.4
}
