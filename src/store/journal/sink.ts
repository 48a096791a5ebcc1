import type { JsonValue } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import type { DispatchIntent, IdentifiedAnswer } from '../../core/ports.ts'
import { toAnswerReference, toReferenceJson } from '../../core/ports-lookups.ts'
import { decodeCharges, encodeCharges } from '../../core/spending.ts'
import { callColumns, type CallRow } from './decode.ts'
import type { Attendance, Attendant, SideDatabase } from './messages.ts'
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
  /** Whole trees, decoded while they are written; may be gone through again after a failure. */
  readonly calls: Iterable<readonly CallRow[]>
  readonly intents: readonly DispatchIntent[]
  /** Of intents that an earlier batch has written. */
  readonly answers: readonly IdentifiedAnswer[]
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
  /** From now on it goes along with every commit. */
  attend(attendant: Attendant): void
  /** For side works: the same connection, between two commits. */
  readonly side: SideDatabase
  listIntents(journalId: string): Promise<readonly DispatchIntent[]>
  /** The files have gone: drops the journal's row. */
  forget(journalId: string): Promise<void>
  close(): Promise<void>
}

export function isRoot([, rootId, id]: CallRow): boolean {
  return id === rootId
}

/**
 * Where the trees of one transaction go that were not on record before: to the attendant, or else to the outbox, where they
 * wait for it. A class because it lasts as long as the transaction.
 */
export class Followers {
  /** Tenant and root of each tree that nobody attended to. */
  readonly waiting: (readonly [tenant: string, rootId: string])[] = []
  readonly #attendant: Attendant | undefined
  #attendance: Attendance | undefined

  constructor(attendant: Attendant | undefined) {
    this.#attendant = attendant
  }

  /** Rows of one tree, its root among them. */
  take(tree: readonly CallRow[]): Promise<void> | undefined {
    if (this.#attendance !== undefined) return this.#attendance.take(tree)
    if (this.#attendant !== undefined) return this.#begin(this.#attendant, tree)
    const [tenant, rootId] = tree[0] ?? []
    this.waiting.push([String(tenant), String(rootId)])
    return undefined
  }

  async #begin(attendant: Attendant, tree: readonly CallRow[]): Promise<void> {
    this.#attendance = await attendant.begin()
    await this.#attendance.take(tree)
  }

  async end(): Promise<void> {
    await this.#attendance?.end()
  }
}

/** What is on record does not hang on who goes along: where that fails, the commit is made without it. */
export async function commitWith(
  attendant: Attendant | undefined,
  commit: (attendant: Attendant | undefined) => Promise<void>,
): Promise<void> {
  if (attendant === undefined) return commit(undefined)
  try {
    await commit(attendant)
  } catch {
    // Either the database is away, which the second time says, or the attendant failed, which its own work will say.
    await commit(undefined)
  }
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
  'answer',
] as const

export function toIntentRow(intent: DispatchIntent, journalId: string): readonly (string | number | null)[] {
  const { rootId, callId, tenant, keyId, endpoint, vendorModel, atMs } = intent
  const charges = intent.charges === undefined ? null : encodeCharges(intent.charges)
  const answer = intent.answer === undefined ? null : toAnswerText(intent.answer)
  return [rootId, callId, journalId, tenant, keyId, endpoint, vendorModel, atMs, charges, answer]
}

/** What is said again of an intent that is there already. */
export const intentUpdate = 'charges = excluded.charges, answer = coalesce(excluded.answer, intent.answer)'

export function toAnswerText(answer: IdentifiedAnswer['answer']): string {
  return JSON.stringify(toReferenceJson(answer))
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
    answer: typeof row['answer'] === 'string' ? toAnswerReference(JSON.parse(row['answer']) as JsonValue) : undefined, // as written above
  }
}

/** Columns of table `call_lookup` that a fold writes, in the order the sinks bind them. */
export const lookupColumns = [
  'tenant',
  'root_id',
  'call_id',
  'endpoint',
  'vendor_model',
  'answer',
  'started_at_ms',
  'next_at_ms',
] as const

type LookupRow = readonly (string | number | null)[]

/** What the vendor can be asked about a dispatch that did not report its usage; `undefined` for every other row. */
export function toLookup(row: CallRow): LookupRow | undefined {
  const [tenant, rootId, id, , kind, name, , startedAtMs, durationMs, , detail] = row
  if (kind !== 'dispatch' || typeof detail !== 'string' || !detail.includes('"lookup":')) return undefined
  if (row[usageSource] === 'reported') return undefined
  const said = JSON.parse(detail) as JsonValue // written by the record
  const answer = isJsonObject(said) ? toAnswerReference(said['answer']) : undefined
  if (answer === undefined || answer.lookup === 'none') return undefined
  const endedAtMs = Math.ceil(Number(startedAtMs) + Number(durationMs))
  const vendorModel = row[vendorModelAt]
  const names = [tenant, rootId, id, name, vendorModel ?? ''].map(String)
  return [...names, toAnswerText(answer), Number(startedAtMs), endedAtMs]
}

const usageSource = callColumns.indexOf('usage_source')
const vendorModelAt = callColumns.indexOf('vendor_model')
