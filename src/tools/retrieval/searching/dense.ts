import type { Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'
import { VectorBlock, type Near } from '../vectors/block.ts'
import { findIndexed } from '../vectors/indexed/index.ts'
import { createVectorRows } from '../vectors/store.ts'
import type { Candidate } from './ranking.ts'
import type { Scope } from './scope.ts'
import type { Found, Ranked } from './searching.ts'
import type { CollectionView } from './view.ts'

/** Passages ranked by vectors in each collection. */
const nearMax = 200
/** The constant of reciprocal rank fusion (Cormack, Clarke, Büttcher, 2009). */
const fusionConstant = 60

export interface DenseWeights {
  readonly lexicalWeight: number
  readonly denseWeight: number
}

export interface DenseFound extends Found {
  readonly similarity: number
}

/** Vectors of generations in memory, up to a bound, the one asked least lately going first; or in the index of the database. */
export class DenseSearch {
  readonly #bytesMax: number
  readonly #blocks = new Map<string, VectorBlock>()

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The nearest passages of the scope, best first; none when the vectors are too many or of other dimensions. */
  async find(
    sql: Kysely<Tables>,
    { view, scope }: { readonly view: CollectionView; readonly scope: Scope },
    { generation, vector }: { readonly generation: number; readonly vector: Float32Array },
  ): Promise<readonly Near[]> {
    const rows = createVectorRows(sql)
    const row = (await rows.listGenerations(view.number)).find(({ number }) => number === generation)
    if (row?.dimensions !== vector.length) return []
    const { chunkEntry } = view
    const { visible, allowed } = scope
    const maySee = (chunk: number): boolean => {
      const entry = chunkEntry[chunk] ?? 0
      return (
        entry > 0 && (visible === undefined || visible[entry] === 1) && (allowed === undefined || allowed[chunk] === 1)
      )
    }
    if (row.indexed_next !== null) {
      const found = await findIndexed(sql, { row, vector, countMax: nearMax, maySee, chunkEnd: chunkEntry.length })
      if (found !== undefined) return found
    }
    const key = `${view.number}/${generation}`
    const block = this.#blocks.get(key) ?? new VectorBlock(vector.length)
    this.#blocks.delete(key)
    if (row.vector_next * vector.length * 4 > this.#bytesMax) return []
    await block.sync(rows, row, row.vector_next)
    block.compact((chunk) => (chunkEntry[chunk] ?? 0) > 0)
    this.#blocks.set(key, block)
    this.#forget()
    return block.search(vector, maySee, nearMax)
  }

  #forget(): void {
    let bytes = 0
    for (const block of this.#blocks.values()) bytes += block.bytes
    for (const [key, block] of this.#blocks) {
      if (bytes <= this.#bytesMax) return
      this.#blocks.delete(key)
      bytes -= block.bytes
    }
  }
}

/** A passage that was found by its vector alone. */
export function toCandidate(view: CollectionView, { chunk }: Near): Candidate | undefined {
  const entry = view.entries.get(view.chunkEntry[chunk] ?? 0)
  if (entry === undefined) return undefined
  const signals = { text: 0, document: 0, near: 0, symbols: 0, sentence: 0, context: 0 }
  return { chunk, entry, signals, sentence: 0, coverage: 0, terms: [] }
}

/** Both rankings as one, by the reciprocals of their ranks; best first, equal ones in the order they were taken in. */
export function fuse(
  lexical: readonly Ranked[],
  dense: readonly DenseFound[],
  { lexicalWeight, denseWeight }: DenseWeights,
): readonly Ranked[] {
  const whole = (lexicalWeight + denseWeight) / (fusionConstant + 1) || 1
  const fused = new Map<string, Ranked>()
  const keyOf = ({ collection, candidate }: Found): string => `${collection.number}/${candidate.chunk}`
  const add = (
    found: Found,
    part: { readonly name: 'lexical' | 'dense'; readonly value: number },
    similarity?: number,
  ): void => {
    const key = keyOf(found)
    const known = fused.get(key) ?? { ...found, parts: {}, score: 0 }
    const parts = { ...known.parts, [part.name]: part.value }
    fused.set(key, { ...known, parts, score: known.score + part.value, similarity: similarity ?? known.similarity })
  }
  for (const [rank, ranked] of lexical.entries()) {
    add(ranked, { name: 'lexical', value: lexicalWeight / (fusionConstant + rank + 1) / whole })
  }
  // Collections may have different models: ranks are counted in each by itself.
  const ranks = new Map<number, number>()
  for (const found of dense) {
    const rank = (ranks.get(found.collection.number) ?? 0) + 1
    ranks.set(found.collection.number, rank)
    add(found, { name: 'dense', value: denseWeight / (fusionConstant + rank) / whole }, found.similarity)
  }
  return [...fused.values()].toSorted(
    (a, b) =>
      Math.round(b.score * 1e9) - Math.round(a.score * 1e9) ||
      a.collection.number - b.collection.number ||
      a.candidate.chunk - b.candidate.chunk,
  )
}
