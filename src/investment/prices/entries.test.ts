import { describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { createUsage } from '../../core/usage.ts'
import { describeEngines, silentLog, type OpenStore } from '../../store/testing.ts'
import { createTrees } from '../testing.ts'
import { createPriceEntries, createPricer, entrySchema, type PriceBook } from './index.ts'

const start = Date.parse('2026-03-10T12:00:00Z')
const usage = createUsage({ inputTotal: 1_000_000, outputTotal: 0 })

async function prepare(open: OpenStore) {
  const clock = createFakeClock(start)
  const store = await open({ clock })
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const entries = await createPriceEntries({ store, clock, ids, log: silentLog })
  entries.close()
  const book = createPricer({
    config: configSchema.parse({ endpoints: { here: { dialect: 'openai', model: 'm' } } }),
    entries: () => entries.rows(),
  })
  const add = (more: object) =>
    entries.add(entrySchema.parse({ kind: 'override', model: 'm', price: { input: '1', output: '1' }, ...more }))
  return { clock, store, entries, book, add }
}

const dollars = (book: PriceBook, atMs = start, model = 'm'): number | undefined => {
  const cost = book.find({ endpoint: 'here', vendor: undefined, model, atMs })?.cost(usage)
  return cost === undefined ? undefined : Number(cost) / 1e12
}

describeEngines('the price book in the database', (open) => {
  test('wins over the catalogue: overrides over contracts, exact names over patterns', async () => {
    const { book, add } = await prepare(open)
    expect(dollars(book)).toBeUndefined()
    await add({ kind: 'contract', model: 'm*', price: { input: '4', output: '0' } })
    expect(dollars(book)).toBe(4)
    await add({ kind: 'contract', price: { input: '3', output: '0' } })
    expect(dollars(book)).toBe(3)
    expect(dollars(book, start, 'm-other')).toBe(4)
    await add({ price: { input: '2', output: '0' } })
    expect(dollars(book)).toBe(2)
    expect(book.describePrice({ endpoint: 'here', vendor: undefined, model: 'm', atMs: start })).toMatchObject({
      source: 'override',
      version: expect.stringMatching(/^override:/),
    })
  })

  test('refuses dates that overlap, and takes those that follow each other, other hours and other vendors', async () => {
    const { book, add } = await prepare(open)
    await add({ to: '2026-03-11T00:00:00Z', price: { input: '1', output: '0' } })
    await expect(add({ from: '2026-03-10T23:59:59Z' })).rejects.toMatchObject({ code: 'CONFLICT' })
    await add({ from: '2026-03-11T00:00:00Z', price: { input: '2', output: '0' } })
    expect(dollars(book, Date.parse('2026-03-10T23:59:59.999Z'))).toBe(1)
    expect(dollars(book, Date.parse('2026-03-11T00:00:00Z'))).toBe(2)
    await add({ hours: { from: '22:00', to: '06:00' }, price: { input: '0.5', output: '0' } })
    await expect(add({ hours: { from: '05:00', to: '07:00' } })).rejects.toMatchObject({ code: 'CONFLICT' })
    await add({ hours: { from: '06:00', to: '07:00' } })
    expect([0, 5, 12, 22].map((hour) => dollars(book, Date.parse('2026-03-12T00:00:00Z') + hour * 3_600_000))).toEqual([
      0.5, 0.5, 2, 0.5,
    ])
    await add({ vendor: 'openai' })
    await expect(add({ from: '2026-03-12T00:00:00Z', to: '2026-03-12T00:00:00Z' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })

  test('a corrected price re-rates what it had priced by adjustments: once, never by rewriting', async () => {
    const { store, entries, book, add, clock } = await prepare(open)
    const wrong = await add({ price: { input: '2', output: '0' } })
    const trees = createTrees()
    const costs = [200_000_000n, undefined]
    for (const cost of costs) store.recorder.settle(trees.next({ vendorModel: 'm', cost, atMs: start }))
    const span = { tenant: 'default', fromMs: start - 1, untilMs: start + 1, isTrial: false }
    expect(await entries.rerate(book, span)).toEqual({
      calls: 2,
      adjusted: 1,
      difference: 200_000_000n,
      becameKnown: 1,
      unknown: 0,
      booked: 0,
      unbooked: 0,
    })
    expect(await entries.rerate(book, span)).toMatchObject({ adjusted: 0 })
    clock.advance(1)
    await add({ price: { input: '3', output: '0' }, replaces: wrong.id })
    expect(await entries.rerate(book, { ...span, isTrial: true })).toMatchObject({
      adjusted: 2,
      difference: 200_000_000n,
    })
    expect(await entries.rerate(book, span)).toMatchObject({ adjusted: 2, difference: 200_000_000n })
    expect(await entries.rerate(book, span)).toMatchObject({ adjusted: 0, difference: 0n })
    const kept = await store.calls.list('default', { limit: 10 })
    expect(new Set(kept.map(({ cost }) => cost))).toEqual(new Set(costs))
    await expect(add({ price: { input: '4', output: '0' }, replaces: wrong.id })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    await expect(add({ replaces: 'price_none' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(entries.list().find(({ id }) => id === wrong.id)?.replacedBy).toBeDefined()
  })

  test('a usage that holds a figure which is no count stays unknown', async () => {
    const { store, entries, book, add } = await prepare(open)
    await add({})
    const faulty = createUsage({
      inputTotal: 100,
      outputTotal: 1,
      raw: { prompt_tokens: 100, completion_tokens: 1, prompt_tokens_details: { cached_tokens: -4 } },
    })
    store.recorder.settle(createTrees().next({ vendorModel: 'm', cost: undefined, atMs: start, usage: faulty }))
    expect(
      await entries.rerate(book, { tenant: 'default', fromMs: start, untilMs: start + 1, isTrial: false }),
    ).toMatchObject({ adjusted: 0, unknown: 1 })
  })
})

describe('an operator price', () => {
  const priceOf = (price: object) =>
    createPricer({ config: configSchema.parse({ endpoints: { own: { dialect: 'openai', model: 'm', price } } }) }).find(
      { endpoint: 'own', vendor: undefined, model: 'm', atMs: start },
    )

  test('in another currency is turned into dollars at the rate it states, which its version names', () => {
    const price = priceOf({ input: '10', output: '20', currency: 'CNY', usdRate: '0.14' })
    expect(price?.cost(createUsage({ inputTotal: 1_000_000, outputTotal: 0 }))).toBe(1_400_000_000_000n)
    expect(price?.version).toMatch(/@CNY=0\.14$/)
    expect(() => priceOf({ input: '10', output: '20', currency: 'CNY' })).toThrow(/usdRate/)
  })

  test('has context steps, service tiers, reasoning, audio and pictures', () => {
    const price = priceOf({
      input: '1',
      output: '2',
      reasoning: '3',
      audioInput: '10',
      perImage: '0.04',
      steps: [{ above: 200_000, input: '2' }],
      serviceTiers: { batch: '0.5' },
    })
    const cost = (given: Parameters<typeof createUsage>[0]): number =>
      Number(price?.cost(createUsage({ reasoning: 0, ...given }))) / 1e6
    expect(cost({ inputTotal: 200_000, outputTotal: 0 })).toBe(200_000)
    expect(cost({ inputTotal: 200_001, outputTotal: 1 })).toBe(400_004)
    expect(cost({ inputTotal: 100, outputTotal: 10, reasoning: 4 })).toBe(100 + 12 + 12)
    expect(cost({ inputTotal: 100, outputTotal: 0, raw: { prompt_tokens_details: { audio_tokens: 40 } } })).toBe(
      60 + 400,
    )
    expect(cost({ inputTotal: 100, outputTotal: 10, raw: { service_tier: 'batch' } })).toBe(60)
    expect(
      price?.cost(createUsage({ inputTotal: 1, outputTotal: 1, reasoning: 0, raw: { service_tier: 'flex' } })),
    ).toBeUndefined()
    expect(cost({ inputTotal: 0, outputTotal: 0, raw: { strata: { images: 2 } } })).toBe(80_000)
  })
})
