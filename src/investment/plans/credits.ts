import { placesOfCurrency } from './currency.ts'
import type { InvoiceEvidence, SegmentJson } from './invoice.ts'
import { toLines } from './lines.ts'
import type { Reading } from './meters.ts'
import { parseRational, round, toDecimalText, zero } from './rational.ts'

/** A credit as it stands before an invoice. */
export interface CreditState {
  readonly id: string
  /** Decimal text of the currency. */
  readonly remaining: string
  readonly priority: number
  readonly starts_at: string
  readonly expires_at: string | null
  /** What had been counted when it expired, one list for each segment; absent unless it expires within the period. */
  readonly usage_until?: readonly (readonly Reading[])[] | undefined
}

/** How much an invoice takes of a credit. */
export interface Burn {
  readonly credit: string
  readonly amount: string
}

/**
 * Which credits pay how much: by priority, then what expires first, then what began first, then by id. A credit that
 * expires within the period pays for no more than had been used by then.
 */
export function burnCredits(evidence: InvoiceEvidence, subtotal: bigint): readonly Burn[] {
  const places = placesOfCurrency(evidence.currency)
  const burns: Burn[] = []
  let paid = 0n
  for (const credit of evidence.credits.toSorted(inBurnOrder)) {
    if (Date.parse(credit.starts_at) >= Date.parse(evidence.period.end)) continue
    const room = roomOf(credit, evidence, subtotal) - paid
    const held = round(parseRational(credit.remaining) ?? zero, places, 'down')
    const amount = held < room ? held : room
    if (amount <= 0n) continue
    burns.push({ credit: credit.id, amount: toDecimalText(amount, places) })
    paid += amount
  }
  return burns
}

function roomOf(credit: CreditState, evidence: InvoiceEvidence, subtotal: bigint): bigint {
  if (credit.expires_at === null) return subtotal
  const expiresMs = Date.parse(credit.expires_at)
  if (expiresMs >= Date.parse(evidence.period.end)) return subtotal
  if (expiresMs <= Date.parse(evidence.period.start)) return 0n
  const used = evidence.segments.flatMap((segment, index) => usedUntil(segment, credit, { index, evidence }))
  const accrued = used.reduce((total, amount) => total + amount, 0n)
  return accrued < subtotal ? accrued : subtotal
}

/** Charges for what had been counted when the credit expired; fees of the period count by the share that had passed. */
function usedUntil(
  segment: SegmentJson,
  credit: CreditState,
  { index, evidence }: { readonly index: number; readonly evidence: InvoiceEvidence },
): readonly bigint[] {
  const expiresMs = Date.parse(credit.expires_at ?? segment.active.end)
  const [startMs, endMs] = [Date.parse(segment.active.start), Date.parse(segment.active.end)]
  const active = { startMs, endMs: Math.max(startMs, Math.min(endMs, expiresMs)) }
  const period = { startMs: Date.parse(segment.period.start), endMs: Date.parse(segment.period.end) }
  const lines = toLines(
    { plan: segment.plan, period, active, usage: credit.usage_until?.[index] ?? [] },
    evidence.rounding,
  )
  return lines.map((line) => line.amount)
}

function inBurnOrder(left: CreditState, right: CreditState): number {
  const [leftEnd, rightEnd] = [left, right].map(({ expires_at: end }) => (end === null ? Infinity : Date.parse(end)))
  return (
    left.priority - right.priority ||
    compareNumbers(leftEnd ?? 0, rightEnd ?? 0) ||
    Date.parse(left.starts_at) - Date.parse(right.starts_at) ||
    (left.id < right.id ? -1 : left.id > right.id ? 1 : 0)
  )
}

function compareNumbers(left: number, right: number): number {
  return left === right ? 0 : left < right ? -1 : 1
}
