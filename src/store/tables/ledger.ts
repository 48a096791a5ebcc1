import type { Generated } from 'kysely'

/** Budgets and the ledger. Amounts are decimal text: they go beyond 64 bits. */
export interface LedgerTables {
  readonly budget: BudgetTable
  readonly account: AccountTable
  readonly hold: HoldTable
  readonly transfer: TransferTable
  readonly lapse: LapseTable
  readonly want: WantTable
  readonly outbox: OutboxTable
  readonly alert: AlertTable
  readonly outlook: OutlookTable
  readonly repeatable: RepeatableTable
}

/** A limit that a tenant has set. A removed one stays, so that its accounts can still be read. */
export interface BudgetTable {
  readonly tenant: string
  readonly id: string
  readonly name: string
  readonly counts: 'money' | 'requests' | 'tokens' | 'concurrency'
  readonly limit_amount: string
  /** JSON object: which calls it is for, by dimension. */
  readonly match: string
  /** JSON array of dimensions: one account for each value. */
  readonly each_of: string
  readonly period: 'total' | 'hour' | 'day' | 'week' | 'month' | 'sliding'
  readonly span_ms: number | null
  /** JSON array of percentages. */
  readonly alerts: string
  /** The probability of running out from which on somebody is told, 0…1. */
  readonly forecast: number | null
  readonly created_at_ms: number
  /** Grows with every change. */
  readonly changed_at_ms: number
  readonly removed_at_ms: number | null
}

/** What a budget comes to for one subject in one period. */
export interface AccountTable {
  readonly number: Generated<number>
  readonly tenant: string
  readonly budget: string
  /** JSON array of the values of the budget's `each_of`; empty text when there are none. */
  readonly subject: string
  readonly starts_at_ms: number
  readonly ends_at_ms: number | null
  readonly span_ms: number | null
  readonly limit_amount: string
  readonly spent: string
  readonly held: string
}

/** One hold on one account. Rows with the same id are one hold. */
export interface HoldTable {
  readonly id: string
  readonly account: number
  readonly owner: string
  readonly purpose: string
  readonly amount: string
  readonly posted: string
  readonly deadline_ms: number
  readonly state: 'live' | 'posted' | 'voided' | 'expired'
}

/** The log: what moved between which pots of an account. Rows only come. */
export interface TransferTable {
  readonly number: Generated<number>
  readonly account: number
  readonly kind: string
  readonly debit: string
  readonly credit: string
  readonly amount: string
  readonly hold: string | null
  readonly reference: string | null
  readonly at_ms: number
}

/** What has been spent under a sliding limit and comes back at an instant. */
export interface LapseTable {
  readonly account: number
  readonly at_ms: number
  readonly amount: string
}

/** A process that waits for what others hold in reserve. */
export interface WantTable {
  readonly account: number
  readonly owner: string
  readonly until_ms: number
}

/** What one fold of a journal has written, for whoever passes it on: exporters keep the last number they have sent. */
export interface OutboxTable {
  readonly number: Generated<number>
  readonly journal_id: string
  readonly at_ms: number
  /** JSON: an array of `[tenant, id]`: roots of call trees, ids of administrative acts. */
  readonly calls: string
}

/** A share of an account's limit that has been reached, and whether its webhook has been told. */
export interface AlertTable {
  readonly account: number
  /** 0 for one of a forecast: that the account will be used up before its period ends. */
  readonly percent: number
  readonly id: string
  readonly at_ms: number
  readonly sent_at_ms: number | null
  readonly tries: number
  readonly next_ms: number
  /** JSON: what a forecast said; of those only. */
  readonly detail: string | null
}

/** What the forecast last said of an account. */
export interface OutlookTable {
  readonly account: number
  /** Start of the step that it was made in. */
  readonly as_of_ms: number
  /** JSON; `null` while a process is at it. */
  readonly body: string | null
}

/** A request with an idempotency key, and what was answered. */
export interface RepeatableTable {
  readonly tenant: string
  /** Hash of the key's name and the idempotency key. */
  readonly id: string
  readonly fingerprint: string
  readonly state: 'begun' | 'done'
  /** The process that works on it. */
  readonly owner: string
  readonly call_id: string | null
  /** Sealed; `null` until done, and where it was too large to be kept. */
  readonly answer: Uint8Array | null
  readonly answer_bytes: number
  /** While it is in work, until when its process may be taken to live. */
  readonly expires_at_ms: number
}
