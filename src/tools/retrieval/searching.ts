import type { KnowledgeQuery, Passage } from '../../core/ports.ts'
import type { Store } from '../../store/index.ts'
import type { Analyser } from './analyse.ts'
import type { CollectionRow, FoundChunk, KnowledgeRows } from './store.ts'
import type { Hit, TermIndex } from './term-index.ts'
import { getCollection } from './views.ts'

export interface SearchParts {
  readonly store: Pick<Store, 'sql'>
  readonly rows: KnowledgeRows
  readonly analyser: Analyser
  readonly index: TermIndex
}

type Found = Hit & { readonly collection: CollectionRow }

const passagesMaxMax = 100

/**
 * Ranks within each collection, then all together. A chunk that is deleted between the ranking and the reading is left
 * out.
 */
export async function search(parts: SearchParts, query: KnowledgeQuery): Promise<readonly Passage[]> {
  const { store, rows, analyser, index } = parts
  const hitsMax = Math.min(Math.max(1, query.passagesMax), passagesMaxMax)
  const collections: CollectionRow[] = []
  for (const name of new Set(query.collections)) collections.push(await getCollection(rows, query.tenant, name))
  const terms = analyser.analyseQuery(query.query)
  if (terms.length === 0) return []
  const found: Found[] = []
  for (const collection of collections) {
    if (collection.chunk_count === 0) continue
    const hits = await index.search(store.sql, {
      collection: collection.number,
      chunkCount: collection.chunk_count,
      termCount: collection.term_count,
      terms,
      hitsMax,
    })
    for (const hit of hits) found.push({ ...hit, collection })
  }
  const best = collections.length > 1 ? found.toSorted((a, b) => b.score - a.score).slice(0, hitsMax) : found
  return readPassages(rows, query.tenant, best)
}

async function readPassages(rows: KnowledgeRows, tenant: string, found: readonly Found[]): Promise<readonly Passage[]> {
  const chunks = new Map<string, FoundChunk>()
  for (const collection of new Set(found.map((hit) => hit.collection))) {
    const numbers = found.filter((hit) => hit.collection === collection).map((hit) => hit.chunk)
    for (const chunk of await rows.findChunks({ tenant, collection: collection.number }, numbers)) {
      chunks.set(toKey(collection, chunk.number), chunk)
    }
  }
  return found.flatMap(({ collection, chunk, score }) => {
    const row = chunks.get(toKey(collection, chunk))
    return row === undefined ? [] : [toPassage(collection, row, score)]
  })
}

function toKey(collection: CollectionRow, chunk: number): string {
  return `${collection.number}/${chunk}`
}

function toPassage(collection: CollectionRow, row: FoundChunk, score: number): Passage {
  return {
    collection: collection.name,
    document: row.document_id,
    source: row.name,
    version: row.version_id,
    start: row.start_at,
    end: row.end_at,
    text: row.text,
    headings: JSON.parse(row.headings) as readonly string[], // written by this room, from a list of strings
    score,
  }
}
