import { PlatformError } from '../../core/errors.ts'
import { hashOf, toCanonicalJson } from './canonical.ts'
import { toCounted } from './meters.ts'
import { isWithin } from './period.ts'
import { eventSchema, type UsageEvent } from './schema.ts'
import type { BillingQueries } from './store.ts'
import type { AccountView } from './views.ts'

/** What became of one event. */
export type EventVerdict =
  /** `isLate`: its period is billed already, so the next invoice adjusts it. */
  | { readonly type: 'accepted'; readonly isLate: boolean }
  | { readonly type: 'duplicate' }
  /** Kept, and counted for nothing, until somebody mends it. */
  | { readonly type: 'parked'; readonly reason: string }
  /** The id stands for another event already; nothing was changed. */
  | { readonly type: 'conflict'; readonly reason: string }

export interface IntakeDeps {
  readonly queries: BillingQueries
  readonly tenant: string
  readonly nowMs: number
  /** Where events go on to. */
  readonly sinks: readonly string[]
  findAccount(id: string): Promise<AccountView | undefined>
}

/**
 * Takes one event, inside a transaction: the look-up of its id, the event and its way to other meters commit together, so
 * that whatever fails, sending it again counts it once.
 */
export async function takeEvent(deps: IntakeDeps, told: unknown): Promise<EventVerdict> {
  const { queries, tenant, nowMs } = deps
  const park = async (reason: string): Promise<EventVerdict> => {
    const body = toCanonicalJson(told).slice(0, bodyLengthMax)
    await queries.park({ tenant, hash: hashOf({ told, reason }), body, reason, received_at_ms: nowMs })
    return { type: 'parked', reason }
  }
  const parsed = eventSchema.safeParse(told)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return park(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}`)
  }
  const event: UsageEvent = parsed.data
  const hash = hashOf(event)
  const before = await queries.findEvent(tenant, event.source, event.id)
  if (before !== undefined) {
    if (before.hash === hash) return { type: 'duplicate' }
    return { type: 'conflict', reason: 'the id stands for another event already' }
  }
  const account = await deps.findAccount(event.account)
  if (account === undefined) return park(`there is no account ${event.account}`)
  const counted = toCounted(
    event,
    account.subscriptions.flatMap(({ plan }) => plan.meters),
    nowMs,
  )
  if (typeof counted === 'string') return park(counted)
  if (!account.subscriptions.some(({ active }) => isWithin(active, counted.atMs))) {
    return park('no plan is in force for the account at that time')
  }
  await queries.insertEvent({
    tenant,
    source: event.source,
    id: event.id,
    account: event.account,
    meter: counted.meter,
    quantity: counted.quantity,
    at_ms: counted.atMs,
    received_at_ms: nowMs,
    dimensions: toCanonicalJson(counted.dimensions),
    hash,
  })
  for (const sink of deps.sinks) {
    const body = toCanonicalJson(event)
    // The same id for every try, so that whoever receives it twice counts it once.
    const eventId = hashOf([tenant, event.source, event.id]).slice(0, 40)
    await queries.putOutbox({ tenant, sink, event_id: eventId, body, attempts: 0, next_at_ms: nowMs, sent_at_ms: null })
  }
  return { type: 'accepted', isLate: account.closedUntilMs !== undefined && counted.atMs < account.closedUntilMs }
}

const bodyLengthMax = 8_192

/** Throws INVALID_REQUEST for a list that is empty or longer than `max`. */
export function checkBatch(events: readonly unknown[], max: number): void {
  if (events.length === 0 || events.length > max) {
    throw new PlatformError('INVALID_REQUEST', `send from 1 to ${max} events at once, not ${events.length}`, {
      param: 'events',
    })
  }
}
