import { afterEach, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createRootCall } from '../../core/call.ts'
import { createIds } from '../../core/ids.ts'
import type { LookupAnswer } from '../../core/ports-lookups.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { readTierChoice } from '../../core/usage-units.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import { describeEngines, silentLog, type OpenStore, type Place } from '../../store/testing.ts'
import { createSpending } from '../budgets/index.ts'
import { createPriceEntries, createPricer, entrySchema } from '../prices/index.ts'
import { createSpendQueries } from '../spend/index.ts'
import { createLookups } from './index.ts'

const start = Date.parse('2026-03-10T22:00:00Z')
const hourMs = 3_600_000
const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close()
})

describeEngines('asking vendors what calls used', (openStore) => {
  test('after any history of answers, corrected prices and deaths, accounts are the newest price of what was told', async () => {
    for (const seed of [1, 2, 3]) {
      const world = await prepare(openStore)
      const random = createSeededRandom(seed)
      for (let step = 0; step < 30; step++) {
        world.clock.advance(Math.floor(random.next() * hourMs))
        const choice = random.next()
        const tokens = Math.ceil(random.next() * 1_000)
        if (choice < 0.5) await world.call(tokens, random.next() < 0.3 ? 'reported' : 'estimated')
        else if (choice < 0.65) await world.reprice(Math.floor(random.next() * 5))
        else if (choice < 0.75) await world.rerate()
        else await world.look(random.next() < 0.3 ? { dies: true } : {}, () => random.next() < 0.7)
      }
      world.clock.advance(10 * hourMs)
      await world.look({}, () => true)
      await world.rerate()
      await world.expectNewest()
      await world.look({}, () => true)
      expect(await world.rerate()).toMatchObject({ adjusted: 0, booked: 0, unbooked: 0 })
      await world.expectNewest()
    }
  }, 60_000)

  test('two processes on one database ask once about each call, however they run into each other', async () => {
    const place = await openStore.createPlace()
    const [one, other] = [await prepare(openStore, place), await prepare(openStore, place)]
    for (let call = 0; call < 30; call++) await one.call(100, 'estimated')
    await Promise.all([one.look(), other.look(), one.look(), other.look()])
    await Promise.all([one.look(), other.look()])
    const asked = [...one.asked, ...other.asked]
    expect(asked).toHaveLength(30)
    expect(new Set(asked).size).toBe(30)
    const rows = await one.store.sql.selectFrom('call_adjustment').selectAll().execute()
    expect(rows).toHaveLength(30)
    await one.expectNewest()
  }, 60_000)

  test('what a vendor does not tell is asked again, ever later, and in the end the estimate stays', async () => {
    const world = await prepare(openStore)
    await world.call(100, 'estimated')
    const before = await world.accounts()
    const minutes: number[] = []
    for (let minute = 0; minute < 60; minute++) {
      await world.look({}, () => {
        minutes.push(minute)
        return false
      })
      world.clock.advance(55_000) // and the look five more
    }
    // After 5 s, and then after 20, 80, 320 and 1,280 more, each as soon as somebody looks; five times and no more.
    expect(minutes).toEqual([0, 1, 3, 9, 31])
    const [row] = await world.store.sql.selectFrom('call_lookup').selectAll().execute()
    expect(row).toMatchObject({ state: 'none', reason: 'not known', told_at_ms: null })
    expect(await world.accounts()).toEqual(before)
    expect(await world.sums()).toEqual([{ calls: 1, estimated: 1, inputTokens: 100n, outputTokens: 0n }])
  })

  test('nobody is asked once it is too late, nor while a process that asks may still be told', async () => {
    const world = await prepare(openStore)
    await world.call(100, 'estimated')
    world.clock.advance(5_000)
    const { promise, resolve } = Promise.withResolvers<LookupAnswer>()
    const begun = Promise.withResolvers<void>()
    const first = world.create({
      ask() {
        begun.resolve()
        return promise
      },
    })
    const asking = first.run()
    await begun.promise
    await world.look() // the row is somebody's
    expect(world.asked).toEqual([])
    resolve({ type: 'not-told', reason: 'busy' })
    expect(await asking).toEqual({ found: 0, postponed: 1, givenUp: 0 })
    world.clock.advance(73 * hourMs)
    expect(await world.look()).toEqual({ found: 0, postponed: 0, givenUp: 1 })
    expect(world.asked).toEqual([])
  })

  test('a process that ends asks nothing more, and the next one asks as if nobody had', async () => {
    const world = await prepare(openStore)
    await world.call(100, 'estimated')
    world.clock.advance(5_000)
    const leaving = world.create({
      ask: (_, signal) =>
        new Promise((done) => {
          signal.addEventListener('abort', () => done({ type: 'not-told', reason: 'CANCELLED' }))
          if (signal.aborted) done({ type: 'not-told', reason: 'CANCELLED' })
        }),
    })
    const running = leaving.run()
    await leaving.close()
    expect(await running).toEqual({ found: 0, postponed: 0, givenUp: 0 })
    expect(await world.look()).toEqual({ found: 1, postponed: 0, givenUp: 0 })
    await world.expectNewest()
    expect(await world.sums()).toEqual([{ calls: 1, estimated: 0, inputTokens: 200n, outputTokens: 10n }])
  })
})

/** What the vendor says of a call that was taken to use so many tokens of input. */
function told(tokens: number): Usage {
  return createUsage({
    inputTotal: tokens * 2,
    outputTotal: 10,
    raw: { prompt_tokens: tokens * 2, completion_tokens: 10 },
  })
}

async function prepare(openStore: OpenStore, place?: Place) {
  const clock = createFakeClock(start)
  const store = await openStore(place === undefined ? { clock } : { clock, place })
  const ids = createIds({ clock, random: createSeededRandom(place === undefined ? 5 : open.length) })
  const { investment } = configSchema.parse({ investment: { lookups: { attemptsMax: 5 } } })
  const spending = await createSpending({ store, ids, clock, log: silentLog, config: () => investment.holds })
  open.push(spending)
  if ((await spending.budgets.list('t')).length === 0) {
    await spending.budgets.create('t', { name: 'money', limit: '1000' })
    await spending.budgets.create('t', { name: 'tokens', counts: 'tokens', limit: '1000000000', period: 'total' })
  }
  const correct: Parameters<typeof createLookups>[0]['correct'] = (tenant, roots) =>
    spending.corrections.book(tenant, roots)
  const entries = await createPriceEntries({
    store,
    clock,
    ids,
    log: silentLog,
    correct: (tenant, roots) => spending.corrections.book(tenant, roots),
  })
  open.push(entries)
  const config = configSchema.parse({ endpoints: { e: { dialect: 'openai', model: 'm' } } })
  const book = createPricer({ config, entries: () => entries.rows() })
  const priceAt = (atMs: number) => book.find({ endpoint: 'e', vendor: undefined, model: 'm', atMs })
  const asked: string[] = []
  const tokensOf = new Map<string, number>()
  const create = (parts: Partial<Parameters<typeof createLookups>[0]>) =>
    createLookups({
      store,
      clock,
      log: silentLog,
      config: investment.lookups,
      findPrice: ({ startedAtMs }) => priceAt(startedAtMs),
      correct,
      ask: async () => ({ type: 'not-told', reason: 'not known' }),
      ...parts,
    })
  let last = entries.list().at(0)?.id
  const world = {
    clock,
    store,
    asked,
    create,
    async reprice(dollars: number): Promise<void> {
      const price = { input: String(dollars), output: String(dollars * 3) }
      last = (await entries.add(entrySchema.parse({ kind: 'override', model: 'm', price, replaces: last }))).id
    },
    /** As the door does: held, sent, left early or not, settled, recorded. */
    async call(tokens: number, source: Usage['source']): Promise<void> {
      const principal = { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined } as const
      const options = { name: 'm', principal, labels: { allowedRegions: [] }, durationMsMax: 60_000 }
      const root = createRootCall({ clock, ids }, options)
      const call = root.child({ kind: 'dispatch', name: 'e' })
      const price = priceAt(clock.now())
      const bounds = { inputTokensMax: tokens, inputTokens: tokens, outputTokensLimit: undefined, outputTokensMax: 0 }
      const measure = () => ({ ...bounds, tiers: readTierChoice(), answers: 1, isCountable: false })
      const hold = await spending.gate.hold({ call, endpoint: 'e', price, measure })
      const usage = createUsage({ inputTotal: tokens, outputTotal: 0, source })
      const cost = price?.cost(usage)
      const charges = hold?.settle({ usage, cost, isSent: true, isAnswered: true, countedTokens: 0 })
      const answer = { id: `id-${tokens}`, lookup: 'openrouter', origin: 'https://vendor.example', regions: [] }
      const detail = source === 'reported' ? {} : { answer }
      const status = source === 'reported' ? 'ok' : 'cancelled'
      call.end({ status, firstByteMs: 1, usage, cost, priceVersion: price?.version, vendorModel: 'm', charges, detail })
      root.end({ status })
      tokensOf.set(call.id, tokens)
      store.recorder.settle(root.facts)
      await store.flush()
    },
    rerate: () => entries.rerate(book, { tenant: 't', fromMs: start - 1, untilMs: clock.now() + 1, isTrial: false }),
    /** Whether the vendor tells is asked for each call; a process that dies does so before the accounts are told. */
    async look(how: { readonly dies?: boolean } = {}, tells: () => boolean = () => true) {
      clock.advance(5_000)
      const lookups = create({
        async ask({ callId, answer }) {
          if (!tells()) return { type: 'not-told', reason: 'not known' }
          asked.push(callId)
          return { type: 'found', usage: told(Number(answer.id.slice(3))) }
        },
        ...(how.dies === true ? { correct: () => Promise.reject(new Error('killed')) } : {}),
      })
      return lookups.run()
    },
    async accounts() {
      const states = await spending.budgets.list('t')
      return ['money', 'tokens'].map((counts) =>
        states.find(({ budget }) => budget.counts === counts)?.accounts.reduce((sum, { spent }) => sum + spent, 0n),
      )
    },
    async sums() {
      const rows = await createSpendQueries(store.sql).sumDays('t', { startMs: start - 1, endMs: clock.now() + 1 })
      return rows.map(({ calls, estimated, inputTokens, outputTokens }) => ({
        calls,
        estimated,
        inputTokens,
        outputTokens,
      }))
    },
    /** Beside the ledger: every account as the sum over its calls of what is known of them. */
    async expectNewest(): Promise<void> {
      const calls = await store.sql.selectFrom('call').selectAll().where('kind', '=', 'dispatch').execute()
      const lookups = await store.sql.selectFrom('call_lookup').selectAll().execute()
      const isTold = new Set(lookups.filter(({ state }) => state === 'booked').map(({ call_id }) => call_id))
      const usages = calls.map((call) => {
        const tokens = call.input_total ?? 0
        const usage = isTold.has(call.id) ? told(tokens) : createUsage({ inputTotal: tokens, outputTotal: 0 })
        return { usage, price: priceAt(call.started_at_ms) }
      })
      const money = usages.reduce((sum, { usage, price }) => sum + (price?.cost(usage) ?? 0n), 0n)
      const tokens = usages.reduce(
        (sum, { usage }) => sum + BigInt((usage.inputTotal ?? 0) + (usage.outputTotal ?? 0)),
        0n,
      )
      expect(await world.accounts()).toEqual([money, tokens])
      expect(await spending.ledger.audit(0)).toMatchObject({ unequal: 0, unheld: 0, unsound: 0 })
      const sums = await createSpendQueries(store.sql).sumCalls(
        't',
        { startMs: start - 1, endMs: clock.now() + 1 },
        undefined,
      )
      const summed = sums.reduce((sum, each) => sum + each.inputTokens + each.outputTokens, 0n)
      expect([sums.reduce((sum, { cost }) => sum + cost, 0n), summed]).toEqual([money, tokens])
    },
  }
  if (last === undefined) await world.reprice(1)
  return world
}
