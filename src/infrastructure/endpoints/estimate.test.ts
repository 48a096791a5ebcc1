import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Generated } from '../../core/generated.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import { capRequest } from './cap.ts'
import { estimateUsage, type UnreportedAnswer } from './estimate.ts'
import { createRequest } from './harness.ts'
import { measureInput } from './input-measure.ts'
import { createTokenScale } from './scale.ts'

const ask = (content: string) => createRequest({ messages: [{ role: 'user', content }] })

const seenOf = (units: number, more: Partial<Generated> = {}): Generated => ({ units, wide: 0, pieces: 1, ...more })

function estimate(seen: Generated, more: Partial<UnreportedAnswer> = {}): Usage {
  const scale = createTokenScale()
  return estimateUsage({ reported: undefined, request: ask('Say something.'), seen, scale, ...more })
}

describe('an estimate of usage', () => {
  test('is marked as one, and has both totals', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(100_000), (content, units) => {
        const usage = estimate(seenOf(units), { request: ask(content) })
        expect(usage.source).toBe('estimated')
        expect(usage.inputTotal).toBeGreaterThan(0)
        expect(usage.outputTotal).toBeGreaterThanOrEqual(units === 0 ? 0 : 1)
      }),
    )
  })

  test('keeps what was reported, and never says less output than was seen', () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.nat(5_000), fc.nat(50_000), (inputTotal, outputTotal, units) => {
        const usage = estimate(seenOf(units), { reported: createUsage({ inputTotal, outputTotal, cacheRead: 3 }) })
        expect(usage).toMatchObject({ inputTotal, cacheRead: 3, source: 'estimated' })
        expect(usage.outputTotal).toBeGreaterThanOrEqual(outputTotal)
        expect(usage.outputTotal).toBeGreaterThanOrEqual(Math.floor(units / 4))
      }),
    )
  })

  test('grows with what was generated', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), (less, more) => {
        const of = (units: number) => estimate(seenOf(units)).outputTotal ?? 0
        expect(of(less + more)).toBeGreaterThanOrEqual(of(less))
      }),
    )
  })

  test('takes Han signs for more than letters', () => {
    const han = estimate(seenOf(300, { wide: 300 })).outputTotal ?? 0
    expect(han).toBeGreaterThan(2 * (estimate(seenOf(300)).outputTotal ?? 0))
  })

  test('adds what came after the last report of a vendor that reports as it goes', () => {
    const reported = createUsage({ inputTotal: 5, outputTotal: 100 })
    expect(estimate(seenOf(800, { reported: seenOf(400) }), { reported }).outputTotal).toBe(200)
    // A report of nothing, or of far too little, is none.
    const early = createUsage({ inputTotal: 5, outputTotal: 3 })
    expect(estimate(seenOf(800, { reported: seenOf(400) }), { reported: early }).outputTotal).toBe(200)
  })

  test('is no more than what was held for', () => {
    const bounds = [{ inputTokensMax: 2, outputTokensMax: 80 }, undefined, { inputTokensMax: 9, outputTokensMax: 50 }]
    expect(estimate(seenOf(10_000), { bounds })).toMatchObject({ inputTotal: 2, outputTotal: 50 })
  })

  test('is no more than the request allows, for each answer it asks for', () => {
    const messages = [{ role: 'user', content: 'Hello' }]
    const of = (n: number) =>
      estimate(seenOf(10_000), { request: capRequest(createRequest({ messages, n }), 40) }).outputTotal
    expect(of(1)).toBe(40)
    expect(of(3)).toBe(120)
  })

  test('does not fail on a body that cannot be decoded', () => {
    const usage = estimate(seenOf(40), { request: createRequest({ messages: 'none' }) })
    expect(usage.inputTotal).toBeGreaterThan(0)
    expect(usage.outputTotal).toBeGreaterThan(0)
  })
})

describe('what a request is made of', () => {
  test('is told by what tokenizers treat alike', () => {
    const measured = measureInput(ask('let maxTokens = 12345;\n\n你好 été'))
    expect(measured).toMatchObject({ messages: 1, words: 4, digitGroups: 2, signRuns: 2, wide: 2, other: 2, media: 0 })
    expect(measured.blanks).toBe(3)
  })

  test('counts tools, calls and their results, and takes pictures for what vendors say of them', () => {
    const body = {
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'find', arguments: '{"q":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'nothing here' },
      ],
      tools: [{ type: 'function', function: { name: 'find', parameters: { type: 'object' } } }],
    }
    expect(measureInput(createRequest(body))).toMatchObject({ messages: 4, media: 1_200, words: 7 })
  })
})

describe('the scale of an endpoint', () => {
  const random = createSeededRandom(11)
  const upTo = (bound: number): number => 1 + Math.floor(random.next() * bound)

  test('learns that each event is a token, whatever its length', () => {
    const scale = createTokenScale()
    for (let round = 0; round < 60; round++) {
      const pieces = upTo(500)
      const seen = { pieces, units: pieces * (2 + Math.floor(random.next() * 5)), wide: 0 }
      scale.learn({
        usage: createUsage({ outputTotal: pieces + 1 }),
        seen,
        measureInput: () => measureInput(ask('Hello')),
      })
    }
    for (const pieces of [10, 100, 1_000]) {
      const seen = { pieces, units: pieces * 6, wide: 0 }
      expect(Math.abs(scale.output(seen) / pieces - 1)).toBeLessThan(0.01)
    }
  })

  test('learns a tokenizer that takes other lengths, and what a request has besides its text', () => {
    const scale = createTokenScale()
    for (let round = 0; round < 200; round++) {
      const [narrow, wide, words, han] = [upTo(2_000), upTo(2_000), upTo(3_000), upTo(1_000)]
      const seen = { pieces: upTo(9), units: narrow + wide, wide }
      const usage = createUsage({
        inputTotal: Math.round(100 + 1.5 * words + 0.8 * han),
        outputTotal: Math.round(narrow / 3 + wide * 1.2),
      })
      scale.learn({ usage, seen, measureInput: () => measureInput(ask('word '.repeat(words) + '字'.repeat(han))) })
    }
    expect(scale.output({ pieces: 5, units: 1_500, wide: 500 })).toBeCloseTo(1_000 / 3 + 600, -1)
    const asked = measureInput(ask('word '.repeat(1_000) + '字'.repeat(400)))
    expect(Math.abs(scale.input(asked) / (100 + 1_500 + 320) - 1)).toBeLessThan(0.01)
  })

  test('takes reasoning that is not shown for what it is, and nothing from an answer that makes no sense', () => {
    const scale = createTokenScale()
    const seen = { pieces: 100, units: 400, wide: 0 }
    const before = scale.output(seen)
    for (let round = 0; round < 50; round++) {
      scale.learn({
        usage: createUsage({ outputTotal: 350, reasoning: 250 }),
        seen,
        measureInput: () => measureInput(ask('Hello')),
      })
      scale.learn({ usage: createUsage({ outputTotal: 90_000 }), seen, measureInput: () => measureInput(ask('Hello')) })
      scale.learn({ usage: createUsage({ outputTotal: 0 }), seen, measureInput: () => measureInput(ask('Hello')) })
    }
    expect(scale.output(seen)).toBeCloseTo(before, -1)
  })

  test('stays finite when nothing varies for long', () => {
    const scale = createTokenScale()
    const seen = { pieces: 10, units: 40, wide: 0 }
    const hello = measureInput(ask('Hello'))
    for (let round = 0; round < 50_000; round++)
      scale.learn({ usage: createUsage({ outputTotal: 11 }), seen, measureInput: () => hello })
    expect(scale.output(seen)).toBeGreaterThan(5)
    expect(scale.output(seen)).toBeLessThan(15)
  })
})
