import { createSeededRandom } from '../../../src/core/random.ts'
import { billHistory, historySchema, verifyInvoice } from '../../../src/investment/index.ts'
import { addsUp, compareTotals } from './compare.ts'
import { createWorld, toEvent, toPlan, type World } from './world.ts'

export interface BillsRun {
  readonly histories: number
  readonly seed: number
  readonly onFault?: (fault: string) => void
  readonly onHistory?: (done: number) => void
}

export interface BillsFigures {
  readonly histories: number
  readonly events: number
  readonly invoices: number
  /** Histories whose invoices were computed again from their evidence, and whose events were turned around. */
  readonly checked: number
  readonly adjustments: number
  /** Histories in which a price of a month comes to something else than the reference says, over all invoices together. */
  readonly wrongTotals: number
  /** Invoices whose lines do not add up to what is payable, or whose FOCUS rows do not. */
  readonly wrongSums: number
  /** Invoices that come out otherwise when computed from the text of their evidence. */
  readonly wrongHashes: number
  /** Histories that come out otherwise when the same events arrive in another order. */
  readonly orderMatters: number
}

/** Bills random histories and compares with the reference. */
export function runBills(run: BillsRun): BillsFigures {
  const random = createSeededRandom(run.seed)
  const checkEvery = Math.max(1, Math.floor(run.histories / 10_000))
  const found = {
    histories: 0,
    checked: 0,
    events: 0,
    invoices: 0,
    adjustments: 0,
    wrongTotals: 0,
    wrongSums: 0,
    wrongHashes: 0,
    orderMatters: 0,
  }
  for (let index = 0; index < run.histories; index++) {
    const world = createWorld(random)
    const history = toHistory(world)
    const outcome = billHistory(history)
    found.histories++
    run.onHistory?.(found.histories)
    found.events += history.events.length
    found.invoices += outcome.invoices.length
    found.adjustments += outcome.invoices.flatMap(({ lines }) =>
      lines.filter(({ kind }) => kind === 'adjustment'),
    ).length
    const wrong = compareTotals(world, outcome.invoices)
    if (wrong !== undefined) {
      found.wrongTotals++
      run.onFault?.(`history ${index}: ${wrong}`)
    }
    for (const [place, invoice] of outcome.invoices.entries()) {
      if (!addsUp(invoice)) found.wrongSums++
      if (index % checkEvery !== 0) continue
      const evidence = outcome.evidence[place]
      const read = JSON.parse(JSON.stringify({ invoice, evidence })) as Parameters<typeof verifyInvoice>[0] // written in the line before
      if (!verifyInvoice(read).isEqual) found.wrongHashes++
    }
    if (index % checkEvery !== 0) continue
    found.checked++
    const turned = billHistory({ ...history, events: history.events.toReversed() })
    if (JSON.stringify(turned.invoices) !== JSON.stringify(outcome.invoices)) found.orderMatters++
  }
  return found
}

const end = '2026-06-01T00:00:00Z'

/** Every sending that arrives is an event; each month is closed at its end, and one comes after all that is late. */
function toHistory({ prices, sendings }: World) {
  const events = sendings
    .filter(({ isLost }) => !isLost)
    .map(({ fact, receivedMs }) => ({ ...toEvent(fact), received: new Date(receivedMs).toISOString() }))
  const first = firstArrivals(events)
  return historySchema.parse({
    plans: [toPlan(prices)],
    account: {
      id: 'acme',
      name: 'Acme',
      plan: 'plan',
      starts_at: new Date(Date.UTC(2026, 0, prices.firstDay)).toISOString(),
    },
    events: first,
    until: end,
  })
}

/**
 * A fact counts from its first arrival on; which of several sendings is first is the clock's to say and not the list's, so
 * every sending is given the instant of the first one.
 */
function firstArrivals<Event extends { readonly id?: unknown; readonly received: string }>(
  events: readonly Event[],
): readonly Event[] {
  const first = new Map<unknown, string>()
  for (const { id, received } of events) {
    const before = first.get(id)
    if (before === undefined || received < before) first.set(id, received)
  }
  return events.map((event) => ({ ...event, received: first.get(event.id) ?? event.received }))
}
