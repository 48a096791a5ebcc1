/** The audit log. */
export interface AuditTables {
  readonly audit_page: AuditPageTable
  readonly audit_gone: AuditGoneTable
  readonly audit_sequence: AuditSequenceTable
  readonly audit_checkpoint: AuditCheckpointTable
  readonly audit_act: AuditActTable
  readonly audit_material: AuditMaterialTable
  readonly audit_head: AuditHeadTable
  readonly audit_cosignature: AuditCosignatureTable
  readonly audit_timestamp: AuditTimestampTable
}

/** Some hundred leaves of the log, in their order; the records themselves are made from what they are about. */
export interface AuditPageTable {
  /** Of its first leaf: from 0, without gaps. */
  readonly place: number
  /** How many leaves it has; the last page grows. */
  readonly count: number
  /** The least and the greatest id of the calls in it; `null` when it has none. */
  readonly first_call: string | null
  readonly last_call: string | null
  /** A line of JSON for as many leaves in a row as are one tenant's: its name, the number of the first (from 1, without gaps), the subjects. */
  readonly entries: string
  /** Hashes of the leaves, 64 hexadecimal digits each. */
  readonly hashes: string
}

/** That retention deleted what a leaf is of. */
export interface AuditGoneTable {
  readonly place: number
  readonly at_ms: number
}

/** The number of a tenant's last leaf. */
export interface AuditSequenceTable {
  readonly tenant: string
  readonly last: number
}

/** What the log said of itself: never changed, never removed. */
export interface AuditCheckpointTable {
  readonly size: number
  readonly at_ms: number
  /** The signed note. */
  readonly note: string
}

/** That a witness has seen the log grow to a checkpoint. */
export interface AuditCosignatureTable {
  readonly size: number
  /** The name of its key. */
  readonly witness: string
  /** A line of a signed note. */
  readonly line: string
}

/** That an authority has seen a checkpoint at a time. */
export interface AuditTimestampTable {
  readonly size: number
  /** When it was asked. */
  readonly at_ms: number
  /** The token of RFC 3161, base64. */
  readonly token: string
}

/** What an administrator did. */
export interface AuditActTable {
  readonly id: string
  readonly tenant: string
  readonly at_ms: number
  /** JSON object. */
  readonly body: string
}

/** A policy pack or the facts of a use case, as decisions name them by hash. */
export interface AuditMaterialTable {
  readonly hash: string
  readonly kind: 'pack' | 'facts'
  readonly text: string
}

/** Whoever appends writes this row first, so that one appends at a time. */
export interface AuditHeadTable {
  readonly id: number
  readonly turns: number
  /** How many leaves there are. */
  readonly size: number
  /** Roots of the full subtrees, from the largest, 64 hexadecimal digits each: from them the log grows on. */
  readonly frontier: string
}
