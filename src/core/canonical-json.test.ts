import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toCanonicalJson } from './canonical-json.ts'

/** RFC 8785 said plainly: every object made again with its keys in order, and the platform's own writer. */
function reference(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reference)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([key, member]) => [`_${key}`, reference(member)])) // no key is an array index
}

test('any JSON value is written with its keys in order and nothing between', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = toCanonicalJson(value)
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      const marked = text === JSON.stringify(value) ? undefined : JSON.stringify(reference(value))
      if (marked !== undefined) expect(toCanonicalJson(JSON.parse(marked))).toBe(marked)
      expect(toCanonicalJson(JSON.parse(text))).toBe(text)
    }),
  )
})

test.each([
  [{ b: 1, a: [{ d: null, c: 'x' }] }, '{"a":[{"c":"x","d":null}],"b":1}'],
  [
    { '€': 1, '\r': 2, '1': 3, '\u0080': 4, ö: 5, '😀': 6, '\ufb33': 7 },
    '{"\\r":2,"1":3,"\u0080":4,"ö":5,"€":1,"😀":6,"\ufb33":7}',
  ],
  [{ a: undefined, b: 1e21, c: -0, d: 0.1, '"': '\u2028' }, '{"\\"":"\u2028","b":1e+21,"c":0,"d":0.1}'],
  [{}, '{}'],
  [[], '[]'],
])('%j', (value, text) => {
  expect(toCanonicalJson(value)).toBe(text)
})
