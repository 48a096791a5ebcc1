import { setTimeout } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Tables } from '../../store/index.ts'
import { addSegment, joinSmall } from './postings/segments.ts'
import { createKnowledgeRows } from './store.ts'

/** Chunks folded in one transaction: up to a few hundred ms of SQLite's one place of a writer. */
const chunksPerFold = 2_048
/** Writers that wait look every 20 ms; between two folds they get their turn. */
const pauseMs = 30

/**
 * Moves terms that lie beside their chunks into the blocks of the index, oldest first, until at most `chunksMax` are left.
 * Search finds the same before, meanwhile and after.
 */
export async function foldFresh(database: Kysely<Tables>, collection: number, chunksMax: number): Promise<void> {
  for (;;) {
    const isDone = await database.transaction().execute((sql) => foldOnce(sql, collection, chunksMax))
    if (isDone) return
    await setTimeout(pauseMs)
    while (await database.transaction().execute((sql) => joinOnce(sql, collection))) await setTimeout(pauseMs)
  }
}

/** One join of segments; false when there is none to do. */
async function joinOnce(sql: Kysely<Tables>, number: number): Promise<boolean> {
  const rows = createKnowledgeRows(sql)
  const collection = await rows.lockByNumber(number)
  if (collection === undefined || !(await joinSmall(sql, number))) return false
  // Readers have to look where the segments are.
  const revision = await rows.recordChanges(number, collection.revision, [0])
  await rows.updateCollection(number, { revision })
  return true
}

async function foldOnce(sql: Kysely<Tables>, number: number, chunksMax: number): Promise<boolean> {
  const rows = createKnowledgeRows(sql)
  const collection = await rows.lockByNumber(number)
  if (collection === undefined || collection.chunk_next - 1 - collection.folded_to <= chunksMax) return true
  const fresh = await rows.listFresh(number, chunksPerFold)
  const chunks = fresh.map((row) => ({ chunk: row.number, terms: row.terms }))
  if (chunks.length > 0) await addSegment(sql, number, chunks)
  const last = chunks.length < chunksPerFold ? collection.chunk_next - 1 : (chunks.at(-1)?.chunk ?? 0)
  await rows.clearFresh({ tenant: collection.tenant, collection: number }, last)
  const revision = await rows.recordChanges(number, collection.revision, [0])
  await rows.updateCollection(number, { folded_to: last, revision })
  return false
}
