import { z } from 'zod'
import { toIso } from '../../../core/time.ts'
import type { CollectionView, DocumentView, IngestionJob } from '../../../tools/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { newDocument, readDocumentBody } from './document-body.ts'
import { operation, readNumber, toPage } from './operation.ts'
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
      access: 'knowledge:write',
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
      access: 'knowledge:read',
      summary: 'Lists the collections of the tenant.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: (await parts.knowledge.listCollections(principal.tenant)).map(toCollection) },
      }),
    }),
    operation(getParts, {
      method: 'DELETE',
      path: '/v1/collections/{collection}',
      access: 'knowledge:write',
      summary: 'Deletes a collection with all its documents, where the key may see each of them.',
      answer: async (given) => {
        const { parts, principal } = given
        await parts.knowledge.deleteCollection(principal.tenant, parameter(given, 'collection'), toViewer(given))
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
      access: 'knowledge:write',
      summary:
        'Takes in a document: JSON with its text, or a form (multipart) with its file; idempotent by external id. With `prefer: respond-async` it is put on record and taken in beside.',
      reader: { json: newDocument, read: readDocumentBody },
      answer: async (given) => {
        await checkMayReplace(given, given.body.externalId)
        const [{ tenant }, collection] = [given.principal, parameter(given, 'collection')]
        if (/\brespond-async\b/i.test(given.exchange.header('prefer') ?? '')) {
          return { status: 202, body: toJobJson(await given.parts.ingestion.enqueue(tenant, collection, given.body)) }
        }
        const document = await given.parts.knowledge.putDocument(tenant, collection, given.body)
        return { status: document.outcome === 'created' ? 201 : 200, body: toDocument(document) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path,
      access: 'knowledge:read',
      summary: 'Lists the documents of a collection by their external ids; ?limit= and ?after= page.',
      answer: async (given) => {
        const limit = readNumber(given.exchange, 'limit', { min: 1, max: 1_000, default: 100 })
        const after = given.exchange.query().get('after') ?? undefined
        const { knowledge } = given.parts
        const { tenant } = given.principal
        const documents = await knowledge.listDocuments(tenant, parameter(given, 'collection'), {
          limit: limit + 1,
          after,
          viewer: toViewer(given),
        })
        return { status: 200, body: toPage(documents, limit, toDocument) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: `${path}/{document}`,
      access: 'knowledge:read',
      summary: 'Describes one document.',
      answer: async (given) => {
        const { knowledge } = given.parts
        const [collection, id] = [parameter(given, 'collection'), parameter(given, 'document')]
        await checkMaySee(given, id)
        return { status: 200, body: toDocument(await knowledge.getDocument(given.principal.tenant, collection, id)) }
      },
    }),
    routeOfDeletion(getParts, `${path}/{document}`),
    ...routesOfIngestion(getParts),
  ]
}

function routesOfIngestion(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/ingestion',
      access: 'knowledge:manage',
      summary: 'Counts the documents that were put on record to be taken in beside, by their state.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'ingestion', jobs: await parts.ingestion.count(principal.tenant) },
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/ingestion/{job}',
      access: 'knowledge:read',
      summary: 'Whether a document that was put on record has been taken in.',
      answer: async (given) => {
        const job = given.parts.ingestion.get(given.principal.tenant, parameter(given, 'job'))
        return { status: 200, body: toJobJson(await job) }
      },
    }),
  ]
}

function toJobJson({ id, collection, externalId, state, document, reason, ...times }: IngestionJob): object {
  return {
    object: 'ingestion_job',
    id,
    collection,
    external_id: externalId,
    state,
    document: document === undefined ? null : toDocument(document),
    reason: reason ?? null,
    created_at: toIso(times.createdAtMs),
    ended_at: times.endedAtMs === undefined ? null : toIso(times.endedAtMs),
  }
}

function routeOfDeletion(getParts: GetParts, path: string): Route {
  return operation(getParts, {
    method: 'DELETE',
    path,
    access: 'knowledge:write',
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
