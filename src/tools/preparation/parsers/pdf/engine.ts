import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist/types/src/display/api.d.ts'
import { refuse } from '../../reading/index.ts'

export type PdfDocument = PDFDocumentProxy
export type PdfPage = PDFPageProxy

/**
 * Opens a PDF in this thread, with the maps and fonts that are needed to read what names no Unicode. Nothing is fetched,
 * no script is run. Pictures of more pixels are left out. Throws DOCUMENT_REFUSED: `password`, `truncated`, `corrupt`.
 */
export async function openPdf(source: string, bytes: Uint8Array, picturePixelsMax: number): Promise<PdfDocument> {
  const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs')
  // Its worker runs in this thread, which is one of its own already.
  await import(workerModule)
  const folder = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
  const loading = pdfjs.getDocument({
    data: new Uint8Array(bytes),
    cMapUrl: `${join(folder, 'cmaps')}/`,
    cMapPacked: true,
    standardFontDataUrl: `${join(folder, 'standard_fonts')}/`,
    wasmUrl: `${join(folder, 'wasm')}/`,
    useWorkerFetch: false,
    isEvalSupported: false,
    useSystemFonts: false,
    disableFontFace: true,
    enableXfa: false,
    verbosity: 0,
    maxImageSize: picturePixelsMax,
  })
  try {
    return await loading.promise
  } catch (thrown) {
    await loading.destroy()
    const { name, message } = thrown instanceof Error ? thrown : { name: '', message: 'unknown reason' }
    if (name === 'PasswordException') throw refuse(source, 'password', 'is protected by a password')
    const tail = Buffer.from(
      bytes.buffer,
      bytes.byteOffset + Math.max(0, bytes.length - 2_048),
      Math.min(2_048, bytes.length),
    )
    const reason = tail.includes('%%EOF') ? 'corrupt' : 'truncated'
    throw refuse(source, reason, { says: `is no whole PDF: ${message.slice(0, 200)}`, cause: thrown })
  }
}

/** A name that is not known when types are checked: the module has none, and is wanted for its effect only. */
const workerModule: string = 'pdfjs-dist/legacy/build/pdf.worker.mjs'
