import type { Kysely } from 'kysely'
import type { Tables } from '../../../../store/index.ts'
import { VectorBlock, type Near } from '../block.ts'
import { compareSome, walkAll, walkIndex } from './store.ts'
import { createVectorRows, type GenerationRow } from '../store.ts'

export interface IndexedQuestion {
  readonly row: GenerationRow
  readonly vector: Float32Array
  readonly countMax: number
  readonly maySee: (chunk: number) => boolean
  /** Numbers of passages lie below. */
  readonly chunkEnd: number
}

/** Vectors that are not in the index yet, at most: they are compared one by one. More, and the index is not asked. */
const behindMax = 10_000
/** Passages that may be seen up to which each is compared: an index would be walked far for the few. */
const fewMax = 20_000

/**
 * The nearest passages by the index of the database, best first; those that came after it are compared beside. `undefined` while
 * the index is too far behind. Who may see little is answered exactly, and so is what the walk does not find enough of.
 */
export async function findIndexed(
  database: Kysely<Tables>,
  { row, vector, countMax, maySee, chunkEnd }: IndexedQuestion,
): Promise<readonly Near[] | undefined> {
  const indexedNext = row.indexed_next ?? 1
  if (row.vector_next - indexedNext > behindMax) return undefined
  const place = { collection: row.collection, number: row.number, dimensions: vector.length }
  const seen: number[] = []
  for (let chunk = 0; chunk < chunkEnd && seen.length <= fewMax; chunk++) if (maySee(chunk)) seen.push(chunk)
  if (seen.length === 0) return []
  const search = { place, vector, countMax, maySee }
  const indexed = await database.transaction().execute(async (transaction) => {
    if (seen.length <= fewMax) return compareSome(transaction, search, seen)
    const found = await walkIndex(transaction, search)
    return found.length < countMax ? undefined : found
  })
  const all = indexed ?? (await database.transaction().execute((transaction) => walkAll(transaction, search)))
  const recent = new VectorBlock(vector.length, indexedNext)
  await recent.sync(createVectorRows(database), row, row.vector_next)
  // One that came into the index meanwhile is found by both.
  const near = new Map([...recent.search(vector, maySee, countMax), ...all].map((each) => [each.chunk, each]))
  return [...near.values()].toSorted((a, b) => b.similarity - a.similarity || a.chunk - b.chunk).slice(0, countMax)
}
