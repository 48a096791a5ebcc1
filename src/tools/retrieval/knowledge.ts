import type { Config } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { EventLog, KnowledgeQuery, KnowledgeSearch } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { createPreparation, type Preparation } from '../preparation/index.ts'
import { createAnalyser } from './analyse.ts'
import { createDeleter } from './deleting.ts'
import type { SearchResult } from './searching/searching.ts'
import { createSearchHere } from './searching/here.ts'
import { createSearchThread } from './searching/thread.ts'
import { createKnowledgeRows } from './store.ts'
import { getCollection, getDocument, toCollectionView, toDocumentView, toVersionView } from './views.ts'
import { createWriter } from './writing.ts'

/** Collections of documents, and search in them. Every act is within one tenant. */
export interface Knowledge extends KnowledgeSearch {
  /** Rejects with CONFLICT when the tenant has one of that name, INVALID_REQUEST for a name that cannot be one. */
  createCollection(tenant: string, name: string): Promise<CollectionView>
  listCollections(tenant: string): Promise<readonly CollectionView[]>
  /** With everything in it. Rejects with NOT_FOUND, as all below do for what is not there. */
  deleteCollection(tenant: string, name: string): Promise<void>
  /**
   * Takes in a document, or a new version of the one with that external id; when nothing has changed it does nothing.
   * On return it is found by search, and its older versions no longer are. Rejects with DOCUMENT_REFUSED.
   */
  putDocument(tenant: string, collection: string, document: NewDocument): Promise<DocumentView>
  /** As `putDocument` for many, in their order; what is refused comes as its error and keeps no other out. */
  putDocuments(
    tenant: string,
    collection: string,
    documents: readonly NewDocument[],
  ): Promise<readonly (DocumentView | PlatformError)[]>
  /** In the order of their external ids. */
  listDocuments(tenant: string, collection: string, page?: Page): Promise<readonly DocumentView[]>
  getDocument(tenant: string, collection: string, id: string): Promise<DocumentView>
  /** With its versions, passages and terms: nothing of it can be found or read afterwards. */
  deleteDocument(tenant: string, collection: string, id: string): Promise<void>
  /** A version that citations point into, current or not. */
  getVersion(tenant: string, id: string): Promise<VersionView>
  /** As `search`, with how likely the passages are to answer. Rejects with NOT_FOUND for a collection that is not there. */
  find(query: KnowledgeQuery): Promise<SearchResult>
  close(): Promise<void>
}

export interface CollectionView {
  readonly id: string
  readonly name: string
  /** Milliseconds UTC. */
  readonly createdAtMs: number
  readonly documents: number
}

export interface NewDocument {
  /** What the sender calls it: a path, a URL, a number. Unique in the collection. */
  readonly externalId: string
  /** What people call it; citations show it. Its extension tells the format when no media type is given. */
  readonly name: string
  readonly bytes: Uint8Array
  readonly mediaType?: string | undefined
  /** The region it is bound to: searches that may not see that region do not see it. Bound to none when absent. */
  readonly region?: string | undefined
  /** Where passages begin, offsets into the canonical text, instead of where the structure says. */
  readonly cuts?: readonly number[] | undefined
}

export interface DocumentView {
  readonly id: string
  readonly externalId: string
  readonly name: string
  /** The current version. */
  readonly version: string
  readonly chunks: number
  /** Milliseconds UTC. */
  readonly updatedAtMs: number
  /** What `putDocument` did. */
  readonly outcome?: 'created' | 'updated' | 'unchanged'
}

export interface VersionView {
  readonly id: string
  readonly document: string
  readonly collection: string
  readonly externalId: string
  readonly name: string
  readonly title: string | undefined
  readonly parser: string
  /** The canonical text that spans point into. */
  readonly text: string
  readonly isCurrent: boolean
  /** Milliseconds UTC. */
  readonly createdAtMs: number
}

export interface Page {
  /** 1…1000; 1000 when absent. */
  readonly limit?: number | undefined
  /** The external id after which the page begins. */
  readonly after?: string | undefined
}

export interface KnowledgeParts {
  readonly store: Pick<Store, 'engine' | 'sql' | 'transaction' | 'location'>
  readonly clock: Clock
  readonly ids: Ids
  readonly config: Config['knowledge']
  /** Shared with others, who close it; one of its own when absent. */
  readonly preparation?: Preparation | undefined
  readonly log: EventLog
  /** Searches run on a thread of their own, or, for what lives shortly, on the thread that asks. Their own when absent. */
  readonly searchOn?: 'own-thread' | 'same-thread'
}

/** Longest list that one page of documents can be. */
const pageLimitMax = 1_000

export function createKnowledge(deps: KnowledgeParts): Knowledge {
  const { store, config, log } = deps
  const analyser = createAnalyser()
  const rows = createKnowledgeRows(store.sql)
  const preparation = deps.preparation ?? createPreparation(config)
  const viewsMax = config.collectionsInMemoryMax
  const thread =
    deps.searchOn === 'same-thread'
      ? createSearchHere({ database: store.sql, engine: store.engine, analyser, viewsMax })
      : createSearchThread({ data: { location: store.location, viewsMax }, waitingMax: config.searchesWaitingMax, log })
  return {
    ...createWriter({ ...deps, preparation, analyser, thread }),
    ...createDeleter({ ...deps, analyser }),
    find: (query) => thread.search(query),
    search: async (query) => (await thread.search(query)).passages,
    close: () => thread.close(),
    listCollections: async (tenant) => (await rows.listCollections(tenant)).map(toCollectionView),
    async listDocuments(tenant, name, page = {}) {
      const { number } = await getCollection(rows, tenant, name)
      const limit = Math.min(Math.max(1, page.limit ?? pageLimitMax), pageLimitMax)
      const found = await rows.listDocuments({ tenant, collection: number }, { limit, after: page.after ?? '' })
      return found.map(toDocumentView)
    },
    async getDocument(tenant, name, id) {
      const { number } = await getCollection(rows, tenant, name)
      return toDocumentView(await getDocument(rows, { tenant, collection: number }, id))
    },
    async getVersion(tenant, id) {
      const row = await rows.findVersion(tenant, id)
      if (row === undefined) throw new PlatformError('NOT_FOUND', `no document has a version "${id}"`)
      return toVersionView(row)
    },
  }
}
