import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { PlatformError } from '../../core/errors.ts'
import type { Tables } from '../../store/index.ts'
import type { Chunk, PreparedDocument, Preparation } from '../preparation/index.ts'
import type { Analyser } from './analyse.ts'
import type { DocumentView, Knowledge, KnowledgeParts, NewDocument } from './knowledge.ts'
import { createKnowledgeRows, type CollectionRow, type DocumentRow } from './store.ts'
import type { IndexEntry, TermIndex } from './term-index.ts'
import { getCollection, noCollection, noDocument, toDocumentView } from './views.ts'

type Writer = Pick<Knowledge, 'createCollection' | 'deleteCollection' | 'putDocument' | 'deleteDocument'>

interface WriterParts extends KnowledgeParts {
  readonly preparation: Preparation
  readonly analyser: Analyser
  readonly index: TermIndex
}

const nameLengthMax = 1_024
/** Chunks analysed before other work of the process gets its turn: about two milliseconds. */
const chunksPerTurn = 16

/** Every act is one transaction over rows and index: both change, or neither does. */
export function createWriter(parts: WriterParts): Writer {
  const { store, clock, ids, index } = parts
  return {
    async createCollection(tenant, name) {
      if (!/^[a-z0-9][a-z0-9._-]{0,127}$/i.test(name)) {
        throw refuse('name', 'a name of a collection has letters, digits and . _ - only, at most 128')
      }
      const row = { tenant, id: ids.create('col'), name, created_at_ms: Math.trunc(clock.now()) }
      await store.transaction(async (sql) => {
        const number = await createKnowledgeRows(sql).insertCollection(row)
        if (number === undefined) throw new PlatformError('CONFLICT', `there is a collection "${name}" already`)
        await index.create(sql, number)
      })
      return { id: row.id, name, createdAtMs: row.created_at_ms, documents: 0 }
    },
    deleteCollection: (tenant, name) =>
      store.transaction(async (sql) => {
        const rows = createKnowledgeRows(sql)
        const collection = await rows.lockCollection(tenant, name)
        if (collection === undefined) throw noCollection(name)
        await index.drop(sql, collection.number)
        await rows.deleteCollection(collection.number)
      }),
    putDocument: (tenant, collection, document) => putDocument(parts, { tenant, collection, document }),
    deleteDocument: (tenant, name, id) =>
      store.transaction(async (sql) => {
        const rows = createKnowledgeRows(sql)
        const collection = await rows.lockCollection(tenant, name)
        if (collection === undefined) throw noCollection(name)
        const document = await rows.findDocument({ tenant, collection: collection.number }, id)
        if (document === undefined) throw noDocument(id)
        const counts = await removeChunks({ sql, index, collection }, document)
        await rows.deleteDocument(tenant, id)
        await rows.updateCounts(counts)
      }),
  }
}

interface Put {
  readonly tenant: string
  readonly collection: string
  readonly document: NewDocument
}

/** Everything that takes time is done before the transaction begins. */
async function putDocument(parts: WriterParts, { tenant, collection, document }: Put): Promise<DocumentView> {
  checkName('externalId', document.externalId)
  checkName('name', document.name)
  const { store, analyser, preparation } = parts
  const rows = createKnowledgeRows(store.sql)
  const { number } = await getCollection(rows, tenant, collection)
  const file = { ...document, source: document.name }
  // Known before anything is read, so that what has not changed costs nothing.
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([preparation.keyOf(file), analyser.id]))
    .digest('hex')
  const known = await rows.findDocumentByExternalId({ tenant, collection: number }, document.externalId)
  if (known?.fingerprint === fingerprint) return { ...toDocumentView(known), outcome: 'unchanged' }
  const prepared = await preparation.prepare(file)
  const entries = await analyseChunks(analyser, document.name, prepared)
  return store.transaction((sql) =>
    writeDocument({ ...parts, sql, tenant, name: collection, document, prepared, fingerprint, entries }),
  )
}

interface Write extends WriterParts {
  readonly sql: Kysely<Tables>
  readonly tenant: string
  readonly name: string
  readonly document: NewDocument
  readonly prepared: PreparedDocument
  readonly fingerprint: string
  /** One for each chunk, numbered from 0. */
  readonly entries: readonly IndexEntry[]
}

async function writeDocument(write: Write): Promise<DocumentView> {
  const { sql, tenant, name, document, prepared, fingerprint, index, ids } = write
  const rows = createKnowledgeRows(sql)
  let collection = await rows.lockCollection(tenant, name)
  if (collection === undefined) throw noCollection(name)
  const place = { tenant, collection: collection.number }
  const known = await rows.findDocumentByExternalId(place, document.externalId)
  if (known?.fingerprint === fingerprint) return { ...toDocumentView(known), outcome: 'unchanged' }
  if (known !== undefined) collection = await removeChunks({ sql, index, collection }, known)

  const nowMs = Math.trunc(write.clock.now())
  const id = known?.id ?? ids.create('doc')
  const versionNumber = (known?.version_number ?? 0) + 1
  const row: DocumentRow = {
    ...place,
    id,
    external_id: document.externalId,
    name: document.name,
    version_id: `${id}.${versionNumber}`,
    version_number: versionNumber,
    fingerprint,
    chunk_count: prepared.chunks.length,
    created_at_ms: known?.created_at_ms ?? nowMs,
    updated_at_ms: nowMs,
  }
  await rows.writeDocument(row)
  await rows.insertVersion({
    tenant,
    id: row.version_id,
    document_id: id,
    number: versionNumber,
    name: document.name,
    title: prepared.title ?? null,
    parser: prepared.parser,
    text: prepared.text,
    created_at_ms: nowMs,
  })
  await addChunks(write, row, collection)
  return { ...toDocumentView(row), outcome: known === undefined ? 'created' : 'updated' }
}

async function addChunks(write: Write, document: DocumentRow, collection: CollectionRow): Promise<void> {
  const rows = createKnowledgeRows(write.sql)
  const first = collection.chunk_next
  const entries = write.entries.map((entry) => ({ ...entry, chunk: first + entry.chunk }))
  await rows.insertChunks(
    write.prepared.chunks.map((chunk, position) => ({
      tenant: document.tenant,
      collection: document.collection,
      number: first + position,
      document_id: document.id,
      version_id: document.version_id,
      start_at: chunk.start,
      end_at: chunk.end,
      term_count: countTerms(write.entries[position]),
      headings: JSON.stringify(chunk.headings),
      text: chunk.text,
    })),
  )
  if (entries.length > 0) await write.index.add(write.sql, document.collection, entries)
  await rows.updateCounts({
    number: collection.number,
    chunk_next: first + entries.length,
    chunk_count: collection.chunk_count + entries.length,
    term_count: collection.term_count + entries.reduce((sum, entry) => sum + countTerms(entry), 0),
  })
}

/** Takes the chunks of a document out of rows and index; the collection's counts without them are given back unwritten. */
async function removeChunks(
  { sql, index, collection }: { sql: Kysely<Tables>; index: TermIndex; collection: CollectionRow },
  document: DocumentRow,
): Promise<CollectionRow> {
  const rows = createKnowledgeRows(sql)
  const sizes = await rows.listChunkSizes(document.tenant, document.id)
  const numbers = sizes.map((size) => size.number)
  if (numbers.length > 0) await index.remove(sql, collection.number, numbers)
  await rows.deleteChunks(document.tenant, document.id)
  return {
    ...collection,
    chunk_count: collection.chunk_count - numbers.length,
    term_count: collection.term_count - sizes.reduce((sum, size) => sum + size.term_count, 0),
  }
}

async function analyseChunks(
  analyser: Analyser,
  name: string,
  { title, chunks }: PreparedDocument,
): Promise<readonly IndexEntry[]> {
  const entries: IndexEntry[] = []
  for (const [position, chunk] of chunks.entries()) {
    if (position % chunksPerTurn === chunksPerTurn - 1) await setImmediate()
    const head = analyser.analyse(toHead(name, title, chunk))
    entries.push({ chunk: position, head, body: analyser.analyse(chunk.text) })
  }
  return entries
}

/** What a chunk stands under: the name without its extension, the title, the headings; each once. */
function toHead(name: string, title: string | undefined, chunk: Chunk): string {
  const names = [name.replace(/\.[a-z0-9]{1,8}$/i, ''), ...(title === undefined ? [] : [title]), ...chunk.headings]
  return [...new Set(names)].join('\n')
}

function countTerms(entry: IndexEntry | undefined): number {
  return entry === undefined ? 0 : entry.head.length + entry.body.length
}

function checkName(param: string, value: string): void {
  if (value.trim() === '' || value.length > nameLengthMax || value.includes('\0') || !value.isWellFormed()) {
    throw refuse(param, `${param} has 1 to ${nameLengthMax} characters, not only blanks and no NUL`)
  }
}

function refuse(param: string, statement: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', statement, { param })
}
