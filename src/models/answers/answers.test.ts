import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findFinalAnswer, leadIsFinal, mayStop, toCanonicalJson, votesNeeded } from './index.ts'

describe('the final answer', () => {
  test.each([
    ['So 3 × 4 = 12, and then\n#### 12', '12'],
    ['The answer is $1,250.50.', '1250.5'],
    ['Therefore \\boxed{\\frac{3}{4}}.', '3/4'],
    ['She pays 8 + 9 = 17 dollars in total.', '17'],
    ['Answer: (B) because', 'B'],
    ['c', 'C'],
    ['**Final answer: 42 apples**', '42'],
    ['所以答案是 3.50 元。', '3.5'],
    ['答案:C', 'C'],
    ['因此应选 D', 'D'],
    ['结果为:-7', '-7'],
    ['１２３', '123'],
    ['The answer is Paris.', 'paris'],
    ['Yes.', 'yes'],
    ['The answer is 8 + 9 = 17', '17'],
    ['1.50e3', '1500'],
    ['', undefined],
  ])('of %j is %j', (text, answer) => {
    expect(findFinalAnswer(text)).toBe(answer)
  })

  test('does not depend on commas, trailing zeros or a sign of money', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.nat(999), (whole, thousandths) => {
        const plain = `${whole}.${String(thousandths).padStart(3, '0')}`
        const grouped = `${whole < 0 ? '-' : ''}$${Math.abs(whole).toLocaleString('en-US')}.${plain.split('.')[1] ?? ''}00`
        expect(findFinalAnswer(`The answer is ${grouped}`)).toBe(findFinalAnswer(`#### ${plain}`))
      }),
    )
  })
})

test('JSON is the same in any order of keys, with any blanks, in a fence or bare', () => {
  expect(toCanonicalJson('{"b": [1, {"d": 2, "c": 3}], "a": null}')).toBe('{"a":null,"b":[1,{"c":3,"d":2}]}')
  expect(toCanonicalJson('Here:\n```json\n{"a" :1}\n```')).toBe('{"a":1}')
  expect(toCanonicalJson('no json')).toBeUndefined()
})

describe('a vote that may end', () => {
  const tally = fc
    .record({ leader: fc.nat(12), runnerUp: fc.nat(12), left: fc.nat(12) })
    .filter((one) => one.leader >= one.runnerUp)

  /** P(the leader ends at least level) by walking every order of the votes to come: an urn of Pólya. */
  function walk(leader: number, runnerUp: number, left: number): number {
    if (left === 0) return leader >= runnerUp ? 1 : 0
    const share = (leader + 1) / (leader + runnerUp + 2)
    return share * walk(leader + 1, runnerUp, left - 1) + (1 - share) * walk(leader, runnerUp + 1, left - 1)
  }

  test('is as certain as an urn of its votes says', () => {
    fc.assert(
      fc.property(tally, (one) => {
        expect(leadIsFinal(one)).toBeCloseTo(walk(one.leader, one.runnerUp, one.left), 9)
      }),
      { numRuns: 60 },
    )
  })

  test('ends at the latest after all samples, never after one, and after as many as it says it needs', () => {
    fc.assert(
      fc.property(tally, fc.double({ min: 0.5, max: 0.999, noNaN: true }), (one, confidence) => {
        if (one.left === 0) expect(mayStop(one, confidence)).toBe(true)
        const more = votesNeeded(one, confidence)
        expect(more).toBeLessThanOrEqual(one.left)
        const then = { ...one, leader: one.leader + more, left: one.left - more }
        if (one.left > 0) expect(mayStop(then, confidence)).toBe(true)
      }),
    )
    expect(mayStop({ leader: 1, runnerUp: 0, left: 3 }, 0.5)).toBe(false)
  })
})
