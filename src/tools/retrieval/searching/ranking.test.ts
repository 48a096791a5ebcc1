import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRanker, type Corpus, type RankedTerm } from './ranking.ts'
import type { Scope } from './scope.ts'
import type { Entry } from './view.ts'
import { bm25 } from './weights.ts'

/** A document as its chunks; a chunk as how often each of the terms `a` to `e` stands in it. */
type Document = readonly (readonly number[])[]
const names = ['a', 'b', 'c', 'd', 'e']
const document = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 5, maxLength: 5 }), {
  minLength: 1,
  maxLength: 4,
})

function build(documents: readonly Document[]): { readonly corpus: Corpus; readonly terms: readonly RankedTerm[] } {
  const chunks = documents.flatMap((chunksOf, index) => chunksOf.map((counts) => ({ entry: index + 1, counts })))
  const lengthOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 3)
  const entries = new Map<number, Entry>()
  for (const [index, chunksOf] of documents.entries()) {
    const number = index + 1
    const firstChunk = chunks.findIndex(({ entry }) => entry === number) + 1
    const termCount = chunksOf.reduce((sum, counts) => sum + lengthOf(counts), 0)
    const facts = { number, document: `${number}`, fromMs: 0, toMs: null, region: null, acl: null }
    entries.set(number, { ...facts, firstChunk, chunkCount: chunksOf.length, termCount })
  }
  const corpus = {
    entries,
    entryEnd: documents.length + 1,
    entryTerms: Int32Array.from({ length: documents.length + 1 }, (_, entry) => entries.get(entry)?.termCount ?? 0),
    chunkEntry: Int32Array.from([0, ...chunks.map(({ entry }) => entry), 0]),
    chunkTerms: Uint16Array.from([0, ...chunks.map(({ counts }) => lengthOf(counts)), 0]),
    chunkSymbols: new Uint8Array(chunks.length + 2),
  }
  const terms = names.map((term, column) => {
    const holding = chunks.flatMap(({ counts }, index) => ((counts[column] ?? 0) > 0 ? [index] : []))
    const packed = holding.map((index) => (chunks[index]?.counts[column] ?? 0) | 256)
    return {
      term,
      weight: 1,
      postings: toParts(
        Int32Array.from(holding, (index) => index + 1),
        Uint16Array.from(packed),
      ),
    }
  })
  return { corpus, terms }
}

/** In two parts, as what has been folded and what has not. */
function toParts(chunks: Int32Array, packed: Uint16Array): RankedTerm['postings'] {
  const half = chunks.length >> 1
  return [
    { chunks: chunks.subarray(0, half), packed: packed.subarray(0, half) },
    { chunks: chunks.subarray(half), packed: packed.subarray(half) },
  ]
}

/** One for all: what a search leaves behind must not be seen in the next. */
const ranker = createRanker()

function scopeOf(corpus: Corpus, isVisible: (entry: number) => boolean): Scope {
  const entries = [...corpus.entries.values()].filter((entry) => isVisible(entry.number))
  return {
    visible: Uint8Array.from({ length: corpus.entries.size + 1 }, (_, entry) => (isVisible(entry) ? 1 : 0)),
    entryCount: entries.length,
    chunkCount: entries.reduce((sum, entry) => sum + entry.chunkCount, 0),
    termCount: entries.reduce((sum, entry) => sum + entry.termCount, 0),
    counts: new Map(),
  }
}

/** BM25 as in the literature, with Lucene's rarity. */
function score(units: readonly (readonly number[])[], lengths: readonly number[], unit: number): number {
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
  return names.reduce((sum, _, column) => {
    const count = units[unit]?.[column] ?? 0
    const holding = units.filter((counts) => (counts[column] ?? 0) > 0).length
    const rarity = Math.log(1 + (units.length - holding + 0.5) / (holding + 0.5)) ** bm25.rarity
    const norm = bm25.k1 * (1 - bm25.b + (bm25.b * (lengths[unit] ?? 0)) / mean)
    return count === 0 ? sum : sum + (rarity * count * (bm25.k1 + 1)) / (count + norm)
  }, 0)
}

describe('ranking', () => {
  test('text and document signals are BM25 of chunk and document', () => {
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 12 }), (documents) => {
        const { corpus, terms } = build(documents)
        const scope = { ...scopeOf(corpus, () => true), visible: undefined }
        const chunks = documents.flat()
        const lengths = Array.from({ length: chunks.length }, (_, index) => corpus.chunkTerms[index + 1] ?? 0)
        const wholes = documents.map((chunksOf) =>
          names.map((_, column) => chunksOf.reduce((sum, counts) => sum + (counts[column] ?? 0), 0)),
        )
        const wholeLengths = documents.map((_, index) => corpus.entries.get(index + 1)?.termCount ?? 0)
        const found = ranker.findCandidates(corpus, scope, terms)
        const holding = chunks.filter((counts) => counts.some((count) => count > 0)).length
        expect(found.length).toBeGreaterThanOrEqual(holding)
        for (const { chunk, entry, signals } of found) {
          expect(signals.text).toBeCloseTo(score(chunks, lengths, chunk - 1), 9)
          if (chunks.length > documents.length) {
            expect(signals.document).toBeCloseTo(score(wholes, wholeLengths, entry.number - 1), 9)
          }
        }
      }),
      { numRuns: 100 },
    )
  })

  test('what may not be seen changes nothing: the result is that of the visible documents alone', () => {
    const some = fc.array(fc.record({ document, isVisible: fc.boolean() }), { minLength: 1, maxLength: 14 })
    fc.assert(
      fc.property(some, (given) => {
        const all = build(given.map((each) => each.document))
        const visible = given.filter((each) => each.isVisible)
        const alone = build(visible.map((each) => each.document))
        const scope = scopeOf(all.corpus, (entry) => given[entry - 1]?.isVisible === true)
        const found = ranker.findCandidates(all.corpus, scope, all.terms)
        const expected = ranker.findCandidates(
          alone.corpus,
          { ...scopeOf(alone.corpus, () => true), visible: undefined },
          alone.terms,
        )
        const without = (list: typeof found) =>
          list.map(({ signals, coverage, sentence, terms }) => ({ signals, coverage, sentence, terms }))
        expect(without(found)).toEqual(without(expected))
      }),
      { numRuns: 200 },
    )
  })
})
