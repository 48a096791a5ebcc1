import { z } from 'zod'
import { requireRight } from '../../../core/rights.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, type Operation } from './operation.ts'
import { parameter, toViewer } from './viewing.ts'
import { toPassageJson } from '../../shapes/index.ts'

const newSearch = z.strictObject({
  query: z
    .string()
    .min(1)
    .max(10_000)
    .describe(
      'What to look for, in any language: words, "a phrase", -word, and field:value (title, source, type, language, before, after).',
    ),
  syntax: z
    .enum(['operators', 'plain'])
    .optional()
    .describe('`plain` reads all of the query as words; `operators` when absent.'),
  collections: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/i))
    .min(1)
    .max(64)
    .optional()
    .describe('Where to look; everywhere when absent.'),
  limit: z.int().min(1).max(100).optional().describe('Most passages returned.'),
  as_of: z.iso.datetime({ offset: true }).optional().describe('Searches what was in force at that instant.'),
  min_confidence: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Returns nothing when the best passage is less likely to answer than this; 0 returns whatever there is.'),
  rewrite_with: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('A model that puts the question in other words, which are searched for beside it; none when absent.'),
  on_behalf_of: z
    .array(z.string().min(1).max(256))
    .max(64)
    .optional()
    .describe('Principals (user:…, group:…) whose access decides; admin keys only.'),
})

const oneSearch = newSearch.omit({ collections: true })

/** Search in one collection, or in several. */
export function searchRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/collections/{collection}/search',
      access: 'knowledge:read',
      summary: 'Searches one collection.',
      body: oneSearch,
      answer: (given) => search(given, [parameter(given, 'collection')]),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/search',
      access: 'knowledge:read',
      summary: 'Searches several collections, or all of the tenant.',
      body: newSearch,
      answer: async (given) => {
        const { parts, principal, body } = given
        const all = async () => (await parts.knowledge.listCollections(principal.tenant)).map(({ name }) => name)
        return search(given, body.collections ?? (await all()))
      },
    }),
  ]
}

async function search(
  given: Operation<z.infer<typeof oneSearch>>,
  collections: readonly string[],
): Promise<{ readonly status: number; readonly body: unknown }> {
  const { parts, principal, body } = given
  if (body.on_behalf_of !== undefined) requireRight(principal, 'knowledge:on-behalf', 'on_behalf_of')
  const viewer = toViewer(given)
  const { passages, confidence, abstained, understood, dense, rerank, rewritten } = await parts.knowledge.find({
    tenant: principal.tenant,
    collections,
    query: body.query,
    syntax: body.syntax ?? 'operators',
    by: { principal },
    passagesMax: body.limit ?? parts.config.knowledge.passagesMax,
    principals: body.on_behalf_of ?? viewer.principals,
    regions: viewer.regions,
    asOfMs: body.as_of === undefined ? undefined : Date.parse(body.as_of),
    confidenceMin: body.min_confidence,
    rewriteWith: body.rewrite_with,
  })
  return {
    status: 200,
    body: {
      object: 'list',
      data: passages.map(toPassageJson),
      confidence,
      abstained,
      understood,
      dense,
      rerank,
      rewritten,
    },
  }
}
