import type { Generated } from 'kysely'
import type { MoneyColumn } from './column.ts'

/** The record of calls. */
export interface CallsTables {
  readonly journal: JournalTable
  readonly intent: IntentTable
  readonly call: CallTable
  readonly call_charge: CallChargeTable
  readonly call_lookup: CallLookupTable
}

/** What a tree was charged on an account, in the unit of the account: decimal text. */
export interface CallChargeTable {
  readonly root_id: string
  readonly account: number
  readonly amount: string
}

/** What was used; `null` is not known. */
export interface UsageColumns {
  readonly input_total: number | null
  readonly cache_read: number | null
  readonly cache_write_5m: number | null
  readonly cache_write_1h: number | null
  readonly output_total: number | null
  readonly reasoning: number | null
  /** The vendor's usage object, JSON. */
  readonly usage_raw: string | null
}

/** A dispatch that did not report its usage, and what its vendor said when it was asked. The call itself stays as it is. */
export interface CallLookupTable extends UsageColumns {
  readonly tenant: string
  readonly root_id: string
  readonly call_id: string
  readonly endpoint: string
  readonly vendor_model: string
  /** How the vendor knows the answer: JSON. */
  readonly answer: string
  readonly started_at_ms: number
  /** What accounts were charged for it although nobody saw its end, `account:amount` by commas; `null` when nothing was. */
  readonly assumed: string | null
  /** `found`: told, but not all accounts know; `booked`: they do; `none`: the estimate stays. */
  readonly state: Generated<'open' | 'found' | 'booked' | 'none'>
  readonly attempts: Generated<number>
  readonly next_at_ms: number
  /** Why nothing was told, at the last try. */
  readonly reason: string | null
  readonly told_at_ms: number | null
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
  /** What is held for it, `account:amount` by commas; `null` when nothing is. */
  readonly charges: string | null
  /** How the vendor knows its answer: JSON. */
  readonly answer: string | null
}

/** One node of a call tree, written once. The columns that most nodes leave empty stand last. */
export interface CallTable extends UsageColumns {
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
  readonly cost: MoneyColumn
  readonly price_version: string | null
}
