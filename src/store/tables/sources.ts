/** Places that documents come from by themselves. */
export interface SourcesTables {
  readonly source_item: SourceItemTable
  readonly source_sync: SourceSyncTable
}

/** Something that a source has, as it was when it was last taken in. */
export interface SourceItemTable {
  readonly tenant: string
  readonly source: string
  /** What the source calls it: a path, an address. */
  readonly item: string
  /** Changes when the item does; what is in it is the connector's affair. */
  readonly mark: string
  /** `null` when it was refused. */
  readonly document_id: string | null
  /** Why it was refused or could not be fetched. */
  readonly reason: string | null
  /** The sync in which it was last listed. */
  readonly seen_in: string
}

export interface SourceSyncTable {
  readonly tenant: string
  readonly id: string
  readonly source: string
  readonly state: 'running' | 'paused' | 'held' | 'done' | 'failed' | 'cancelled'
  /** JSON object of numbers. */
  readonly counts: string
  readonly reason: string | null
  /** How the source was when the sync had taken all of it in; `null` while something of it is missing, or where it has none. */
  readonly cursor: string | null
  /** 1 when deletions beyond the bound were confirmed. */
  readonly confirmed: number
  readonly started_at_ms: number
  readonly ended_at_ms: number | null
  /** The process at work on it, and until when nobody else takes it over. */
  readonly owner: string | null
  readonly lease_until_ms: number
}
