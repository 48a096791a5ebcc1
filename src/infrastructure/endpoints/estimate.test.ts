import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createUsage } from '../../core/usage.ts'
import { estimateUsage } from './estimate.ts'
import { createRequest } from './harness.ts'

const ask = (content: string) => createRequest({ messages: [{ role: 'user', content }] })

describe('an estimate of usage', () => {
  test('is marked as one, and has both totals', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(100_000), (content, generated) => {
        const usage = estimateUsage(undefined, ask(content), generated)
        expect(usage.source).toBe('estimated')
        expect(usage.inputTotal).toBeGreaterThan(0)
        expect(usage.outputTotal).toBeGreaterThanOrEqual(generated === 0 ? 0 : 1)
      }),
    )
  })

  test('keeps what was reported, and never says less output than was seen', () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.nat(5_000), fc.nat(50_000), (inputTotal, outputTotal, generated) => {
        const usage = estimateUsage(
          createUsage({ inputTotal, outputTotal, cacheRead: 3 }),
          ask('Say something.'),
          generated,
        )
        expect(usage).toMatchObject({ inputTotal, cacheRead: 3, source: 'estimated' })
        expect(usage.outputTotal).toBeGreaterThanOrEqual(outputTotal)
        expect(usage.outputTotal).toBeGreaterThanOrEqual(generated / 4)
      }),
    )
  })

  test('grows with what was generated', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), (less, more) => {
        const of = (generated: number) => estimateUsage(undefined, ask('Say something.'), generated).outputTotal ?? 0
        expect(of(less + more)).toBeGreaterThanOrEqual(of(less))
      }),
    )
  })

  test('takes Han signs for more than letters', () => {
    const han = estimateUsage(undefined, ask('请你说一些关于水的事情'), 300)
    const latin = estimateUsage(undefined, ask('Tell me something of water'), 300)
    expect(han.outputTotal ?? 0).toBeGreaterThan(2 * (latin.outputTotal ?? 0))
  })

  test('does not fail on a body that cannot be decoded', () => {
    const usage = estimateUsage(undefined, createRequest({ messages: 'none' }), 40)
    expect(usage.inputTotal).toBeGreaterThan(0)
    expect(usage.outputTotal).toBeGreaterThan(0)
  })
})
