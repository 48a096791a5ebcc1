import { z } from 'zod'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import {
  newUseCase,
  toLiteracyJson,
  toUseCaseJson,
  toFullUseCaseJson,
  toVersionJson,
  toDocumentJson,
} from '../../shapes/index.ts'

const date = z.iso.date().describe('YYYY-MM-DD.')
const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'SHA-256, 64 lower-case hexadecimal digits')
  .describe('SHA-256 of the file.')

const namedUseCase = newUseCase.extend({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dot, dash, underscore')
    .describe('The name that keys and requests use.'),
})

const newDocument = z.strictObject({
  hash,
  date: date.describe('Of the document, YYYY-MM-DD.'),
  owner: z.string().min(1).max(200).describe('Who answers for it.'),
  place: z.string().min(1).max(1_000).optional().describe('Where it can be found.'),
})

const newLiteracy = z.strictObject({
  person: z.string().min(1).max(200).describe('Who took part.'),
  measure: z.string().min(1).max(1_000).describe('What was done: a course, its contents.'),
  date,
  hash: hash.optional(),
})

/** Use cases: what is declared, what follows from it, what is still missing. */
export function useCaseRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/use-cases',
      access: 'use-cases:read',
      summary: 'Use cases of the configuration and of the tenant, each with what the packs in force make of it.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: parts.useCases.list(principal.tenant).map(toUseCaseJson) },
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/use-cases/questions',
      access: 'use-cases:read',
      summary: 'The questions of each pack in force, with the answers there are.',
      answer: async ({ parts }) => ({ status: 200, body: { object: 'questions', packs: parts.useCases.questions() } }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/use-cases',
      access: 'use-cases:manage',
      summary: 'Registers a use case, or a new version of one; it is decided by from its activation on.',
      body: namedUseCase,
      answer: async ({ parts, principal, body: { name, ...said } }) => ({
        status: 201,
        body: toUseCaseJson(await parts.useCases.register(principal, name, said)),
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/use-cases/{name}',
      access: 'use-cases:read',
      summary:
        'A use case: decisions, documents that are there or missing, what changes on days to come, hints in content.',
      answer: async ({ parts, principal, exchange }) => {
        const standing = await parts.useCases.get(principal.tenant, exchange.parameters['name'] ?? '')
        return { status: 200, body: toFullUseCaseJson(standing, parts.clock.now()) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/use-cases/{name}/versions',
      access: 'use-cases:read',
      summary: 'Every version of a registered use case, and every document it ever had.',
      answer: async ({ parts, principal, exchange }) => {
        const { registry } = parts.useCases
        const [tenant, name] = [principal.tenant, exchange.parameters['name'] ?? '']
        await parts.useCases.get(tenant, name)
        const versions = (await registry.listVersions(tenant, name)).map(toVersionJson)
        const documents = (await registry.listDocuments(tenant, name)).map(toDocumentJson)
        return { status: 200, body: { object: 'list', data: versions, documents } }
      },
    }),
    ...changeRoutes(getParts),
    ...literacyRoutes(getParts),
  ]
}

function changeRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'PUT',
      path: '/v1/use-cases/{name}/documents/{slot}',
      access: 'use-cases:manage',
      summary: 'Puts a document on record by its hash; it takes the place of the former one, which stays on record.',
      body: newDocument,
      answer: async ({ parts, principal, exchange, body }) => {
        const { name = '', slot = '' } = exchange.parameters
        const document = { slot, hash: body.hash, dated: body.date, owner: body.owner, place: body.place }
        return { status: 200, body: toUseCaseJson(await parts.useCases.addDocument(principal, name, document)) }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/use-cases/{name}/activate',
      access: 'use-cases:manage',
      summary: 'Puts the latest version in force; refused while answers or documents are missing.',
      answer: async ({ parts, principal, exchange }) => ({
        status: 200,
        body: toUseCaseJson(await parts.useCases.activate(principal, exchange.parameters['name'] ?? '')),
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/use-cases/{name}/retire',
      access: 'use-cases:manage',
      summary: 'Ends a use case for good; its requests are refused from then on.',
      answer: async ({ parts, principal, exchange }) => ({
        status: 200,
        body: toUseCaseJson(await parts.useCases.retire(principal, exchange.parameters['name'] ?? '')),
      }),
    }),
  ]
}

function literacyRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/literacy',
      access: 'documentation:read',
      summary: 'Measures that support the staff’s literacy in artificial intelligence.',
      answer: async ({ parts, principal }) => {
        const rows = await parts.useCases.registry.listLiteracy(principal.tenant)
        return { status: 200, body: { object: 'list', data: rows.map(toLiteracyJson) } }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/literacy',
      access: 'use-cases:manage',
      summary: 'Puts a measure on record.',
      body: newLiteracy,
      answer: async ({ parts, principal, body }) => {
        const { person, measure, date: dated, hash: file } = body
        const row = await parts.useCases.registry.addLiteracy(principal, { person, measure, dated, hash: file ?? null })
        return { status: 201, body: toLiteracyJson(row) }
      },
    }),
  ]
}
