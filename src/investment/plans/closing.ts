import { toIso } from '../../core/time.ts'
import { advanceOf, toSegments, usageUntil } from './history.ts'
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
import type { CountedEvent, Reading } from './meters.ts'
import { overlapOf, type Span } from './period.ts'
import { meterOf, isUsagePrice } from './rate.ts'
import { parseRational, subtract, sum, toRational, toText, zero } from './rational.ts'
import { callMeters, type Plan } from './schema.ts'
import type { CallSum } from '../spend/index.ts'
import type { BillingQueries, EventRow } from './store.ts'
import { readCredits, type AccountView } from './views.ts'

export interface ClosingDeps {
  readonly queries: BillingQueries
  readonly tenant: string
  readonly nowMs: number
}

/** What a period is billed with: the invoice, what it was made of, and what has now been billed of each period it touches. */
export interface Draft {
  readonly invoice: Invoice
  readonly evidence: InvoiceEvidence
  /** By the number of the invoice of a period, then by line. */
  readonly billed: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** Draws up the invoice of one period from everything that is known now. Writes nothing. */
export async function draftInvoice(deps: ClosingDeps, view: AccountView, span: Span): Promise<Draft> {
  const { queries, tenant } = deps
  const { account } = view
  const segments = await readSegments(deps, view, { span })
  const rounding = account.rounding ?? segments.at(-1)?.plan.rounding ?? 'half-even'
  const periodic = view.invoices.filter(({ purpose }) => purpose === 'period')
  const number = `${account.id}-${String(periodic.length + 1).padStart(4, '0')}`
  const prior: PriorJson[] = []
  const billed: Record<string, Readonly<Record<string, string>>> = { [number]: billedOf(segments, rounding) }
  for (const row of periodic) {
    const again = await readSegments(deps, view, { span: { startMs: row.period_start_ms, endMs: row.period_end_ms } })
    const now = billedOf(again, rounding)
    const before = lastBilled(view, row.number)
    if (isSameBill(now, before)) continue
    prior.push({ invoice: row.number, segments: again, billed: before })
    billed[row.number] = now
  }
  const credits = await readCredits(queries, tenant, account.id)
  const issuedMs = Math.max(deps.nowMs, ...view.invoices.map(({ issued_at_ms: at }) => at))
  const lastMs = Math.max(Number.NEGATIVE_INFINITY, ...periodic.map(({ period_end_ms: at }) => at))
  const states = []
  for (const credit of credits) {
    const until = await readUntil(deps, view, { span, expires: credit.expires_at })
    states.push({
      id: credit.id,
      remaining: remainingOf(view, credit.id, credit.amount),
      priority: credit.priority,
      starts_at: credit.starts_at,
      expires_at: credit.expires_at ?? null,
      ...until,
    })
  }
  const evidence: InvoiceEvidence = {
    version: 1,
    number,
    issued_at: toIso(issuedMs),
    account: {
      id: account.id,
      name: account.name,
      ...(account.address === undefined ? {} : { address: account.address }),
    },
    currency: segments.at(-1)?.plan.currency ?? view.subscriptions[0]?.plan.currency ?? 'USD',
    rounding,
    period: toSpanJson(span),
    segments,
    advance: advanceOf(view.subscriptions, span, periodic.length === 0),
    prior,
    credits: states,
    purchases: credits
      .filter(
        (credit) =>
          Number(credit.cost) > 0 &&
          !wasBought(view, credit.id) &&
          Date.parse(credit.starts_at) < Math.max(span.endMs, lastMs),
      )
      .map(({ id, cost }) => ({ id, amount: cost })),
  }
  return { invoice: computeInvoice(evidence), evidence, billed }
}

interface Stretch {
  readonly span: Span
  /** Only what happened before; to the end of the span when absent. */
  readonly untilMs?: number | undefined
}

/** Events, calls and outcomes of a period, each under the plan that was in force. */
async function readSegments(
  deps: ClosingDeps,
  view: AccountView,
  { span, untilMs }: Stretch,
): Promise<readonly SegmentJson[]> {
  const { queries, tenant } = deps
  const endMs = Math.min(span.endMs, untilMs ?? span.endMs)
  const events = await queries.listEvents(tenant, view.account.id, { startMs: span.startMs, endMs })
  const segments = toSegments(view.subscriptions, span, events.map(toCountedEvent))
  const full: SegmentJson[] = []
  for (const segment of segments) {
    const active = { startMs: Date.parse(segment.active.start), endMs: Date.parse(segment.active.end) }
    const within = overlapOf(active, { startMs: span.startMs, endMs })
    const calls = usesCalls(segment.plan) ? await readCalls(deps, view, within) : []
    const outcomes = segment.plan.prices.some(({ kind }) => kind === 'outcome')
      ? await queries.readOutcomes(tenant, view.account.id, within)
      : []
    full.push({ ...segment, usage: [...segment.usage, ...calls, ...outcomes] })
  }
  return full
}

async function readUntil(
  deps: ClosingDeps,
  view: AccountView,
  { span, expires }: { readonly span: Span; readonly expires: string | undefined },
): Promise<{ readonly usage_until?: readonly (readonly Reading[])[] }> {
  if (expires === undefined) return {}
  const untilMs = Date.parse(expires)
  if (untilMs <= span.startMs || untilMs >= span.endMs) return {}
  const segments = await readSegments(deps, view, { span, untilMs })
  return usageUntil(expires, span, () => segments)
}

function usesCalls(plan: Plan): boolean {
  return plan.prices.some((price) => isUsagePrice(price) && callMeters.some((meter) => meter === meterOf(price)))
}

/** The meters of calls. `requests` are answers as clients got them, `dispatches` tries at endpoints. */
async function readCalls({ queries, tenant }: ClosingDeps, view: AccountView, span: Span): Promise<readonly Reading[]> {
  const { keys } = view.account
  const sums = await queries.sumCalls(tenant, span, keys)
  const requests = await queries.countRequests(tenant, span, keys)
  const reading = (meter: string, count: (row: CallSum) => bigint, scale = 1n): Reading => {
    const parts = sums
      .filter((row) => count(row) !== 0n)
      .map((row) => ({
        dimensions: { key: row.key, model: row.model },
        quantity: toText(toRational(count(row), scale)),
      }))
    return { meter, quantity: addUp(parts), parts }
  }
  const asked = requests.map(({ key, model, requests: count }) => ({
    dimensions: { key, model },
    quantity: String(count),
  }))
  return [
    { meter: 'requests', quantity: addUp(asked), parts: asked },
    reading('dispatches', ({ dispatches }) => BigInt(dispatches)),
    reading('input_tokens', ({ inputTokens }) => inputTokens),
    reading('cache_read_tokens', ({ cacheRead }) => cacheRead),
    reading('cache_write_tokens', ({ cacheWrite }) => cacheWrite),
    reading('output_tokens', ({ outputTokens }) => outputTokens),
    reading('reasoning_tokens', ({ reasoning }) => reasoning),
    reading('cost', ({ cost }) => cost, 1_000_000_000_000n),
  ]
}

function addUp(parts: readonly { readonly quantity: string }[]): string {
  return toText(sum(parts.map(({ quantity }) => parseRational(quantity) ?? zero)))
}

function toCountedEvent(row: EventRow): CountedEvent {
  // Written here as an object of texts.
  const dimensions = JSON.parse(row.dimensions) as Readonly<Record<string, string>>
  return { source: row.source, id: row.id, meter: row.meter, quantity: row.quantity, atMs: row.at_ms, dimensions }
}

/** What has been billed of a period by now: by its own invoice, or by the last one that adjusted it. */
function lastBilled(view: AccountView, number: string): Readonly<Record<string, string>> {
  for (const row of view.invoices.toReversed()) {
    const billed = JSON.parse(row.billed) as Draft['billed'] // written here
    const own = billed[number]
    if (own !== undefined) return own
  }
  return {}
}

/** Of a credit, what no invoice has taken. */
export function remainingOf(view: AccountView, credit: string, amount: string): string {
  const burnt = view.invoices.flatMap((row) => {
    const { burns } = JSON.parse(row.body) as Invoice // written here
    return burns.filter((burn) => burn.credit === credit).map((burn) => parseRational(burn.amount) ?? zero)
  })
  return toText(subtract(parseRational(amount) ?? zero, sum(burnt)))
}

function wasBought(view: AccountView, credit: string): boolean {
  return view.invoices.some((row) => {
    const { purchases } = JSON.parse(row.evidence) as Partial<InvoiceEvidence> // written here
    return purchases?.some(({ id }) => id === credit) === true
  })
}
