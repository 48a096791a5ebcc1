/** Documents on their way into collections. */
export interface IngestionTables {
  readonly ingestion_job: IngestionJobTable
}

export interface IngestionJobTable {
  readonly tenant: string
  readonly id: string
  /** The name of the collection. */
  readonly collection: string
  readonly external_id: string
  /** JSON object: everything of the document but its bytes. */
  readonly document: string
  /** `null` once it has ended. */
  readonly bytes: Uint8Array | null
  readonly state: 'waiting' | 'running' | 'done' | 'refused' | 'failed'
  /** How often a process has begun it. */
  readonly attempts: number
  /** JSON object: the document as it was taken in. */
  readonly outcome: string | null
  readonly reason: string | null
  readonly owner: string | null
  readonly lease_until_ms: number
  readonly created_at_ms: number
  readonly ended_at_ms: number | null
}
