import type { Kysely } from 'kysely'
import type { Tables } from '../../store/index.ts'

/** Columns of a collection with the number of its documents. */
export interface CollectionRow {
  readonly number: number
  readonly id: string
  readonly name: string
  readonly created_at_ms: number
  readonly chunk_next: number
  readonly chunk_count: number
  readonly term_count: number
}

export type DocumentRow = Tables['document']
export type VersionRow = Tables['document_version']
export type ChunkRow = Tables['chunk']

const rowsPerStatementMax = 200

/** The SQL of collections, documents, versions and chunks. The tenant is part of every question. */
export interface KnowledgeRows {
  listCollections(tenant: string): Promise<readonly (CollectionRow & { readonly documents: number })[]>
  findCollection(tenant: string, name: string): Promise<CollectionRow | undefined>
  /** As `findCollection`, and nobody else changes the collection until the transaction ends. */
  lockCollection(tenant: string, name: string): Promise<CollectionRow | undefined>
  /** The number of the new collection; `undefined` when the name is taken. */
  insertCollection(row: NewCollectionRow): Promise<number | undefined>
  updateCounts(collection: Pick<CollectionRow, 'number' | 'chunk_next' | 'chunk_count' | 'term_count'>): Promise<void>
  /** With all its documents, versions and chunks. */
  deleteCollection(number: number): Promise<void>
  listDocuments(place: Place, page: { readonly limit: number; readonly after: string }): Promise<readonly DocumentRow[]>
  findDocument(place: Place, id: string): Promise<DocumentRow | undefined>
  findDocumentByExternalId(place: Place, externalId: string): Promise<DocumentRow | undefined>
  /** Inserts, or overwrites the row of that id. */
  writeDocument(row: DocumentRow): Promise<void>
  /** With its versions and chunks. */
  deleteDocument(tenant: string, id: string): Promise<void>
  insertVersion(row: VersionRow): Promise<void>
  findVersion(tenant: string, id: string): Promise<VersionOfDocument | undefined>
  insertChunks(rows: readonly ChunkRow[]): Promise<void>
  /** Numbers and sizes of the chunks of a document. */
  listChunkSizes(tenant: string, document: string): Promise<readonly Pick<ChunkRow, 'number' | 'term_count'>[]>
  deleteChunks(tenant: string, document: string): Promise<void>
  findChunks(place: Place, numbers: readonly number[]): Promise<readonly FoundChunk[]>
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

/** A chunk with the name its document had when it was taken in. */
export type FoundChunk = ChunkRow & { readonly name: string }

export function createKnowledgeRows(sql: Kysely<Tables>): KnowledgeRows {
  return {
    ...createCollectionRows(sql),
    ...createDocumentRows(sql),
    ...createVersionRows(sql),
    ...createChunkRows(sql),
  }
}

type CollectionPart = Pick<
  KnowledgeRows,
  'listCollections' | 'findCollection' | 'lockCollection' | 'insertCollection' | 'updateCounts' | 'deleteCollection'
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
        .values({ ...row, chunk_next: 1, chunk_count: 0, term_count: 0 })
        .onConflict((conflict) => conflict.columns(['tenant', 'name']).doNothing())
        .returning('number')
        .executeTakeFirst()
      return inserted?.number
    },
    async updateCounts({ number, chunk_next, chunk_count, term_count }) {
      await sql
        .updateTable('collection')
        .set({ chunk_next, chunk_count, term_count })
        .where('number', '=', number)
        .execute()
    },
    async deleteCollection(number) {
      await sql.deleteFrom('collection').where('number', '=', number).execute()
    },
  }
}

type DocumentPart = Pick<
  KnowledgeRows,
  'listDocuments' | 'findDocument' | 'findDocumentByExternalId' | 'writeDocument' | 'deleteDocument'
>

function createDocumentRows(sql: Kysely<Tables>): DocumentPart {
  const within = ({ tenant, collection }: Place) =>
    sql.selectFrom('document').selectAll().where('tenant', '=', tenant).where('collection', '=', collection)
  return {
    listDocuments: (place, { limit, after }) =>
      within(place).where('external_id', '>', after).orderBy('external_id').limit(limit).execute(),
    findDocument: (place, id) => within(place).where('id', '=', id).executeTakeFirst(),
    findDocumentByExternalId: (place, externalId) =>
      within(place).where('external_id', '=', externalId).executeTakeFirst(),
    async writeDocument(row) {
      const { tenant: _tenant, id: _id, created_at_ms: _createdAtMs, ...changing } = row
      await sql
        .insertInto('document')
        .values(row)
        .onConflict((conflict) => conflict.columns(['tenant', 'id']).doUpdateSet(changing))
        .execute()
    },
    async deleteDocument(tenant, id) {
      await sql.deleteFrom('document').where('tenant', '=', tenant).where('id', '=', id).execute()
    },
  }
}

function createVersionRows(sql: Kysely<Tables>): Pick<KnowledgeRows, 'insertVersion' | 'findVersion'> {
  return {
    async insertVersion(row) {
      await sql.insertInto('document_version').values(row).execute()
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

type ChunkPart = Pick<KnowledgeRows, 'insertChunks' | 'listChunkSizes' | 'deleteChunks' | 'findChunks'>

function createChunkRows(sql: Kysely<Tables>): ChunkPart {
  return {
    async insertChunks(rows) {
      for (let from = 0; from < rows.length; from += rowsPerStatementMax) {
        await sql
          .insertInto('chunk')
          .values(rows.slice(from, from + rowsPerStatementMax))
          .execute()
      }
    },
    listChunkSizes: (tenant, document) =>
      sql
        .selectFrom('chunk')
        .select(['number', 'term_count'])
        .where('tenant', '=', tenant)
        .where('document_id', '=', document)
        .execute(),
    async deleteChunks(tenant, document) {
      await sql.deleteFrom('chunk').where('tenant', '=', tenant).where('document_id', '=', document).execute()
    },
    findChunks: ({ tenant, collection }, numbers) =>
      sql
        .selectFrom('chunk')
        .innerJoin('document_version as version', (join) =>
          join.onRef('version.tenant', '=', 'chunk.tenant').onRef('version.id', '=', 'chunk.version_id'),
        )
        .selectAll('chunk')
        .select('version.name')
        .where('chunk.tenant', '=', tenant)
        .where('chunk.collection', '=', collection)
        .where('chunk.number', 'in', numbers)
        .execute(),
  }
}
