import { PlatformError } from '../../core/errors.ts'
import { toIso } from '../../core/time.ts'
import { hashOf, toCanonicalJson } from './canonical.ts'
import { placesOfCurrency } from './currency.ts'
import { hashOfInvoice, toSmallest, type Invoice } from './invoice.ts'
import { toDecimalText } from './rational.ts'
import type { BillingQueries, InvoiceRow } from './store.ts'
import { getInvoiceRow, toStored, type StoredInvoice } from './stored.ts'

/** Part of an invoice that is given back. */
export interface GivingBack {
  readonly tenant: string
  readonly number: string
  readonly amount: string
  readonly reason: string
  readonly nowMs: number
}

/** Writes a credit note for part of an invoice; never for more than is left of it. */
export async function giveBack(
  queries: BillingQueries,
  { tenant, number, amount, reason, nowMs }: GivingBack,
): Promise<StoredInvoice> {
  const row = await getInvoiceRow(queries, tenant, number)
  const { invoice } = toStored(row)
  if (row.purpose === 'credit')
    throw new PlatformError('INVALID_REQUEST', 'a credit note cannot be given back', { param: 'number' })
  const places = placesOfCurrency(invoice.currency)
  const units = toSmallest(amount, places)
  const given = (await queries.listInvoices(tenant, row.account)).filter((each) =>
    each.number.startsWith(`${number}-C`),
  )
  const left = given.reduce(
    (rest, each) => rest + toSmallest(toStored(each).invoice.payable, places),
    toSmallest(invoice.payable, places),
  )
  if (units <= 0n || units > left || toDecimalText(units, places) !== padded(amount, places)) {
    const bound = toDecimalText(left > 0n ? left : 0n, places)
    throw new PlatformError(
      'INVALID_REQUEST',
      `send an amount above 0, in whole units of ${invoice.currency}, of at most ${bound}, what is left of ${number}`,
      { param: 'amount' },
    )
  }
  const money = toDecimalText(-units, places)
  const note: Invoice = {
    ...invoice,
    kind: 'credit-note',
    number: `${number}-C${given.length + 1}`,
    issued_at: toIso(nowMs),
    lines: [
      {
        key: `back/${number}`,
        kind: 'adjustment',
        description: reason,
        meter: null,
        unit: null,
        quantity: null,
        period: invoice.period,
        exact: money,
        amount: money,
        parts: [],
      },
    ],
    subtotal: money,
    credits: toDecimalText(0n, places),
    tax: toDecimalText(0n, places),
    payable: money,
    unfunded: toDecimalText(0n, places),
    burns: [],
    evidence: hashOf({ credit_of: number, amount, reason }),
  }
  const noteRow: InvoiceRow = {
    ...row,
    number: note.number,
    purpose: 'credit',
    issued_at_ms: nowMs,
    body: toCanonicalJson(note),
    evidence: toCanonicalJson({ credit_of: number, amount, reason }),
    billed: '{}',
    hash: hashOfInvoice(note),
  }
  await queries.insertInvoice(noteRow)
  return toStored(noteRow)
}

function padded(amount: string, places: number): string {
  const [whole = '0', fraction = ''] = amount.split('.')
  const kept = fraction.replace(/0+$/, '')
  if (kept.length > places) return ''
  return places === 0 ? BigInt(whole).toString() : `${BigInt(whole)}.${kept.padEnd(places, '0')}`
}
