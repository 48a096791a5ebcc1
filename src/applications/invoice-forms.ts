import {
  focusColumns,
  toCsv,
  toFocus,
  toInvoiceHtml,
  toInvoicePdf,
  type Invoice,
  type StoredInvoice,
} from '../investment/plans/index.ts'
import { toInvoiceJson } from './shapes/index.ts'

/** Forms in which an invoice can be had. */
export const invoiceForms = ['json', 'html', 'pdf', 'focus', 'csv', 'evidence'] as const

export type InvoiceForm = (typeof invoiceForms)[number]

/** An invoice as bytes of one of its forms. */
export function renderInvoice(
  stored: StoredInvoice,
  { form, language }: { readonly form: InvoiceForm; readonly language: 'en' | 'zh' },
): { readonly type: string; readonly body: Buffer } {
  const { invoice } = stored
  const json = (value: unknown): { readonly type: string; readonly body: Buffer } => ({
    type: 'application/json',
    body: Buffer.from(JSON.stringify(value)),
  })
  switch (form) {
    case 'json':
      return json(toInvoiceJson(stored))
    case 'evidence':
      return json({ evidence: stored.evidence, hash: stored.hash })
    case 'focus':
      return { type: 'text/csv; charset=utf-8', body: Buffer.from(toCsv(focusColumns, toFocus(invoice, focusNames))) }
    case 'csv':
      return { type: 'text/csv; charset=utf-8', body: Buffer.from(toLinesCsv(invoice)) }
    case 'html':
      return { type: 'text/html; charset=utf-8', body: Buffer.from(toInvoiceHtml(invoice, language)) }
    case 'pdf':
      return { type: 'application/pdf', body: toInvoicePdf(invoice, language) }
  }
}

const focusNames = { issuer: 'Strata', provider: 'Strata' }

function toLinesCsv(invoice: Invoice): string {
  const columns = [
    'number',
    'kind',
    'description',
    'meter',
    'quantity',
    'unit',
    'start',
    'end',
    'exact',
    'amount',
    'currency',
  ]
  const rows = invoice.lines.map((line) => ({
    number: invoice.number,
    kind: line.kind,
    description: line.description,
    meter: line.meter,
    quantity: line.quantity,
    unit: line.unit,
    start: line.period.start,
    end: line.period.end,
    exact: line.exact,
    amount: line.amount,
    currency: invoice.currency,
  }))
  return toCsv(columns, rows)
}
