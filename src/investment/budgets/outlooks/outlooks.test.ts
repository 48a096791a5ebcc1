import { afterEach, describe, expect, test, vi } from 'vitest'
import { configSchema } from '../../../config/index.ts'
import { createIds } from '../../../core/ids.ts'
import type { JsonObject } from '../../../core/json.ts'
import { createSeededRandom } from '../../../core/random.ts'
import { createFakeClock, type FakeClock } from '../../../core/time.ts'
import { runAtOnce } from '../../../core/turns.ts'
import { describeEngines, silentLog, type OpenStore, type Place } from '../../../store/testing.ts'
import { createSpending, type BudgetRequest, type Spending } from '../index.ts'
import { readOutlook, type Outlook, type OutlookAsked } from './outlook.ts'

const hourMs = 3_600_000
/** A Monday; the month has 31 days. */
const start = Date.parse('2026-03-02T00:00:00Z')
const monthEnd = Date.parse('2026-04-01T00:00:00Z')
const open: Spending[] = []

afterEach(() => {
  for (const spending of open.splice(0)) spending.close()
})

describeEngines('a budget that is forecast', (openStore) => {
  test('tells the webhook once, under one id, when it will not last, and until the webhook has taken it', async () => {
    const { spending, clock, receiver, state } = await prepare(openStore, { limit: '400', period: 'month' })
    await spend(spending, clock, 8 * 24)
    receiver.refusals = 1
    spending.alerts.use(receiver.send)
    await vi.waitFor(() => expect(receiver.seen).toHaveLength(1), { timeout: 30_000 })
    clock.advance(60_000) // when it is tried again
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(1), { timeout: 30_000 })
    expect(receiver.seen[1]?.['id']).toBe(receiver.seen[0]?.['id'])
    const alert = receiver.taken[0] as JsonObject & { forecast: { probability: number; runs_out: Dates } }
    expect(alert).toMatchObject({ reason: 'forecast', percent: null, name: 'all', limit: '400' })
    expect(alert.forecast.probability).toBeGreaterThan(0.9)
    // A dollar an hour in the mean: 400 dollars last for 400 hours from the beginning.
    const { p10, p50, p90 } = alert.forecast.runs_out
    expect(Math.abs(Date.parse(p50) - (start + 400 * hourMs))).toBeLessThan(48 * hourMs)
    expect(Date.parse(p10)).toBeLessThanOrEqual(Date.parse(p50))
    expect(Date.parse(p50)).toBeLessThanOrEqual(Date.parse(p90))
    expect((await state()).outlook).toMatchObject({ state: 'forecast' })
    // The next hours of the same period say the same, and nobody is told again.
    await spend(spending, clock, 2)
    await sleepTicks()
    expect(receiver.seen).toHaveLength(2)
  })

  test('that lasts tells nobody, and says how probable it is that it does not', async () => {
    const { spending, clock, receiver, state } = await prepare(openStore, { limit: '2000', period: 'month' })
    spending.alerts.use(receiver.send)
    await spend(spending, clock, 8 * 24)
    await vi.waitFor(async () => expect((await state()).outlook).toMatchObject({ state: 'forecast' }), {
      timeout: 30_000,
    })
    await sleepTicks()
    expect((await state()).outlook?.['probability']).toBeLessThan(0.5)
    expect(receiver.seen).toEqual([])
  })

  test('of too little history says so, and how much it takes', async () => {
    const { spending, clock, receiver, state } = await prepare(openStore, { limit: '30', period: 'month' })
    spending.alerts.use(receiver.send)
    await spend(spending, clock, 20)
    await vi.waitFor(async () => expect((await state()).outlook).toBeDefined(), { timeout: 30_000 })
    expect((await state()).outlook).toMatchObject({ state: 'too little history', needed: 169 })
    await sleepTicks()
    expect(receiver.seen).toEqual([])
  })

  test('is looked at by one of two processes, which tells once', async () => {
    const one = await prepare(openStore, { limit: '400', period: 'month' })
    await spend(one.spending, one.clock, 8 * 24)
    const other = await prepare(openStore, undefined, one)
    one.spending.alerts.use(one.receiver.send)
    other.spending.alerts.use(other.receiver.send)
    await vi.waitFor(() => expect(one.receiver.taken.length + other.receiver.taken.length).toBe(1), { timeout: 30_000 })
    await sleepTicks()
    expect(one.receiver.taken.length + other.receiver.taken.length).toBe(1)
  })
})

describe('an outlook', () => {
  const asked = { stepMs: hourMs, nowMs: start, endsAtMs: start + 24 * hourMs, available: 100 }
  const history = (value: (hour: number) => number, hours = 24 * 14): ReadonlyMap<number, number> =>
    new Map(Array.from({ length: hours }, (_, index) => [start / hourMs - hours + index, value(index)]))

  test('has no date beyond the end of the period, and none by chance before a future reaches it', () => {
    const ten = findOutlook({ ...asked, spent: history(() => 10) })
    expect(ten).toEqual({ type: 'forecast', probability: 1, ...everyDate(start + 10 * hourMs) })
    expect(findOutlook({ ...asked, spent: history(() => 1) })).toMatchObject({ probability: 0, p10Ms: undefined })
  })

  test('counts what the hour under way has come to once', () => {
    const spent = new Map([...history(() => 10), [start / hourMs, 30]])
    // 130 were left at the beginning of the hour: 30 in it, and ten more hours of ten.
    const nowMs = start + 1_800_000
    expect(findOutlook({ ...asked, nowMs, spent })).toMatchObject(everyDate(start + 11 * hourMs))
  })

  test('takes hours without calls for nothing, and those before the first call for unknown', () => {
    const sparse = new Map([[start / hourMs - 20, 5]])
    expect(findOutlook({ ...asked, spent: sparse })).toEqual({ type: 'short', steps: 20, needed: 49 })
    expect(findOutlook({ ...asked, spent: new Map() })).toEqual({ type: 'short', steps: 0, needed: 49 })
  })

  test('is right as often as it says', () => {
    const random = createSeededRandom(7)
    let said = 0
    let happened = 0
    const worlds = 120
    for (let world = 0; world < worlds; world++) {
      const draw = (): number => (random.next() + random.next() + random.next()) * (2 + Math.sin(world))
      const spent = history(draw)
      const level = [...spent.values()].reduce((sum, value) => sum + value, 0) / spent.size
      const available = 24 * level * (0.9 + 0.2 * random.next())
      const outlook = findOutlook({ ...asked, spent, available })
      let future = 0
      for (let hour = 0; hour < 24; hour++) future += draw()
      said += outlook.type === 'forecast' ? outlook.probability : 0
      happened += future >= available ? 1 : 0
    }
    expect(Math.abs(said - happened) / worlds).toBeLessThan(0.12)
  })
})

const findOutlook = (given: OutlookAsked): Outlook => runAtOnce(readOutlook(given))

interface Dates {
  readonly p10: string
  readonly p50: string
  readonly p90: string
}

const everyDate = (atMs: number) => ({ p10Ms: atMs, p50Ms: atMs, p90Ms: atMs })

/** Two of the looks that are taken every second. */
const sleepTicks = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2_300))

function createReceiver() {
  const receiver = {
    seen: [] as JsonObject[],
    taken: [] as JsonObject[],
    refusals: 0,
    send: async (alert: JsonObject): Promise<void> => {
      receiver.seen.push(alert)
      if (receiver.seen.length <= receiver.refusals) throw new Error('not today')
      receiver.taken.push(alert)
    },
  }
  return receiver
}

async function prepare(
  openStore: OpenStore,
  budget: Omit<BudgetRequest, 'name'> | undefined,
  beside?: { readonly place: Place; readonly clock: FakeClock },
) {
  const clock = beside?.clock ?? createFakeClock(start)
  const place = beside?.place ?? (await openStore.createPlace())
  const store = await openStore({ clock, place })
  const ids = createIds({ clock, random: createSeededRandom(open.length + 1) })
  const { holds } = configSchema.parse({}).investment
  const spending = await createSpending({ store, ids, clock, log: silentLog, config: () => holds })
  open.push(spending)
  if (budget !== undefined) await spending.budgets.create('t', { ...budget, name: 'all', forecast: {} })
  const state = async () => {
    const [found] = await spending.budgets.list('t')
    return { outlook: found?.accounts[0]?.outlook?.body }
  }
  return { spending, place, clock, receiver: createReceiver(), state }
}

/** Hours of calls: a dollar each in the mean, more by day than by night. */
async function spend({ ledger, budgets }: Spending, clock: FakeClock, hours: number): Promise<void> {
  const [state] = await budgets.list('t')
  const { id: budget = '', limit = 0n } = state?.budget ?? {}
  const period = { startsAtMs: Date.parse('2026-03-01T00:00:00Z'), endsAtMs: monthEnd, spanMs: undefined }
  const [account = 0] = await ledger.open([{ tenant: 't', budget, subject: '', limit, ...period }])
  for (let hour = 0; hour < hours; hour++) {
    const hold = `h${clock.now()}`
    const amount = BigInt(Math.round(1e12 * (1 + 0.5 * Math.sin((clock.now() / hourMs) * ((2 * Math.PI) / 24)))))
    const legs = [{ account, least: amount, most: amount }]
    await ledger.run({ type: 'hold', hold, owner: 'o', purpose: 'p', deadlineMs: clock.now() + 1_000, legs })
    await ledger.run({ type: 'settle', hold, legs: [{ account, amount }] })
    clock.advance(hourMs)
  }
}
