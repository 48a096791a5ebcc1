import type { DispatchIntent } from '../../core/ports.ts'
import { decodeCharges, encodeCharges } from '../../core/spending.ts'
import type { CallRow } from './decode.ts'
import type { SideDatabase } from './messages.ts'
import type { Posting } from './posting.ts'

/** A place in a journal: everything before it is in the database. */
export interface Position {
  readonly segment: number
  readonly offset: number
}

export interface OpenedJournal {
  readonly position: Position
  /** Everything is in the database, only files are left. */
  readonly isClosed: boolean
  /** Trees that have intents in the database. */
  readonly rootIds: readonly string[]
}

/** What one transaction writes. */
export interface Batch {
  readonly journalId: string
  readonly position: Position
  /** Nothing will follow: the journal's intents have all been settled or given up. */
  readonly isClosing: boolean
  /** Decoded while they are written; may be gone through again after a failure. */
  readonly calls: Iterable<CallRow>
  readonly intents: readonly DispatchIntent[]
  /** Trees whose intents leave the database. */
  readonly closedRootIds: readonly string[]
  readonly posting: Posting
}

/** The database as the folding thread uses it. A rejected act has changed nothing. */
export interface Sink {
  /** Finds or makes the journal's row. */
  open(journalId: string): Promise<OpenedJournal>
  /** One transaction: rows that are there already stay as they are, so that nothing is ever written twice. */
  commit(batch: Batch): Promise<void>
  /** For side works: the same connection, between two commits. */
  readonly side: SideDatabase
  listIntents(journalId: string): Promise<readonly DispatchIntent[]>
  /** The files have gone: drops the journal's row. */
  forget(journalId: string): Promise<void>
  close(): Promise<void>
}

/** Whose tree a row is the root of, for the outbox; `undefined` for every other row. */
export function toTree([tenant, rootId, id]: CallRow): readonly [tenant: string, rootId: string] | undefined {
  return id === rootId ? [String(tenant), String(rootId)] : undefined
}

/** Columns of table `intent`, in the order the sinks bind them. */
export const intentColumns = [
  'root_id',
  'call_id',
  'journal_id',
  'tenant',
  'key_id',
  'endpoint',
  'vendor_model',
  'at_ms',
  'charges',
] as const

export function toIntentRow(intent: DispatchIntent, journalId: string): readonly (string | number | null)[] {
  const { rootId, callId, tenant, keyId, endpoint, vendorModel, atMs } = intent
  const charges = intent.charges === undefined ? null : encodeCharges(intent.charges)
  return [rootId, callId, journalId, tenant, keyId, endpoint, vendorModel, atMs, charges]
}

export function fromIntentRow(row: Readonly<Record<string, unknown>>): DispatchIntent {
  return {
    rootId: String(row['root_id']),
    callId: String(row['call_id']),
    tenant: String(row['tenant']),
    keyId: String(row['key_id']),
    endpoint: String(row['endpoint']),
    vendorModel: String(row['vendor_model']),
    atMs: Number(row['at_ms']),
    charges: typeof row['charges'] === 'string' ? decodeCharges(row['charges']) : undefined,
  }
}
