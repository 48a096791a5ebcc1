import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../../core/time.ts'
import { describeEngines, type OpenStore } from '../../store/testing.ts'
import { createBilling, planSchema, accountSchema } from '../plans/index.ts'
import { createTrees } from '../testing.ts'
import { actSchema, createOutcomes, estimateReturn, kindSchema, newOutcomeSchema, type Outcomes } from './index.ts'

const start = Date.parse('2026-01-10T00:00:00Z')
const hourMs = 3_600_000
const tenant = 'default'

async function prepare(open: OpenStore, kind: object = {}) {
  const clock = createFakeClock(start)
  const store = await open({ clock })
  const outcomes = createOutcomes({ store, clock })
  await outcomes.putKind(tenant, kindSchema.parse({ id: 'ticket', ...kind }))
  const task = (id: string, more: object = {}) =>
    outcomes.open(tenant, newOutcomeSchema.parse({ id, kind: 'ticket', account: 'acme', ...more }))
  return { clock, store, outcomes, task }
}

const act = (outcomes: Outcomes, id: string, request: object) => outcomes.act(tenant, id, actSchema.parse(request))

describeEngines('outcomes', (open) => {
  test('a claim settles by silence when its window has passed, and not an hour before', async () => {
    const { clock, outcomes, task } = await prepare(open)
    expect(await task('t')).toMatchObject({ state: 'opened', arm: 'treated' })
    expect(await act(outcomes, 't', { act: 'claim', evidence: 'call_1' })).toMatchObject({ state: 'claimed' })
    clock.advance(71 * hourMs)
    expect(await outcomes.get(tenant, 't')).toMatchObject({ state: 'claimed', settledAtMs: undefined })
    clock.advance(hourMs)
    expect(await outcomes.get(tenant, 't')).toMatchObject({
      state: 'settled',
      confirmedBy: 'silence',
      settledAtMs: start + 72 * hourMs,
    })
  })

  test('a rule makes it provisional, the customer settles it, and where silence does not count it waits', async () => {
    const { clock, outcomes, task } = await prepare(open, { silence: false })
    for (const id of ['rule', 'customer', 'silent']) {
      await task(id)
      await act(outcomes, id, { act: 'claim' })
    }
    expect(await act(outcomes, 'rule', { act: 'confirm', by: 'rule' })).toMatchObject({ state: 'provisional' })
    expect(await act(outcomes, 'customer', { act: 'confirm', by: 'customer', evidence: 'mail 7' })).toMatchObject({
      state: 'settled',
      confirmedBy: 'customer',
    })
    clock.advance(100 * hourMs)
    expect(await outcomes.get(tenant, 'rule')).toMatchObject({ state: 'settled', confirmedBy: 'rule' })
    expect(await outcomes.get(tenant, 'silent')).toMatchObject({ state: 'claimed' })
  })

  test('one that is reopened begins anew; one that has settled can only be taken back', async () => {
    const { clock, outcomes, task } = await prepare(open)
    await task('t')
    await expect(act(outcomes, 't', { act: 'reverse' })).rejects.toMatchObject({ code: 'CONFLICT' })
    await act(outcomes, 't', { act: 'claim' })
    expect(await act(outcomes, 't', { act: 'reopen', reason: 'no' })).toMatchObject({ state: 'opened', reopened: 1 })
    await act(outcomes, 't', { act: 'claim' })
    clock.advance(80 * hourMs)
    for (const request of [{ act: 'reopen' }, { act: 'claim' }, { act: 'confirm', by: 'rule' }]) {
      await expect(act(outcomes, 't', request)).rejects.toMatchObject({ code: 'CONFLICT' })
    }
    expect(await act(outcomes, 't', { act: 'reverse' })).toMatchObject({ state: 'reversed' })
    await expect(act(outcomes, 't', { act: 'claim', at: '2026-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    await expect(act(outcomes, 't', { act: 'claim', at: '2027-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    await expect(act(outcomes, 'none', { act: 'claim' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('the same task again is the same task; another under its id, and a kind that changes, are refused', async () => {
    const { outcomes, task } = await prepare(open)
    await task('t')
    expect((await outcomes.list(tenant, {})).length).toBe(1)
    await expect(task('t', { account: 'other' })).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(task('u', { kind: 'nonsense' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(outcomes.putKind(tenant, kindSchema.parse({ id: 'ticket', reopen_hours: 1 }))).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    expect(await outcomes.list('other', {})).toEqual([])
  })

  test('the share held out is what was asked for, by the id alone', async () => {
    const { outcomes, task } = await prepare(open, { holdout_percent: 25 })
    const arms = []
    for (let index = 0; index < 100; index++) arms.push((await task(`t${index}`)).arm)
    expect(arms.filter((arm) => arm === 'holdout').length).toBeGreaterThan(10)
    expect(arms.filter((arm) => arm === 'holdout').length).toBeLessThan(45)
    expect((await task('t0')).arm).toBe(arms[0])
    expect((await outcomes.list(tenant, { limit: 3 })).length).toBe(3)
  })

  test('a resolved task costs what all tasks cost, failed attempts included; an unknown cost makes it unknown', async () => {
    const { outcomes, task, store } = await prepare(open)
    const trees = createTrees()
    const ids = [1_000n, 3_000n, undefined].map((cost) => {
      const tree = trees.next({ vendorModel: 'm', cost, atMs: start })
      store.recorder.settle(tree)
      return tree[1]?.id ?? ''
    })
    await task('good', { calls: ids.slice(0, 1) })
    await task('failed', { calls: ids.slice(1, 2) })
    await act(outcomes, 'good', { act: 'claim' })
    await act(outcomes, 'good', { act: 'confirm', by: 'customer' })
    expect(await outcomes.report(tenant, {})).toMatchObject({
      tasks: 2,
      cost: 4_000n,
      costPerResolved: 4_000n,
      unknownCost: 0,
    })
    await act(outcomes, 'failed', { act: 'calls', calls: ids.slice(2) })
    await act(outcomes, 'failed', { act: 'escalate' })
    expect(await outcomes.report(tenant, {})).toMatchObject({
      cost: 4_000n,
      costPerResolved: undefined,
      unknownCost: 1,
      escalated: 1,
    })
  })

  test('is billed when it settles, and credited when it is taken back after that', async () => {
    const { clock, outcomes, task, store } = await prepare(open)
    const billing = createBilling({ store, clock, outcomes, sinks: () => [] })
    const prices = [{ kind: 'outcome', id: 'solved', outcome: 'ticket', amount: '0.99' }]
    await billing.putPlan(tenant, planSchema.parse({ id: 'desk', name: 'Desk', currency: 'USD', prices }))
    await billing.putAccount(
      tenant,
      accountSchema.parse({ id: 'acme', name: 'Acme', plan: 'desk', starts_at: '2026-01-01T00:00:00Z' }),
    )
    for (const id of ['a', 'b', 'c']) await task(id)
    for (const id of ['a', 'b']) await act(outcomes, id, { act: 'claim' })
    expect((await billing.preview(tenant, 'acme', start)).payable).toBe('0.00')
    clock.advance(30 * 24 * hourMs)
    expect((await billing.close(tenant, 'acme', start)).invoice.payable).toBe('1.98')
    await act(outcomes, 'b', { act: 'reverse', reason: 'it came back' })
    clock.advance(30 * 24 * hourMs)
    expect((await billing.close(tenant, 'acme', undefined)).invoice).toMatchObject({
      kind: 'credit-note',
      payable: '-0.99',
    })
  })
})

describe('the return', () => {
  const assumptions = {
    hoursPerTask: 0.5,
    costPerHour: 40,
    costPerEscalation: 5,
    costPerReopen: 2,
    fixedCost: 100,
    uncertainty: 0.2,
  }
  const inputs = {
    treated: { tasks: 70, settled: 56 },
    holdout: { tasks: 80, settled: 48 },
    escalated: 10,
    reopened: 5,
    modelCost: 20,
    assumptions,
  }

  test('is net of what would have been reached without, with the interval of Newcombe (1998)', () => {
    const found = estimateReturn(inputs)
    expect(found.label).toBe('incremental')
    // Table II of the paper, method 10, of 56/70 against 48/80.
    expect(found.lift?.value).toBeCloseTo(0.2, 12)
    expect(found.lift?.low).toBeCloseTo(0.0524, 4)
    expect(found.lift?.high).toBeCloseTo(0.3339, 4)
    expect(found.counterfactual).toBeCloseTo(0.25, 12)
    expect(found.gain).toBeCloseTo(56 * 0.25 * 0.5 * 40, 9)
    expect(found.cost).toBeCloseTo(20 + 50 + 10 + 100, 9)
    expect(found.net).toBeCloseTo(100, 9)
    expect(found.ratio).toBeCloseTo(100 / 180, 9)
    expect(found.interval.net.low).toBeLessThan(found.net)
    expect(found.interval.net.high).toBeGreaterThan(found.net)
    expect(found.drivers.map(({ input }) => input)).toEqual(['counterfactual share', 'cost per hour', 'hours per task'])
  })

  test('without a holdout is gross, and says so', () => {
    const found = estimateReturn({ ...inputs, holdout: undefined })
    expect(found).toMatchObject({ label: 'gross, not incremental', counterfactual: 1, lift: undefined })
    expect(found.drivers).toHaveLength(3)
  })

  test('of nothing is nothing, and of no cost has no ratio', () => {
    const none = { tasks: 0, settled: 0 }
    const free = { ...assumptions, fixedCost: 0 }
    const found = estimateReturn({
      treated: none,
      holdout: none,
      escalated: 0,
      reopened: 0,
      modelCost: 0,
      assumptions: free,
    })
    expect(found).toMatchObject({ net: 0, cost: 0, ratio: undefined })
  })
})
