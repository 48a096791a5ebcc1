import type { Kysely } from 'kysely'
import type { Tables } from '../../store/index.ts'
import { createContextRows } from './contexts/store.ts'
import { createChunkRows, createEntryRows, inParts } from './entries/store.ts'

/** Columns of a collection with the number of its documents. */
export interface CollectionRow {
  readonly tenant: string
  readonly number: number
  readonly id: string
  readonly name: string
  readonly created_at_ms: number
  readonly chunk_next: number
  readonly chunk_count: number
  readonly term_count: number
  readonly revision: number
  readonly entry_next: number
  readonly folded_to: number
  readonly context_count: number
  readonly analyser: string
}

export type DocumentRow = Tables['document']
export type VersionRow = Tables['document_version']
export type ChunkRow = Tables['chunk']
export type EntryRow = Tables['index_entry']

/** The SQL of collections, documents, versions and chunks. The tenant is part of every question. */
export interface KnowledgeRows {
  listCollections(tenant: string): Promise<readonly (CollectionRow & { readonly documents: number })[]>
  findCollection(tenant: string, name: string): Promise<CollectionRow | undefined>
  /** As `findCollection`, and nobody else changes the collection until the transaction ends. */
  lockCollection(tenant: string, name: string): Promise<CollectionRow | undefined>
  /** The number of the new collection; `undefined` when the name is taken. */
  insertCollection(row: NewCollectionRow): Promise<number | undefined>
  updateCollection(number: number, changes: CollectionChanges): Promise<void>
  findByNumber(number: number): Promise<CollectionRow | undefined>
  /** Those that may hold terms of another analyser, of every tenant. */
  listAnalysedOtherwise(analyser: string): Promise<readonly CollectionRow[]>
  /** Holds the collection until the transaction ends; `undefined` when it is gone. */
  lockByNumber(number: number): Promise<CollectionRow | undefined>
  /** With all its documents, versions and chunks. */
  deleteCollection(number: number): Promise<void>
  listDocuments(place: Place, page: { readonly limit: number; readonly after: string }): Promise<readonly DocumentRow[]>
  /** Those that an access list or a region keeps from some. */
  listGuarded(place: Place): Promise<readonly Pick<DocumentRow, 'acl' | 'region'>[]>
  findDocument(place: Place, id: string): Promise<DocumentRow | undefined>
  /** In whichever collection it is. */
  findAnywhere(tenant: string, id: string): Promise<DocumentRow | undefined>
  findByExternalIds(place: Place, externalIds: readonly string[]): Promise<readonly DocumentRow[]>
  /** Inserts, or overwrites the rows of those ids. */
  writeDocuments(rows: readonly DocumentRow[]): Promise<void>
  /** With its versions, entries and chunks. */
  deleteDocument(tenant: string, id: string): Promise<void>
  insertVersions(rows: readonly VersionRow[]): Promise<void>
  /** The texts of all versions of a document. */
  listTexts(tenant: string, document: string): Promise<readonly string[]>
  /** Whether a text stands in any document that is kept, of any tenant: its words, its names, its headings. */
  isTextKept(text: string): Promise<boolean>
  findVersion(tenant: string, id: string): Promise<VersionOfDocument | undefined>
  /** Of one document, earliest first. */
  listEntries(tenant: string, document: string): Promise<readonly EntryRow[]>
  listAllEntries(collection: number): Promise<readonly EntryRow[]>
  /** Of a collection, those of these numbers that are there. */
  findEntries(collection: number, numbers: readonly number[]): Promise<readonly EntryRow[]>
  /** Entries after a number whose terms another analyser has made, ascending. */
  listFormer(collection: number, wanted: FormerWanted): Promise<readonly EntryRow[]>
  insertEntries(rows: readonly EntryRow[]): Promise<void>
  /** From that instant on the entries are of the past. */
  closeEntries(collection: number, entries: readonly number[], atMs: number): Promise<void>
  deleteEntries(collection: number, entries: readonly number[]): Promise<void>
  /** Name and title of the version of each entry, by its number. */
  listNames(
    tenant: string,
    entries: readonly EntryRow[],
  ): Promise<ReadonlyMap<number, Pick<VersionRow, 'name' | 'title'>>>
  /** One revision for each; the last one is given. */
  recordChanges(collection: number, revision: number, entries: readonly number[]): Promise<number>
  /** The version of each entry, by its number. */
  listVersionTexts(tenant: string, entries: readonly EntryRow[]): Promise<ReadonlyMap<number, VersionRow>>
  insertChunks(rows: readonly ChunkRow[]): Promise<void>
  listChunks(collection: number, entries: readonly number[]): Promise<readonly ChunkRow[]>
  /** Chunks whose terms are not in blocks yet, ascending. */
  listFresh(collection: number, limit: number): Promise<readonly FreshRow[]>
  /** Forgets the terms beside the chunks up to that number. */
  clearFresh(place: Place, last: number): Promise<void>
}

export type CollectionChanges = Partial<
  Pick<
    CollectionRow,
    'chunk_next' | 'chunk_count' | 'term_count' | 'context_count' | 'revision' | 'entry_next' | 'folded_to' | 'analyser'
  >
>

export interface FormerWanted {
  readonly analyser: string
  readonly after: number
  readonly limit: number
}

export interface FreshRow {
  readonly number: number
  readonly terms: Uint8Array
}

export interface Place {
  readonly tenant: string
  /** The number of the collection. */
  readonly collection: number
}

export interface NewCollectionRow {
  readonly tenant: string
  readonly id: string
  readonly name: string
  readonly created_at_ms: number
}

export type VersionOfDocument = VersionRow & {
  readonly collection_name: string
  readonly external_id: string
  readonly current_version_id: string
}

export function createKnowledgeRows(sql: Kysely<Tables>): KnowledgeRows {
  return {
    ...createCollectionRows(sql),
    ...createDocumentRows(sql),
    ...createVersionRows(sql),
    ...createEntryRows(sql),
    ...createChunkRows(sql),
  }
}

type CollectionPart = Pick<
  KnowledgeRows,
  | 'listCollections'
  | 'findCollection'
  | 'lockCollection'
  | 'lockByNumber'
  | 'findByNumber'
  | 'listAnalysedOtherwise'
  | 'insertCollection'
  | 'updateCollection'
  | 'deleteCollection'
>

function createCollectionRows(sql: Kysely<Tables>): CollectionPart {
  const findCollection = (tenant: string, name: string): Promise<CollectionRow | undefined> =>
    sql.selectFrom('collection').selectAll().where('tenant', '=', tenant).where('name', '=', name).executeTakeFirst()
  return {
    findCollection,
    listCollections: (tenant) =>
      sql
        .selectFrom('collection')
        .selectAll('collection')
        .select((build) =>
          build
            .selectFrom('document')
            .whereRef('document.collection', '=', 'collection.number')
            .select(build.fn.countAll<number>().as('count'))
            .$asScalar()
            .$notNull()
            .as('documents'),
        )
        .where('tenant', '=', tenant)
        .orderBy('name')
        .execute(),
    async lockCollection(tenant, name) {
      // Writing the row holds it until the transaction ends, on either engine.
      await sql.updateTable('collection').set({ name }).where('tenant', '=', tenant).where('name', '=', name).execute()
      return findCollection(tenant, name)
    },
    async insertCollection(row) {
      const inserted = await sql
        .insertInto('collection')
        .values({ ...row, chunk_next: 1, entry_next: 1, chunk_count: 0, term_count: 0 })
        .onConflict((conflict) => conflict.columns(['tenant', 'name']).doNothing())
        .returning('number')
        .executeTakeFirst()
      return inserted?.number
    },
    async updateCollection(number, changes) {
      await sql.updateTable('collection').set(changes).where('number', '=', number).execute()
    },
    findByNumber: (number) => sql.selectFrom('collection').selectAll().where('number', '=', number).executeTakeFirst(),
    listAnalysedOtherwise: (analyser) =>
      sql.selectFrom('collection').selectAll().where('analyser', '!=', analyser).orderBy('number').execute(),
    async lockByNumber(number) {
      const held = sql.updateTable('collection').set((build) => ({ name: build.ref('name') }))
      await held.where('number', '=', number).execute()
      return sql.selectFrom('collection').selectAll().where('number', '=', number).executeTakeFirst()
    },
    async deleteCollection(number) {
      await sql.deleteFrom('collection').where('number', '=', number).execute()
    },
  }
}

type DocumentPart = Pick<
  KnowledgeRows,
  | 'listDocuments'
  | 'listGuarded'
  | 'findDocument'
  | 'findAnywhere'
  | 'findByExternalIds'
  | 'writeDocuments'
  | 'deleteDocument'
>

function createDocumentRows(sql: Kysely<Tables>): DocumentPart {
  const within = ({ tenant, collection }: Place) =>
    sql.selectFrom('document').selectAll().where('tenant', '=', tenant).where('collection', '=', collection)
  return {
    listDocuments: (place, { limit, after }) =>
      within(place).where('external_id', '>', after).orderBy('external_id').limit(limit).execute(),
    listGuarded: (place) =>
      within(place)
        .clearSelect()
        .select(['acl', 'region'])
        .where((build) => build.or([build('acl', 'is not', null), build('region', 'is not', null)]))
        .execute(),
    findDocument: (place, id) => within(place).where('id', '=', id).executeTakeFirst(),
    findAnywhere: (tenant, id) =>
      sql.selectFrom('document').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    findByExternalIds: (place, externalIds) =>
      inParts(externalIds, (part) => within(place).where('external_id', 'in', part).execute()),
    async writeDocuments(rows) {
      await inParts(rows, async (part) => {
        await sql
          .insertInto('document')
          .values(part)
          .onConflict((conflict) =>
            conflict.columns(['tenant', 'id']).doUpdateSet((build) => ({
              name: build.ref('excluded.name'),
              version_id: build.ref('excluded.version_id'),
              version_number: build.ref('excluded.version_number'),
              fingerprint: build.ref('excluded.fingerprint'),
              chunk_count: build.ref('excluded.chunk_count'),
              updated_at_ms: build.ref('excluded.updated_at_ms'),
              region: build.ref('excluded.region'),
              acl: build.ref('excluded.acl'),
            })),
          )
          .execute()
        return []
      })
    },
    async deleteDocument(tenant, id) {
      await sql.deleteFrom('document').where('tenant', '=', tenant).where('id', '=', id).execute()
    },
  }
}

function createVersionRows(
  sql: Kysely<Tables>,
): Pick<KnowledgeRows, 'insertVersions' | 'listTexts' | 'isTextKept' | 'findVersion'> {
  return {
    async insertVersions(rows) {
      await inParts(rows, async (part) => {
        await sql.insertInto('document_version').values(part).execute()
        return []
      })
    },
    async listTexts(tenant, document) {
      const rows = await sql
        .selectFrom('document_version')
        .select('text')
        .where('tenant', '=', tenant)
        .where('document_id', '=', document)
        .execute()
      return rows.map((row) => row.text)
    },
    async isTextKept(text) {
      const row = await sql
        .selectFrom('document_version as version')
        .innerJoin('document', (join) =>
          join.onRef('document.tenant', '=', 'version.tenant').onRef('document.id', '=', 'version.document_id'),
        )
        .select('version.id')
        .where((build) =>
          build.or(
            (['version.text', 'version.name', 'version.title', 'document.external_id'] as const).map((column) =>
              build(build.fn('replace', [build.ref(column), build.val(text), build.val('')]), '!=', build.ref(column)),
            ),
          ),
        )
        .limit(1)
        .executeTakeFirst()
      return row !== undefined || (await createContextRows(sql).isContextKept(text))
    },
    findVersion: (tenant, id) =>
      sql
        .selectFrom('document_version as version')
        .innerJoin('document', (join) =>
          join.onRef('document.tenant', '=', 'version.tenant').onRef('document.id', '=', 'version.document_id'),
        )
        .innerJoin('collection', 'collection.number', 'document.collection')
        .selectAll('version')
        .select([
          'collection.name as collection_name',
          'document.external_id',
          'document.version_id as current_version_id',
        ])
        .where('version.tenant', '=', tenant)
        .where('version.id', '=', id)
        .executeTakeFirst(),
  }
}
