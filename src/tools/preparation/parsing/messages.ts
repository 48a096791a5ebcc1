import type { ParsedDocument, ParsingLimits } from '../preparation.ts'

export interface ToWorker {
  readonly id: number
  readonly source: string
  readonly mediaType: string | undefined
  readonly bytes: Uint8Array
  readonly limits: ParsingLimits
}

export type FromWorker =
  | { readonly type: 'parsed'; readonly id: number; readonly document: ParsedDocument; readonly heapBytes: number }
  | {
      readonly type: 'refused'
      readonly id: number
      readonly message: string
      readonly reason: string
      readonly heapBytes: number
    }
