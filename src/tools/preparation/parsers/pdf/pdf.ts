import type { SourceFile } from '../../preparation.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { Composition, type ReadPage } from './compose.ts'
import { readDrawing, readFontLook, type Drawing, type FontLook } from './drawing.ts'
import { openPdf, type OpenPdf, type PdfDocument, type PdfPage } from './engine.ts'
import { layOut, maybeTables } from './layout.ts'
import { charactersFew, charactersMin, isGarbled, readScan } from './scan.ts'
import { readPageText, type PageText } from './words.ts'

/** PDF: text with boxes, headings by size and weight, tables by lines and alignment, page by page. */
export async function readPdf(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const looks = new Map<string, FontLook>()
  const { composition, title, pageCount, lacksText } = await readPages(file, context, looks)
  const isUnread = context.ocr === undefined && lacksText
  const builder = composition.write(looks)
  const readCount = Math.min(pageCount, context.limits.pagesMax)
  if (pageCount > readCount) builder.notice(`pages: ${pageCount}, of which ${readCount} are read`)
  if (title !== undefined) builder.title = title
  if (isUnread) {
    builder.notice('ocr: pages are pictures, and what reads pictures is not installed: strata runtime add ocr')
  }
  return builder.build()
}

interface Read {
  readonly composition: Composition
  /** Whether a page is a picture, as far as its text says. */
  readonly lacksText: boolean
  readonly pageCount: number
  readonly title: string | undefined
}

/** All pages; the engine and what it holds of the document are let go before anything is written. */
async function readPages(file: SourceFile, context: ParseContext, looks: Map<string, FontLook>): Promise<Read> {
  const { archiveBytesMax } = context.limits
  const picturePixelsMax = context.ocr?.pixelsMax ?? unreadPixelsMax
  const { document, inflation, close } = await openPdf(file.source, file.bytes, {
    picturePixelsMax,
    streamBytesMax: archiveBytesMax,
  })
  try {
    const composition = new Composition()
    let lacksText = false
    const last = Math.min(document.numPages, context.limits.pagesMax)
    for (let number = 1; number <= last; number++) {
      const isTimely = context.millisecondsLeft() > 0
      const page = isTimely ? await readPage({ document, inflation, number, looks, context }) : unread('time')
      lacksText ||= page.verdict.reason === 'no-text'
      composition.add(page)
    }
    if (document.numPages > last) composition.add(unread('pages'))
    return { composition, lacksText, pageCount: document.numPages, title: await readTitle(document) }
  } finally {
    await close()
  }
}

function unread(reason: 'time' | 'pages' | 'corrupt' | 'archive-bomb'): ReadPage {
  return { items: [], size: [0, 0], verdict: { state: 'failed', reason } }
}

/** Largest picture that is unpacked where none is read: it is unpacked to learn how a page is drawn. */
const unreadPixelsMax = 40_000_000

interface PageToRead {
  readonly document: PdfDocument
  readonly inflation: OpenPdf['inflation']
  readonly number: number
  readonly looks: Map<string, FontLook>
  readonly context: ParseContext
}

async function readPage({ document, inflation, number, looks, context }: PageToRead): Promise<ReadPage> {
  const leftOut = inflation.tooLarge
  try {
    const page = await document.getPage(number)
    try {
      const text = await readPageText(page, inflation)
      const drawing = await drawingOf(page, text, looks)
      const size = [text.width, text.height] as const
      const read: ReadPage = { items: layOut(text, drawing), size, verdict: judge(text, drawing) }
      if (inflation.tooLarge > leftOut) return { ...read, verdict: { state: 'degraded', reason: 'archive-bomb' } }
      const { ocr } = context
      return drawing === undefined || ocr === undefined ? read : await readScan({ page, text, drawing, read, ocr })
    } finally {
      page.cleanup()
    }
  } catch {
    return unread(inflation.tooLarge > leftOut ? 'archive-bomb' : 'corrupt') // The reason is on the page; one broken page must not cost the others.
  }
}

/** Most fonts whose looks are looked up: documents made of many parts have one of their own for each page. */
const fontsMax = 400

/** What is drawn, on pages where that tells something: new fonts, what may be tables, hardly any text. */
async function drawingOf(page: PdfPage, text: PageText, looks: Map<string, FontLook>): Promise<Drawing | undefined> {
  const fresh = [...text.fonts].filter((font) => !looks.has(font))
  const hasNews = fresh.length > 0 && looks.size < fontsMax
  if (!hasNews && text.characters >= charactersFew && !isGarbled(text) && !maybeTables(text)) return undefined
  const drawing = await readDrawing(page)
  for (const font of fresh) looks.set(font, readFontLook(page, font))
  return drawing
}

/** Whether the text of a page can be read, and stands for what is seen. */
function judge(text: PageText, drawing: Drawing | undefined): ReadPage['verdict'] {
  const { characters, lostCharacters } = text
  if (characters < charactersMin && (drawing?.pictureShare ?? 0) > 0.3) {
    return { state: characters === 0 ? 'failed' : 'degraded', reason: 'no-text' }
  }
  if (characters === 0 && drawing?.lacksPictures === true) return { state: 'failed', reason: 'size' }
  if (characters === 0) return { state: 'ok', reason: 'blank' }
  const lost = isGarbled(text) ? 1 : lostCharacters / characters
  if (lost > 0.5) return { state: 'failed', reason: 'glyph-loss' }
  return lost > 0.05 ? { state: 'degraded', reason: 'glyph-loss' } : { state: 'ok' }
}

async function readTitle(document: PdfDocument): Promise<string | undefined> {
  const { info } = await document.getMetadata().catch(() => ({ info: {} }))
  const title: unknown = 'Title' in info ? info.Title : undefined
  if (typeof title !== 'string') return undefined
  const words = title.trim()
  return words === '' || /\.(docx?|pdf|tex|indd|xlsx?|pptx?)$|^(untitled|microsoft word)/i.test(words)
    ? undefined
    : words
}
