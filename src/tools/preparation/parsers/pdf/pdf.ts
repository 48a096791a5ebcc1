import type { SourceFile } from '../../preparation.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { compose, type ReadPage } from './compose.ts'
import { readDrawing, readFontLook, type Drawing, type FontLook } from './drawing.ts'
import { openPdf, type PdfDocument, type PdfPage } from './engine.ts'
import { layOut, maybeTables } from './layout.ts'
import { readPageText, type PageText } from './words.ts'

/** PDF: text with boxes, headings by size and weight, tables by lines and alignment, page by page. */
export async function readPdf(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const looks = new Map<string, FontLook>()
  const { pages, title, pageCount } = await readPages(file, context, looks)
  const builder = compose(pages, looks)
  const readCount = Math.min(pageCount, context.limits.pagesMax)
  if (pageCount > readCount) builder.notice(`pages: ${pageCount}, of which ${readCount} are read`)
  if (title !== undefined) builder.title = title
  return builder.build()
}

interface Read {
  readonly pages: ReadPage[]
  readonly pageCount: number
  readonly title: string | undefined
}

/** All pages; the engine and what it holds of the document are let go before anything is written. */
async function readPages(file: SourceFile, context: ParseContext, looks: Map<string, FontLook>): Promise<Read> {
  const document = await openPdf(file.source, file.bytes)
  try {
    const pages: ReadPage[] = []
    const last = Math.min(document.numPages, context.limits.pagesMax)
    for (let number = 1; number <= last; number++) {
      pages.push(context.millisecondsLeft() > 0 ? await readPage(document, number, looks) : unread('time'))
    }
    if (document.numPages > last) pages.push(unread('pages'))
    return { pages, pageCount: document.numPages, title: await readTitle(document) }
  } finally {
    await document.destroy()
  }
}

function unread(reason: 'time' | 'pages' | 'corrupt'): ReadPage {
  return { items: [], size: [0, 0], verdict: { state: 'failed', reason } }
}

async function readPage(document: PdfDocument, number: number, looks: Map<string, FontLook>): Promise<ReadPage> {
  try {
    const page = await document.getPage(number)
    try {
      const text = await readPageText(page)
      const drawing = await drawingOf(page, text, looks)
      return { items: layOut(text, drawing), size: [text.width, text.height], verdict: judge(text, drawing) }
    } finally {
      page.cleanup()
    }
  } catch {
    return unread('corrupt') // The reason is on the page; one broken page must not cost the others.
  }
}

/** Most fonts whose looks are looked up: documents made of many parts have one of their own for each page. */
const fontsMax = 400
/** Fewer characters than this on a page, and it may be a picture of text. */
const charactersMin = 24

/** What is drawn, on pages where that tells something: new fonts, what may be tables, hardly any text. */
async function drawingOf(page: PdfPage, text: PageText, looks: Map<string, FontLook>): Promise<Drawing | undefined> {
  const fresh = [...text.fonts].filter((font) => !looks.has(font))
  const hasNews = fresh.length > 0 && looks.size < fontsMax
  if (!hasNews && text.characters >= charactersMin && !maybeTables(text)) return undefined
  const drawing = await readDrawing(page)
  for (const font of fresh) looks.set(font, readFontLook(page, font))
  return drawing
}

/** Whether the text of a page can be read, and stands for what is seen. */
function judge({ characters, lostCharacters }: PageText, drawing: Drawing | undefined): ReadPage['verdict'] {
  if (characters < charactersMin && (drawing?.pictureShare ?? 0) > 0.3) {
    return { state: characters === 0 ? 'failed' : 'degraded', reason: 'no-text' }
  }
  if (characters === 0) return { state: 'ok', reason: 'blank' }
  const lost = lostCharacters / characters
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
