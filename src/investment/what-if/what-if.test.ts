import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../core/random.ts'
import { estimateOffPolicy, scenarioSchema, type LoggedChoice } from './index.ts'
import { toBudget, toWorldChange } from './scenario.ts'

/** Choices between a cheap and a dear endpoint, taken with the given probability; what they cost is theirs, with noise. */
function createChoices(count: number, seed: number, cheapShare: number): readonly LoggedChoice[] {
  const random = createSeededRandom(seed)
  return Array.from({ length: count }, () => {
    const isCheap = random.next() < cheapShare
    const outcome = (isCheap ? 1 : 5) + random.next() - 0.5
    const [chosen, propensity] = isCheap ? ['cheap', cheapShare] : ['dear', 1 - cheapShare]
    return { chosen, propensity, candidates: ['cheap', 'dear'], outcome }
  })
}

describe('off-policy estimates', () => {
  const always = (name: string) => (_: LoggedChoice, candidate: string) => (candidate === name ? 1 : 0)

  test('hold what the other policy would have brought, in about 95 of 100 histories', () => {
    let [ips, snips, robust] = [0, 0, 0]
    const histories = 120
    for (let seed = 1; seed <= histories; seed++) {
      const found = estimateOffPolicy(createChoices(300, seed, 0.7), always('dear'))
      const holds = (each: { lower: number | undefined; upper: number | undefined } | undefined): number =>
        (each?.lower ?? Infinity) <= 5 && (each?.upper ?? -Infinity) >= 5 ? 1 : 0
      ips += holds(found?.ips)
      snips += holds(found?.snips)
      robust += holds(found?.doublyRobust)
    }
    for (const held of [ips, snips, robust]) expect(held / histories).toBeGreaterThan(0.88)
  })

  test('of the policy that was in force are the mean that was seen', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        (seed, share) => {
          const choices = createChoices(50, seed, share)
          const own = (_: LoggedChoice, candidate: string): number => (candidate === 'cheap' ? share : 1 - share)
          const mean = choices.reduce((sum, { outcome }) => sum + outcome, 0) / choices.length
          const found = estimateOffPolicy(choices, own)
          expect(found?.ips.mean).toBeCloseTo(mean, 9)
          expect(found?.snips.mean).toBeCloseTo(mean, 9)
          expect(found?.ips.effective).toBeCloseTo(50, 6)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('are narrower when doubly robust, and absent without choices', () => {
    const found = estimateOffPolicy(createChoices(400, 3, 0.8), always('dear'))
    const width = (each: { lower: number | undefined; upper: number | undefined } | undefined): number =>
      (each?.upper ?? NaN) - (each?.lower ?? NaN)
    expect(width(found?.doublyRobust)).toBeLessThan(width(found?.ips) / 3)
    expect(estimateOffPolicy([], always('dear'))).toBeUndefined()
  })
})

describe('scenarios', () => {
  const at = (time: string): number => Date.parse(`2026-03-04T${time}:00Z`)

  test('hours may pass midnight', () => {
    const { isGone } = toWorldChange(scenarioSchema.parse({ gone: [{ endpoint: 'us-*', from: '22:00', to: '06:00' }] }))
    expect(['21:59', '22:00', '03:00', '06:00'].map((time) => isGone('us-large', at(time)))).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect(isGone('eu-large', at('23:00'))).toBe(false)
  })

  test('factors are exact fractions, and the first match counts', () => {
    const prices = [
      { endpoint: 'a', factor: '1.3' },
      { endpoint: '*', factor: '2' },
    ]
    const { priceFactor } = toWorldChange(scenarioSchema.parse({ prices }))
    expect(priceFactor('a')).toEqual({ numerator: 13n, denominator: 10n })
    expect(priceFactor('b')).toEqual({ numerator: 2n, denominator: 1n })
  })

  test('names that meet no endpoint are told, those that meet one are not, whichever comes first', () => {
    const change = toWorldChange(
      scenarioSchema.parse({
        gone: [{ endpoint: 'us-*' }, { endpoint: 'us-large' }, { endpoint: 'eu-lrage' }],
        prices: [{ endpoint: 'eu-*', factor: '2' }],
      }),
    )
    expect(change.unmatched()).toEqual(['us-*', 'us-large', 'eu-lrage', 'eu-*'])
    change.isGone('us-large', at('12:00'))
    change.priceFactor('eu-large')
    expect(change.unmatched()).toEqual(['eu-lrage'])
  })

  test('a budget is dollars or a share, not both', () => {
    expect(toBudget(scenarioSchema.parse({ budget: { usd: '0.5' } }), 7n)).toBe(500_000_000_000n)
    expect(toBudget(scenarioSchema.parse({ budget: { share: '0.5' } }), 7n)).toBe(3n)
    expect(() => toBudget(scenarioSchema.parse({ budget: { usd: '1', share: '1' } }), 7n)).toThrow(
      'either usd or share',
    )
  })
})
