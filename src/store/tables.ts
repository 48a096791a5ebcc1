import type { ColumnType, Generated } from 'kysely'

/**
 * An amount of picodollars: a 64-bit integer column. It is read as a number while that is exact and as a bigint beyond,
 * so read it through `toPicodollars`.
 */
export type MoneyColumn = ColumnType<number | bigint | null, bigint | null, bigint | null>

/** Every table, by name, with its columns as they are read. `null` is absence in SQL; JSON lies in text columns. */
export interface Tables {
  readonly migration: MigrationTable
  readonly config_version: ConfigVersionTable
  readonly job: JobTable
  readonly journal: JournalTable
  readonly intent: IntentTable
  readonly call: CallTable
  readonly tenant: TenantTable
  readonly api_key: ApiKeyTable
  readonly collection: CollectionTable
  readonly document: DocumentTable
  readonly document_version: DocumentVersionTable
  readonly chunk: ChunkTable
  readonly posting: PostingTable
}

/** Which migrations this database has seen. */
export interface MigrationTable {
  readonly id: number
  readonly name: string
  readonly applied_at_ms: number
}

/** Configurations that have been in force, numbered upwards. `text` is as written: references to secrets, no secrets. */
export interface ConfigVersionTable {
  readonly version: number
  readonly hash: string
  readonly text: string
  readonly applied_at_ms: number
}

/** Work that outlives the request that asked for it. */
export interface JobTable {
  readonly tenant: string
  readonly id: string
  readonly kind: string
  readonly state: 'queued' | 'running' | 'done' | 'failed'
  /** JSON. */
  readonly input: string
  /** JSON; `null` until done. */
  readonly output: string | null
  readonly error_code: string | null
  readonly created_at_ms: number
  readonly started_at_ms: number | null
  readonly ended_at_ms: number | null
}

/** How far the journal of one process has been folded. The row goes when its files have gone. */
export interface JournalTable {
  readonly id: string
  readonly segment: number
  /** Bytes of the segment that are in the database. */
  readonly position: number
  /** 1 when everything is in the database and only the files are left to remove. */
  readonly is_closed: number
}

/** Dispatches whose outcome is not known yet. */
export interface IntentTable {
  readonly root_id: string
  readonly call_id: string
  readonly journal_id: string
  readonly tenant: string
  readonly key_id: string
  readonly endpoint: string
  readonly vendor_model: string
  readonly at_ms: number
}

/** One node of a call tree, written once. The columns that most nodes leave empty stand last. */
export interface CallTable {
  readonly tenant: string
  readonly root_id: string
  readonly id: string
  readonly parent_id: string | null
  readonly kind: 'request' | 'model' | 'dispatch'
  readonly name: string
  readonly key_id: string
  readonly started_at_ms: number
  readonly duration_ms: number
  readonly status: 'ok' | 'error' | 'cancelled' | 'interrupted'
  /** JSON object. */
  readonly detail: string | null
  readonly first_byte_ms: number | null
  readonly error_code: string | null
  readonly vendor_model: string | null
  /** JSON array of region names. */
  readonly regions: string | null
  /** `null` when the usage is not known at all. */
  readonly usage_source: 'reported' | 'estimated' | null
  readonly input_total: number | null
  readonly cache_read: number | null
  readonly cache_write_5m: number | null
  readonly cache_write_1h: number | null
  readonly output_total: number | null
  readonly reasoning: number | null
  /** The vendor's usage object, JSON. */
  readonly usage_raw: string | null
  readonly cost: MoneyColumn
  readonly price_version: string | null
}

/** Whoever shares nothing with the others. */
export interface TenantTable {
  readonly id: string
  readonly name: string
  readonly created_at_ms: number
}

/** Keys of tenants. Rows are added and revoked, never deleted or changed otherwise. */
export interface ApiKeyTable {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly role: 'admin' | 'member'
  readonly source: 'first-start' | 'environment' | 'created'
  /** SHA-256 of the key, hex. */
  readonly hash: string
  readonly prefix: string
  /** JSON array of model names; `null` for all. */
  readonly models: string | null
  /** JSON array of region names; `null` for what governance allows by default. */
  readonly regions: string | null
  readonly created_at_ms: number
  readonly expires_at_ms: number | null
  readonly revoked_at_ms: number | null
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
