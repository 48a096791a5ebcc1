import { parseInstant } from '../../core/time.ts'
import { add, compare, parseRational, toRational, toText, type Rational } from './rational.ts'
import { callMeters, type Meter, type UsageEvent } from './schema.ts'

/** What one meter counted in a stretch of time, as JSON: quantities are exact text. */
export interface Reading {
  readonly meter: string
  readonly quantity: string
  /** Where the quantity came from, for meters that add up; empty for others. */
  readonly parts: readonly ReadingPart[]
}

export interface ReadingPart {
  readonly dimensions: Readonly<Record<string, string>>
  readonly quantity: string
}

/** An event that counts: its quantity is exact text, its instant milliseconds. */
export interface CountedEvent {
  readonly source: string
  readonly id: string
  readonly meter: string
  readonly quantity: string
  readonly atMs: number
  readonly dimensions: Readonly<Record<string, string>>
}

/** How far ahead of our clock theirs may be. */
const aheadMsMax = 300_000

/** An event as it counts, or why it cannot: the reason as text. Nothing is guessed. */
export function toCounted(event: UsageEvent, meters: readonly Meter[], nowMs: number): CountedEvent | string {
  const meter = meters.find(({ id }) => id === event.meter)
  if (meter === undefined) {
    if (callMeters.some((id) => id === event.meter)) return `${event.meter} is counted from calls, not by events`
    return `the plan has no meter ${event.meter}`
  }
  const atMs = event.at.includes('T') ? parseInstant(event.at) : undefined
  if (atMs === undefined) return noInstant(event.at)
  if (atMs > nowMs + aheadMsMax) return `${event.at} has not come yet`
  const quantity = toQuantity(event.quantity, meter)
  if (quantity.type === 'fault') return quantity.reason
  const { source, id, dimensions } = event
  return { source, id, meter: meter.id, quantity: quantity.text, atMs, dimensions }
}

/** Why a text is no time of an event: one without a zone would be billed in another period on another machine. */
export function noInstant(text: string): string {
  return `${text.slice(0, 40)} is no instant; send ISO 8601 with a zone`
}

type Quantity = { readonly type: 'exact'; readonly text: string } | { readonly type: 'fault'; readonly reason: string }

function toQuantity(told: UsageEvent['quantity'], meter: Meter): Quantity {
  const fault = (reason: string): Quantity => ({ type: 'fault', reason })
  if (told === undefined || told === null) {
    const needsNone = meter.aggregation === 'count' || meter.aggregation === 'unique'
    return needsNone ? { type: 'exact', text: '1' } : fault('the quantity is absent, and absent is not zero')
  }
  if (typeof told === 'number' && !Number.isSafeInteger(told)) {
    return fault(`${told} is no exact number; send decimal text`)
  }
  const value = parseRational(String(told))
  if (value === undefined || String(told).includes('/'))
    return fault(`${String(told).slice(0, 40)} is no decimal number`)
  if (value.n < 0n) return fault(`${told} is negative`)
  if (10n ** BigInt(meter.places) % value.d !== 0n) {
    return fault(`${told} has more than the ${meter.places} decimal places of ${meter.id}`)
  }
  if (compare(value, parseRational(meter.quantity_max) ?? value) > 0) {
    return fault(`${told} is above ${meter.quantity_max}, the most that one event of ${meter.id} may report`)
  }
  return { type: 'exact', text: toText(value) }
}

/** What the meters read of events, in the order of the meters. Does not depend on the order of the events. */
export function readMeters(meters: readonly Meter[], events: readonly CountedEvent[]): readonly Reading[] {
  const byMeter = Map.groupBy(events, ({ meter }) => meter)
  return meters.map((meter) => readMeter(meter, byMeter.get(meter.id) ?? []))
}

function readMeter(meter: Meter, events: readonly CountedEvent[]): Reading {
  const zeroReading = { meter: meter.id, quantity: '0', parts: [] }
  if (events.length === 0) return zeroReading
  const quantityOf = (event: CountedEvent): Rational =>
    meter.aggregation === 'count' ? toRational(1n) : (parseRational(event.quantity) ?? toRational(0n))
  switch (meter.aggregation) {
    case 'sum':
    case 'count':
      return { meter: meter.id, ...addUp(events, quantityOf) }
    case 'max': {
      const most = events.map(quantityOf).reduce((left, right) => (compare(left, right) >= 0 ? left : right))
      return { ...zeroReading, quantity: toText(most) }
    }
    case 'latest': {
      const last = events.reduce((left, right) => (isAfter(right, left) ? right : left))
      return { ...zeroReading, quantity: toText(quantityOf(last)) }
    }
    case 'unique': {
      const values = new Set(events.map(({ dimensions }) => dimensions['value'] ?? ''))
      return { ...zeroReading, quantity: String(values.size) }
    }
  }
}

function addUp(events: readonly CountedEvent[], quantityOf: (event: CountedEvent) => Rational): Omit<Reading, 'meter'> {
  let total = toRational(0n)
  const parts = new Map<string, { readonly dimensions: ReadingPart['dimensions']; quantity: Rational }>()
  for (const event of events) {
    const quantity = quantityOf(event)
    total = add(total, quantity)
    const entries = Object.entries(event.dimensions).toSorted(([left], [right]) => (left < right ? -1 : 1))
    const key = JSON.stringify(entries)
    const part = parts.get(key)
    if (part === undefined) parts.set(key, { dimensions: Object.fromEntries(entries), quantity })
    else part.quantity = add(part.quantity, quantity)
  }
  return {
    quantity: toText(total),
    parts: [...parts]
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([, { dimensions, quantity }]) => ({ dimensions, quantity: toText(quantity) })),
  }
}

/** Later in time; of two at the same instant the one whose name sorts later, so that the order of coming does not matter. */
function isAfter(left: CountedEvent, right: CountedEvent): boolean {
  if (left.atMs !== right.atMs) return left.atMs > right.atMs
  return `${left.source}/${left.id}` > `${right.source}/${right.id}`
}
