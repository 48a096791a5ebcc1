import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { errorCatalogue } from '../../core/errors.ts'
import { requestExtensionSchema } from './extension.ts'
import { isOfHouse, rightOf, type Route } from './route.ts'

/** The OpenAPI 3.1 description of a table of routes. */
export function toDescription(routes: readonly Route[]): JsonObject {
  const paths: Record<string, Record<string, JsonValue>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll('*}', '}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Strata',
      version: '1',
      description:
        'Bodies of the OpenAI and Anthropic routes are those of their vendors; a body may carry the field strata.',
    },
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
      schemas: { StrataExtension: toSchema(requestExtensionSchema), Error: errorSchema() },
    },
  }
}

function toOperation(route: Route): JsonObject {
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^a-z0-9]+(.)?/gi, (_, next: string | undefined) => (next ?? '').toUpperCase())}`,
    ...(route.access === 'public' ? { security: [] } : { 'x-strata-right': rightOf(route) }),
    ...(isOfHouse(route) ? { 'x-strata-scope': 'house' } : {}),
    ...parametersOf(route.path),
    ...bodyOf(route),
    responses: {
      '200': { description: 'The answer.' },
      default: {
        description: 'The error, in the shape of the face.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function parametersOf(path: string): JsonObject {
  const names = [...path.matchAll(/\{(\w+)\*?\}/g)].map((match) => match[1] ?? '')
  if (names.length === 0) return {}
  return { parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })) }
}

function bodyOf(route: Route): JsonObject {
  if (route.body !== undefined)
    return { requestBody: { required: true, content: { 'application/json': { schema: toSchema(route.body) } } } }
  if (route.shape === undefined) return {}
  const schema = {
    type: 'object',
    description: route.shape,
    properties: { strata: { $ref: '#/components/schemas/StrataExtension' } },
  }
  return { requestBody: { required: true, content: { 'application/json': { schema } } } }
}

function toSchema(schema: z.ZodType): JsonObject {
  // A JSON Schema is JSON by definition; the library's type for it is wider.
  return z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }) as JsonObject
}

function errorSchema(): JsonObject {
  return {
    type: 'object',
    properties: {
      error: {
        type: 'object',
        properties: {
          message: { type: 'string' },
          type: { type: 'string' },
          param: { type: ['string', 'null'] },
          code: { type: 'string', enum: Object.keys(errorCatalogue) },
        },
      },
    },
  }
}
