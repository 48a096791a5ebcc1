import { z } from 'zod'
import { toIso } from '../../../core/time.ts'
import type { CollectionView, DocumentView } from '../../../tools/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { newDocument, readDocumentBody } from './document-body.ts'
import { operation, readNumber } from './operation.ts'
import { checkMayReplace, checkMaySee, parameter, toReceiptJson, toViewer } from './viewing.ts'

const collectionName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/i, 'letters, digits and . _ -; at most 128')

const newCollection = z.strictObject({ name: collectionName.describe('Name of the collection.') })

export { accessList } from './document-body.ts'

/** Knowledge: collections and their documents. */
export function collectionRoutes(getParts: GetParts): readonly Route[] {
  return [...routesOfCollections(getParts), ...routesOfDocuments(getParts)]
}

function routesOfCollections(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/collections',
      access: 'key',
      summary: 'Creates a collection.',
      body: newCollection,
      answer: async ({ parts, principal, body }) => ({
        status: 201,
        body: toCollection(await parts.knowledge.createCollection(principal.tenant, body.name)),
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/collections',
      access: 'key',
      summary: 'Lists the collections of the tenant.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: (await parts.knowledge.listCollections(principal.tenant)).map(toCollection) },
      }),
    }),
    operation(getParts, {
      method: 'DELETE',
      path: '/v1/collections/{collection}',
      access: 'key',
      summary: 'Deletes a collection with all its documents.',
      answer: async (given) => {
        await given.parts.knowledge.deleteCollection(given.principal.tenant, parameter(given, 'collection'))
        return { status: 200, body: { deleted: true } }
      },
    }),
  ]
}

function routesOfDocuments(getParts: GetParts): readonly Route[] {
  const path = '/v1/collections/{collection}/documents'
  return [
    operation(getParts, {
      method: 'POST',
      path,
      access: 'key',
      summary:
        'Takes in a document: JSON with its text, or a form (multipart) with its file; idempotent by external id.',
      reader: { json: newDocument, read: readDocumentBody },
      answer: async (given) => {
        await checkMayReplace(given, given.body.externalId)
        const document = await given.parts.knowledge.putDocument(
          given.principal.tenant,
          parameter(given, 'collection'),
          given.body,
        )
        return { status: document.outcome === 'created' ? 201 : 200, body: toDocument(document) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path,
      access: 'key',
      summary: 'Lists the documents of a collection by their external ids; ?limit= and ?after= page.',
      answer: async (given) => {
        const limit = readNumber(given.exchange, 'limit', { min: 1, max: 1_000, default: 100 })
        const after = given.exchange.query().get('after') ?? undefined
        const { knowledge } = given.parts
        const { tenant } = given.principal
        const documents = await knowledge.listDocuments(tenant, parameter(given, 'collection'), {
          limit,
          after,
          viewer: toViewer(given),
        })
        const body = { object: 'list', data: documents.map(toDocument), has_more: documents.length === limit }
        return { status: 200, body }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: `${path}/{document}`,
      access: 'key',
      summary: 'Describes one document.',
      answer: async (given) => {
        const { knowledge } = given.parts
        const [collection, id] = [parameter(given, 'collection'), parameter(given, 'document')]
        await checkMaySee(given, id)
        return { status: 200, body: toDocument(await knowledge.getDocument(given.principal.tenant, collection, id)) }
      },
    }),
    routeOfDeletion(getParts, `${path}/{document}`),
  ]
}

function routeOfDeletion(getParts: GetParts, path: string): Route {
  return operation(getParts, {
    method: 'DELETE',
    path,
    access: 'key',
    summary: 'Deletes one document with all of it, and gives a signed receipt.',
    answer: async (given) => {
      const [collection, id] = [parameter(given, 'collection'), parameter(given, 'document')]
      await checkMaySee(given, id)
      const receipt = await given.parts.knowledge.deleteDocument(given.principal.tenant, collection, id)
      return { status: 200, body: { deleted: true, receipt: toReceiptJson(receipt) } }
    },
  })
}

function toCollection(collection: CollectionView): object {
  const { createdAtMs, ...rest } = collection
  return { object: 'collection', ...rest, created_at: toIso(createdAtMs) }
}

function toDocument(document: DocumentView): object {
  const { externalId, updatedAtMs, ...rest } = document
  return { object: 'document', ...rest, external_id: externalId, updated_at: toIso(updatedAtMs) }
}
