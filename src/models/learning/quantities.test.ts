import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../core/random.ts'
import { measureRouting, readRouter, trainRouter, writeRouter, type TrainingPair } from './index.ts'

/** Pairs of as many letters, figures and marks each: what parts them is whether two numbers are one decimal, on which the large model fails. */
function createPairs(count: number, seed: number, language: 'en' | 'zh'): readonly TrainingPair[] {
  const random = createSeededRandom(seed)
  const digits = (): number => 11 + Math.floor(random.next() * 89)
  return Array.from({ length: count }, () => {
    const isDecimal = random.next() < 0.5
    const numbers = isDecimal ? `${digits()}.${digits()} ` : `${digits()}. ${digits()}`
    const prompt = language === 'en' ? `Box ${numbers} grams. What is to be paid?` : `盒子 ${numbers} 克。应付多少?`
    const isRight = random.next() < (isDecimal ? 0.2 : 0.95)
    return { prompt, scores: { small: Number(random.next() < 0.5), large: Number(isRight) } }
  })
}

describe('what a text says of quantities', () => {
  test.each(['en', 'zh'] as const)('tells a router which prompts to send where no word does (%s)', (language) => {
    const { router } = trainRouter({
      pairs: createPairs(400, 1, language),
      seed: 1,
      nowMs: 0,
      weak: 'small',
      strong: 'large',
    })
    const unseen = createPairs(400, 2, language)
    const of = (model: string): readonly number[] => unseen.map(({ scores }) => scores[model] ?? 0)
    const gains = unseen.map(({ prompt }) => router.gain(prompt))
    expect(measureRouting({ gains, weak: of('small'), strong: of('large') }).apgr).toBeGreaterThan(1)
  })

  test('is finite, whatever a prompt and an answer hold, so that the router comes out of its file', () => {
    const pieces = fc.constantFrom(
      '9'.repeat(400),
      '1,'.repeat(200),
      '.5',
      '=',
      ' ',
      '\n',
      '- ',
      '%',
      '1/0 = 2',
      '字',
      '\uD800',
      '#### ',
    )
    const texts = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(fc.tuple(texts, texts), { minLength: 2, maxLength: 6 }), (given) => {
        const pairs = createPairs(40, 1, 'en').map((pair, row) => {
          const [prompt, answer] = given[row % given.length] ?? ['', '']
          return { ...pair, prompt: `${pair.prompt} ${prompt}`, answers: { small: answer } }
        })
        const { content } = trainRouter({ pairs, seed: 1, nowMs: 0, weak: 'small', strong: 'large' })
        const router = readRouter(Buffer.from(writeRouter(content)))
        for (const [prompt, answer] of given) expect(Number.isFinite(router.gain(prompt, answer))).toBe(true)
      }),
      {
        numRuns: 4,
        examples: [
          [
            [
              ['1 + 1?', `It is ${'9'.repeat(400)}`],
              ['2 + 2?', '4'],
            ],
          ],
        ],
      },
    )
  })

  test('is read in bounded time from a text of nothing but numbers and marks', () => {
    const pairs = createPairs(40, 1, 'en')
    const { router } = trainRouter({ pairs, seed: 1, nowMs: 0 })
    for (const hostile of ['.'.repeat(50_000), '1,'.repeat(50_000), '1.'.repeat(50_000), '9'.repeat(50_000), ''])
      expect(Number.isFinite(router.gain(hostile))).toBe(true)
  })
})
