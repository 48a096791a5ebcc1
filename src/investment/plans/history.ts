import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { parseInstant, toIso } from '../../core/time.ts'
import { hashOf } from './canonical.ts'
import {
  billedOf,
  computeInvoice,
  isSameBill,
  toSpanJson,
  type Invoice,
  type InvoiceEvidence,
  type PriorJson,
  type SegmentJson,
} from './invoice.ts'
import { noInstant, readMeters, toCounted, type CountedEvent, type Reading } from './meters.ts'
import { isWithin, overlapOf, periodAt, type Span } from './period.ts'
import { parseRational, subtract, toText, zero, type Rational } from './rational.ts'
import { accountSchema, creditSchema, eventSchema, instant, planSchema, type Plan, type UsageEvent } from './schema.ts'

/** Everything that happened to one account, in the order in which it became known. */
export const historySchema = z.strictObject({
  plans: z.array(planSchema).min(1).max(64),
  account: accountSchema,
  /** Changes of plan after the first. */
  changes: z
    .array(z.strictObject({ plan: z.string(), at: instant }))
    .max(64)
    .default([]),
  events: z.array(z.looseObject({ received: z.string().optional() })).max(1_000_000),
  credits: z
    .array(creditSchema.omit({ account: true }))
    .max(1_000)
    .default([]),
  closings: z
    .array(z.strictObject({ start: instant.describe('Any instant of the period.'), at: instant }))
    .max(10_000)
    .default([])
    .describe('When periods were closed; at their end when absent.'),
  until: instant.describe('Periods that end by then are billed.'),
})

export type History = Readonly<z.infer<typeof historySchema>>

export interface HistoryOutcome {
  readonly invoices: readonly Invoice[]
  /** What each invoice was made of. */
  readonly evidence: readonly InvoiceEvidence[]
  readonly accepted: number
  readonly duplicates: number
  /** Events that count for nothing, each with its reason; none is dropped in silence. */
  readonly parked: readonly { readonly index: number; readonly id: string | null; readonly reason: string }[]
}

interface Known {
  readonly event: CountedEvent
  readonly receivedMs: number
}

/** Bills a history from its beginning. Pure. Throws INVALID_REQUEST for a history that contradicts itself. */
export function billHistory(history: History): HistoryOutcome {
  checkOnce(history)
  const subscriptions = toSubscriptions(history)
  const { known, ...taken } = takeEvents(history, subscriptions)
  const state: Ledger = {
    history,
    subscriptions,
    known,
    invoices: [],
    evidence: [],
    closed: [],
    remaining: new Map(history.credits.map((credit) => [credit.id, parseRational(credit.amount) ?? zero])),
    bought: new Set(),
    closedAtMs: Number.NEGATIVE_INFINITY,
  }
  const untilMs = Date.parse(history.until)
  for (let span = firstSpan(history, subscriptions); span.endMs <= untilMs; ) {
    const active = subscriptions.filter((each) => overlapLength(each.active, span) > 0)
    if (active.length === 0) break
    closePeriod(state, span)
    span = periodAt(active.at(-1)?.plan.period ?? 'month', span.endMs)
  }
  return { invoices: state.invoices, evidence: state.evidence, ...taken }
}

/** What has been billed up to a period. */
interface Ledger {
  readonly history: History
  readonly subscriptions: readonly Subscription[]
  readonly known: readonly Known[]
  readonly invoices: Invoice[]
  readonly evidence: InvoiceEvidence[]
  readonly closed: { readonly span: Span; readonly invoice: string; billed: Readonly<Record<string, string>> }[]
  readonly remaining: Map<string, Rational>
  readonly bought: Set<string>
  closedAtMs: number
}

function closePeriod(state: Ledger, span: Span): void {
  const { history, known } = state
  const closing = history.closings.find(({ start }) => isWithin(span, Date.parse(start)))
  const atMs = Math.max(closing === undefined ? span.endMs : Date.parse(closing.at), state.closedAtMs)
  if (atMs < span.endMs) {
    throw new PlatformError('INVALID_REQUEST', `the period from ${toIso(span.startMs)} was closed before its end`)
  }
  const seen = known.filter(({ receivedMs }) => receivedMs <= atMs)
  const late = seen.filter(({ receivedMs }) => receivedMs > state.closedAtMs)
  state.closedAtMs = atMs
  const made = toEvidence(state, span, { seen, late })
  const invoice = computeInvoice(made)
  for (const { credit, amount } of invoice.burns) {
    const left = subtract(state.remaining.get(credit) ?? zero, parseRational(amount) ?? zero)
    state.remaining.set(credit, left)
  }
  for (const { id } of made.purchases) state.bought.add(id)
  state.invoices.push(invoice)
  state.evidence.push(made)
  state.closed.push({ span, invoice: made.number, billed: billedOf(made.segments, made.rounding) })
}

interface Seen {
  /** Everything that is known when the period is closed, and of that what was not when the one before was. */
  readonly seen: readonly Known[]
  readonly late: readonly Known[]
}

function toEvidence(state: Ledger, span: Span, { seen, late }: Seen): InvoiceEvidence {
  const { history, subscriptions } = state
  const { account } = history
  const events = seen.map(({ event }) => event)
  const segments = toSegments(subscriptions, span, events)
  return {
    version: 1,
    number: `${account.id}-${String(state.invoices.length + 1).padStart(4, '0')}`,
    issued_at: toIso(state.closedAtMs),
    account: {
      id: account.id,
      name: account.name,
      ...(account.address === undefined ? {} : { address: account.address }),
    },
    currency: segments[0]?.plan.currency ?? 'USD',
    rounding: roundingOf(history, segments),
    period: toSpanJson(span),
    segments,
    advance: advanceOf(subscriptions, span, state.invoices.length === 0),
    prior: state.closed.flatMap((each) => toPrior(state, each, { events, late })),
    credits: history.credits.map((credit) => ({
      id: credit.id,
      remaining: toText(state.remaining.get(credit.id) ?? zero),
      priority: credit.priority,
      starts_at: credit.starts_at,
      expires_at: credit.expires_at ?? null,
      ...usageUntil(credit.expires_at, span, (end) => {
        const before = events.filter(({ atMs }) => atMs < end)
        return toSegments(subscriptions, span, before)
      }),
    })),
    purchases: history.credits
      .filter((credit) => !state.bought.has(credit.id) && Date.parse(credit.starts_at) < span.endMs)
      .filter(({ cost }) => Number(cost) > 0)
      .map(({ id, cost }) => ({ id, amount: cost })),
  }
}

/** A closed period for which something has come since, as it reads now. */
function toPrior(
  { history, subscriptions }: Ledger,
  each: Ledger['closed'][number],
  { events, late }: { readonly events: readonly CountedEvent[]; readonly late: readonly Known[] },
): readonly PriorJson[] {
  if (!late.some(({ event }) => isWithin(each.span, event.atMs))) return []
  const segments = toSegments(subscriptions, each.span, events)
  const now = billedOf(segments, roundingOf(history, segments))
  if (isSameBill(now, each.billed)) return []
  const before = each.billed
  each.billed = now
  return [{ invoice: each.invoice, segments, billed: before }]
}

/** Throws INVALID_REQUEST for a plan or a credit that is there twice: which of the two holds is nowhere said. */
function checkOnce({ plans, credits }: History): void {
  for (const [param, list] of Object.entries({ plans, credits })) {
    const again = list.find(({ id }, index) => list.findIndex((each) => each.id === id) < index)
    if (again !== undefined) throw refuse(param, `${again.id} is there twice`)
  }
  const ended = credits.find(
    ({ starts_at, expires_at: end }) => end !== undefined && Date.parse(end) <= Date.parse(starts_at),
  )
  if (ended !== undefined) throw refuse('credits', `the credit ${ended.id} expires before it begins`)
}

function refuse(param: string, statement: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', statement, { param })
}

/** A plan and the stretch of time it holds for. */
export interface Subscription {
  readonly plan: Plan
  readonly active: Span
}

function toSubscriptions(history: History): readonly Subscription[] {
  const find = (id: string): Plan => {
    const plan = history.plans.find((each) => each.id === id)
    if (plan === undefined) throw refuse('plans', `there is no plan ${id}`)
    return plan
  }
  const endMs = history.account.ends_at === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(history.account.ends_at)
  const first = find(history.account.plan)
  const starts = [{ plan: first.id, at: history.account.starts_at }, ...history.changes]
  return starts.map(({ plan: id, at }, index) => {
    const startMs = Date.parse(at)
    const nextMs = starts[index + 1] === undefined ? endMs : Date.parse(starts[index + 1]?.at ?? at)
    if (nextMs <= startMs) throw refuse('changes', `the plan ${id} ends before it begins`)
    const plan = find(id)
    // Periods of another length would overlap those that are billed already.
    if (plan.currency !== first.currency || plan.period !== first.period) {
      throw refuse('changes', `the plan ${id} has another currency or other periods than ${first.id}`)
    }
    return { plan, active: { startMs, endMs: nextMs } }
  })
}

/** Takes each event once: the same id with the same content again changes nothing, with another content it is parked. */
function takeEvents(history: History, subscriptions: readonly Subscription[]) {
  const known = new Map<string, Known & { readonly hash: string }>()
  const parked: { readonly index: number; readonly id: string | null; readonly reason: string }[] = []
  const meters = subscriptions.flatMap(({ plan }) => plan.meters)
  let duplicates = 0
  for (const [index, { received, ...told }] of history.events.entries()) {
    const parsed = eventSchema.safeParse({ account: history.account.id, ...told })
    const park = (reason: string): void => {
      const { id } = told
      parked.push({ index, id: typeof id === 'string' ? id.slice(0, 200) : null, reason })
    }
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      park(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}`)
      continue
    }
    const event: UsageEvent = parsed.data
    const receivedMs = parseInstant(received ?? event.at)
    if (receivedMs === undefined) {
      park(noInstant(received ?? event.at))
      continue
    }
    const hash = hashOf(event)
    const key = `${event.source}\n${event.id}`
    const before = known.get(key)
    if (before !== undefined) {
      if (before.hash === hash) duplicates++
      else park('the id has been used for another event')
      continue
    }
    const counted =
      event.account === history.account.id
        ? toCounted(event, meters, receivedMs)
        : `the account is ${history.account.id}`
    if (typeof counted === 'string') park(counted)
    else if (!subscriptions.some(({ active }) => isWithin(active, counted.atMs)))
      park('no plan is in force at that time')
    else known.set(key, { event: counted, receivedMs, hash })
  }
  return { known: [...known.values()], accepted: known.size, duplicates, parked }
}

/** The plans of a period, each with what was counted while it was in force. */
export function toSegments(
  subscriptions: readonly Subscription[],
  period: Span,
  events: readonly CountedEvent[],
): readonly SegmentJson[] {
  return subscriptions.flatMap(({ plan, active }) => {
    const both = overlapOf(period, active)
    if (both.endMs <= both.startMs) return []
    const within = events.filter(({ atMs }) => isWithin(both, atMs))
    return [{ plan, period: toSpanJson(period), active: toSpanJson(both), usage: readMeters(plan.meters, within) }]
  })
}

/** Fees in advance: those of the next period, and on the first invoice those of its own. */
export function advanceOf(
  subscriptions: readonly Subscription[],
  span: Span,
  isFirst: boolean,
): readonly SegmentJson[] {
  const next = periodAt(subscriptions.at(-1)?.plan.period ?? 'month', span.endMs)
  return [...(isFirst ? [span] : []), next].flatMap((period) =>
    toSegments(subscriptions, period, []).filter(({ plan }) =>
      plan.prices.some((price) => price.kind === 'flat' && price.timing === 'advance'),
    ),
  )
}

/** What had been counted when a credit expired, where that is within the period. */
export function usageUntil(
  expires: string | undefined | null,
  span: Span,
  read: (endMs: number) => readonly SegmentJson[],
): { readonly usage_until?: readonly (readonly Reading[])[] } {
  if (expires === undefined || expires === null) return {}
  const endMs = Date.parse(expires)
  return endMs > span.startMs && endMs < span.endMs ? { usage_until: read(endMs).map(({ usage }) => usage) } : {}
}

function firstSpan(history: History, subscriptions: readonly Subscription[]): Span {
  return periodAt(subscriptions[0]?.plan.period ?? 'month', Date.parse(history.account.starts_at))
}

function overlapLength(left: Span, right: Span): number {
  const both = overlapOf(left, right)
  return both.endMs - both.startMs
}

function roundingOf(history: History, segments: readonly SegmentJson[]): InvoiceEvidence['rounding'] {
  return history.account.rounding ?? segments.at(-1)?.plan.rounding ?? 'half-even'
}
