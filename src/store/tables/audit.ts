import type { ColumnType } from 'kysely'

/** The audit log. */
export interface AuditTables {
  readonly audit_leaf: AuditLeafTable
  readonly audit_checkpoint: AuditCheckpointTable
  readonly audit_act: AuditActTable
  readonly audit_material: AuditMaterialTable
  readonly audit_head: AuditHeadTable
  readonly audit_cosignature: AuditCosignatureTable
  readonly audit_timestamp: AuditTimestampTable
}

/** One record of the log, in its place; the record itself is made from what it is about. */
export interface AuditLeafTable {
  /** From 0, without gaps. */
  readonly place: number
  readonly tenant: string
  /** From 1 in each tenant, without gaps. */
  readonly sequence: number
  readonly kind: 'call' | 'act'
  /** The root of a call tree, or the id of an act. */
  readonly subject: string
  /** Hash of the leaf, hexadecimal. */
  readonly hash: string
  /** When retention deleted what it is of; `null` while that is there. */
  readonly gone_at_ms: ColumnType<number | null, number | null | undefined, number | null>
}

/** What the log said of itself: never changed, never removed. */
export interface AuditCheckpointTable {
  readonly size: number
  readonly at_ms: number
  /** The signed note. */
  readonly note: string
  /** JSON array: roots of the full subtrees, hexadecimal, from which the log grows on. */
  readonly frontier: string
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

export interface AuditHeadTable {
  readonly id: number
  readonly turns: number
}
