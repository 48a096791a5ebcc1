import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/time.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { accountSchema, createBilling, planSchema } from '../plans/index.ts'
import { createMeterExport, type SinkRequest } from './index.ts'

const start = Date.parse('2026-01-20T00:00:00Z')
const place = { url: 'http://127.0.0.1:9', headers: {}, processing: ['local'], storage: ['local'] }
const plan = {
  id: 'team',
  name: 'Team',
  currency: 'USD',
  meters: [{ id: 'tokens' }],
  prices: [{ kind: 'unit', id: 'tokens', meter: 'tokens', amount: '0.01' }],
}

describeEngines('counted events on their way to other meters', (open) => {
  test('arrive at least once under the same id, however often a meter refuses; none is dropped', async () => {
    const clock = createFakeClock(start)
    const store = await open({ clock })
    const sinks = { meter: { ...place, kind: 'openmeter' }, stripe: { ...place, kind: 'stripe' } } as const
    const outcomes = { on: () => ({ read: () => Promise.resolve([]) }) }
    const billing = createBilling({ store, clock, outcomes, sinks: () => Object.keys(sinks) })
    await billing.putPlan('default', planSchema.parse(plan))
    await billing.putAccount(
      'default',
      accountSchema.parse({ id: 'acme', name: 'Acme', plan: 'team', starts_at: '2026-01-01T00:00:00Z' }),
    )
    const event = (id: string) => ({
      id,
      account: 'acme',
      meter: 'tokens',
      quantity: 3,
      at: '2026-01-15T00:00:00Z',
      dimensions: { model: 'm' },
    })
    await billing.record('default', [event('a'), event('b'), event('a')])

    const seen: { readonly sink: string; readonly request: SinkRequest }[] = []
    let status = 503
    const meters = createMeterExport({
      store,
      clock,
      log: silentLog,
      sinks,
      send(sink, request) {
        seen.push({ sink, request })
        return status === 0 ? Promise.reject(new Error('nobody there')) : Promise.resolve(status)
      },
    })
    expect(await meters.flush()).toBe(0)
    expect(await meters.flush()).toBe(0) // not due again yet
    status = 0
    clock.advance(5_000)
    expect(await meters.flush()).toBe(0)
    expect(await meters.waiting()).toBe(4)
    status = 202
    clock.advance(3_600_000)
    expect(await meters.flush()).toBe(4)
    expect(await meters.waiting()).toBe(0)
    await meters.close()

    const idsOf = (request: SinkRequest) =>
      (JSON.parse(request.body) as readonly { readonly id: string }[]).map(({ id }) => id)
    const batches = seen.filter(({ sink }) => sink === 'meter').map(({ request }) => idsOf(request))
    expect(batches).toHaveLength(3)
    expect(new Set(batches.map((ids) => ids.join()))).toEqual(new Set([batches[0]?.join()]))
    expect(JSON.parse(seen[0]?.request.body ?? '[]')[0]).toMatchObject({
      specversion: '1.0',
      source: 'api',
      type: 'tokens',
      subject: 'acme',
      data: { quantity: '3', model: 'm' },
    })
    const stripe = seen
      .filter(({ sink }) => sink === 'stripe')
      .map(({ request }) => new URLSearchParams(request.body).get('identifier'))
    expect(new Set(stripe)).toEqual(new Set(batches[0]))
  })
})
