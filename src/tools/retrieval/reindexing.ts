import type { Analyser } from './analyse.ts'
import { indexChunk, mapInTurns, toChunkSource } from './indexing.ts'
import { encodeTerms } from './postings/codec.ts'
import { removeEntries, type RemoveParts } from './removing.ts'
import { createKnowledgeRows, type ChunkRow, type EntryRow } from './store.ts'

/** An entry as it is there, with its passages as they are to be found from now on, but for their numbers, which are those they had. */
export interface Reindexed {
  readonly entry: EntryRow
  readonly chunks: readonly ChunkRow[]
}

/** Passages of one version with the terms that they have now. */
export function analyseAgain(
  analyser: Analyser,
  chunks: readonly ChunkRow[],
  names: { readonly name: string; readonly title: string | null },
): Promise<readonly ChunkRow[]> {
  return mapInTurns(chunks, (chunk) => {
    const made = indexChunk(analyser, toChunkSource(chunk, names))
    return { ...chunk, term_count: made.termCount, likeness: made.likeness, terms: encodeTerms(made) }
  })
}

/**
 * Within a transaction that holds the collection: entries come under other numbers, in their order, found by what their passages say now.
 * Versions, spans and text stay. Gives the numbers of the passages by those that they had.
 */
export async function replaceEntries(
  parts: RemoveParts,
  replaced: readonly Reindexed[],
): Promise<ReadonlyMap<number, number>> {
  const { sql, analyser, collection } = parts
  const rows = createKnowledgeRows(sql)
  const former = replaced.map(({ entry }) => entry)
  const left = await removeEntries(parts, former)
  const entries = replaced.map(({ entry, chunks }, index) => {
    const term_count = chunks.reduce((sum, chunk) => sum + chunk.term_count, 0)
    return { ...entry, number: collection.entry_next + index, term_count, analyser: analyser.id }
  })
  const known = replaced.flatMap(({ chunks }, index) =>
    chunks.map((chunk) => ({ ...chunk, entry: collection.entry_next + index })),
  )
  const chunks = known.map((chunk, index) => ({ ...chunk, number: collection.chunk_next + index }))
  await rows.insertEntries(entries)
  await rows.insertChunks(chunks)
  const changed = [...former, ...entries].map(({ number }) => number)
  await rows.updateCollection(collection.number, {
    entry_next: collection.entry_next + entries.length,
    chunk_next: collection.chunk_next + chunks.length,
    chunk_count: left.chunk_count + chunks.length,
    term_count: left.term_count + entries.reduce((sum, entry) => sum + entry.term_count, 0),
    context_count: left.context_count + chunks.filter(({ context }) => context !== null).length,
    revision: await rows.recordChanges(collection.number, collection.revision, changed),
  })
  return new Map(known.map(({ number }, index) => [number, collection.chunk_next + index]))
}
