import type { ParsedDocument, ParsingLimits } from '../preparation.ts'

export interface ToWorker {
  readonly id: number
  readonly source: string
  readonly mediaType: string | undefined
  readonly bytes: Uint8Array
  readonly limits: ParsingLimits
}

export type FromWorker =
  /** The thread has been loaded and looks at the document: from here on its time counts. */
  | { readonly type: 'begun'; readonly id: number }
  | { readonly type: 'parsed'; readonly id: number; readonly document: ParsedDocument; readonly heapBytes: number }
  | {
      readonly type: 'refused'
      readonly id: number
      readonly message: string
      readonly reason: string
      readonly heapBytes: number
    }
