import { afterEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../test/kit/index.ts'
import type { Price } from '../../core/ports.ts'
import { createFakeClock } from '../../core/time.ts'
import { createHarness, createTarget } from './harness.ts'

const price: Price = { version: 'test@1', cost: () => 1n, costMax: () => 2n }
let mock: MockUpstream | undefined

afterEach(async () => {
  await mock?.close()
  mock = undefined
})

describe('a permit', () => {
  test('is refused, without a record, to a target outside the regions of the call', () => {
    const { egress, intents, call } = createHarness()
    const target = createTarget('http://127.0.0.1:9', { id: 'far', processing: ['us'] })
    expect(() => egress.admit(target, call())).toThrow(
      expect.objectContaining({ code: 'REGION_REFUSED', message: expect.stringContaining('far') }),
    )
    expect(intents).toEqual([])
  })

  test('is refused to a target whose regions are not known', () => {
    const { egress, call } = createHarness()
    const target = createTarget('http://127.0.0.1:9', { processing: undefined })
    expect(() => egress.admit(target, call())).toThrow(expect.objectContaining({ code: 'REGION_REFUSED' }))
  })

  test('is refused for an unknown price where the policy says block, without a record', () => {
    const { egress, intents, call } = createHarness({ unknownPrice: 'block' })
    expect(() => egress.admit(createTarget('http://127.0.0.1:9'), call())).toThrow(
      expect.objectContaining({ code: 'PRICE_UNKNOWN' }),
    )
    expect(intents).toEqual([])
  })

  test('is given for an unknown price where the policy says flag, and carries no price', () => {
    const { egress, call } = createHarness({ unknownPrice: 'flag' })
    expect(egress.admit(createTarget('http://127.0.0.1:9'), call()).price).toBeUndefined()
  })

  test('asks no price of a target where nothing is bought', () => {
    const { egress, call, priceQuestions } = createHarness({ unknownPrice: 'block' })
    expect(egress.admit(createTarget('http://127.0.0.1:9', { isFree: true }), call()).price).toBeUndefined()
    expect(priceQuestions()).toBe(0)
  })

  test('carries the price in force', () => {
    const { egress, call } = createHarness({ price })
    expect(egress.admit(createTarget('http://127.0.0.1:9'), call()).price?.version).toBe('test@1')
  })

  test('is refused to a call that is cancelled or out of time', () => {
    const clock = createFakeClock(0)
    const { egress, intents, call } = createHarness({ clock })
    const cancelled = call()
    cancelled.cancel(new Error('gone'))
    expect(() => egress.admit(createTarget(undefined), cancelled)).toThrow(
      expect.objectContaining({ code: 'CANCELLED' }),
    )
    const late = call({ durationMsMax: 100 })
    clock.advance(100)
    expect(() => egress.admit(createTarget(undefined), late)).toThrow(
      expect.objectContaining({ code: 'DEADLINE_EXCEEDED' }),
    )
    expect(intents).toEqual([])
  })

  test('is put on record before a byte is sent', async () => {
    mock = await startMockUpstream()
    const received: number[] = []
    const { intents, send, call } = createHarness({ onIntend: () => received.push(mock?.requests.length ?? -1) })
    const root = call()
    const response = await send(createTarget(mock.url), root.child({ kind: 'dispatch', name: 'somewhere' }))
    await response.body.collect(1_000_000)
    expect(received).toEqual([0])
    expect(intents).toMatchObject([
      {
        callId: `${root.id}.1`,
        rootId: root.id,
        tenant: 't',
        keyId: 'k',
        endpoint: 'somewhere',
        vendorModel: 'a-model',
      },
    ])
  })

  test('is used up by sending', async () => {
    mock = await startMockUpstream()
    const { egress, call } = createHarness()
    const permit = egress.admit(createTarget(mock.url), call())
    const request = { method: 'POST', path: '/echo', headers: {}, body: '{}' } as const
    await (await egress.send(permit, request)).body.collect(1_000_000)
    await expect(egress.send(permit, request)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(mock.requests.length).toBe(1)
  })

  test('cannot be made by hand, copied or taken from another door', async () => {
    mock = await startMockUpstream()
    const { egress, call } = createHarness()
    const permit = egress.admit(createTarget(mock.url), call())
    const foreign = createHarness().egress.admit(createTarget(mock.url), call())
    for (const forged of [{ ...permit }, { target: permit.target, call: permit.call, price: undefined }, foreign]) {
      const sent = egress.send(forged, { method: 'GET', path: '/models', headers: {}, body: undefined })
      await expect(sent).rejects.toMatchObject({ code: 'INTERNAL' })
    }
    expect(mock.requests.length).toBe(0)
  })

  test('of a target that is not on the network is given, but nothing can be sent under it', async () => {
    const { egress, intents, call } = createHarness()
    const permit = egress.admit(createTarget(undefined), call())
    expect(intents.length).toBe(1)
    const sent = egress.send(permit, { method: 'GET', path: '/', headers: {}, body: undefined })
    await expect(sent).rejects.toMatchObject({ code: 'INTERNAL' })
  })
})

describe('what is remembered of a target', () => {
  test('asks the gate once per list of regions, and again for another list', () => {
    const { egress, call, gateQuestions } = createHarness()
    const target = createTarget(undefined)
    const allowedRegions = ['eu']
    for (let round = 0; round < 3; round++) egress.admit(target, call({ allowedRegions }))
    expect(gateQuestions()).toBe(1)
    expect(() => egress.admit(target, call({ allowedRegions: [] }))).toThrow()
    expect(gateQuestions()).toBe(2)
  })

  test('asks the price book once a minute', () => {
    const clock = createFakeClock(0)
    const { egress, call, priceQuestions } = createHarness({ clock, price })
    const target = createTarget(undefined)
    egress.admit(target, call())
    clock.advance(59_999)
    egress.admit(target, call())
    expect(priceQuestions()).toBe(1)
    clock.advance(1)
    egress.admit(target, call())
    expect(priceQuestions()).toBe(2)
  })
})
