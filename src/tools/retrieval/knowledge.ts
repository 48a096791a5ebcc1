import type { Config } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Ids } from '../../core/ids.ts'
import type {
  EventLog,
  KnowledgeQuery,
  KnowledgeSearch,
  WithdrawnVersions,
  TextAsker,
  TextEmbedder,
  TextReranker,
} from '../../core/ports.ts'
import type { ContextWriter } from '../../core/ports-contexts.ts'
import type { Signer } from '../../core/signer.ts'
import type { Clock } from '../../core/time.ts'
import type { DerivedTexts, Store } from '../../store/index.ts'
import { createPreparation, type Preparation } from '../preparation/index.ts'
import { createGranter, createSight, readAccess } from './access/granting.ts'
import { createAnalyser } from './analyse.ts'
import { createFold } from './asking/fold.ts'
import { createBeside, openThread } from './beside.ts'
import { withoutWriter, type Contexts } from './contexts/contexts.ts'
import { createDeleter } from './deleting.ts'
import { createFinder, type FinderParts, type Widen } from './finding.ts'
import { listLineage, type VersionLineage } from './lineage/lineage.ts'
import { createRewriting } from './rewriting.ts'
import { createReranking } from './reranking.ts'
import type { SearchResult } from './searching/searching.ts'
import { createKnowledgeRows, type DocumentRow } from './store.ts'
import { createComparing, type Comparing } from './vectors/comparing.ts'
import { withoutEmbedder, type Generations } from './vectors/generations.ts'
import { createVerifier } from './verifying.ts'
import { getCollection, getDocument, toCollectionView, toDocumentView, toVersionView } from './views.ts'
import { createWriter } from './writing.ts'

/** Collections of documents, and search in them. Every act is within one tenant. */
export interface Knowledge extends KnowledgeSearch, WithdrawnVersions, Generations, Comparing, Contexts {
  /** Rejects with CONFLICT when the tenant has one of that name, INVALID_REQUEST for a name that cannot be one. */
  createCollection(tenant: string, name: string): Promise<CollectionView>
  listCollections(tenant: string): Promise<readonly CollectionView[]>
  /**
   * With everything in it. Rejects with NOT_FOUND, as all below do for what is not there, and with FORBIDDEN for a viewer who may not see
   * each of its documents.
   */
  deleteCollection(tenant: string, name: string, viewer?: Viewer): Promise<void>
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
  findDocument(tenant: string, collection: string, externalId: string): Promise<DocumentView | undefined>
  /**
   * With its versions, passages and terms: nothing of it can be found or read afterwards. It is checked that nothing is
   * left, in rows, in search and in the files of the embedded database; the receipt says so. Calls on record that were given passages
   * of it are counted there, and known by `listWithdrawn`.
   */
  deleteDocument(tenant: string, collection: string, id: string): Promise<DeletionReceipt>
  getReceipt(tenant: string, document: string): Promise<DeletionReceipt>
  /** Latest first; at most 1,000. */
  listReceipts(tenant: string, limit?: number): Promise<readonly DeletionReceipt[]>
  /** Checks the deletions that a dying process left unchecked; gives how many. */
  checkDeletions(): Promise<number>
  /** A version that citations point into, current or not. */
  getVersion(tenant: string, id: string): Promise<VersionView>
  /** Who may see a document: those allowed and not denied, groups included. Everybody of the tenant when `access` is absent. */
  setAccess(change: AccessChange): Promise<void>
  /** Groups have users, keys and other groups. */
  setMember(change: MemberChange): Promise<void>
  canSee(tenant: string, document: string, viewer: Viewer): Promise<boolean>
  /** What happened to a document, earliest first. */
  listEvents(tenant: string, document: string): Promise<readonly EventView[]>
  /** What was done with each version on its way in, earliest first; nothing of those from before this was kept. */
  listLineage(tenant: string, document: string): Promise<readonly VersionLineage[]>
  /** Whether rows, index and history of a collection agree. Reads all of it. */
  verify(tenant: string, collection: string): Promise<CollectionReport>
  /** As `search`, with how likely the passages are to answer. Rejects with NOT_FOUND for a collection that is not there. */
  find(query: KnowledgeQuery): Promise<SearchResult>
  /** Passages that are written of and embedded beside the work. */
  readonly embedding: {
    /** Goes on with what a former process left, and indexes anew what a former analyser has indexed. */
    start(): void
    /** Resolves once nothing is being written of or embedded. */
    settled(): Promise<void>
    /** For good; what is under way is finished. */
    stop(): Promise<void>
  }
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
  /** Who may see it, from its first moment on; as it was before when absent, everybody when it is new. */
  readonly access?: AccessChange['access']
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

/** Who looks: absent principals see everything of the tenant, absent regions every region. */
export type Viewer = Pick<KnowledgeQuery, 'principals' | 'regions'>

export interface AccessChange {
  readonly tenant: string
  readonly collection: string
  readonly document: string
  readonly access: { readonly allow: readonly string[]; readonly deny: readonly string[] } | undefined
}

export interface MemberChange {
  readonly tenant: string
  /** `group:…` */
  readonly group: string
  readonly member: string
  readonly isMember: boolean
}

export interface EventView {
  readonly number: number
  readonly event: string
  /** Milliseconds UTC. */
  readonly atMs: number
  readonly detail: JsonObject
  /** SHA-256 over the event and the hash of the one before it in the collection. */
  readonly hash: string
}

/** What `verify` found; all faults are 0 and there is no break when everything agrees. */
export interface CollectionReport {
  readonly documents: number
  /** Of these, documents indexed by a former analyser, with whatever version: a running server indexes them anew. */
  readonly formerDocuments: number
  readonly passages: number
  /** Passages that are not exactly their span of the version's text. */
  readonly wrongSpans: number
  /** Passages that are not found by all of their own terms. */
  readonly missingPostings: number
  /** Postings of passages that are not there. */
  readonly strayPostings: number
  /** Counts that the collection states wrongly. */
  readonly wrongCounts: number
  /** The first event that does not follow from the one before. */
  readonly historyBreak: number | undefined
}

/** Proof that a document is gone; a stranger checks the signature of the statement with the public key. */
export interface DeletionReceipt {
  readonly document: string
  /** Milliseconds UTC. */
  readonly deletedAtMs: number
  /** JSON, exactly as signed; `undefined` while the deletion has not been checked. */
  readonly statement: string | undefined
  /** Ed25519, SPKI in PEM; `undefined` where there is no key. */
  readonly publicKey: string | undefined
  /** Base64. */
  readonly signature: string | undefined
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
  /** 1…1001; 1001 when absent. */
  readonly limit?: number | undefined
  /** The external id after which the page begins. */
  readonly after?: string | undefined
  /** Leaves out what this viewer may not see. */
  readonly viewer?: Viewer | undefined
}

export interface KnowledgeParts {
  readonly store: Pick<
    Store,
    'engine' | 'sql' | 'transaction' | 'location' | 'scrub' | 'rewrite' | 'countBytes' | 'calls'
  >
  readonly clock: Clock
  readonly ids: Ids
  readonly config: Config['knowledge']
  /** Shared with others, who close it; one of its own when absent. */
  readonly preparation?: Preparation | undefined
  readonly log: EventLog
  /** Embeds passages and questions; search is lexical when absent. */
  readonly embedder?: TextEmbedder | undefined
  /** Puts questions in other words, where a request says so. */
  readonly asker?: TextAsker | undefined
  /** Writes where passages stand, where a collection has it written; none can when absent. */
  readonly contextWriter?: ContextWriter | undefined
  /** Judges passages, where the configuration says so; their order stays as it is when absent. */
  readonly reranker?: TextReranker | undefined
  /** What others keep that was made from documents: it goes with them. */
  readonly derived?: readonly DerivedTexts[] | undefined
  /** Signs receipts; unsigned when absent. */
  readonly signer?: Signer | undefined
  /** Whether there is such a region: a document that is bound to none that is known would be seen by nobody. Any when absent. */
  readonly isRegion?: (name: string) => boolean
  /** Every region that lies in the allowed ones; just those when absent. */
  readonly regionsWithin?: (allowed: readonly string[]) => readonly string[]
  /** Searches run on a thread of their own, or, for what lives shortly, on the thread that asks. Their own when absent. */
  readonly searchOn?: 'own-thread' | 'same-thread'
}

/** A page of a thousand, and one more to see whether others follow. */
const pageLimitMax = 1_001

export function createKnowledge(deps: KnowledgeParts): Knowledge {
  const { store, config, log } = deps
  const analyser = createAnalyser()
  const preparation = deps.preparation ?? createPreparation(config)
  const thread = openThread(deps, analyser)
  const granter = createGranter(deps)
  const widen: Widen = (viewer) =>
    viewer.regions === undefined
      ? viewer
      : { ...viewer, regions: deps.regionsWithin?.(viewer.regions) ?? viewer.regions }
  const { generations, contexts, follow, work } = createBeside(deps, { analyser, thread, widen })
  const reranking = createReranking({ config: config.rerank, reranker: deps.reranker, log })
  const rewriting = createRewriting({ config: config.rewrite, asker: deps.asker, log })
  const find = createFinder({ store, thread, generations, rewriting, reranking, widen })
  return {
    ...createWriter({
      ...deps,
      preparation,
      analyser,
      fold: createFold(),
      thread,
      follow,
      setAccess: granter.setAccess,
      widen,
    }),
    ...granter,
    canSee: (tenant, document, viewer) => granter.canSee(tenant, document, widen(viewer)),
    ...createVerifier({ ...deps, analyser }),
    listLineage: (tenant, document) => listLineage(store, tenant, document),
    ...createDeleter({ ...deps, analyser, thread }),
    find,
    search: async (query) => (await find(query)).passages,
    ...(generations ?? withoutEmbedder),
    ...(contexts ?? withoutWriter),
    ...createCompare(deps, { thread, widen }),
    embedding: work,
    async close() {
      await work.stop()
      await thread.close()
    },
    ...createReads(store, widen),
  }
}

function createCompare(
  { store, config, embedder }: KnowledgeParts,
  { thread, widen }: Pick<FinderParts, 'thread' | 'widen'>,
): Comparing {
  if (embedder === undefined) {
    const missing = new PlatformError('NOT_FOUND', 'there are no generations')
    return { compareGenerations: () => Promise.reject(missing) }
  }
  const search: typeof thread.search = (query) => thread.search(widen(query))
  return createComparing({ store, config: config.dense, embedder, search })
}

type Reads = Pick<Knowledge, 'listCollections' | 'listDocuments' | 'getDocument' | 'findDocument' | 'getVersion'>

function createReads(store: KnowledgeParts['store'], widen: Widen): Reads {
  const rows = createKnowledgeRows(store.sql)
  return {
    listCollections: async (tenant) => (await rows.listCollections(tenant)).map(toCollectionView),
    async listDocuments(tenant, name, page = {}) {
      const { number } = await getCollection(rows, tenant, name)
      const limit = Math.min(Math.max(1, page.limit ?? pageLimitMax), pageLimitMax)
      const { viewer } = page
      const sees =
        viewer === undefined ? () => true : createSight(await readAccess(store.sql, tenant, viewer), widen(viewer))
      const seen: DocumentRow[] = []
      let after: string | undefined = page.after ?? ''
      while (after !== undefined && seen.length < limit) {
        const found = await rows.listDocuments({ tenant, collection: number }, { limit, after })
        seen.push(...found.filter(sees))
        after = found.length < limit ? undefined : found.at(-1)?.external_id
      }
      return seen.slice(0, limit).map(toDocumentView)
    },
    async getDocument(tenant, name, id) {
      const { number } = await getCollection(rows, tenant, name)
      return toDocumentView(await getDocument(rows, { tenant, collection: number }, id))
    },
    async findDocument(tenant, name, externalId) {
      const { number } = await getCollection(rows, tenant, name)
      const [row] = await rows.findByExternalIds({ tenant, collection: number }, [externalId])
      return row === undefined ? undefined : toDocumentView(row)
    },
    async getVersion(tenant, id) {
      const row = await rows.findVersion(tenant, id)
      if (row === undefined) throw new PlatformError('NOT_FOUND', `no document has a version "${id}"`)
      return toVersionView(row)
    },
  }
}
