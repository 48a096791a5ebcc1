import { expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../core/time.ts'
import { describeEngines, type OpenStore } from '../../store/testing.ts'
import type { Store } from '../../store/index.ts'
import { createTrees } from '../testing.ts'
import { accountSchema, createBilling, creditSchema, planSchema, verifyInvoice, type Billing } from './index.ts'

const start = Date.parse('2026-01-20T00:00:00Z')
const dayMs = 86_400_000
const tenant = 'default'
const noOutcomes = { on: () => ({ read: () => Promise.resolve([]) }) }

const plan = planSchema.parse({
  id: 'team',
  name: 'Team',
  currency: 'USD',
  meters: [{ id: 'tokens' }],
  prices: [{ kind: 'unit', id: 'tokens', meter: 'tokens', amount: '0.01' }],
})
const account = accountSchema.parse({ id: 'acme', name: 'Acme', plan: 'team', starts_at: '2026-01-01T00:00:00Z' })
const used = (id: string, quantity: number, at = '2026-01-15T00:00:00Z') => ({
  id,
  account: 'acme',
  meter: 'tokens',
  quantity,
  at,
})

interface Setting {
  readonly store: Store
  readonly clock: FakeClock
  readonly billing: Billing
}

async function prepare(open: OpenStore, sinks: readonly string[] = []): Promise<Setting> {
  const clock = createFakeClock(start)
  const store = await open({ clock })
  const billing = createBilling({ store, clock, outcomes: noOutcomes, sinks: () => sinks })
  await billing.putPlan(tenant, plan)
  await billing.putAccount(tenant, account)
  return { store, clock, billing }
}

/** Everything that is promised here holds on both engines. */
describeEngines('billing', (open) => {
  test('an event counts once however often it is sent; another under its id changes nothing', async () => {
    const { billing, clock } = await prepare(open)
    expect(await billing.record(tenant, [used('a', 100), used('a', 100), used('b', 50)])).toEqual([
      { type: 'accepted', isLate: false },
      { type: 'duplicate' },
      { type: 'accepted', isLate: false },
    ])
    expect(await billing.record(tenant, [used('a', 7), used('a', 100)])).toMatchObject([
      { type: 'conflict' },
      { type: 'duplicate' },
    ])
    clock.advance(20 * dayMs)
    expect((await billing.preview(tenant, 'acme', undefined)).payable).toBe('1.50')
  })

  test('what cannot count is kept with its reason, once, and the rest is taken', async () => {
    const { billing } = await prepare(open)
    const bad = [
      { ...used('n', 1), quantity: -5 },
      { nonsense: true },
      used('x', 1, '2027-01-01T00:00:00Z'),
      { ...used('y', 1), account: 'nobody' },
    ]
    const verdicts = await billing.record(tenant, [...bad, used('ok', 10)])
    expect(verdicts.map(({ type }) => type)).toEqual(['parked', 'parked', 'parked', 'parked', 'accepted'])
    await billing.record(tenant, bad)
    const parked = await billing.listParked(tenant, 10)
    expect(parked.map(({ reason }) => reason).toReversed()).toEqual([
      expect.stringMatching(/negative/),
      expect.stringMatching(/id/),
      expect.stringMatching(/has not come yet/),
      expect.stringMatching(/no account nobody/),
    ])
    await expect(billing.record(tenant, [])).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  test('a write that fails leaves nothing, so that sending it again counts it', async () => {
    const clock = createFakeClock(start)
    const store = await open({ clock })
    let fails = false
    const breaking = {
      sql: store.sql,
      flush: () => store.flush(),
      transaction: ((work) =>
        store.transaction(async (sql) => {
          const result = await work(sql)
          if (fails) throw new Error('the machine stops before the commit')
          return result
        })) as Store['transaction'],
    }
    const billing = createBilling({ store: breaking, clock, outcomes: noOutcomes, sinks: () => ['meter'] })
    await billing.putPlan(tenant, plan)
    await billing.putAccount(tenant, account)
    fails = true
    await expect(billing.record(tenant, [used('a', 100)])).rejects.toThrow(/before the commit/)
    fails = false
    expect(await billing.record(tenant, [used('a', 100)])).toMatchObject([{ type: 'accepted' }])
    expect((await billing.preview(tenant, 'acme', start)).payable).toBe('1.00')
    const waiting = await store.sql.selectFrom('meter_outbox').selectAll().execute()
    expect(waiting.length).toBe(1)
  })

  test('a period is billed once, after its end, in order; what comes later adjusts the next one', async () => {
    const { billing, clock } = await prepare(open)
    await billing.record(tenant, [used('a', 100)])
    await expect(billing.close(tenant, 'acme', undefined)).rejects.toMatchObject({ code: 'PERIOD_OPEN' })
    await expect(billing.close(tenant, 'acme', start + 40 * dayMs)).rejects.toMatchObject({ code: 'CONFLICT' })
    clock.advance(20 * dayMs)
    const first = await billing.close(tenant, 'acme', start)
    expect(first.invoice).toMatchObject({ number: 'acme-0001', payable: '1.00' })
    expect(await billing.record(tenant, [used('late', 40)])).toEqual([{ type: 'accepted', isLate: true }])
    expect((await billing.close(tenant, 'acme', start)).hash).toBe(first.hash)
    clock.advance(30 * dayMs)
    const second = await billing.close(tenant, 'acme', undefined)
    expect(second.invoice.lines.find(({ kind }) => kind === 'adjustment')).toMatchObject({ amount: '0.40' })
    clock.advance(30 * dayMs)
    expect((await billing.close(tenant, 'acme', undefined)).invoice.payable).toBe('0.00')
    const all = await billing.listInvoices(tenant, 'acme')
    expect(all.map((each) => verifyInvoice(each))).toEqual(all.map(({ hash }) => ({ isEqual: true, hash })))
  })

  test('nothing that is billed changes: no other plan within it, no other account, no other credit', async () => {
    const { billing, clock } = await prepare(open)
    await billing.putPlan(tenant, { ...plan, id: 'large' })
    clock.advance(20 * dayMs)
    await billing.close(tenant, 'acme', start)
    const inside = { plan: 'large', atMs: Date.parse('2026-01-25T00:00:00Z') }
    await expect(billing.changePlan(tenant, 'acme', inside)).rejects.toMatchObject({ code: 'PERIOD_CLOSED' })
    await billing.changePlan(tenant, 'acme', { plan: 'large', atMs: Date.parse('2026-02-05T00:00:00Z') })
    await expect(billing.putAccount(tenant, { ...account, name: 'Other' })).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(billing.putAccount(tenant, { ...account, id: 'new', plan: 'nobody' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    const credit = creditSchema.parse({ id: 'c', account: 'acme', amount: '5', starts_at: '2026-02-01T00:00:00Z' })
    expect(await billing.putCredit(tenant, credit)).toMatchObject({ remaining: '5' })
    await expect(billing.putCredit(tenant, { ...credit, amount: '9' })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await billing.putPlan(tenant, { ...plan, name: 'Team anew' })).version).toBe(2)
    expect((await billing.putPlan(tenant, { ...plan, name: 'Team anew' })).version).toBe(2)
  })

  test('credits burn over invoices, and a credit note gives back no more than was billed', async () => {
    const { billing, clock } = await prepare(open)
    await billing.record(tenant, [used('a', 400), used('b', 0)])
    await billing.putCredit(
      tenant,
      creditSchema.parse({ id: 'c', account: 'acme', amount: '1.50', starts_at: '2026-01-01T00:00:00Z' }),
    )
    clock.advance(20 * dayMs)
    const { invoice } = await billing.close(tenant, 'acme', undefined)
    expect(invoice).toMatchObject({ subtotal: '4.00', credits: '-1.50', payable: '2.50' })
    expect(await billing.listCredits(tenant, 'acme')).toMatchObject([{ remaining: '0' }])
    const give = (amount: string) => billing.giveBack(tenant, 'acme-0001', { amount, reason: 'Sorry' })
    expect((await give('2')).invoice).toMatchObject({ kind: 'credit-note', number: 'acme-0001-C1', payable: '-2.00' })
    for (const amount of ['0.51', '0', '0.001', '-1', 'much'])
      await expect(give(amount)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect((await give('0.50')).invoice.number).toBe('acme-0001-C2')
  })

  test('calls are metered from the record, with corrections, and split by model and key', async () => {
    const { billing, store } = await prepare(open)
    const meters = { input: 'input_tokens', cost: 'cost', requests: 'requests' }
    const prices = Object.entries(meters).map(([id, meter]) => ({ kind: 'unit', id, meter, amount: '1' }))
    await billing.putPlan(tenant, planSchema.parse({ id: 'calls', name: 'Calls', currency: 'USD', prices }))
    await billing.putAccount(tenant, { ...account, id: 'by-calls', plan: 'calls' })
    const trees = createTrees()
    store.recorder.settle(trees.next({ vendorModel: 'm-1', cost: 2_000_000_000_000n, atMs: start }))
    store.recorder.settle(trees.next({ vendorModel: 'm-2', cost: undefined, atMs: start }))
    const read = async () =>
      (await billing.preview(tenant, 'by-calls', start)).lines.map(({ key, quantity }) => [key, quantity])
    expect(await read()).toEqual([
      ['calls/input', '200'],
      ['calls/cost', '2'],
      ['calls/requests', '2'],
    ])
    const [sum] = await billing.sumCalls(tenant, { startMs: start - dayMs, endMs: start + dayMs })
    expect(sum).toMatchObject({ model: 'm-1', key: 'key_1', cost: 2_000_000_000_000n })
    const [root] = await store.calls.list(tenant, { limit: 1 })
    const fix = {
      tenant,
      root_id: root?.id ?? '',
      call_id: `${root?.id}.1`,
      price_version: 'v2',
      before: null,
      after: 500_000_000_000n,
      created_at_ms: start,
    }
    await store.sql.insertInto('call_adjustment').values(fix).execute()
    expect((await read())[1]).toEqual(['calls/cost', '2.5'])
    const days = await billing.sumDays(tenant, { startMs: start - dayMs, endMs: start + dayMs })
    expect(days.reduce((total, { cost }) => total + cost, 0n)).toBe(2_500_000_000_000n)
  })

  test('a tenant sees nothing of another', async () => {
    const { billing } = await prepare(open)
    await billing.record(tenant, [used('a', 100)])
    await expect(billing.getAccount('other', 'acme')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await billing.record('other', [used('a', 100)])).toMatchObject([{ type: 'parked' }])
    expect(await billing.listPlans('other')).toEqual([])
    expect(await billing.listParked(tenant, 10)).toEqual([])
  })
})
