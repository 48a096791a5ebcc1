import type { Generated } from 'kysely'
import type { MoneyColumn } from './column.ts'

/** Collections of documents. */
export interface KnowledgeTables {
  readonly collection: CollectionTable
  readonly document: DocumentTable
  readonly document_version: DocumentVersionTable
  readonly chunk: ChunkTable
  readonly version_place: VersionPlaceTable
  readonly index_segment: IndexSegmentTable
  readonly posting_bucket: PostingBucketTable
  readonly index_entry: IndexEntryTable
  readonly collection_change: CollectionChangeTable
  readonly access_list: AccessListTable
  readonly access_member: AccessMemberTable
  readonly access_version: AccessVersionTable
  readonly knowledge_event: KnowledgeEventTable
  readonly deletion_receipt: DeletionReceiptTable
  readonly withdrawn_version: WithdrawnVersionTable
  readonly version_stage: VersionStageTable
  readonly embedding_generation: EmbeddingGenerationTable
  readonly chunk_vector: ChunkVectorTable
  readonly context_plan: ContextPlanTable
  readonly chunk_context: ChunkContextTable
}

/** What was done with a version on its way in. */
export interface VersionStageTable {
  readonly tenant: string
  readonly version_id: string
  /** JSON array of stages, in their order. */
  readonly stages: string
  /** Of the file and everything that its reading depends on; `null` where reading costs less than looking it up. */
  readonly parse_key: string | null
  /** What reading came to, JSON, deflated; `null` for versions of the past, and for what is too large. */
  readonly parsed: Uint8Array | null
}

/** A version of a deleted document: nothing of what it said, only that it was there. */
export interface WithdrawnVersionTable {
  readonly tenant: string
  readonly version_id: string
  readonly document_id: string
  readonly withdrawn_at_ms: number
}

/** What one embedding model makes of a collection; another model, or other dimensions, are another generation. */
export interface EmbeddingGenerationTable {
  readonly collection: number
  readonly number: number
  readonly tenant: string
  /** As models are named in the configuration. */
  readonly model: string
  /** Of its vectors; `null` before the first, when none were asked for. */
  readonly dimensions: number | null
  /** `building`: kept up, not searched · `live`: kept up and searched · `retired`: left as it is. */
  readonly state: 'building' | 'live' | 'retired'
  /** On whose account texts are embedded: JSON of the principal who asked for it. */
  readonly principal: string
  /** The number that the next vector gets; numbers only go up. */
  readonly vector_next: number
  /** Passages that no endpoint in their regions could embed, as last tried. */
  readonly refused: number
  /** Code of the error that ended the last try; `null` when it came to its end. */
  readonly fault: string | null
  readonly created_at_ms: number
  /** Vectors before this number are in the database's own index; `null` when it has none. */
  readonly indexed_next: number | null
  /** 1 where passages are embedded with the context a model has written of them, 0 without. */
  readonly with_context: number
  /** How its model tells questions from passages; empty when texts are embedded as they stand, `null` before the first. */
  readonly form: string | null
}

/** Which model writes of the passages of a collection where they stand. */
export interface ContextPlanTable {
  readonly collection: number
  readonly tenant: string
  /** As models are named in the configuration. */
  readonly model: string
  /** On whose account it is asked: JSON of the principal who asked for it. */
  readonly principal: string
  /** `removing`: what was written is taken out again, and then the plan. */
  readonly state: 'writing' | 'removing'
  /** Code of the error that ended the last run; `null` when it came to its end. */
  readonly fault: string | null
  /** Answers there have been; how many of them have no known price; what the others cost, picodollars. */
  readonly asked: number
  readonly unpriced: number
  readonly cost: MoneyColumn
  readonly input_tokens: number
  /** Of these, read from the vendor's cache. */
  readonly cached_tokens: number
  readonly output_tokens: number
  /** The process that is at work, and until when it counts as alive. */
  readonly held_by: string | null
  readonly held_until_ms: number
  readonly created_at_ms: number
}

/** What a model has written of a passage, by the hash of what it was shown. */
export interface ChunkContextTable {
  readonly tenant: string
  readonly document_id: string
  readonly key: string
  readonly context: string
  /** Picodollars; `null` where it has no known price. */
  readonly cost: MoneyColumn
}

/** The vector of a passage, of length 1: 32-bit floats, little-endian. */
export interface ChunkVectorTable {
  readonly collection: number
  readonly generation: number
  readonly number: number
  readonly tenant: string
  readonly chunk: number
  readonly vector: Uint8Array
}

/** A tenant's collection of documents. The counts are of what is in its index now. */
export interface CollectionTable {
  /** Names its index; never given twice. */
  readonly number: Generated<number>
  readonly tenant: string
  readonly id: string
  readonly name: string
  readonly created_at_ms: number
  /** The number that the next chunk gets. */
  readonly chunk_next: number
  readonly chunk_count: number
  readonly term_count: number
  /** Goes up with every change of what can be found. */
  readonly revision: Generated<number>
  /** The number that the next entry gets. */
  readonly entry_next: Generated<number>
  /** Terms of chunks up to this number lie in segments; those of later ones beside the chunk. */
  readonly folded_to: Generated<number>
  /** Chunks in its index that have a written context. */
  readonly context_count: Generated<number>
  /** What made the terms; empty before the first. */
  readonly analyser: Generated<string>
}

/** A document as it stands: which version is the current one. */
export interface DocumentTable {
  readonly tenant: string
  readonly id: string
  readonly collection: number
  readonly external_id: string
  readonly name: string
  readonly version_id: string
  readonly version_number: number
  /** Of everything the current version was made from; equal means there is nothing to do. */
  readonly fingerprint: string
  readonly chunk_count: number
  readonly created_at_ms: number
  readonly updated_at_ms: number
  /** The region it belongs to; `null` when it is bound to none. */
  readonly region: string | null
  /** The list that says who may see it; `null` for everybody of the tenant. */
  readonly acl: string | null
}

/** One state of a document, never changed: citations point into its text. */
export interface DocumentVersionTable {
  readonly tenant: string
  readonly id: string
  readonly document_id: string
  readonly number: number
  readonly name: string
  readonly title: string | null
  readonly parser: string
  readonly text: string
  readonly created_at_ms: number
}

/** A version that can be found: the current one, and earlier ones for questions about the past. */
export interface IndexEntryTable {
  readonly tenant: string
  readonly collection: number
  readonly number: number
  readonly document_id: string
  readonly version_id: string
  readonly from_ms: number
  /** `null` while it is the current one. */
  readonly to_ms: number | null
  readonly term_count: number
  /** The title, and the name with the external id, folded; format and language of the version. `null` where not known. */
  readonly title: string | null
  readonly source: string | null
  readonly type: string | null
  readonly language: string | null
  /** Under which plan its contexts were written; `null` before. */
  readonly context_key: string | null
  /** What made its terms; empty where that is not known. */
  readonly analyser: string
}

/** Which entry changed in which revision of a collection; readers that are behind read these alone. 0 is all. */
export interface CollectionChangeTable {
  readonly collection: number
  readonly revision: number
  readonly entry: number
}

/** A chunk of a version that can be found. */
export interface ChunkTable {
  readonly tenant: string
  readonly collection: number
  readonly number: number
  readonly entry: number
  readonly start_at: number
  readonly end_at: number
  readonly term_count: number
  readonly symbol_count: number
  /** JSON array of titles. */
  readonly headings: string
  /** JSON array of names that the chunk defines. */
  readonly symbols: string
  readonly text: string
  /** Until they are folded into a segment. */
  readonly terms: Uint8Array | null
  /** By what it is known to say the same as another; `null` for what was taken in before that was kept. */
  readonly likeness: Uint8Array | null
  /** What a model has written of where it stands: it is found by it, and it is no part of the text. */
  readonly context: string | null
  /** Why there is none although one was asked for. */
  readonly context_fault: string | null
}

/** Where a stretch of a version stands in its file. */
export interface VersionPlaceTable {
  readonly tenant: string
  readonly version_id: string
  readonly start_at: number
  readonly end_at: number
  /** JSON array of places, ascending. */
  readonly places: string
}

/** The postings of neighbouring chunks. */
export interface IndexSegmentTable {
  readonly collection: number
  readonly number: number
  readonly first_chunk: number
  readonly last_chunk: number
  /** A power of two. */
  readonly bucket_count: number
}

/** Postings of a segment whose terms have one hash. */
export interface PostingBucketTable {
  readonly collection: number
  readonly segment: number
  readonly bucket: number
  readonly payload: Uint8Array
}

/** Who may see the documents that name it: principals, as JSON arrays. Who is denied is not allowed. */
export interface AccessListTable {
  readonly tenant: string
  readonly id: string
  readonly allow: string
  readonly deny: string
  readonly version: number
}

export interface AccessMemberTable {
  readonly tenant: string
  readonly group_name: string
  readonly member: string
  /** 0 once it has left. */
  readonly is_member: number
  readonly version: number
}

/** The number of the last change of lists and groups of a tenant. */
export interface AccessVersionTable {
  readonly tenant: string
  readonly version: number
}

/** What happened to documents, in a chain of hashes for each collection. No content, no names. */
export interface KnowledgeEventTable {
  readonly tenant: string
  readonly number: number
  readonly event: 'taken-in' | 'deleted' | 'access-changed' | 'collection-deleted'
  readonly collection: number
  readonly document_id: string
  /** JSON object of the facts. */
  readonly detail: string
  readonly at_ms: number
  /** SHA-256 of the event and of the hash before it. */
  readonly hash: string
}

/** Proof that a document is gone. */
export interface DeletionReceiptTable {
  readonly tenant: string
  readonly document_id: string
  readonly deleted_at_ms: number
  /** The signed statement, JSON; `null` until it has been checked that nothing is left. */
  readonly statement: string | null
  readonly public_key: string | null
  readonly signature: string | null
}
