import { CanonicalBuilder } from '../../canonical/index.ts'
import {
  frameOf,
  listFrames,
  measurePicture,
  orientationOf,
  toOcrVerdict,
  toParagraphs,
  type PageText,
} from '../../ocr/index.ts'
import type { SourceFile } from '../../preparation.ts'
import { refuse } from '../../reading/index.ts'
import type { Canonical, ParseContext } from '../parser.ts'

/** Pictures of text: PNG, JPEG, TIFF with a page for each of its pictures, BMP, GIF, WebP. Boxes are in pixels. */
export async function readPicture(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const { ocr, limits } = context
  if (ocr === undefined) {
    throw refuse(file.source, 'ocr', 'is a picture, and what reads pictures is not installed: strata runtime add ocr')
  }
  const builder = new CanonicalBuilder()
  const frames = listFrames(file.bytes, limits.pagesMax)
  const outcomes: PageText[] = []
  for (const frame of frames) {
    const picture = frameOf(file.bytes, frame)
    const size = measurePicture(picture)
    if (size === undefined && frames.length === 1) throw refuse(file.source, 'corrupt', 'is no whole picture')
    const pixels = size === undefined ? 0 : size.width * size.height
    if (pixels > ocr.pixelsMax && frames.length === 1) {
      const allowed = `knowledge.ocr.pixelsMax allows ${ocr.pixelsMax}`
      throw refuse(file.source, 'size', `has ${pixels} pixels; ${allowed}`)
    }
    const isLarge = pixels > ocr.pixelsMax
    const outcome = isLarge ? tooLarge : await ocr.read(picture, orientationOf(picture))
    outcomes.push(outcome)
    const { width, height } = outcome.type === 'read' ? outcome.recognition : (size ?? { width: 0, height: 0 })
    builder.beginPage({ kind: 'page', size: [width, height] })
    if (outcome.type === 'read') {
      for (const inline of toParagraphs(outcome.recognition, (box) => box)) builder.paragraph(inline)
    }
    builder.endPage(toOcrVerdict(outcome))
  }
  const [only] = outcomes
  if (outcomes.length === 1 && only?.type === 'failed' && only.reason === 'corrupt') {
    throw refuse(file.source, 'corrupt', 'is no whole picture, or of a kind that is not read')
  }
  return builder.build()
}

const tooLarge: PageText = Object.freeze({ type: 'failed', reason: 'size' })
