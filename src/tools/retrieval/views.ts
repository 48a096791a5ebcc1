import { PlatformError } from '../../core/errors.ts'
import type { CollectionView, DocumentView, VersionView } from './knowledge.ts'
import type { CollectionRow, DocumentRow, KnowledgeRows, Place, VersionOfDocument } from './store.ts'

/** Throws NOT_FOUND when the tenant has no collection of that name. */
export async function getCollection(
  rows: Pick<KnowledgeRows, 'findCollection'>,
  tenant: string,
  name: string,
): Promise<CollectionRow> {
  const row = await rows.findCollection(tenant, name)
  if (row === undefined) throw noCollection(name)
  return row
}

export function noCollection(name: string): PlatformError {
  return new PlatformError('NOT_FOUND', `there is no collection "${name}"`, { param: 'collection' })
}

/** Throws NOT_FOUND when the collection has no document of that id. */
export async function getDocument(rows: KnowledgeRows, place: Place, id: string): Promise<DocumentRow> {
  const row = await rows.findDocument(place, id)
  if (row === undefined) throw noDocument(id)
  return row
}

/** External ids hold slashes, so that paths name documents by their own ids; who gives the other is told so. */
export function noDocument(id: string): PlatformError {
  const hint = id.startsWith('doc_')
    ? ''
    : '; a document is named by its id, "doc_…", which a listing gives beside yours'
  return new PlatformError('NOT_FOUND', `the collection has no document "${id.slice(0, 128)}"${hint}`, {
    param: 'document',
  })
}

export function toCollectionView(row: CollectionRow & { readonly documents: number }): CollectionView {
  return { id: row.id, name: row.name, createdAtMs: row.created_at_ms, documents: row.documents }
}

export function toDocumentView(row: DocumentRow): DocumentView {
  return {
    id: row.id,
    externalId: row.external_id,
    name: row.name,
    version: row.version_id,
    chunks: row.chunk_count,
    updatedAtMs: row.updated_at_ms,
  }
}

export function toVersionView(row: VersionOfDocument): VersionView {
  return {
    id: row.id,
    document: row.document_id,
    collection: row.collection_name,
    externalId: row.external_id,
    name: row.name,
    title: row.title ?? undefined,
    parser: row.parser,
    text: row.text,
    isCurrent: row.current_version_id === row.id,
    createdAtMs: row.created_at_ms,
  }
}
