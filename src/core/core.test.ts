import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collectAnswer } from './answer.ts'
import { createRootCall, type CallFacts } from './call.ts'
import type { AnswerEvent } from './chat.ts'
import { errorCatalogue, PlatformError, toPlatformError } from './errors.ts'
import { createIds } from './ids.ts'
import { fromDollars, toDollars } from './money.ts'
import { createSeededRandom } from './random.ts'
import { createFakeClock } from './time.ts'
import { sumDispatches } from './totals.ts'
import { createUsage } from './usage.ts'

const principal = { tenant: 'default', keyId: 'key_1', role: 'member', models: undefined, regions: undefined } as const

function createCall(allowedRegions: readonly string[] = ['eu', 'local']) {
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const labels = { allowedRegions }
  return { clock, call: createRootCall({ clock, ids }, { name: 'm', principal, labels, durationMsMax: 1_000 }) }
}

describe('money', () => {
  test('an amount written as dollars reads back as the same amount, whatever its size', () => {
    fc.assert(fc.property(fc.bigInt(), (amount) => fromDollars(toDollars(amount)) === amount))
  })

  test('dollars are written exactly, without exponent and without trailing zeros', () => {
    expect([0n, 1n, -500_000n, 1_000_000_000_000n, 12_500_000_000_000n].map(toDollars)).toEqual([
      '0',
      '0.000000000001',
      '-0.0000005',
      '1',
      '12.5',
    ])
  })

  test('what is finer than a picodollar, or no number, is not an amount', () => {
    expect(['1e-13', '0.0000000000001', '', 'abc', '1,5'].map(fromDollars)).toEqual(Array(5).fill(undefined))
    expect(fromDollars('1e-6')).toBe(1_000_000n)
  })
})

describe('ids', () => {
  test('sort by the time of their making and do not repeat', () => {
    const clock = createFakeClock(1_700_000_000_000)
    const ids = createIds({ clock, random: createSeededRandom(7) })
    const made = Array.from({ length: 200 }, () => {
      clock.advance(1)
      return ids.create('call')
    })
    expect(made.toSorted()).toEqual(made)
    expect(new Set(made).size).toBe(made.length)
    expect(made[0]).toMatch(/^call_[0-9a-hjkmnp-tv-z]{26}$/)
  })
})

describe('a call', () => {
  test('gives a child no region that it does not have itself', () => {
    const regions = fc.subarray(['local', 'eu', 'de', 'us', 'cn'])
    fc.assert(
      fc.property(regions, regions, (outer, inner) => {
        const { call } = createCall(outer)
        const child = call.child({ kind: 'model', name: 'c', allowedRegions: inner })
        return child.labels.allowedRegions.every((region) => outer.includes(region) && inner.includes(region))
      }),
    )
  })

  test('gives a child no later deadline than its own', () => {
    const { call } = createCall()
    expect(call.child({ kind: 'model', name: 'c', deadlineMs: 5_000 }).deadlineMs).toBe(1_000)
    expect(call.child({ kind: 'model', name: 'c', deadlineMs: 500 }).deadlineMs).toBe(500)
  })

  test('that is cancelled cancels everything below it and nothing beside it', () => {
    const { call } = createCall()
    const [left, right] = [call.child({ kind: 'model', name: 'l' }), call.child({ kind: 'model', name: 'r' })]
    const leaf = left.child({ kind: 'dispatch', name: 'e' })
    left.cancel('enough')
    expect([leaf, left, right, call].map((each) => each.cancellation.isCancelled)).toEqual([true, true, false, false])
  })

  test('states what it did once; what is said later does not count', () => {
    const { call } = createCall()
    call.end({ status: 'ok' })
    call.end({ status: 'error', errorCode: 'INTERNAL' })
    expect(call.facts.map((fact) => fact.status)).toEqual(['ok'])
  })
})

describe('totals', () => {
  const dispatch = (known: Partial<CallFacts>): CallFacts => {
    const { call } = createCall()
    const child = call.child({ kind: 'dispatch', name: 'e' })
    child.end({ status: 'ok', usage: known.usage, cost: known.cost })
    return child.facts[0] as CallFacts // it has just ended
  }

  test('a cost that is not known makes the sum not known, never smaller', () => {
    const priced = dispatch({ usage: createUsage({ inputTotal: 1, outputTotal: 1 }), cost: 5n })
    const unpriced = dispatch({ usage: createUsage({ inputTotal: 1, outputTotal: 1 }) })
    expect(sumDispatches([priced, priced]).cost).toBe(10n)
    expect(sumDispatches([priced, unpriced]).cost).toBeUndefined()
  })

  test('a figure that one dispatch lacks is absent from the sum', () => {
    const whole = dispatch({ usage: createUsage({ inputTotal: 3, outputTotal: 2 }) })
    const half = dispatch({ usage: createUsage({ inputTotal: 4 }) })
    expect(sumDispatches([whole, half]).usage).toMatchObject({ inputTotal: 7, outputTotal: undefined })
  })

  test('a try that used nothing changes nothing', () => {
    const whole = dispatch({ usage: createUsage({ inputTotal: 3, outputTotal: 2 }), cost: 7n })
    expect(sumDispatches([dispatch({}), whole])).toMatchObject({ cost: 7n, dispatches: 2 })
    expect(sumDispatches([]).usage).toBeUndefined()
  })
})

describe('errors', () => {
  test('every code has a status of its kind and says how to mend it', () => {
    for (const [code, entry] of Object.entries(errorCatalogue)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
      expect(entry.status).toBeGreaterThanOrEqual(400)
      expect(entry.status).toBeLessThan(600)
      expect(entry.help).toMatch(/\.$/)
    }
  })

  test('what nobody expected is INTERNAL and shows nothing of its cause', () => {
    const error = toPlatformError(new Error('password is hunter2'))
    expect(error.code).toBe('INTERNAL')
    expect(error.message).not.toContain('hunter2')
    const own = new PlatformError('NOT_FOUND', 'no such thing')
    expect(toPlatformError(own)).toBe(own)
  })
})

describe('a whole answer', () => {
  test('is gathered from its events, and fails as they fail', async () => {
    async function* events(): AsyncGenerator<AnswerEvent> {
      yield { type: 'text-delta', text: 'a' }
      yield { type: 'tool-call-start', index: 0, id: 't', name: 'f' }
      yield { type: 'tool-call-delta', index: 0, arguments: '{}' }
      yield { type: 'text-delta', text: 'b' }
      yield { type: 'finish', reason: 'tool-calls' }
    }
    expect(await collectAnswer(events())).toMatchObject({
      text: 'ab',
      toolCalls: [{ id: 't', name: 'f', arguments: '{}' }],
      reason: 'tool-calls',
      usage: undefined,
    })
    async function* failing(): AsyncGenerator<AnswerEvent> {
      yield { type: 'text-delta', text: 'a' }
      throw new PlatformError('UPSTREAM_CUT', 'cut')
    }
    await expect(collectAnswer(failing())).rejects.toMatchObject({ code: 'UPSTREAM_CUT' })
  })
})
