import type { Generated } from 'kysely'

/** Collections of documents. */
export interface KnowledgeTables {
  readonly collection: CollectionTable
  readonly document: DocumentTable
  readonly document_version: DocumentVersionTable
  readonly chunk: ChunkTable
  readonly posting: PostingTable
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

/** A chunk of a current version. */
export interface ChunkTable {
  readonly tenant: string
  readonly collection: number
  readonly number: number
  readonly document_id: string
  readonly version_id: string
  readonly start_at: number
  readonly end_at: number
  readonly term_count: number
  /** JSON array of titles. */
  readonly headings: string
  readonly text: string
}

/** How often a term stands in a chunk, in its headings and in its text. PostgreSQL only. */
export interface PostingTable {
  readonly collection: number
  readonly term: string
  readonly chunk: number
  readonly in_head: number
  readonly in_body: number
  readonly chunk_terms: number
}
