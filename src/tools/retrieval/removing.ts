import type { Kysely } from 'kysely'
import type { Tables } from '../../store/index.ts'
import type { Analyser } from './analyse.ts'
import { indexChunk, toChunkSource } from './indexing.ts'
import { removeFromSegments } from './postings/segments.ts'
import { createKnowledgeRows, type ChunkRow, type CollectionRow, type EntryRow } from './store.ts'

export interface RemoveParts {
  readonly sql: Kysely<Tables>
  readonly analyser: Analyser
  readonly collection: CollectionRow
}

/**
 * Takes entries with their chunks out of rows and blocks, within the transaction. The collection's counts without them
 * are given back unwritten; recording the change is left to the caller.
 */
export async function removeEntries(parts: RemoveParts, entries: readonly EntryRow[]): Promise<CollectionRow> {
  const { sql, collection } = parts
  const rows = createKnowledgeRows(sql)
  const numbers = entries.map((entry) => entry.number)
  const chunks = await rows.listChunks(collection.number, numbers)
  const folded = chunks.filter((chunk) => chunk.terms === null)
  if (folded.length > 0) {
    await removeFromSegments(sql, collection.number, {
      chunks: folded.map((chunk) => chunk.number),
      terms: await findTerms(parts, entries, folded),
    })
  }
  await rows.deleteEntries(collection.number, numbers)
  return {
    ...collection,
    chunk_count: collection.chunk_count - chunks.length,
    context_count: collection.context_count - chunks.filter(({ context }) => context !== null).length,
    term_count: collection.term_count - entries.reduce((sum, entry) => sum + entry.term_count, 0),
  }
}

/** What chunks stand under in segments; `undefined` where another analyser has made it, which this one does not find. */
async function findTerms(
  { sql, analyser, collection }: RemoveParts,
  entries: readonly EntryRow[],
  chunks: readonly ChunkRow[],
): Promise<readonly string[] | undefined> {
  if (entries.some((entry) => entry.analyser !== analyser.id)) return undefined
  const names = await createKnowledgeRows(sql).listNames(collection.tenant, entries)
  const terms = new Set<string>()
  for (const chunk of chunks) {
    const source = toChunkSource(chunk, names.get(chunk.entry) ?? { name: '', title: null })
    for (const term of indexChunk(analyser, source).terms) terms.add(term)
  }
  return [...terms]
}
