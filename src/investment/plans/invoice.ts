import { PlatformError } from '../../core/errors.ts'
import { toIso } from '../../core/time.ts'
import { hashOf } from './canonical.ts'
import { burnCredits, type Burn, type CreditState } from './credits.ts'
import { placesOfCurrency } from './currency.ts'
import { toAdvanceLines, toLines, type Line, type Segment } from './lines.ts'
import type { Reading } from './meters.ts'
import { parseRational, round, toDecimalText, toRational, toText, multiply, zero, type Rounding } from './rational.ts'
import type { Plan } from './schema.ts'

/** Everything an invoice is made of, as JSON: the same evidence gives the same invoice on every machine. */
export interface InvoiceEvidence {
  readonly version: 1
  readonly number: string
  readonly issued_at: string
  readonly account: { readonly id: string; readonly name: string; readonly address?: string | undefined }
  readonly currency: string
  readonly rounding: Rounding
  readonly period: SpanJson
  readonly segments: readonly SegmentJson[]
  /** Periods in which a fee paid in advance begins. */
  readonly advance: readonly SegmentJson[]
  /** Closed periods whose usage or prices have changed since they were billed. */
  readonly prior: readonly PriorJson[]
  readonly credits: readonly CreditState[]
  /** Credits bought since the last invoice. */
  readonly purchases: readonly { readonly id: string; readonly amount: string }[]
}

export interface SpanJson {
  readonly start: string
  readonly end: string
}

export interface SegmentJson {
  readonly plan: Plan
  readonly period: SpanJson
  readonly active: SpanJson
  readonly usage: readonly Reading[]
}

export interface PriorJson {
  readonly invoice: string
  readonly segments: readonly SegmentJson[]
  /** By the key of the line: what has been billed of it so far, smallest units. */
  readonly billed: Readonly<Record<string, string>>
}

/** An invoice, or a credit note when it comes to less than nothing. Amounts are decimal text of the currency. */
export interface Invoice {
  readonly object: 'invoice'
  readonly kind: 'invoice' | 'credit-note'
  readonly number: string
  readonly account: InvoiceEvidence['account']
  readonly currency: string
  readonly period: SpanJson
  readonly issued_at: string
  readonly lines: readonly InvoiceLine[]
  readonly subtotal: string
  readonly credits: string
  readonly tax: string
  readonly payable: string
  /** Of a prepaid plan: what credits did not cover. */
  readonly unfunded: string
  readonly burns: readonly Burn[]
  /** SHA-256 of the evidence: what it was made of. */
  readonly evidence: string
}

export interface InvoiceLine {
  readonly key: string
  readonly kind: Line['kind'] | 'advance' | 'purchase' | 'adjustment' | 'credit' | 'tax'
  readonly description: string
  readonly meter: string | null
  readonly unit: string | null
  readonly quantity: string | null
  readonly period: SpanJson
  /** Before rounding, exact: decimal text or a fraction. */
  readonly exact: string
  readonly amount: string
  readonly parts: readonly {
    readonly dimensions: Readonly<Record<string, string>>
    readonly quantity: string
    readonly amount: string
  }[]
}

/**
 * The invoice of a period. Pure: no clock, no chance. Each line is rounded once, and all sums are sums of rounded lines.
 * Order: prices of the period with minimum, maximum and discount, fees in advance, credits bought, adjustments of closed
 * periods; then credits, then tax. Throws INVALID_REQUEST for evidence that contradicts itself.
 */
export function computeInvoice(evidence: InvoiceEvidence): Invoice {
  const { currency, rounding } = evidence
  checkCurrency(evidence)
  const places = placesOfCurrency(currency)
  const money = (amount: bigint): string => toDecimalText(amount, places)
  const charged = toCharges(evidence, money)
  const subtotal = addUp(charged, places)
  const burns = subtotal > 0n ? burnCredits(evidence, subtotal) : []
  const credited = burns.reduce((total, burn) => total + toSmallest(burn.amount, places), 0n)
  const { tax } = evidence.segments.at(-1)?.plan ?? {}
  const base = toRational(subtotal - credited, 10n ** BigInt(places))
  const taxed = tax === undefined ? zero : multiply(base, percentOf(tax.percent))
  const taxAmount = round(taxed, places, rounding)
  const span = evidence.period
  const ownTax: OwnLine = {
    kind: 'tax',
    key: 'tax',
    description: `${tax?.name} ${tax?.percent} %`,
    exact: toText(taxed),
    amount: taxAmount,
    span,
  }
  const payable = subtotal - credited + taxAmount
  const isPrepaid = evidence.segments.some(({ plan }) => plan.billing === 'prepaid')
  return {
    object: 'invoice',
    kind: payable < 0n ? 'credit-note' : 'invoice',
    number: evidence.number,
    account: evidence.account,
    currency,
    period: evidence.period,
    issued_at: evidence.issued_at,
    lines: [
      ...charged,
      ...burns.map((burn) => toOwnLine(toBurnLine(burn, places, span), money)),
      ...(taxAmount === 0n ? [] : [toOwnLine(ownTax, money)]),
    ],
    subtotal: money(subtotal),
    credits: money(-credited),
    tax: money(taxAmount),
    payable: money(payable),
    unfunded: money(isPrepaid && payable > 0n ? payable : 0n),
    burns,
    evidence: hashOf(evidence),
  }
}

function checkCurrency({ segments, advance, currency }: InvoiceEvidence): void {
  for (const { plan } of [...segments, ...advance]) {
    if (plan.currency === currency) continue
    const message = `the plan ${plan.id} is in ${plan.currency}, the invoice in ${currency}`
    throw new PlatformError('INVALID_REQUEST', message)
  }
}

type ToMoney = (amount: bigint) => string

/** Everything but credits and tax. */
function toCharges(evidence: InvoiceEvidence, money: ToMoney): readonly InvoiceLine[] {
  const { rounding, currency } = evidence
  const period = evidence.segments.flatMap((segment) => toLines(toSegment(segment), rounding))
  const advance = evidence.advance.flatMap((segment) => toAdvanceLines(toSegment(segment), rounding))
  const purchases = evidence.purchases.map(
    ({ id, amount }): OwnLine => ({
      kind: 'purchase',
      key: `credit/${id}`,
      description: `Credit ${id}`,
      exact: amount,
      amount: round(parseRational(amount) ?? zero, placesOfCurrency(currency), rounding),
      span: evidence.period,
    }),
  )
  return [
    ...period.map((line) => toInvoiceLine(line, line.kind, money)),
    ...advance.map((line) => toInvoiceLine(line, 'advance', money)),
    ...purchases.map((line) => toOwnLine(line, money)),
    ...evidence.prior.flatMap((prior) => toAdjustments(prior, evidence, money)),
  ]
}

function toBurnLine({ credit, amount }: Burn, places: number, span: SpanJson): OwnLine {
  const units = -toSmallest(amount, places)
  return {
    kind: 'credit',
    key: `burn/${credit}`,
    description: `Credit ${credit}`,
    exact: `-${amount}`,
    amount: units,
    span,
  }
}

/** What a period is billed with, by the key of each line, in smallest units: kept, so that later readings can be compared. */
export function billedOf(segments: readonly SegmentJson[], rounding: Rounding): Readonly<Record<string, string>> {
  const billed: Record<string, bigint> = {}
  for (const line of segments.flatMap((segment) => toLines(toSegment(segment), rounding))) {
    billed[line.key] = (billed[line.key] ?? 0n) + line.amount
  }
  return Object.fromEntries(Object.entries(billed).map(([key, amount]) => [key, amount.toString()]))
}

/** Whether two readings of a period come to the same, line by line; a line that is not there is one of nothing. */
export function isSameBill(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  return Object.keys({ ...left, ...right }).every((key) => (left[key] ?? '0') === (right[key] ?? '0'))
}

/** Which machine computes it does not matter: equal invoices have equal hashes. */
export function hashOfInvoice(invoice: Invoice): string {
  return hashOf(invoice)
}

/** A closed period read anew: the difference to what was billed, line by line. Nothing that was billed is rewritten. */
function toAdjustments(
  prior: PriorJson,
  { rounding, currency }: InvoiceEvidence,
  money: (amount: bigint) => string,
): readonly InvoiceLine[] {
  const lines = prior.segments.flatMap((segment) => toLines(toSegment(segment), rounding))
  const now = new Map<string, { readonly line: Line; readonly amount: bigint }>()
  for (const line of lines) now.set(line.key, { line, amount: (now.get(line.key)?.amount ?? 0n) + line.amount })
  const [first] = prior.segments
  if (first === undefined) return []
  return [...new Set([...now.keys(), ...Object.keys(prior.billed)])].flatMap((key) => {
    const found = now.get(key)
    const amount = (found?.amount ?? 0n) - BigInt(prior.billed[key] ?? '0')
    if (amount === 0n) return []
    const span = found === undefined ? first.period : toSpanJson(found.line.span)
    const what = found?.line.description ?? key
    const exact = toText(toRational(amount, 10n ** BigInt(placesOfCurrency(currency))))
    return [
      {
        ...toOwnLine(
          {
            kind: 'adjustment',
            key: `${prior.invoice}/${key}`,
            description: `Adjustment of ${prior.invoice}: ${what}`,
            exact,
            amount,
            span,
          },
          money,
        ),
        meter: found?.line.meter ?? null,
        unit: found?.line.unit ?? null,
      },
    ]
  })
}

interface OwnLine {
  readonly kind: InvoiceLine['kind']
  readonly key: string
  readonly description: string
  readonly exact: string
  readonly amount: bigint
  readonly span: SpanJson
}

function toOwnLine(
  { kind, key, description, exact, amount, span }: OwnLine,
  money: (amount: bigint) => string,
): InvoiceLine {
  return {
    key,
    kind,
    description,
    meter: null,
    unit: null,
    quantity: null,
    period: span,
    exact,
    amount: money(amount),
    parts: [],
  }
}

function toInvoiceLine(line: Line, kind: InvoiceLine['kind'], money: (amount: bigint) => string): InvoiceLine {
  return {
    key: line.key,
    kind,
    description: line.description,
    meter: line.meter ?? null,
    unit: line.unit ?? null,
    quantity: line.quantity ?? null,
    period: toSpanJson(line.span),
    exact: toText(line.exact),
    amount: money(line.amount),
    parts: line.parts.map(({ dimensions, quantity, amount }) => ({ dimensions, quantity, amount: money(amount) })),
  }
}

function toSegment(json: SegmentJson): Segment {
  return { plan: json.plan, usage: json.usage, period: toSpan(json.period), active: toSpan(json.active) }
}

function toSpan({ start, end }: SpanJson): Segment['period'] {
  return { startMs: Date.parse(start), endMs: Date.parse(end) }
}

export function toSpanJson({ startMs, endMs }: Segment['period']): SpanJson {
  return { start: toIso(startMs), end: toIso(endMs) }
}

function addUp(lines: readonly InvoiceLine[], places: number): bigint {
  return lines.reduce((total, line) => total + toSmallest(line.amount, places), 0n)
}

/** Smallest units of decimal text that has no finer places. */
export function toSmallest(amount: string, places: number): bigint {
  return round(parseRational(amount) ?? zero, places, 'down')
}

function percentOf(text: string) {
  const { n, d } = parseRational(text) ?? zero
  return toRational(n, d * 100n)
}
