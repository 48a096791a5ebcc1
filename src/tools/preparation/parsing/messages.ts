import type { Config } from '../../../config/index.ts'
import type { OcrRuntime } from '../ocr/index.ts'
import type { ParsedDocument, ParsingLimits } from '../preparation.ts'

export interface ToWorker {
  readonly id: number
  readonly source: string
  readonly mediaType: string | undefined
  readonly bytes: Uint8Array
  readonly limits: ParsingLimits
  /** What reads pictures; absent where it is not installed or switched off. */
  readonly ocr: OcrSetup | undefined
}

export interface OcrSetup {
  readonly runtime: OcrRuntime
  readonly limits: Config['knowledge']['ocr']
}

/** The lists of a document that grow with it. */
export const lists = ['sections', 'pages', 'origins', 'marks'] as const

export type Part = Partial<Pick<ParsedDocument, (typeof lists)[number]>>

export type FromWorker =
  /** The thread has been loaded and looks at the document, or at the picture of a page: from here on that time counts. */
  | { readonly type: 'begun'; readonly id: number; readonly timeoutMs: number }
  /** Some of a long list of the document that follows: a long document whole would be in memory three times at once. */
  | { readonly type: 'part'; readonly id: number; readonly part: Part }
  | ({ readonly type: 'parsed'; readonly id: number; readonly document: ParsedDocument } & Held)
  | ({ readonly type: 'refused'; readonly id: number; readonly message: string; readonly reason: string } & Held)

/** What a thread holds when it is done with a document. */
export interface Held {
  readonly heapBytes: number
  /** Outside of the heap. */
  readonly bufferBytes: number
}
