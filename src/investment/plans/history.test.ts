import { describe, expect, test } from 'vitest'
import { parseInstant } from '../../core/time.ts'
import { billHistory, historySchema, planSchema } from './index.ts'

const flat = { kind: 'flat', id: 'seat', amount: '30' }
const monthly = { id: 'monthly', name: 'Monthly', currency: 'EUR', meters: [{ id: 'minutes' }], prices: [flat] }

function bill(more: object) {
  const account = { id: 'acme', name: 'Acme', plan: 'monthly', starts_at: '2026-01-15T00:00:00Z' }
  const given = { plans: [monthly], account, events: [], until: '2026-03-01T00:00:00Z', ...more }
  return billHistory(historySchema.parse(given))
}

describe('a history that contradicts itself is refused, never guessed', () => {
  test.each([
    [
      'periods of another length, which overlap those before',
      {
        plans: [monthly, { ...monthly, id: 'quarterly', period: 'quarter' }],
        changes: [{ plan: 'quarterly', at: '2026-02-01T00:00:00Z' }],
      },
      'the plan quarterly has another currency or other periods than monthly',
    ],
    [
      'another currency',
      {
        plans: [monthly, { ...monthly, id: 'dollars', currency: 'USD' }],
        changes: [{ plan: 'dollars', at: '2026-02-01T00:00:00Z' }],
      },
      'the plan dollars has another currency or other periods than monthly',
    ],
    ['one plan twice', { plans: [monthly, { ...monthly, name: 'Other' }] }, 'monthly is there twice'],
    [
      'one credit twice',
      {
        credits: [
          { id: 'c', amount: '5', starts_at: '2026-01-01T00:00:00Z' },
          { id: 'c', amount: '7', starts_at: '2026-01-01T00:00:00Z' },
        ],
      },
      'c is there twice',
    ],
    [
      'a credit that ends before it begins',
      { credits: [{ id: 'c', amount: '5', starts_at: '2026-02-01T00:00:00Z', expires_at: '2026-01-01T00:00:00Z' }] },
      'the credit c expires before it begins',
    ],
  ])('%s', (_, given, message) => {
    expect(() => bill(given)).toThrow(message)
  })

  test('a plan whose minimum is above its maximum', () => {
    expect(planSchema.safeParse({ ...monthly, minimum: '100', maximum: '50' }).error?.issues).toEqual([
      expect.objectContaining({ path: ['minimum'], message: 'the minimum is above the maximum' }),
    ])
    expect(planSchema.safeParse({ ...monthly, minimum: '50', maximum: '50' }).success).toBe(true)
  })

  test('borders of tiers are compared to the last digit', () => {
    const tiered = (border: string, next: string) => ({
      ...monthly,
      prices: [{ kind: 'graduated', id: 'p', meter: 'minutes', tiers: [{ up_to: border }, { up_to: next }, {}] }],
    })
    expect(planSchema.safeParse(tiered('100000000000000000', '100000000000000001')).success).toBe(true)
    expect(planSchema.safeParse(tiered('100000000000000001', '100000000000000000')).success).toBe(false)
  })
})

describe('the time of an event', () => {
  test.each(['2026-01-31T23:30:00', '2026-02-30T10:00:00Z', '2026-01-31', '2026-01-31T23:30:00 (here)'])(
    '%s is on another day elsewhere, or on none: the event is parked',
    (at) => {
      const { parked, accepted } = bill({
        events: [{ id: 'e', meter: 'minutes', quantity: 1, at, received: '2026-02-01T00:00:00Z' }],
      })
      expect(accepted).toBe(0)
      expect(parked).toEqual([{ index: 0, id: 'e', reason: `${at} is no instant; send ISO 8601 with a zone` }])
    },
  )

  test('its zone decides its month', () => {
    const { parked, invoices } = bill({
      plans: [{ ...monthly, prices: [{ kind: 'unit', id: 'm', meter: 'minutes', amount: '1' }] }],
      events: [{ id: 'e', meter: 'minutes', quantity: 7, at: '2026-01-31T20:00:00-08:00' }],
    })
    expect(parked).toEqual([])
    expect(invoices.map(({ payable }) => payable)).toEqual(['0.00', '7.00'])
  })
})

test.each([
  ['2026-02-28', Date.UTC(2026, 1, 28)],
  ['2028-02-29T23:59:59.5Z', Date.UTC(2028, 1, 29, 23, 59, 59, 500)],
  ['2026-03-01T01:00+02:00', Date.UTC(2026, 1, 28, 23)],
  ['2026-02-29', undefined],
  ['2026-02-30T00:00:00Z', undefined],
  ['2026-03-01T01:00:00', undefined],
  ['2026-03', undefined],
  ['2026-03-01T25:00:00Z', undefined],
])('%s as an instant', (text, expected) => {
  expect(parseInstant(text)).toBe(expected)
})
