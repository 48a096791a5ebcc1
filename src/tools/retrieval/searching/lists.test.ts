import fc from 'fast-check'
import { expect, test } from 'vitest'
import { extend, findFirst, ListCache, withoutGone } from './lists.ts'
import { Scratch, takeBest } from './scratch.ts'

const ascending = fc
  .uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 80 })
  .map((list) => list.toSorted((a, b) => a - b))
const toPostings = (chunks: readonly number[]) => ({
  chunks: Int32Array.from(chunks),
  packed: Uint16Array.from(chunks, (chunk) => chunk * 7),
})

test('a list is extended by what is later, and loses what has gone', () => {
  fc.assert(
    fc.property(ascending, fc.integer({ min: 0, max: 300 }), fc.func(fc.boolean()), (all, after, isGone) => {
      const first = toPostings(all.filter((chunk) => chunk <= after))
      expect(extend(first, toPostings(all), after)).toEqual(toPostings(all))
      const entries = Int32Array.from({ length: 301 }, (_, chunk) => (isGone(chunk) ? 0 : 1))
      expect(withoutGone(toPostings(all), entries)).toEqual(toPostings(all.filter((chunk) => !isGone(chunk))))
      const sought = Math.max(1, after)
      const place = all.findIndex((chunk) => chunk >= sought)
      expect(findFirst(Int32Array.from(all), sought, 0)).toBe(place < 0 ? all.length : place)
    }),
  )
})

test('the best of scored numbers are those of the highest scores, of equal ones the lower numbers', () => {
  const scratch = new Scratch()
  scratch.reserve(400, 1)
  const scores = fc.array(
    fc.record({ number: fc.integer({ min: 1, max: 300 }), score: fc.integer({ min: 1, max: 9 }) }),
  )
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 40 }), (added, countMax) => {
      const sums = new Map<number, number>()
      for (const { number, score } of added) {
        scratch.chunks.add(number, score)
        sums.set(number, (sums.get(number) ?? 0) + score)
      }
      const best = takeBest(scratch.chunks.touched(), countMax, scratch.chunks.values)
      scratch.clear()
      const sorted = [...sums].toSorted(([a, most], [b, least]) => least - most || a - b)
      expect(new Set(best)).toEqual(new Set(sorted.slice(0, countMax).map(([number]) => number)))
      expect(scratch.chunks.values.every((score) => score === 0)).toBe(true)
    }),
  )
})

test('lists in memory stay below their bound; the one used least lately goes first', () => {
  const list = {
    postings: toPostings(Array.from({ length: 100 }, (_, index) => index + 1)),
    foldedTo: 100,
    removals: 0,
  }
  const cache = new ListCache(3_000) // three of 900 bytes
  for (const term of ['a', 'b', 'c']) cache.set(1, term, list)
  cache.get(1, 'a')
  cache.set(1, 'd', list)
  expect(['a', 'b', 'c', 'd'].map((term) => cache.get(1, term) !== undefined)).toEqual([true, false, true, true])
  expect(cache.get(2, 'a')).toBeUndefined()
})
