import type { JsonObject } from '../../../src/core/json.ts'
import type { Random } from '../../../src/core/random.ts'
import type { Fact, Prices } from './reference.ts'

/** What is sent of a fact: when it arrives, and whether that sending is whole. */
export interface Sending {
  readonly fact: Fact
  readonly receivedMs: number
  /** Lost on the way: it never arrives. */
  readonly isLost: boolean
}

export interface World {
  readonly prices: Prices
  readonly facts: readonly Fact[]
  /** In the order in which they arrive. */
  readonly sendings: readonly Sending[]
  readonly months: number
}

const dayMs = 86_400_000

/** A history of two months: facts are sent again, late, out of order, and lost and then sent once more. */
export function createWorld(random: Random, facts = 12): World {
  const whole = (max: number): number => Math.floor(random.next() * max)
  const months = 2
  const made = Array.from(
    { length: 1 + whole(facts) },
    (_, index): Fact => ({
      id: `e${index}`,
      meter: random.next() < 0.6 ? 'tokens' : 'jobs',
      quantity: random.next() < 0.1 ? 0 : whole(random.next() < 0.5 ? 50 : 2_000_000),
      month: whole(months),
    }),
  )
  const sendings = made.flatMap((fact) => {
    const atMs = instantOf(fact)
    const delayMs = random.next() < 0.3 ? whole(40) * dayMs : whole(3_600_000)
    const list: Sending[] = [{ fact, receivedMs: atMs + delayMs, isLost: random.next() < 0.25 }]
    while (list.at(-1)?.isLost === true || random.next() < 0.3) {
      const last = list.at(-1)?.receivedMs ?? atMs
      list.push({ fact, receivedMs: last + whole(8) * dayMs + 1, isLost: list.length < 4 && random.next() < 0.25 })
    }
    return list
  })
  return { prices: createPrices(random), facts: made, sendings: shuffle(sendings, random), months }
}

/** The day of the month comes from the name, so that the same fact is at the same instant in every sending. */
function instantOf({ id, month }: Pick<Fact, 'id' | 'month'>): number {
  const day = 15 + (Number(id.slice(1)) % 12)
  return Date.UTC(2026, month, day, 12)
}

function createPrices(random: Random): Prices {
  const whole = (max: number): number => Math.floor(random.next() * max)
  const tiers = (): Prices['tiers'] => {
    const bounds = [1 + whole(1_000), 2_000 + whole(100_000), 200_000 + whole(1_000_000)].slice(0, whole(4))
    return [...bounds, undefined].map((upTo) => ({
      upTo,
      unit: whole(300),
      flat: random.next() < 0.3 ? whole(5_000_000) : 0,
    }))
  }
  return {
    flat: whole(100_000_000),
    unit: whole(500),
    included: random.next() < 0.5 ? 0 : whole(100_000),
    tiers: tiers(),
    volume: tiers(),
    packageSize: 1 + whole(1_000),
    packagePrice: whole(3_000_000),
    firstDay: 1 + whole(14),
  }
}

/** The prices as a plan. */
export function toPlan(prices: Prices): JsonObject {
  const money = (millionths: number): string => (millionths / 1e6).toFixed(6)
  const tiersOf = (tiers: Prices['tiers']): JsonObject[] =>
    tiers.map(({ upTo, unit, flat }) => ({
      ...(upTo === undefined ? {} : { up_to: String(upTo) }),
      unit: money(unit),
      flat: money(flat),
    }))
  return {
    id: 'plan',
    name: 'Plan',
    currency: 'USD',
    meters: [{ id: 'tokens' }, { id: 'jobs' }],
    prices: [
      { kind: 'flat', id: 'flat', amount: money(prices.flat) },
      { kind: 'unit', id: 'unit', meter: 'tokens', included: String(prices.included), amount: money(prices.unit) },
      { kind: 'graduated', id: 'graduated', meter: 'tokens', tiers: tiersOf(prices.tiers) },
      { kind: 'volume', id: 'volume', meter: 'tokens', tiers: tiersOf(prices.volume) },
      {
        kind: 'package',
        id: 'package',
        meter: 'jobs',
        size: String(prices.packageSize),
        amount: money(prices.packagePrice),
      },
    ],
  }
}

export function toEvent(fact: Fact): JsonObject {
  return {
    id: fact.id,
    meter: fact.meter,
    quantity: fact.quantity,
    at: new Date(instantOf(fact)).toISOString(),
    dimensions: { model: `m${Number(fact.id.slice(1)) % 3}` },
  }
}

function shuffle<Item>(list: readonly Item[], random: Random): readonly Item[] {
  return list
    .map((item) => ({ item, place: random.next() }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ item }) => item)
}
