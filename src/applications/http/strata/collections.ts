import { z } from 'zod'
import { toIso } from '../../../core/time.ts'
import type { CollectionView, DocumentView } from '../../../tools/index.ts'
import type { GetParts, HttpParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readNumber, type Operation } from './operation.ts'

const collectionName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/i, 'letters, digits and . _ -; at most 128')

const newCollection = z.strictObject({ name: collectionName.describe('Name of the collection.') })

const newDocument = z.strictObject({
  external_id: z.string().min(1).max(512).describe('Your own id of the document; the same id again replaces it.'),
  name: z.string().min(1).max(512).optional().describe('What people call it; the external id when absent.'),
  text: z.string().describe('The document, UTF-8 text or Markdown.'),
  media_type: z.enum(['text/plain', 'text/markdown']).optional().describe('Taken from the name when absent.'),
})

const newSearch = z.strictObject({
  query: z.string().min(1).max(10_000).describe('What to look for, in any language.'),
  collections: z.array(collectionName).min(1).max(64).optional().describe('Where to look; everywhere when absent.'),
  limit: z.int().min(1).max(100).optional().describe('Most passages returned.'),
})

const oneSearch = newSearch.omit({ collections: true })

/** Knowledge: collections, their documents, and search. */
export function collectionRoutes(getParts: GetParts): readonly Route[] {
  return [...routesOfCollections(getParts), ...routesOfDocuments(getParts), ...routesOfSearch(getParts)]
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
      summary: 'Takes in a document; idempotent by external id.',
      body: newDocument,
      answer: async (given) => {
        const document = await given.parts.knowledge.putDocument(
          given.principal.tenant,
          parameter(given, 'collection'),
          {
            externalId: given.body.external_id,
            name: given.body.name ?? given.body.external_id,
            bytes: Buffer.from(given.body.text, 'utf8'),
            mediaType: given.body.media_type,
          },
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
        const documents = await knowledge.listDocuments(tenant, parameter(given, 'collection'), { limit, after })
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
        return { status: 200, body: toDocument(await knowledge.getDocument(given.principal.tenant, collection, id)) }
      },
    }),
    operation(getParts, {
      method: 'DELETE',
      path: `${path}/{document}`,
      access: 'key',
      summary: 'Deletes one document, its versions and its passages.',
      answer: async (given) => {
        const [collection, id] = [parameter(given, 'collection'), parameter(given, 'document')]
        await given.parts.knowledge.deleteDocument(given.principal.tenant, collection, id)
        return { status: 200, body: { deleted: true } }
      },
    }),
  ]
}

function routesOfSearch(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/collections/{collection}/search',
      access: 'key',
      summary: 'Searches one collection.',
      body: oneSearch,
      answer: async (given) =>
        search(given.parts, {
          ...given.body,
          tenant: given.principal.tenant,
          collections: [parameter(given, 'collection')],
        }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/search',
      access: 'key',
      summary: 'Searches several collections, or all of the tenant.',
      body: newSearch,
      answer: async ({ parts, principal, body }) => search(parts, { ...body, tenant: principal.tenant }),
    }),
  ]
}

interface Search {
  readonly tenant: string
  readonly query: string
  readonly collections?: readonly string[] | undefined
  readonly limit?: number | undefined
}

async function search(parts: HttpParts, asked: Search): Promise<{ readonly status: number; readonly body: unknown }> {
  const collections =
    asked.collections ?? (await parts.knowledge.listCollections(asked.tenant)).map((collection) => collection.name)
  const passages = await parts.knowledge.search({
    tenant: asked.tenant,
    collections,
    query: asked.query,
    passagesMax: asked.limit ?? parts.config.knowledge.passagesMax,
  })
  return { status: 200, body: { object: 'list', data: passages } }
}

function parameter(given: Pick<Operation<unknown>, 'exchange'>, name: string): string {
  return given.exchange.parameters[name] ?? ''
}

function toCollection(collection: CollectionView): object {
  const { createdAtMs, ...rest } = collection
  return { object: 'collection', ...rest, created_at: toIso(createdAtMs) }
}

function toDocument(document: DocumentView): object {
  const { externalId, updatedAtMs, ...rest } = document
  return { object: 'document', ...rest, external_id: externalId, updated_at: toIso(updatedAtMs) }
}
