import type { Clock } from '../../../core/time.ts'
import type { Recognition } from './engine.ts'
import type { Recogniser } from './recogniser.ts'

/** Reads the pictures of one document: within its number of pages, in the language that the page before was in. */
export interface PageReader {
  /** Most pixels of a picture that is read. */
  readonly pixelsMax: number
  /** The orientation is 1 unless the picture says another, as EXIF counts. */
  read(picture: Uint8Array, orientation?: number): Promise<PageText>
  /** Milliseconds that reading pictures has taken so far: no part of the time a document has. */
  readonly spentMs: number
}

export type PageText =
  | { readonly type: 'read'; readonly recognition: Recognition }
  | { readonly type: 'failed'; readonly reason: 'time' | 'memory' | 'corrupt' | 'pages' | 'size' | 'ocr' }

export interface PageReaderOptions {
  readonly recogniser: Recogniser
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly pixelsMax: number
  readonly pagesMax: number
  /** Called before each picture: from here on its time counts. */
  readonly onPage: () => void
}

/** Below it what was read is no text, but what the engine made of a picture. */
const confidenceMin = 0.45

export function createPageReader(options: PageReaderOptions): PageReader {
  const { recogniser, clock, pixelsMax, pagesMax, onPage } = options
  let spentMs = 0
  let pages = 0
  let first: string | undefined
  return {
    pixelsMax,
    get spentMs() {
      return spentMs
    },
    async read(picture, orientation = 1) {
      if (++pages > pagesMax) return { type: 'failed', reason: 'pages' }
      onPage()
      const startedMs = clock.monotonicMs()
      const outcome = await recogniser.recognise(picture, { first, orientation })
      spentMs += clock.monotonicMs() - startedMs
      if (outcome.type === 'failed') return outcome
      const { recognition } = outcome
      if (recognition.confidence > 0 && recognition.confidence < confidenceMin) return { type: 'failed', reason: 'ocr' }
      if (recognition.paragraphs.length > 0) first = recognition.language
      return outcome
    },
  }
}
