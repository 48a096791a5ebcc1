import { expect, test } from 'vitest'
import { createTickingClock } from '../../core/testing.ts'
import { createUsage } from '../../core/usage.ts'
import { describeEngines } from '../../store/testing.ts'
import { createTrees } from '../testing.ts'
import { createSpendStore, type SpendBy } from './forecast/store.ts'
import { createSpendForecaster, createSpendQueries } from './index.ts'

const noon = Date.parse('2026-03-10T12:00:00Z')
const dayMs = 86_400_000
const large = 9_000_000_000_000_000_000n

describeEngines('spend', (open) => {
  test('is summed by model and key, exactly beyond 64 bits, and what is not known is counted and not added', async () => {
    const store = await open()
    const trees = createTrees()
    const put = (options: Partial<Parameters<typeof trees.next>[0]>): void =>
      store.recorder.settle(trees.next({ vendorModel: 'm', cost: 5n, atMs: noon, ...options }))
    put({ cost: large })
    put({ cost: large })
    put({ cost: undefined })
    put({ keyId: 'key_2', usage: createUsage({ inputTotal: 7, cacheRead: 3, outputTotal: 2, reasoning: 1 }) })
    put({ atMs: noon + dayMs })
    await store.flush()
    const spend = createSpendQueries(store.sql)
    const span = { startMs: noon, endMs: noon + dayMs }
    const [first, second, ...more] = await spend.sumCalls('default', span, undefined)
    expect(first).toMatchObject({
      key: 'key_1',
      dispatches: 3,
      unknownCost: 1,
      unknownUsage: 0,
      cost: 2n * large,
      inputTokens: 300n,
    })
    expect(second).toMatchObject({
      key: 'key_2',
      cost: 5n,
      inputTokens: 7n,
      cacheRead: 3n,
      outputTokens: 2n,
      reasoning: 1n,
    })
    expect(more).toEqual([])
    expect(await spend.sumCalls('default', span, ['key_2'])).toHaveLength(1)
    expect(await spend.sumCalls('default', span, [])).toEqual([])
    expect(await spend.sumCalls('other', span, undefined)).toEqual([])
    expect(await spend.countRequests('default', span, undefined)).toEqual([
      { key: 'key_1', model: 'small', requests: 3 },
      { key: 'key_2', model: 'small', requests: 1 },
    ])
  })

  test('over time is read of all together, and of each model, endpoint and key', async () => {
    const store = await open()
    const trees = createTrees()
    for (const keyId of ['key_1', 'key_2'])
      store.recorder.settle(trees.next({ vendorModel: 'm', cost: 5n, atMs: noon, keyId }))
    const span = { tenant: 'default', stepMs: dayMs, fromMs: noon - dayMs, untilMs: noon + dayMs }
    const read = async (by: SpendBy) => {
      const found = await createSpendStore(store).read({ ...span, by })
      return found
        .toSorted((a, b) => a.group.localeCompare(b.group))
        .map(({ group, calls, cost }) => [group, calls, cost])
    }
    expect(await read('all')).toEqual([['all', 2, 10n]])
    expect(await read('key')).toEqual([
      ['key_1', 1, 5n],
      ['key_2', 1, 5n],
    ])
    for (const by of ['model', 'endpoint'] as const)
      expect(await read(by)).toMatchObject([[expect.any(String), 2, 10n]])
  })

  test('that is forecast lets others have their turns, and is left when nobody waits for it any more', async () => {
    const store = await open()
    const trees = createTrees()
    for (let day = 1; day <= 30; day++)
      store.recorder.settle(trees.next({ vendorModel: 'm', cost: BigInt(day % 7), atMs: noon - day * dayMs }))
    const clock = { ...createTickingClock(), now: () => noon }
    const spend = createSpendForecaster({ store, clock })
    const asked = { tenant: 'default', of: 'cost', by: 'all', step: 'day', horizon: 3, remaining: 1 } as const
    expect(await spend.forecast(asked)).toMatchObject({ series: [{ name: 'all', costUnknown: 0 }] })
    await expect(spend.forecast(asked, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
  })

  test('by day is that of the day on which a dispatch began', async () => {
    const store = await open()
    const trees = createTrees()
    const midnight = Date.parse('2026-03-11T00:00:00Z')
    for (const atMs of [midnight - 1, midnight]) store.recorder.settle(trees.next({ vendorModel: 'm', cost: 5n, atMs }))
    await store.flush()
    const days = await createSpendQueries(store.sql).sumDays('default', {
      startMs: midnight - dayMs,
      endMs: midnight + dayMs,
    })
    expect(days.map(({ day }) => day * dayMs).toSorted((a, b) => a - b)).toEqual([midnight - dayMs, midnight])
  })
})
