import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildSegment, joinBuckets, type BuiltSegment } from './building.ts'
import { decodeBucket, decodeRuns, encodeTerms, findRun } from './codec.ts'
import { chooseBucket, TermTable } from './term-table.ts'

/** Terms of one, two, three and four bytes for each character, and many of them so that buckets are parted. */
const term = fc.oneof(
  fc.constantFrom('a', '=run', '#oomobserver', '@20240305', '年', '年假', 'é', 'ß', '𠀀', '𠀀𠀁', 'σ'),
  fc.integer({ min: 0, max: 900 }).map((number) => `t${number}`),
)
const chunk = fc.uniqueArray(fc.record({ term, packed: fc.integer({ min: 1, max: 65_535 }) }), {
  selector: (each) => each.term,
  maxLength: 60,
})
type Chunk = readonly { readonly term: string; readonly packed: number }[]

/** Chunks are numbered 3, 6, 9 …, then with larger gaps, so that distances of more than one byte come along. */
const numberOf = (index: number): number => 3 * (index + 1) + (index > 4 ? 40_000 : 0)

function build(chunks: readonly Chunk[], first: number): BuiltSegment {
  return buildSegment(
    chunks.map((terms, index) => ({
      chunk: numberOf(first + index),
      terms: encodeTerms({
        terms: terms.map((each) => each.term),
        packed: Uint16Array.from(terms, (each) => each.packed),
      }),
    })),
  )
}

/** What the segment says of each term: the chunks with their values. */
function read({ bucketCount, buckets }: BuiltSegment): Map<string, readonly (readonly [number, number])[]> {
  const found = new Map<string, readonly (readonly [number, number])[]>()
  for (const { bucket, payload } of buckets) {
    for (const [name, run] of decodeBucket(payload)) {
      expect(chooseBucket(name, bucketCount)).toBe(bucket)
      expect(findRun(payload, Buffer.from(name))).toEqual(run)
      const { chunks, packed } = decodeRuns([run])
      expect([run.firstChunk, run.lastChunk]).toEqual([chunks[0], chunks.at(-1)])
      found.set(
        name,
        Array.from(chunks, (number, at) => [number, packed[at] ?? 0] as const),
      )
    }
  }
  return found
}

function expected(chunks: readonly Chunk[]): Map<string, readonly (readonly [number, number])[]> {
  const all = new Map<string, (readonly [number, number])[]>()
  for (const [index, terms] of chunks.entries()) {
    for (const { term: name, packed } of terms) {
      all.set(name, [...(all.get(name) ?? []), [numberOf(index), packed]])
    }
  }
  return all
}

test('a segment holds every posting of its chunks, each term in the bucket of its hash', () => {
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 12 }), (chunks) => {
      expect(read(build(chunks, 0))).toEqual(expected(chunks))
    }),
    { numRuns: 200 },
  )
})

test('joined segments are the segment of all their chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.array(chunk, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }), (parts) => {
      let first = 0
      const segments = parts.map((chunks) => {
        const { buckets } = build(chunks, first)
        first += chunks.length
        return buckets.map(({ payload }) => payload)
      })
      expect(read(joinBuckets(segments))).toEqual(expected(parts.flat()))
    }),
    { numRuns: 200 },
  )
})

test('a table of terms gives each its own number, however many there are', () => {
  const table = new TermTable()
  const names = Array.from({ length: 20_000 }, (_, index) => (index % 3 === 0 ? `年${index}` : `term${index}`))
  const numbers = names.map((name) => table.add(Buffer.from(name), 0, Buffer.byteLength(name)))
  expect(new Set(numbers).size).toBe(names.length)
  expect(names.map((name) => table.find(name))).toEqual(numbers)
  expect(table.find('none')).toBe(-1)
  expect(Buffer.from(table.nameOf(19_998)).toString()).toBe(names[19_998])
})
