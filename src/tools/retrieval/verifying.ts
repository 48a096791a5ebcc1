import type { JsonObject } from '../../core/json.ts'
import type { Analyser } from './analyse.ts'
import { findBreak } from './history/history.ts'
import { createHistoryRows } from './history/store.ts'
import { indexChunk, toChunkSource } from './indexing.ts'
import type { CollectionReport, Knowledge, KnowledgeParts } from './knowledge.ts'
import { decodeBucket, decodeRuns, decodeTerms } from './postings/codec.ts'
import { createPostingRows } from './postings/store.ts'
import { createKnowledgeRows, type CollectionRow, type EntryRow } from './store.ts'
import { getCollection } from './views.ts'

type Verifier = Pick<Knowledge, 'verify' | 'listEvents'>

interface VerifierParts extends KnowledgeParts {
  readonly analyser: Analyser
}

const entriesPerRead = 50

export function createVerifier(parts: VerifierParts): Verifier {
  return {
    async listEvents(tenant, document) {
      const rows = await createHistoryRows(parts.store.sql).list(tenant, document)
      return rows.map(({ number, event, at_ms: atMs, detail, hash }) => ({
        number,
        event,
        atMs,
        detail: JSON.parse(detail) as JsonObject, // written by this room
        hash,
      }))
    },
    async verify(tenant, name) {
      const rows = createKnowledgeRows(parts.store.sql)
      return verifyCollection(parts, await getCollection(rows, tenant, name))
    },
  }
}

/** Makes every term of every passage anew, and holds them against what the index has. */
async function verifyCollection(parts: VerifierParts, collection: CollectionRow): Promise<CollectionReport> {
  const rows = createKnowledgeRows(parts.store.sql)
  const entries = await rows.listAllEntries(collection.number)
  const former = new Set(entries.filter(({ analyser }) => analyser !== parts.analyser.id).map(({ number }) => number))
  const index = await readIndex(parts, collection)
  const formerChunks = new Set<number>()
  const counted = { passages: 0, contexts: 0, wrongSpans: 0, missingPostings: 0, terms: 0 }
  const verifying = { parts, collection, index, former, formerChunks, counted }
  for (let from = 0; from < entries.length; from += entriesPerRead) {
    await verifyEntries(verifying, entries.slice(from, from + entriesPerRead))
  }
  const { passages, wrongSpans, missingPostings, terms } = counted
  return {
    documents: new Set(entries.map((entry) => entry.document_id)).size,
    formerDocuments: new Set(entries.filter(({ number }) => former.has(number)).map((entry) => entry.document_id)).size,
    passages,
    wrongSpans,
    missingPostings,
    // What has not been taken out by a passage that is there.
    strayPostings: [...index].filter((key) => !formerChunks.has(Number.parseInt(key, 10))).length,
    wrongCounts: [
      collection.chunk_count !== passages,
      collection.term_count !== terms,
      collection.context_count !== counted.contexts,
    ].filter(Boolean).length,
    historyBreak: await findBreak(parts.store.sql, collection.number),
  }
}

interface Verifying {
  readonly parts: VerifierParts
  readonly collection: CollectionRow
  /** Postings as `chunk term packed`, of which those that are right are taken out. */
  readonly index: Set<string>
  /** Entries that another analyser has indexed. */
  readonly former: ReadonlySet<number>
  /** Their passages. */
  readonly formerChunks: Set<number>
  readonly counted: { passages: number; contexts: number; wrongSpans: number; missingPostings: number; terms: number }
}

async function verifyEntries(
  { parts, collection, index, former, formerChunks, counted }: Verifying,
  entries: readonly EntryRow[],
): Promise<void> {
  const rows = createKnowledgeRows(parts.store.sql)
  const texts = await rows.listVersionTexts(collection.tenant, entries)
  const numbers = entries.map((entry) => entry.number)
  for (const chunk of await rows.listChunks(collection.number, numbers)) {
    const version = texts.get(chunk.entry)
    counted.passages++
    if (chunk.context !== null) counted.contexts++
    if (version?.text.slice(chunk.start_at, chunk.end_at) !== chunk.text) counted.wrongSpans++
    // Another analyser's terms cannot be made anew; they are taken as they are.
    if (former.has(chunk.entry)) {
      formerChunks.add(chunk.number)
      counted.terms += chunk.term_count
      continue
    }
    const source = toChunkSource(chunk, { name: version?.name ?? '', title: version?.title ?? null })
    const { terms, packed, termCount } = indexChunk(parts.analyser, source)
    counted.terms += termCount
    for (const [at, term] of terms.entries()) {
      if (!index.delete(toKey(chunk.number, term, packed[at] ?? 0))) counted.missingPostings++
    }
  }
}

async function readIndex({ store }: VerifierParts, { number }: CollectionRow): Promise<Set<string>> {
  const found = new Set<string>()
  const postings = createPostingRows(store.sql)
  for (const segment of await postings.listSegments(number)) {
    for (const { payload } of await postings.readSegment(number, segment.number)) {
      for (const [term, run] of decodeBucket(payload)) {
        const { chunks, packed } = decodeRuns([run])
        for (const [at, chunk] of chunks.entries()) found.add(toKey(chunk, term, packed[at] ?? 0))
      }
    }
  }
  for (const { number: chunk, terms: bytes } of await createKnowledgeRows(store.sql).listFresh(number, freshMax)) {
    const { terms, packed } = decodeTerms(bytes)
    for (const [at, term] of terms.entries()) found.add(toKey(chunk, term, packed[at] ?? 0))
  }
  return found
}

const freshMax = 1_000_000

function toKey(chunk: number, term: string, packed: number): string {
  return `${chunk} ${packed} ${term}`
}
