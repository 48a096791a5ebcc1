import { setImmediate } from 'node:timers/promises'
import type { Store } from '../../../store/index.ts'
import type { Analyser } from '../analyse.ts'
import { indexChunk, toChunkSource } from '../indexing.ts'
import { encodeTerms } from '../postings/codec.ts'
import { removeEntries } from '../removing.ts'
import { createKnowledgeRows, type ChunkRow } from '../store.ts'
import { createContextRows, type DueEntry } from './store.ts'

export interface ApplyingParts {
  readonly store: Pick<Store, 'transaction'>
  readonly analyser: Analyser
}

/** What is to be known of a passage from now on. */
export interface Applied {
  readonly context: string | null
  readonly fault: string | null
}

export interface Applying {
  readonly entry: DueEntry
  /** Of the entry, in their order. */
  readonly chunks: readonly ChunkRow[]
  /** One for each chunk. */
  readonly applied: readonly Applied[]
  /** Under which plan; `null` where what was written is taken out. */
  readonly key: string | null
  /** Keys of what was written; everything else of the document is forgotten. */
  readonly kept: ReadonlySet<string>
}

/** Chunks analysed before other work of the process gets its turn. */
const chunksPerTurn = 16

/**
 * Has the passages of an entry found by their contexts: it is indexed anew under another number, in one transaction, and its version,
 * spans and text stay what they are. Gives whether anything that can be found has changed; nothing does when the entry is gone meanwhile.
 */
export async function applyContexts(parts: ApplyingParts, applying: Applying): Promise<boolean> {
  const { entry, chunks, applied, key, kept } = applying
  const hasChanged = chunks.some((chunk, index) => chunk.context !== (applied[index]?.context ?? null))
  const made = hasChanged ? await analyse(parts, applying) : []
  return parts.store.transaction(async (sql) => {
    const rows = createKnowledgeRows(sql)
    const contexts = createContextRows(sql)
    const collection = await rows.lockByNumber(entry.collection)
    const known = await rows.listEntries(entry.tenant, entry.document_id)
    const now = known.find(({ number }) => number === entry.number)
    if (collection === undefined || now === undefined) return false
    await contexts.forget({ tenant: entry.tenant, document: entry.document_id }, kept)
    if (!hasChanged) {
      const faulty = chunks.map((chunk, index) => ({ ...chunk, context_fault: applied[index]?.fault ?? null }))
      await contexts.setFaults(
        faulty.filter(({ context_fault }, index) => context_fault !== chunks[index]?.context_fault),
      )
      await contexts.setHandled(entry, key)
      return false
    }
    const removed = await removeEntries({ sql, analyser: parts.analyser, collection }, [now])
    const number = collection.entry_next
    await rows.insertEntries([{ ...now, number, context_key: key, analyser: parts.analyser.id }])
    await rows.insertChunks(
      made.map((chunk, index) => ({ ...chunk, entry: number, number: collection.chunk_next + index })),
    )
    const revision = await rows.recordChanges(collection.number, collection.revision, [now.number, number])
    await rows.updateCollection(collection.number, {
      entry_next: number + 1,
      chunk_next: collection.chunk_next + made.length,
      chunk_count: removed.chunk_count + made.length,
      term_count: removed.term_count + now.term_count,
      context_count: removed.context_count + made.filter(({ context }) => context !== null).length,
      revision,
    })
    return true
  })
}

/** The rows as they will be, but for their numbers. */
async function analyse(
  { analyser }: ApplyingParts,
  { entry, chunks, applied }: Applying,
): Promise<readonly ChunkRow[]> {
  const names = { name: entry.name, title: entry.version_title }
  const made: ChunkRow[] = []
  for (const [index, chunk] of chunks.entries()) {
    if (index % chunksPerTurn === chunksPerTurn - 1) await setImmediate()
    const { context, fault } = applied[index] ?? { context: null, fault: null }
    const row = { ...chunk, context, context_fault: fault }
    made.push({ ...row, terms: encodeTerms(indexChunk(analyser, toChunkSource(row, names))) })
  }
  return made
}
