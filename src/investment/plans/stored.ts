import { PlatformError } from '../../core/errors.ts'
import { hashOf, toCanonicalJson } from './canonical.ts'
import { computeInvoice, hashOfInvoice, type Invoice, type InvoiceEvidence } from './invoice.ts'
import type { BillingQueries, InvoiceRow } from './store.ts'

/** An invoice as it is kept: with what it was made of, and the hash by which two machines compare it. */
export interface StoredInvoice {
  readonly invoice: Invoice
  readonly evidence: InvoiceEvidence | { readonly credit_of: string; readonly amount: string; readonly reason: string }
  readonly hash: string
}

export function toStored(row: InvoiceRow): StoredInvoice {
  // Both were written here.
  const invoice = JSON.parse(row.body) as Invoice
  const evidence = JSON.parse(row.evidence) as StoredInvoice['evidence']
  return { invoice, evidence, hash: row.hash }
}

export async function getInvoiceRow(queries: BillingQueries, tenant: string, number: string): Promise<InvoiceRow> {
  const row = await queries.findInvoice(tenant, number)
  if (row === undefined) throw new PlatformError('NOT_FOUND', `there is no invoice ${number.slice(0, 128)}`)
  return row
}

/** Whether an invoice is what its evidence makes it. */
export function verifyInvoice({ invoice, evidence }: Pick<StoredInvoice, 'invoice' | 'evidence'>): {
  readonly isEqual: boolean
  readonly hash: string
} {
  if ('credit_of' in evidence) return { isEqual: invoice.evidence === hashOf(evidence), hash: hashOfInvoice(invoice) }
  const again = computeInvoice(evidence)
  return { isEqual: toCanonicalJson(again) === toCanonicalJson(invoice), hash: hashOfInvoice(again) }
}
