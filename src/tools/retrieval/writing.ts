import type { Kysely } from 'kysely'
import { PlatformError } from '../../core/errors.ts'
import type { Tables } from '../../store/index.ts'
import type { Preparation } from '../preparation/index.ts'
import { checkPrincipals, requireWholeSight } from './access/granting.ts'
import { createAccessWrites, type AccessWrites } from './access/store.ts'
import type { Analyser } from './analyse.ts'
import { cleanUp } from './deleting.ts'
import type { Widen } from './finding.ts'
import { recordEvents, type NewEvent } from './history/history.ts'
import { createHistoryRows } from './history/store.ts'
import type { DocumentView, Knowledge, KnowledgeParts, NewDocument } from './knowledge.ts'
import { createStageRows, type StageRow } from './lineage/store.ts'
import { toPlaces } from './places/places.ts'
import { createPlaceRows, type VersionPlaces } from './places/store.ts'
import { encodeTerms } from './postings/codec.ts'
import { prepareDocument, type Outcome, type Ready } from './readying.ts'
import { removeEntries } from './removing.ts'
import type { SearchThread } from './searching/thread.ts'
import {
  createKnowledgeRows,
  type ChunkRow,
  type CollectionRow,
  type DocumentRow,
  type EntryRow,
  type VersionRow,
} from './store.ts'
import { getCollection, noCollection, toDocumentView } from './views.ts'

type Writer = Pick<Knowledge, 'createCollection' | 'deleteCollection' | 'putDocument' | 'putDocuments'>

export interface WriterParts extends KnowledgeParts {
  readonly preparation: Preparation
  readonly analyser: Analyser
  /** Folds what documents can be filtered by. */
  readonly fold: (text: string) => string
  readonly thread: Pick<SearchThread, 'fold'>
  /** Has what is new in a collection embedded, beside the work. */
  readonly follow: (collection: number) => void
  readonly setAccess: Knowledge['setAccess']
  readonly widen: Widen
}

const nameLengthMax = 1_024
/** Documents written in one transaction. */
const documentsPerWrite = 100

/** Every act is one transaction over rows and index: both change, or neither does. */
export function createWriter(parts: WriterParts): Writer {
  const { store, clock, ids } = parts
  return {
    async createCollection(tenant, name) {
      if (!/^[a-z0-9][a-z0-9._-]{0,127}$/i.test(name)) {
        throw refuse('name', 'a name of a collection has letters, digits and . _ - only, at most 128')
      }
      const row = { tenant, id: ids.create('col'), name, created_at_ms: Math.trunc(clock.now()) }
      await store.transaction(async (sql) => {
        const number = await createKnowledgeRows(sql).insertCollection(row)
        if (number === undefined) throw new PlatformError('CONFLICT', `there is a collection "${name}" already`)
      })
      return { id: row.id, name, createdAtMs: row.created_at_ms, documents: 0 }
    },
    async deleteCollection(tenant, name, viewer) {
      const versions = await store.transaction(async (sql) => {
        const rows = createKnowledgeRows(sql)
        const collection = await rows.lockCollection(tenant, name)
        if (collection === undefined) throw noCollection(name)
        const place = { tenant, collection: collection.number }
        if (viewer !== undefined) await requireWholeSight(sql, place, parts.widen(viewer))
        const gone = await createHistoryRows(sql).withdraw(place, Math.trunc(clock.now()))
        await rows.deleteCollection(collection.number)
        return gone
      })
      await cleanUp(parts, tenant, versions)
    },
    async putDocument(tenant, collection, document) {
      const [view] = await putDocuments(parts, { tenant, collection, documents: [document] })
      if (view instanceof PlatformError) throw view
      if (view === undefined) throw new PlatformError('INTERNAL', 'a document was put and not answered')
      return view
    },
    putDocuments: (tenant, collection, documents) => putDocuments(parts, { tenant, collection, documents }),
  }
}

interface Put {
  readonly tenant: string
  readonly collection: string
  readonly documents: readonly NewDocument[]
}

async function putDocuments(parts: WriterParts, put: Put): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (let from = 0; from < put.documents.length; from += documentsPerWrite) {
    outcomes.push(...(await putSome(parts, { ...put, documents: put.documents.slice(from, from + documentsPerWrite) })))
  }
  return outcomes
}

async function putSome(parts: WriterParts, { tenant, collection: name, documents }: Put): Promise<readonly Outcome[]> {
  const rows = createKnowledgeRows(parts.store.sql)
  const { number } = await getCollection(rows, tenant, name)
  for (const { externalId, name: title, access, region } of documents) {
    checkName('external_id', externalId)
    checkName('name', title)
    checkPrincipals('access', [...(access?.allow ?? []), ...(access?.deny ?? [])])
    if (region !== undefined && parts.isRegion?.(region) === false) {
      throw refuse(
        'region',
        'region is none of this server; use a country code, "eu", "local", or one of governance.regions',
      )
    }
  }
  const externalIds = documents.map((document) => document.externalId)
  const known = new Map(
    (await rows.findByExternalIds({ tenant, collection: number }, externalIds)).map((row) => [row.external_id, row]),
  )
  const outcomes: (Outcome | undefined)[] = []
  const ready: Ready[] = []
  for (const document of documents) {
    const outcome = await prepareDocument(parts, { tenant, document, known: known.get(document.externalId) })
    if ('prepared' in outcome) ready.push(outcome)
    outcomes.push('prepared' in outcome ? undefined : outcome)
  }
  const written = ready.length === 0 ? [] : await writeAll(parts, { tenant, name, ready })
  for (const [index, outcome] of outcomes.entries()) {
    const access = documents[index]?.access
    if (access === undefined || outcome === undefined || outcome instanceof PlatformError) continue
    await parts.setAccess({ tenant, collection: name, document: outcome.id, access })
  }
  let next = 0
  return outcomes.map((outcome) => outcome ?? written[next++] ?? new PlatformError('INTERNAL', 'a document was lost'))
}

interface Write {
  readonly tenant: string
  readonly name: string
  readonly ready: readonly Ready[]
}

async function writeAll(parts: WriterParts, write: Write): Promise<readonly DocumentView[]> {
  const { collection, views } = await parts.store.transaction((sql) => writeSome(parts, sql, write))
  parts.follow(collection.number)
  await foldWaiting(parts, collection)
  return views
}

/** Whoever takes in faster than can be folded waits for it; else it is done beside. */
async function foldWaiting(
  { config, thread }: Pick<WriterParts, 'config' | 'thread'>,
  collection: Pick<CollectionRow, 'number' | 'chunk_next' | 'folded_to'>,
): Promise<void> {
  const waiting = collection.chunk_next - 1 - collection.folded_to
  const { foldChunksMax } = config
  if (waiting > 4 * foldChunksMax) await thread.fold(collection.number, foldChunksMax)
  else if (waiting > foldChunksMax) void thread.fold(collection.number, 0).catch(() => undefined)
}

/** The same for a collection that was written to elsewhere. */
export async function foldAside(
  parts: Pick<WriterParts, 'config' | 'thread' | 'store'>,
  number: number,
): Promise<void> {
  const collection = await createKnowledgeRows(parts.store.sql).findByNumber(number)
  if (collection !== undefined) await foldWaiting(parts, collection)
}

/** The rows of one transaction; written together at its end. */
interface Gathered {
  readonly documents: DocumentRow[]
  readonly versions: VersionRow[]
  readonly places: VersionPlaces[]
  readonly stages: StageRow[]
  /** Versions that are of the past from now on. */
  readonly past: string[]
  readonly entries: EntryRow[]
  readonly chunks: ChunkRow[]
  readonly events: NewEvent[]
  readonly lists: Parameters<AccessWrites['writeList']>[0][]
  /** Numbers of entries that are of the past from now on, and of those that changed in any way. */
  readonly closed: number[]
  readonly changed: number[]
}

function createGathered(): Gathered {
  return {
    documents: [],
    versions: [],
    places: [],
    stages: [],
    past: [],
    entries: [],
    chunks: [],
    events: [],
    lists: [],
    closed: [],
    changed: [],
  }
}

/** Every analyser that the index of a collection may hold terms of, the present one last; one alone when it holds none of another. */
function toAnalysers(collection: CollectionRow, present: string): string {
  if (collection.chunk_count === 0) return present
  const known = collection.analyser === '' ? ['unknown'] : collection.analyser.split(' ')
  return known.includes(present) ? collection.analyser : [...known, present].join(' ')
}

async function writeSome(
  parts: WriterParts,
  sql: Kysely<Tables>,
  { tenant, name, ready }: Write,
): Promise<{ readonly collection: CollectionRow; readonly views: readonly DocumentView[] }> {
  const rows = createKnowledgeRows(sql)
  let collection = await rows.lockCollection(tenant, name)
  if (collection === undefined) throw noCollection(name)
  const analyser = toAnalysers(collection, parts.analyser.id)
  if (collection.analyser !== analyser) {
    await rows.updateCollection(collection.number, { analyser })
    collection = { ...collection, analyser }
  }
  const place = { tenant, collection: collection.number }
  const externalIds = ready.map(({ document }) => document.externalId)
  const known = new Map((await rows.findByExternalIds(place, externalIds)).map((row) => [row.external_id, row]))
  const views: DocumentView[] = []
  const gathered = createGathered()
  for (const each of ready) {
    const former = known.get(each.document.externalId)
    if (former?.fingerprint === each.fingerprint && former.region === (each.document.region ?? former.region)) {
      views.push({ ...toDocumentView(former), outcome: 'unchanged' })
      continue
    }
    if (former !== undefined) collection = await retire({ parts, sql, collection, gathered }, former)
    const row = gather(parts, gathered, { collection, former, ready: each })
    known.set(row.external_id, row)
    const [entry] = gathered.entries.slice(-1)
    collection = {
      ...collection,
      entry_next: collection.entry_next + 1,
      chunk_next: collection.chunk_next + each.entries.length,
      chunk_count: collection.chunk_count + each.entries.length,
      term_count: collection.term_count + (entry?.term_count ?? 0),
    }
    views.push({ ...toDocumentView(row), outcome: former === undefined ? 'created' : 'updated' })
  }
  await rows.writeDocuments([...new Map(gathered.documents.map((row) => [row.id, row])).values()])
  for (const list of gathered.lists) await createAccessWrites(sql).writeList(list)
  await rows.insertVersions(gathered.versions)
  await createPlaceRows(sql).insertPlaces(tenant, gathered.places)
  const stages = createStageRows(sql)
  await stages.insertStages(gathered.stages)
  await stages.forgetParsed(tenant, gathered.past)
  await rows.insertEntries(gathered.entries)
  await rows.closeEntries(collection.number, gathered.closed, Math.trunc(parts.clock.now()))
  await rows.insertChunks(gathered.chunks)
  await recordEvents(sql, { ...place, atMs: Math.trunc(parts.clock.now()) }, gathered.events)
  const revision = await rows.recordChanges(collection.number, collection.revision, gathered.changed)
  const { number, entry_next, chunk_next, chunk_count, term_count, context_count } = collection
  const counts = { entry_next, chunk_next, chunk_count, term_count, context_count }
  await rows.updateCollection(number, { ...counts, revision })
  return { collection, views }
}

interface Retiring {
  readonly parts: WriterParts
  readonly sql: Kysely<Tables>
  readonly collection: CollectionRow
  readonly gathered: Gathered
}

/** The version in force becomes one of the past; what is older than `versionsMax` can no longer be searched. */
async function retire({ parts, sql, collection, gathered }: Retiring, former: DocumentRow): Promise<CollectionRow> {
  const rows = createKnowledgeRows(sql)
  const entries = [
    ...(await rows.listEntries(former.tenant, former.id)),
    ...gathered.entries.filter((entry) => entry.document_id === former.id),
  ]
  const current = entries.filter((entry) => entry.to_ms === null && !gathered.closed.includes(entry.number))
  gathered.closed.push(...current.map((entry) => entry.number))
  gathered.changed.push(...current.map((entry) => entry.number))
  const old = (await rows.listEntries(former.tenant, former.id)).slice(
    0,
    Math.max(0, entries.length + 1 - parts.config.versionsMax),
  )
  if (old.length === 0) return collection
  gathered.changed.push(...old.map((entry) => entry.number))
  return removeEntries({ sql, analyser: parts.analyser, collection }, old)
}

interface Gathering {
  readonly collection: CollectionRow
  readonly former: DocumentRow | undefined
  readonly ready: Ready
}

function gather(parts: WriterParts, gathered: Gathered, { collection, former, ready }: Gathering): DocumentRow {
  const { document, prepared, fingerprint, entries } = ready
  const { number } = collection
  const nowMs = Math.trunc(parts.clock.now())
  const id = former?.id ?? parts.ids.create('doc')
  const versionNumber = (former?.version_number ?? 0) + 1
  const row: DocumentRow = {
    tenant: collection.tenant,
    collection: number,
    id,
    external_id: document.externalId,
    name: document.name,
    version_id: `${id}.${versionNumber}`,
    version_number: versionNumber,
    fingerprint,
    chunk_count: prepared.chunks.length,
    created_at_ms: former?.created_at_ms ?? nowMs,
    updated_at_ms: nowMs,
    region: document.region ?? former?.region ?? null,
    acl: document.access === undefined ? (former?.acl ?? null) : id,
  }
  gathered.documents.push(row)
  if (document.access !== undefined) {
    const { allow, deny } = document.access
    gathered.lists.push({ tenant: row.tenant, id, allow: JSON.stringify(allow), deny: JSON.stringify(deny) })
  }
  const { parser } = prepared
  const detail = {
    version: row.version_id,
    parser,
    analyser: parts.analyser.id,
    passages: entries.length,
    made: fingerprint,
  }
  gathered.events.push({ event: 'taken-in', document: id, detail })
  gathered.versions.push({
    tenant: row.tenant,
    id: row.version_id,
    document_id: id,
    number: versionNumber,
    name: document.name,
    title: prepared.title ?? null,
    parser: prepared.parser,
    text: prepared.text,
    created_at_ms: nowMs,
  })
  gathered.places.push({ version: row.version_id, places: toPlaces(prepared) })
  gathered.stages.push({ ...ready.stages, tenant: row.tenant, version_id: row.version_id })
  if (former !== undefined) gathered.past.push(former.version_id)
  const entry = collection.entry_next
  gathered.changed.push(entry)
  gathered.entries.push({
    tenant: row.tenant,
    collection: number,
    number: entry,
    document_id: id,
    version_id: row.version_id,
    from_ms: nowMs,
    to_ms: null,
    term_count: entries.reduce((sum, { termCount }) => sum + termCount, 0),
    title: parts.fold(prepared.title ?? ''),
    source: parts.fold(`${document.name}\n${document.externalId}`),
    type: prepared.parser.replace(/@.*$/, ''),
    language: prepared.language?.toLowerCase() ?? null,
    context_key: null,
    analyser: parts.analyser.id,
  })
  gathered.chunks.push(...toChunkRows(ready, { row, entry, first: collection.chunk_next }))
  return row
}

function toChunkRows(
  { prepared, entries }: Ready,
  { row, entry, first }: { readonly row: DocumentRow; readonly entry: number; readonly first: number },
): readonly ChunkRow[] {
  return prepared.chunks.map((chunk, position): ChunkRow => {
    const terms = entries[position] ?? { terms: [], packed: new Uint16Array(0), termCount: 0, likeness: null }
    return {
      tenant: row.tenant,
      collection: row.collection,
      number: first + position,
      entry,
      start_at: chunk.start,
      end_at: chunk.end,
      term_count: terms.termCount,
      symbol_count: chunk.symbols.length,
      headings: JSON.stringify(chunk.headings),
      symbols: JSON.stringify(chunk.symbols),
      text: chunk.text,
      terms: encodeTerms(terms),
      likeness: terms.likeness,
      context: null,
      context_fault: null,
    }
  })
}

function checkName(param: string, value: string): void {
  if (value.trim() === '' || value.length > nameLengthMax || value.includes('\0') || !value.isWellFormed()) {
    throw refuse(param, `${param} has 1 to ${nameLengthMax} characters, not only blanks, no half ones and no U+0000`)
  }
}

function refuse(param: string, statement: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', statement, { param })
}
