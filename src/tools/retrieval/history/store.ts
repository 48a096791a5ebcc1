import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'

export type EventRow = Tables['knowledge_event']
export type WithdrawnRow = Tables['withdrawn_version']
export type ReceiptRow = Tables['deletion_receipt']

const rowsPerStatementMax = 200

/** The SQL of what happened to documents. */
export interface HistoryRows {
  findLast(collection: number): Promise<Pick<EventRow, 'number' | 'hash'> | undefined>
  insert(rows: readonly EventRow[]): Promise<void>
  list(tenant: string, document: string): Promise<readonly EventRow[]>
  /** In their order, from that number on. */
  listFrom(collection: number, number: number): Promise<readonly EventRow[]>
  findReceipt(tenant: string, document: string): Promise<ReceiptRow | undefined>
  listReceipts(tenant: string, limit: number): Promise<readonly ReceiptRow[]>
  /** Those of a document, or of all documents of a collection, as they stand. Resolves with them. */
  withdraw(
    of: { readonly tenant: string; readonly collection: number; readonly document?: string },
    atMs: number,
  ): Promise<readonly string[]>
  listWithdrawn(tenant: string, versions: readonly string[]): Promise<readonly WithdrawnRow[]>
  listWithdrawnOf(tenant: string, document: string): Promise<readonly WithdrawnRow[]>
  /** Deletions that have not been checked, of every tenant. */
  listUnchecked(): Promise<readonly ReceiptRow[]>
  insertReceipt(row: ReceiptRow): Promise<void>
  completeReceipt(row: ReceiptRow): Promise<void>
  /** Rows of any table that still belong to a document; `entries` are those it had. */
  countRows(document: Gone): Promise<number>
}

/** A document that has been deleted. */
export interface Gone {
  readonly tenant: string
  readonly document: string
  readonly collection: number
  /** Numbers of the entries it had; empty when they are not known any more. */
  readonly entries: readonly number[]
}

export function createHistoryRows(database: Kysely<Tables>): HistoryRows {
  const receipts = (tenant: string) => database.selectFrom('deletion_receipt').selectAll().where('tenant', '=', tenant)
  const withdrawn = (tenant: string) =>
    database.selectFrom('withdrawn_version').selectAll().where('tenant', '=', tenant)
  return {
    findLast: (collection) =>
      database
        .selectFrom('knowledge_event')
        .select(['number', 'hash'])
        .where('collection', '=', collection)
        .orderBy('number', 'desc')
        .limit(1)
        .executeTakeFirst(),
    async insert(rows) {
      for (let from = 0; from < rows.length; from += rowsPerStatementMax) {
        const part = rows.slice(from, from + rowsPerStatementMax)
        await database.insertInto('knowledge_event').values(part).execute()
      }
    },
    list: (tenant, document) =>
      database
        .selectFrom('knowledge_event')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('document_id', '=', document)
        .orderBy('number')
        .execute(),
    listFrom: (collection, number) =>
      database
        .selectFrom('knowledge_event')
        .selectAll()
        .where('collection', '=', collection)
        .where('number', '>=', number)
        .orderBy('number')
        .limit(1_000)
        .execute(),
    findReceipt: (tenant, document) => receipts(tenant).where('document_id', '=', document).executeTakeFirst(),
    listReceipts: (tenant, limit) => receipts(tenant).orderBy('deleted_at_ms', 'desc').limit(limit).execute(),
    listUnchecked: () => database.selectFrom('deletion_receipt').selectAll().where('statement', 'is', null).execute(),
    async insertReceipt(row) {
      await database.insertInto('deletion_receipt').values(row).execute()
    },
    async completeReceipt({ tenant, document_id: document, statement, public_key, signature }) {
      const changed = database.updateTable('deletion_receipt').set({ statement, public_key, signature })
      await changed.where('tenant', '=', tenant).where('document_id', '=', document).execute()
    },
    withdraw: (of, atMs) => withdraw(database, of, atMs),
    async listWithdrawn(tenant, versions) {
      const found: WithdrawnRow[] = []
      for (let from = 0; from < versions.length; from += rowsPerStatementMax) {
        const part = versions.slice(from, from + rowsPerStatementMax)
        found.push(...(await withdrawn(tenant).where('version_id', 'in', part).execute()))
      }
      return found
    },
    listWithdrawnOf: (tenant, document) =>
      withdrawn(tenant).where('document_id', '=', document).orderBy('version_id').execute(),
    countRows: (document) => countRows(database, document),
  }
}

async function withdraw(
  database: Kysely<Tables>,
  { tenant, collection, document }: Parameters<HistoryRows['withdraw']>[0],
  atMs: number,
): Promise<readonly string[]> {
  const versions = database
    .selectFrom('document_version')
    .innerJoin('document', (join) =>
      join
        .onRef('document.tenant', '=', 'document_version.tenant')
        .onRef('document.id', '=', 'document_version.document_id'),
    )
    .where('document.tenant', '=', tenant)
    .where('document.collection', '=', collection)
    .select([
      'document_version.tenant',
      'document_version.id as version_id',
      'document_version.document_id',
      sql<number>`cast(${atMs} as bigint)`.as('withdrawn_at_ms'),
    ])
  const rows = await database
    .insertInto('withdrawn_version')
    .columns(['tenant', 'version_id', 'document_id', 'withdrawn_at_ms'])
    .expression(document === undefined ? versions : versions.where('document.id', '=', document))
    .returning('version_id')
    .execute()
  return rows.map((row) => row.version_id)
}

async function countRows(database: Kysely<Tables>, { tenant, document, collection, entries }: Gone): Promise<number> {
  const { rows } = await sql<{ readonly count: number }>`
    select (select count(*) from document where tenant = ${tenant} and id = ${document})
      + (select count(*) from document_version where tenant = ${tenant} and document_id = ${document})
      + (select count(*) from index_entry where tenant = ${tenant} and document_id = ${document})
      + (select count(*) from chunk_context where tenant = ${tenant} and document_id = ${document})
      + (select count(*) from access_list where tenant = ${tenant} and id = ${document})
      + (select count(*) from chunk_vector vector where collection = ${collection} and not exists (
          select 1 from chunk where chunk.tenant = vector.tenant and chunk.collection = vector.collection
            and chunk.number = vector.chunk)) as count`.execute(database)
  let count = rows[0]?.count ?? 0
  for (let from = 0; from < entries.length; from += rowsPerStatementMax) {
    const left = database.selectFrom('chunk').select('number').where('tenant', '=', tenant)
    const part = entries.slice(from, from + rowsPerStatementMax)
    count += (await left.where('collection', '=', collection).where('entry', 'in', part).execute()).length
  }
  return count
}
