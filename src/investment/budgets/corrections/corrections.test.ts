import { afterEach, expect, test } from 'vitest'
import { configSchema } from '../../../config/index.ts'
import { createRootCall, type CallFacts } from '../../../core/call.ts'
import { createIds } from '../../../core/ids.ts'
import { createSeededRandom, type Random } from '../../../core/random.ts'
import { createFakeClock, type FakeClock } from '../../../core/time.ts'
import { readTierChoice } from '../../../core/usage-units.ts'
import { createUsage } from '../../../core/usage.ts'
import { describeEngines, silentLog, type OpenStore } from '../../../store/testing.ts'
import { createPriceEntries, createPricer, entrySchema, type PriceBook, type PriceEntries } from '../../prices/index.ts'
import { createSpending, type BudgetRequest, type Spending } from '../index.ts'

const start = Date.parse('2026-03-10T22:00:00Z')
const dayMs = 86_400_000
const open: { close(): void }[] = []

afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

describeEngines('a corrected price', (openStore) => {
  test('after any history of corrections, what is posted is the newest price of all calls, and the books are sound', async () => {
    for (const seed of [1, 2, 3]) {
      const world = await prepare(openStore, [
        { name: 'all', limit: '1000' },
        { name: 'by day', limit: '1000', period: 'day' },
        { name: 'each key', limit: '1000', each: ['key'] },
        { name: 'of others', limit: '1000', match: { model: 'other' } },
      ])
      const random = createSeededRandom(seed)
      for (let step = 0; step < 40; step++) {
        world.clock.advance(Math.floor(random.next() * 3_600_000))
        const choice = random.next()
        if (choice < 0.6) await world.call(random)
        else if (choice < 0.85) await world.reprice(Math.floor(random.next() * 5))
        else await world.rerate()
      }
      await world.rerate()
      await world.expectNewest()
      expect(await world.rerate()).toMatchObject({ adjusted: 0, booked: 0, unbooked: 0 })
      await world.expectNewest()
    }
  })

  test('reaches the period that the call belongs to, which is over, and what is available now only where it counts now', async () => {
    const world = await prepare(openStore, [{ name: 'by day', limit: '5', period: 'day' }])
    await world.reprice(1)
    await world.call(undefined, 1_000_000)
    world.clock.advance(dayMs)
    await world.call(undefined, 2_000_000)
    await world.reprice(2)
    expect(await world.rerate()).toMatchObject({ booked: 2, difference: 3_000_000_000_000n })
    const accounts = await world.spending.ledger.read({ tenant: 't' })
    expect(accounts.map(({ spent }) => spent)).toEqual([2_000_000_000_000n, 4_000_000_000_000n])
    const [state] = await world.spending.budgets.list('t')
    expect(state?.accounts.map(({ limit, spent, held }) => limit - spent - held)).toEqual([1_000_000_000_000n])
  })

  test('is booked by the next run where the accounts were not told, and never twice', async () => {
    const world = await prepare(openStore, [{ name: 'all', limit: '1000' }])
    await world.reprice(1)
    await world.call(undefined, 1_000_000)
    await world.reprice(3)
    const dying = await world.reopen(() => Promise.reject(new Error('killed')))
    await expect(dying.rerate(world.book, world.span())).rejects.toThrow('killed')
    expect((await world.spending.ledger.read({ tenant: 't' }))[0]?.spent).toBe(1_000_000_000_000n)
    expect(await world.rerate()).toMatchObject({ adjusted: 0, booked: 1 })
    expect(await world.rerate()).toMatchObject({ adjusted: 0, booked: 0 })
    await world.expectNewest()
  })

  test('is told to budgets under which a call cost nothing, but to none that was made later or is for a user nobody knows', async () => {
    const world = await prepare(openStore, [
      { name: 'all', limit: '1000' },
      { name: 'each user', limit: '1000', each: ['user'] },
    ])
    await world.reprice(0)
    await world.call(undefined, 1_000_000)
    world.clock.advance(1)
    await world.spending.budgets.create('t', { name: 'later', limit: '1', match: { model: 'm' } })
    await world.reprice(2)
    expect(await world.rerate()).toMatchObject({ booked: 1, unbooked: 1 })
    const [account, ...others] = await world.spending.ledger.read({ tenant: 't' })
    expect(account?.spent).toBe(2_000_000_000_000n)
    expect(others).toEqual([])
  })

  test('corrects a sliding limit only while the call counts there', async () => {
    const world = await prepare(openStore, [{ name: 'pace', limit: '1000', period: 'sliding', seconds: 3_600 }])
    await world.reprice(1)
    await world.call(undefined, 1_000_000)
    world.clock.advance(1_800_000)
    await world.call(undefined, 1_000_000)
    await world.reprice(2)
    world.clock.advance(1_900_000) // the first has come back
    expect(await world.rerate()).toMatchObject({ adjusted: 2 })
    const { ledger } = world.spending
    const account = (await ledger.read({ tenant: 't' }))[0]?.id ?? 0
    await ledger.run({ type: 'adjust', account, reference: 'look', amount: 0n })
    expect((await ledger.read({ tenant: 't' }))[0]?.spent).toBe(2_000_000_000_000n)
    world.clock.advance(3_600_000)
    await ledger.run({ type: 'adjust', account, reference: 'look again', amount: 0n })
    expect((await ledger.read({ tenant: 't' }))[0]?.spent).toBe(0n)
    expect(await ledger.audit(0)).toMatchObject(sound)
  })
})

const sound = { unequal: 0, unheld: 0, unsound: 0 }

async function prepare(openStore: OpenStore, budgets: readonly BudgetRequest[]) {
  const clock = createFakeClock(start)
  const store = await openStore({ clock })
  const ids = createIds({ clock, random: createSeededRandom(5) })
  const { holds } = configSchema.parse({}).investment
  const spending = await createSpending({ store, ids, clock, log: silentLog, config: () => holds })
  open.push(spending)
  for (const budget of budgets) await spending.budgets.create('t', budget)
  const reopen = async (correct: Spending['corrections']['book']): Promise<PriceEntries> => {
    const made = await createPriceEntries({ store, clock, ids, log: silentLog, correct })
    open.push(made)
    return made
  }
  const entries = await reopen((tenant, rootIds) => spending.corrections.book(tenant, rootIds))
  const config = configSchema.parse({ endpoints: { e: { dialect: 'openai', model: 'm' } } })
  const book = createPricer({ config, entries: () => entries.rows() })
  const parts = { clock, ids, spending, book, record: (facts: readonly CallFacts[]) => store.recorder.settle(facts) }
  const span = () => ({ tenant: 't', fromMs: start - 1, untilMs: clock.now() + 1, isTrial: false })
  let last: string | undefined
  return {
    clock,
    spending,
    book,
    reopen,
    span,
    async reprice(dollars: number): Promise<void> {
      const price = { input: String(dollars), output: '0' }
      const entry = entrySchema.parse({ kind: 'override', model: 'm', price, replaces: last })
      last = (await entries.add(entry)).id
    },
    async call(random?: Random, tokens = Math.ceil((random?.next() ?? 0) * 1e6)): Promise<void> {
      await makeCall(parts, { tokens, keyId: (random?.next() ?? 0) < 0.5 ? 'k1' : 'k2' })
      await store.flush()
    },
    rerate: () => entries.rerate(book, span()),
    /** Beside the ledger: every account as the sum of what its calls cost at the prices in force. */
    async expectNewest(): Promise<void> {
      const calls = await store.sql.selectFrom('call').selectAll().where('kind', '=', 'dispatch').execute()
      const costOf = (call: (typeof calls)[number]): bigint =>
        book
          .find({ endpoint: 'e', vendor: undefined, model: 'm', atMs: call.started_at_ms })
          ?.cost(createUsage({ inputTotal: call.input_total ?? 0, outputTotal: 0 })) ?? 0n
      const accounts = await spending.ledger.read({ tenant: 't' })
      for (const { subject, startsAtMs, endsAtMs, spent } of accounts) {
        const own = calls.filter(
          ({ key_id, started_at_ms }) =>
            (subject === '' || subject === JSON.stringify([key_id])) &&
            startsAtMs <= started_at_ms &&
            started_at_ms < (endsAtMs ?? Infinity),
        )
        expect(spent).toBe(own.reduce((sum, call) => sum + costOf(call), 0n))
      }
      expect(await spending.ledger.audit(0)).toMatchObject(sound)
    },
  }
}

interface CallParts {
  readonly clock: FakeClock
  readonly ids: ReturnType<typeof createIds>
  readonly spending: Spending
  readonly book: PriceBook
  readonly record: (facts: readonly CallFacts[]) => void
}

/** As the door does: held, sent, answered, settled, recorded. */
async function makeCall(
  { clock, ids, spending, book, record }: CallParts,
  { tokens, keyId }: { readonly tokens: number; readonly keyId: string },
): Promise<void> {
  const principal = { tenant: 't', keyId, role: 'member', models: undefined, regions: undefined } as const
  const options = { name: 'm', principal, labels: { allowedRegions: [] }, durationMsMax: 60_000 }
  const root = createRootCall({ clock, ids }, options)
  const call = root.child({ kind: 'dispatch', name: 'e' })
  const price = book.find({ endpoint: 'e', vendor: undefined, model: 'm', atMs: clock.now() })
  const bounds = { inputTokensMax: tokens, inputTokens: tokens, outputTokensLimit: undefined, outputTokensMax: 0 }
  const measure = () => ({ ...bounds, tiers: readTierChoice(), answers: 1, isCountable: false })
  if (price === undefined) return
  const hold = await spending.gate.hold({ call, endpoint: 'e', price, measure })
  const usage = createUsage({ inputTotal: tokens, outputTotal: 0 })
  const cost = price.cost(usage)
  const charges = hold?.settle({ usage, cost, isSent: true, isAnswered: true, countedTokens: 0 })
  const priceVersion = price.version
  call.end({ status: 'ok', firstByteMs: 1, usage, cost, priceVersion, vendorModel: 'm', charges })
  root.end({ status: 'ok' })
  record(root.facts)
}
