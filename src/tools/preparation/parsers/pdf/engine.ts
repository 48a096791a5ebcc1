import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import type * as Typed from 'pdfjs-dist/legacy/build/pdf.mjs'
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist/types/src/display/api.d.ts'
import { refuse } from '../../reading/index.ts'
import { createDecompression, type Inflation } from './inflation.ts'
import { createChannel, type SharedPort } from './port.ts'

export type PdfDocument = PDFDocumentProxy
export type PdfPage = PDFPageProxy

export interface OpenPdf {
  readonly document: PdfDocument
  readonly inflation: Readonly<Inflation>
  /** Lets go of the document and of all that was read of it. */
  readonly close: () => Promise<void>
}

export interface PdfLimits {
  /** Pictures of more pixels are left out. */
  readonly picturePixelsMax: number
  /** Most bytes that one packed stream may unpack to. */
  readonly streamBytesMax: number
}

/**
 * Opens a PDF in this thread, which is one for reading documents, with the maps and fonts that are needed to read what
 * names no Unicode. Nothing is fetched, no script is run. One document at a time. Throws DOCUMENT_REFUSED: `password`,
 * `truncated`, `corrupt`.
 */
export async function openPdf(source: string, bytes: Uint8Array, limits: PdfLimits): Promise<OpenPdf> {
  const pdfjs = await loadEngine()
  // Its worker runs in this thread, which is one of its own already.
  const { WorkerMessageHandler } = (await import(workerModule)) as WorkerModule // its shape, see below
  const folder = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
  const inflation: Inflation = { bytesMax: limits.streamBytesMax, tooLarge: 0, hasActualTexts: false }
  Object.assign(globalThis, { DecompressionStream: createDecompression(inflation), FontFace: UndrawnFont })
  const [near, far] = createChannel()
  WorkerMessageHandler.initializeFromPort(far)
  const worker = new pdfjs.PDFWorker({ port: near as unknown as never, verbosity: 0 }) // all of a port that it uses
  const loading = pdfjs.getDocument({
    worker,
    data: new Uint8Array(bytes),
    cMapUrl: `${join(folder, 'cmaps')}/`,
    cMapPacked: true,
    standardFontDataUrl: `${join(folder, 'standard_fonts')}/`,
    wasmUrl: `${join(folder, 'wasm')}/`,
    useWorkerFetch: false,
    isEvalSupported: false,
    useSystemFonts: false,
    // Without a face the engine would trace the outline of every letter, to draw it by hand.
    disableFontFace: false,
    ownerDocument: { fonts: new Set() } as unknown as never, // all of a web page's document that it uses
    enableXfa: false,
    verbosity: 0,
    maxImageSize: limits.picturePixelsMax,
  })
  const close = async (): Promise<void> => {
    await loading.destroy()
    worker.destroy()
    near.close()
    far.close()
  }
  try {
    return { document: await loading.promise, inflation, close }
  } catch (thrown) {
    await close()
    throw refusalOf(source, bytes, thrown)
  }
}

/** The engine, by its short build: the text of a program stays in memory as long as the program. */
export async function loadEngine(): Promise<Engine> {
  // The engine looks whether answers of the network have a method, for which Node would load its whole client.
  Object.defineProperty(globalThis, 'Response', { value: NoResponse, configurable: true, writable: true })
  return (await import(engineModule)) as Engine // the same program as the build that has types
}

export type Engine = typeof Typed

function refusalOf(source: string, bytes: Uint8Array, thrown: unknown): Error {
  const { name, message } = thrown instanceof Error ? thrown : { name: '', message: 'unknown reason' }
  if (name === 'PasswordException') return refuse(source, 'password', 'is protected by a password')
  const reason = Buffer.from(bytes.subarray(-2_048)).includes('%%EOF') ? 'corrupt' : 'truncated'
  return refuse(source, reason, { says: `is no whole PDF: ${message.slice(0, 200)}`, cause: thrown })
}

/** What a font would be drawn with: nothing is drawn. */
class UndrawnFont {
  readonly loaded = Promise.resolve()
}

/** Nothing is fetched in a thread that reads documents. */
class NoResponse {
  bytes(): Promise<never> {
    return Promise.reject(new TypeError('documents are read without a network'))
  }
}

interface WorkerModule {
  readonly WorkerMessageHandler: { initializeFromPort(port: SharedPort): void }
}

/** Names that are not known when types are checked: the modules have none. */
const engineModule: string = 'pdfjs-dist/legacy/build/pdf.min.mjs'
const workerModule: string = 'pdfjs-dist/legacy/build/pdf.worker.min.mjs'
