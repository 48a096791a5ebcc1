import type { Generated } from 'kysely'
import type { MoneyColumn } from './column.ts'

/** Prices, plans, counted events and invoices. Rows are added, never rewritten; JSON lies in text columns. */
export interface BillingTables {
  readonly price_entry: PriceEntryTable
  readonly call_adjustment: CallAdjustmentTable
  readonly billing_plan: BillingPlanTable
  readonly billing_account: BillingAccountTable
  readonly billing_subscription: BillingSubscriptionTable
  readonly billing_credit: BillingCreditTable
  readonly usage_event: UsageEventTable
  readonly usage_parked: UsageParkedTable
  readonly meter_outbox: MeterOutboxTable
  readonly invoice: InvoiceTable
}

/** A dated price of the operator's book. One that is replaced stays, for what it has priced. */
export interface PriceEntryTable {
  readonly id: string
  readonly kind: 'override' | 'contract'
  readonly model: string
  readonly body: string
  readonly note: string | null
  /** The entry that this one takes the place of. */
  readonly replaces: string | null
  readonly created_at_ms: number
}

/** A cost that turned out to be another: what it was taken to be before, and after. */
export interface CallAdjustmentTable {
  readonly tenant: string
  readonly root_id: string
  readonly call_id: string
  readonly price_version: string
  /** `null` when the cost was not known. */
  readonly before: MoneyColumn
  readonly after: MoneyColumn
  readonly created_at_ms: number
}

export interface BillingPlanTable {
  readonly tenant: string
  readonly id: string
  readonly version: number
  readonly hash: string
  readonly body: string
  readonly created_at_ms: number
}

export interface BillingAccountTable {
  readonly tenant: string
  readonly id: string
  readonly body: string
  readonly created_at_ms: number
}

/** Which version of which plan holds for an account from when until when. */
export interface BillingSubscriptionTable {
  readonly tenant: string
  readonly account: string
  readonly number: number
  readonly plan: string
  readonly version: number
  readonly starts_at_ms: number
  readonly ends_at_ms: number | null
}

export interface BillingCreditTable {
  readonly tenant: string
  readonly account: string
  readonly id: string
  readonly body: string
  readonly created_at_ms: number
}

export interface UsageEventTable {
  readonly tenant: string
  readonly source: string
  readonly id: string
  readonly account: string
  readonly meter: string
  /** Exact decimal text. */
  readonly quantity: string
  readonly at_ms: number
  readonly received_at_ms: number
  readonly dimensions: string
  /** Of the event as it was sent: tells the same event again from another under the same id. */
  readonly hash: string
}

/** Events that count for nothing until somebody mends them. */
export interface UsageParkedTable {
  readonly number: Generated<number>
  readonly tenant: string
  readonly hash: string
  readonly body: string
  readonly reason: string
  readonly received_at_ms: number
}

/** Counted events on their way to a meter elsewhere. */
export interface MeterOutboxTable {
  readonly number: Generated<number>
  readonly tenant: string
  readonly sink: string
  readonly event_id: string
  readonly body: string
  readonly attempts: number
  readonly next_at_ms: number
  readonly sent_at_ms: number | null
}

export interface InvoiceTable {
  readonly tenant: string
  readonly number: string
  readonly account: string
  /** `period`: of a period that it closes · `credit`: gives back part of another. */
  readonly purpose: 'period' | 'credit'
  readonly period_start_ms: number
  readonly period_end_ms: number
  readonly issued_at_ms: number
  readonly body: string
  readonly evidence: string
  /** By the key of each line of the period: what has been billed of it, adjustments included. */
  readonly billed: string
  readonly hash: string
}
