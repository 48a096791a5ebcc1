/** Reads one kind of source. One file in `connectors/` and a line in `connectors/index.ts`. */
export interface Connector {
  /**
   * Everything that is there now, each once, in an order that stays the same. Comes to its end only when all of it has been
   * listed; throws when it cannot be listed. Nothing is read before it is asked for.
   */
  list(listing: Listing): AsyncIterable<Listed>
}

export interface Listing {
  /** How an item was when it was last taken in; `undefined` for what is new. */
  readonly markOf: (item: string) => string | undefined
  /** Whether this sync has dealt with an item already, before it was interrupted. */
  readonly isDone: (item: string) => boolean
  /** The last cursor of a sync that took everything in; `undefined` where nothing can be told from it. */
  readonly cursor: string | undefined
  readonly signal: AbortSignal
}

export type Listed =
  | { readonly type: 'item'; readonly item: SourceItem }
  /** It is there, and as it was. */
  | { readonly type: 'unchanged'; readonly id: string }
  /** It is there and cannot be read now. Where it may lead to others, what is not listed is not known to be gone. */
  | { readonly type: 'failed'; readonly id: string; readonly reason: string; readonly hidesOthers: boolean }
  /** All that is known is there, as it was, and nothing else. The only thing that is listed. */
  | { readonly type: 'same' }
  /** What the source is like, when all of it has been taken in: given back as `cursor` next time. */
  | { readonly type: 'cursor'; readonly value: string }
  /** There is more than is listed: nothing counts as gone. */
  | { readonly type: 'partial'; readonly reason: string }

export interface SourceItem {
  /** What the source calls it; stays the same as long as it is the same. */
  readonly id: string
  /** What people know it by. */
  readonly name: string
  /** Changes when the content does. */
  readonly mark: string
  readonly mediaType?: string | undefined
  /** Rejects with DOCUMENT_REFUSED when it cannot be read or is too large. */
  readonly read: () => Promise<Uint8Array>
  /** What was said of its rights where it was found. */
  readonly rights?: ItemRights | undefined
}

export interface ItemRights {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly robotsTxt?: string | undefined
  readonly aiTxt?: string | undefined
  readonly tdmrepJson?: string | undefined
  readonly html?: string | undefined
}

/** Sends one request to the place of a source, through the one door out. */
export type SourceSend = (request: SourceRequest) => Promise<SourceAnswer>

export interface SourceRequest {
  readonly method: 'GET' | 'POST' | 'PROPFIND'
  /** Below the origin, with a leading slash, query included. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent to the source's origin only. */
  readonly credentials?: Readonly<Record<string, string>>
  readonly body?: string
  /** Longest answer, bytes; that of a document when absent. */
  readonly answerBytesMax?: number
  readonly signal: AbortSignal
}

export interface SourceAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Opens a connection to the place of a source, for another protocol than HTTP, through the one door out. */
export type SourceConnect = (options: {
  readonly isSecure: boolean
  readonly bytesMax: number
  readonly signal: AbortSignal
}) => Promise<SourceConnection>

/** One thing after the other; whoever opened it closes it. */
export interface SourceConnection {
  readonly isSecure: boolean
  /** `undefined` at the end. */
  read(): Promise<Buffer | undefined>
  write(bytes: string | Uint8Array): Promise<void>
  /** From now on encrypted. */
  secure(): Promise<void>
  close(): void
}

export type SyncState = 'running' | 'paused' | 'held' | 'done' | 'failed' | 'cancelled'

export interface SyncCounts {
  /** Items listed. */
  readonly listed: number
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  /** Read and not taken in; the reason is with the item. */
  readonly refused: number
  /** There and not readable now: what was taken in before stays. */
  readonly failed: number
  readonly deleted: number
  /** Known before and not listed any more. */
  readonly missing: number
}

export interface SyncView {
  readonly id: string
  readonly source: string
  readonly state: SyncState
  readonly counts: SyncCounts
  /** Why it has failed, is held, or has deleted nothing. */
  readonly reason: string | undefined
  /** Milliseconds UTC. */
  readonly startedAtMs: number
  readonly endedAtMs: number | undefined
}

export interface SourceView {
  readonly name: string
  readonly kind: SourceKind
  readonly collection: string
  /** The latest. */
  readonly sync: SyncView | undefined
  /** Items that were refused or could not be fetched, at most 100. */
  readonly faults: readonly { readonly item: string; readonly reason: string }[]
}

export type SourceKind = 'folder' | 'git' | 'web' | 's3' | 'webdav' | 'imap'
