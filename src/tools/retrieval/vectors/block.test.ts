import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toUnitBytes, toUnitVector, VectorBlock } from './block.ts'
import type { VectorRows } from './store.ts'

const dimensions = fc.constantFrom(1, 3, 4, 7, 16, 33)
const value = fc.float({ noNaN: true, min: -8, max: 8 })

function rowsOf(vectors: readonly (readonly number[])[]): VectorRows {
  const all = vectors.flatMap((vector, index) => {
    const bytes = toUnitBytes(vector)
    return bytes === undefined ? [] : [{ number: index + 1, chunk: (index + 1) * 3, vector: bytes }]
  })
  const listVectors: VectorRows['listVectors'] = (_, { from, limit }) =>
    Promise.resolve(all.filter(({ number }) => number >= from).slice(0, limit))
  return { listVectors } as Partial<VectorRows> as VectorRows // nothing else is asked for
}

test('the nearest passages are those of the highest cosine among what may be seen', async () => {
  const given = dimensions.chain((size) =>
    fc.record({
      size: fc.constant(size),
      vectors: fc.array(fc.array(value, { minLength: size, maxLength: size }), { minLength: 1, maxLength: 60 }),
      query: fc.array(value, { minLength: size, maxLength: size }),
      hidden: fc.integer({ min: 1, max: 5 }),
    }),
  )
  await fc.assert(
    fc.asyncProperty(given, async ({ size, vectors, query, hidden }) => {
      const wanted = toUnitVector(query)
      if (wanted === undefined) return
      const block = new VectorBlock(size)
      const place = { collection: 1, number: 1 }
      await block.sync(rowsOf(vectors.slice(0, 20)), place, Math.min(20, vectors.length) + 1)
      await block.sync(rowsOf(vectors), place, vectors.length + 1)
      const maySee = (chunk: number): boolean => chunk % hidden !== 1
      const cosine = (index: number): number | undefined => {
        const vector = toUnitVector(vectors[index] ?? [])
        return vector?.reduce((sum, each, at) => sum + each * (wanted[at] ?? 0), 0)
      }
      const expected = vectors
        .map((_, index) => ({ chunk: (index + 1) * 3, similarity: cosine(index) }))
        .flatMap(({ chunk, similarity }) => (similarity === undefined || !maySee(chunk) ? [] : [{ chunk, similarity }]))
        .toSorted((a, b) => b.similarity - a.similarity)
      const found = block.search(wanted, maySee, 10)
      expect(found).toHaveLength(Math.min(10, expected.length))
      for (const [rank, { chunk, similarity }] of found.entries()) {
        expect(maySee(chunk)).toBe(true)
        expect(similarity).toBeCloseTo(expected[rank]?.similarity ?? 2, 4)
      }
      block.compact((chunk) => chunk % 9 === 0)
      for (const { chunk } of block.search(wanted, (each) => each % 9 === 0, 10)) expect(chunk % 9).toBe(0)
    }),
    { numRuns: 150 },
  )
})
