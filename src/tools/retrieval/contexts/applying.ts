import type { Store } from '../../../store/index.ts'
import type { Analyser } from '../analyse.ts'
import { analyseAgain, replaceEntries } from '../reindexing.ts'
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

/**
 * Has the passages of an entry found by their contexts: it is indexed anew under another number, in one transaction, and its version,
 * spans and text stay what they are. Gives whether anything that can be found has changed; nothing does when the entry is gone meanwhile.
 */
export async function applyContexts(parts: ApplyingParts, applying: Applying): Promise<boolean> {
  const { entry, chunks, applied, key, kept } = applying
  const hasChanged = chunks.some((chunk, index) => chunk.context !== (applied[index]?.context ?? null))
  const written = chunks.map((chunk, index) => {
    const { context, fault } = applied[index] ?? { context: null, fault: null }
    return { ...chunk, context, context_fault: fault }
  })
  const names = { name: entry.name, title: entry.version_title }
  const made = hasChanged ? await analyseAgain(parts.analyser, written, names) : []
  return parts.store.transaction(async (sql) => {
    const rows = createKnowledgeRows(sql)
    const contexts = createContextRows(sql)
    const collection = await rows.lockByNumber(entry.collection)
    const known = await rows.listEntries(entry.tenant, entry.document_id)
    const now = known.find(({ number }) => number === entry.number)
    if (collection === undefined || now === undefined) return false
    await contexts.forget({ tenant: entry.tenant, document: entry.document_id }, kept)
    if (!hasChanged) {
      await contexts.setFaults(
        written.filter(({ context_fault }, index) => context_fault !== chunks[index]?.context_fault),
      )
      await contexts.setHandled(entry, key)
      return false
    }
    const replaced = { entry: { ...now, context_key: key }, chunks: made }
    await replaceEntries({ sql, analyser: parts.analyser, collection }, [replaced])
    return true
  })
}
