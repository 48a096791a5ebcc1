import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createRootCall, type Call } from '../../core/call.ts'
import { createIds } from '../../core/ids.ts'
import type { Price } from '../../core/ports.ts'
import { createSeededRandom, createSystemRandom } from '../../core/random.ts'
import type { SpendHold, SpendMeasure } from '../../core/spending.ts'
import { createSystemClock } from '../../core/time.ts'
import { readTierChoice } from '../../core/usage-units.ts'
import { createUsage } from '../../core/usage.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog, type OpenStore } from '../../store/testing.ts'
import { createLedger } from '../ledger/index.ts'
import { createSpending, type BudgetRequest, type Spending } from './index.ts'

/** One picodollar a token, in and out. */
const price: Price = {
  version: 'one each',
  cost: (usage) => BigInt((usage.inputTotal ?? 0) + (usage.outputTotal ?? 0)),
  costMax: ({ input, output }) => BigInt(input + output),
}

const open: Spending[] = []

afterEach(() => {
  for (const spending of open.splice(0)) spending.close()
  vi.restoreAllMocks()
})

describeEngines('spending under budgets', (openStore) => {
  test('two processes spend one budget to its end and not beyond', async () => {
    const place = await openStore.createPlace()
    const one = await start(openStore, place, { name: 'all', limit: '0.00000001' })
    const other = await start(openStore, place)
    const random = createSeededRandom(1)
    const dispatches = Array.from({ length: 240 }, async (_, index) => {
      const process = index % 2 === 0 ? one : other
      await sleep(random.next() * 50)
      // Costs with a long tail: a third of the worst case in the mean.
      const actual = Math.ceil(random.next() ** 2 * 160)
      const hold = await holdFor(process, { outputTokensMax: 160 }).catch(() => undefined)
      if (hold === undefined) return 0
      await sleep(2 + random.next() * 10)
      const output = Math.min(actual, hold.outputTokensCap ?? actual)
      settle(process, hold, 10 + output)
      return 10 + output
    })
    const spent = (await Promise.all(dispatches)).reduce((sum, cost) => sum + cost, 0)
    expect(spent).toBeLessThanOrEqual(10_000)
    // How much exactly hangs on who waits how long; the scorecard of the ledger measures it.
    expect(spent).toBeGreaterThanOrEqual(9_000)
    await one.store.flush()
    await other.store.flush()
    const [account] = await one.spending.ledger.read({ tenant: 't' })
    expect(account?.spent).toBe(BigInt(spent))
    expect(await one.spending.ledger.audit(0)).toMatchObject(sound)
  })

  test('what calls were charged is booked with the calls', async () => {
    const process = await start(openStore, await openStore.createPlace(), { name: 'all', limit: '1' })
    const hold = await holdFor(process, {})
    const rootId = settle(process, hold, 77)
    await process.store.flush()
    const [account] = await process.spending.ledger.read({ tenant: 't' })
    expect(account?.spent).toBe(77n)
    const calls = await process.store.sql
      .selectFrom('call')
      .select(['id', 'cost'])
      .where('kind', '=', 'dispatch')
      .execute()
    expect(calls).toEqual([{ id: `${rootId}.1`, cost: 77 }])
  })

  test('who waits for money keeps the process alive, and nothing does when nobody waits', async () => {
    const place = await openStore.createPlace()
    // The timers of the ledger itself: a count of the process's would have those of database connections in it.
    const ticks = vi.spyOn(globalThis, 'setInterval')
    const process = await start(openStore, place, { name: 'all', limit: '0.0000000001' })
    const first = await holdFor(process, { outputTokensMax: 90 })
    const countHolding = (): number =>
      ticks.mock.results.filter(({ value }) => (value as NodeJS.Timeout).hasRef()).length
    expect(countHolding()).toBe(0)
    const waiting = holdFor(process, { outputTokensMax: 90 })
    expect(countHolding()).toBe(1)
    settle(process, first, 20)
    settle(process, await waiting, 20)
    await expect.poll(countHolding).toBe(0)
  })

  test('a process that ends leaves nothing held; what it could not see end counts as it was held', async () => {
    const place = await openStore.createPlace()
    const process = await start(openStore, place, { name: 'all', limit: '1' })
    const dispatched = await holdFor(process, { outputTokensMax: 50 })
    intend(process, dispatched)
    await holdFor(process, { outputTokensMax: 50 }) // held, never sent
    process.spending.close()
    await process.store.close()

    const next = await start(openStore, place)
    const [account] = await next.spending.ledger.read({ tenant: 't' })
    expect(account).toMatchObject({ spent: 60n, held: 0n })
    const kinds = await next.store.sql.selectFrom('transfer').select('kind').orderBy('number').execute()
    expect(kinds.map(({ kind }) => kind)).toContain('assume')
    expect(await next.spending.ledger.audit(0)).toMatchObject(sound)
  })

  test('what a process charged after its lease had run out is taken from what is free, and only the rest is an overrun', async () => {
    for (const [limit, freed] of [
      ['1', true],
      ['0.0000000001', false], // a hundred picodollars
    ] as const) {
      const place = await openStore.createPlace()
      const slept = await start(openStore, place, { name: 'all', limit })
      const unseen = await holdFor(slept, { outputTokensMax: 40 })
      const seen = await holdFor(slept, { outputTokensMax: 20 })
      intend(slept, unseen)
      const other = await start(openStore, place)
      // The lease runs out: whoever touches the account next ends the hold, and uses what comes free.
      const nowMs = Date.now() + 3_600_000
      const ledger = createLedger({ store: other.store, clock: { now: () => nowMs, monotonicMs: () => 0 } })
      const [account] = await ledger.read({ tenant: 't' })
      const legs = [{ account: account?.id ?? 0, least: 60n, most: 60n }]
      const hold = { hold: 'h', owner: 'o', purpose: 'x', deadlineMs: nowMs + 1_000, legs }
      expect(await ledger.run({ type: 'hold', ...hold })).toMatchObject({ type: 'done' })
      expect(
        await ledger.run({ type: 'settle', hold: 'h', legs: [{ account: legs[0]?.account ?? 0, amount: 60n }] }),
      ).toMatchObject({ type: 'done' })
      settle(slept, seen, 25)
      slept.spending.close()
      await slept.store.close()

      const [after] = await other.spending.ledger.read({ tenant: 't' })
      expect(after).toMatchObject({ spent: 60n + 25n + 50n, held: 0n })
      const rows = await other.store.sql
        .selectFrom('transfer')
        .select(['kind', 'debit', 'amount'])
        .where('kind', 'in', ['assume', 'overrun'])
        .execute()
      const late = (kind: string, amount: string) => ({ kind, debit: 'open', amount })
      expect(rows).toEqual(freed ? [late('assume', '50')] : [late('assume', '15'), late('overrun', '35')])
      expect(await other.spending.ledger.audit(0)).toMatchObject(sound)
    }
  })

  test('a sliding limit is shared by processes too', async () => {
    const place = await openStore.createPlace()
    const one = await start(openStore, place, { name: 'rate', counts: 'requests', limit: 10 })
    const other = await start(openStore, place)
    let passed = 0
    for (let index = 0; index < 18; index++) {
      const process = index % 3 === 0 ? one : other
      const hold = await holdFor(process, {}).catch(() => undefined)
      if (hold === undefined) continue
      passed += 1
      settle(process, hold, 1)
    }
    expect(passed).toBe(10)
  })

  test('a ledger that is slow to answer makes no budget short', async () => {
    const process = await start(openStore, await openStore.createPlace(), { name: 'money', limit: '1' })
    await process.spending.budgets.create('t', { name: 'tokens', counts: 'tokens', limit: 1_000_000 })
    const { ledger } = process.spending
    const run = ledger.run.bind(ledger)
    const slow = vi.spyOn(ledger, 'run').mockImplementation(async (operation) => {
      await sleep(1_000)
      return run(operation)
    })
    expect((await holdFor(process, {})).charges).toHaveLength(2)
    expect(slow).toHaveBeenCalled()

    // The one that has answered waits for the other, and is not handed back meanwhile as one that nobody uses.
    const uneven = await start(openStore, await openStore.createPlace(), { name: 'money', limit: '1' })
    await uneven.spending.budgets.create('t', { name: 'tokens', counts: 'tokens', limit: 1_000_000 })
    const books = uneven.spending.ledger
    const book = books.run.bind(books)
    let answered = 0
    vi.spyOn(books, 'run').mockImplementation(async (operation) => {
      await sleep(answered++ === 0 ? 10 : 2_500)
      return book(operation)
    })
    expect((await holdFor(uneven, {})).charges).toHaveLength(2)

    const silent = await start(openStore, await openStore.createPlace(), { name: 'money', limit: '1' })
    vi.spyOn(silent.spending.ledger, 'run').mockReturnValue(new Promise(() => undefined))
    const unanswered = holdFor({ ...silent, call: () => silent.call(300) }, {})
    await expect(unanswered).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { sent: false } })
  })

  test('a budget changed by another process holds within a second or two', async () => {
    const place = await openStore.createPlace()
    const one = await start(openStore, place, { name: 'all', limit: '0' })
    const other = await start(openStore, place)
    await expect(holdFor(other, {})).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    const [state] = await one.spending.budgets.list('t')
    await one.spending.budgets.change('t', state?.budget.id ?? '', { limit: '1' })
    await sleep(1_200)
    expect((await holdFor(other, {})).charges).toHaveLength(1)
  })
})

const sound = { unequal: 0, unheld: 0, unsound: 0, phantoms: 0, overspent: 0 }

interface Process {
  readonly store: Store
  readonly spending: Spending
  readonly call: (durationMsMax?: number) => Call
}

type Place = Awaited<ReturnType<OpenStore['createPlace']>>

async function start(openStore: OpenStore, place: Place, budget?: BudgetRequest): Promise<Process> {
  const clock = createSystemClock()
  const store = await openStore({ place })
  const ids = createIds({ clock, random: createSystemRandom() })
  const { holds } = configSchema.parse({}).investment
  const spending = await createSpending({ store, ids, clock, log: silentLog, config: () => holds })
  open.push(spending)
  if (budget !== undefined) await spending.budgets.create('t', budget)
  const principal = { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined } as const
  const options = { name: 'm', principal, labels: { allowedRegions: [] } }
  const createCall = (durationMsMax = 60_000): Call =>
    createRootCall({ clock, ids }, { ...options, durationMsMax }).child({ kind: 'dispatch', name: 'e' })
  return { store, spending, call: createCall }
}

const holdCalls = new WeakMap<SpendHold, Call>()

async function holdFor(process: Process, measured: Partial<SpendMeasure>): Promise<SpendHold> {
  const call = process.call()
  const bounds = { inputTokensMax: 10, inputTokens: 10, outputTokensLimit: undefined, tiers: readTierChoice() }
  const measure = { ...bounds, answers: 1, isCountable: false }
  const held = process.spending.gate.hold({
    call,
    endpoint: 'e',
    price,
    measure: () => ({ outputTokensMax: 100, ...measure, ...measured }),
  })
  const hold = await held
  if (hold === undefined) throw new Error('a budget limits every call here')
  holdCalls.set(hold, call)
  return hold
}

function callOf(hold: SpendHold): Call {
  const call = holdCalls.get(hold)
  if (call === undefined) throw new Error('every hold here has a call')
  return call
}

/** As the door does before anything is sent. */
function intend(process: Process, hold: SpendHold): void {
  const { id, rootId } = callOf(hold)
  const charges = hold.charges
  process.store.recorder.intend({
    callId: id,
    rootId,
    tenant: 't',
    keyId: 'k',
    endpoint: 'e',
    vendorModel: 'm',
    atMs: Date.now(),
    charges,
  })
}

/** Ends the call and puts it on record. The id of its tree. */
function settle(process: Process, hold: SpendHold, cost: number): string {
  const call = callOf(hold)
  const usage = createUsage({ inputTotal: 10, outputTotal: Math.max(0, cost - 10) })
  const outcome = { usage, cost: BigInt(cost), isSent: true, isAnswered: true, countedTokens: 0 }
  call.end({ status: 'ok', usage, cost: BigInt(cost), charges: hold.settle(outcome) })
  process.store.recorder.settle(call.facts)
  return call.rootId
}
