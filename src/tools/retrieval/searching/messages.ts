import type { JsonObject } from '../../../core/json.ts'
import type { ErrorCode } from '../../../core/errors.ts'
import type { Location } from '../../../store/index.ts'
import type { SearcherParts, SearchQuery, SearchResult } from './searching.ts'

/** What the search thread is started with. */
export interface ThreadData {
  readonly location: Location
  /** Memory for pages of the embedded database. */
  readonly pageBytesMax: number
  readonly bounds: Pick<SearcherParts, 'viewsMax' | 'postingBytesMax' | 'dense' | 'contextWeight'>
}

export type ToThread =
  | { readonly type: 'search'; readonly ticket: number; readonly query: SearchQuery }
  | { readonly type: 'fold'; readonly ticket: number; readonly collection: number; readonly chunksMax: number }
  | { readonly type: 'close'; readonly ticket: number }

export type FromThread =
  | { readonly type: 'done'; readonly ticket: number; readonly result: SearchResult | undefined }
  | {
      readonly type: 'failed'
      readonly ticket: number
      readonly code: ErrorCode
      readonly message: string
      readonly param: string | undefined
      readonly details: JsonObject | undefined
    }
