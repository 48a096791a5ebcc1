import { z } from 'zod'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readChoice, readNumber, toPage } from './operation.ts'
import { toReviewJson, toReviewFileJson } from '../../shapes/index.ts'

const newDecision = z.strictObject({
  decision: z
    .enum(['accept', 'override', 'stop'])
    .describe('`accept` lets it through as it is, `override` answers the text instead, `stop` refuses it.'),
  reason: z.string().min(1).max(2_000).describe('Why; it stays on record.'),
  text: z.string().min(1).max(1_048_576).optional().describe('With `override`: what is answered instead.'),
  version: z
    .int()
    .min(0)
    .optional()
    .describe('The version that was looked at; the decision is refused when the text has changed since.'),
})

const states = ['all', 'pending', 'accepted', 'overridden', 'stopped', 'expired'] as const

/** Requests and answers that are held for people. */
export function reviewRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/reviews',
      access: 'reviews:own',
      summary: 'Reviews that the key may see, newest first: ?state=, ?limit=, ?before= an id.',
      answer: async ({ parts, principal, exchange }) => {
        const state = readChoice(exchange, 'state', [...states])
        const limit = readNumber(exchange, 'limit', { min: 1, max: 100, default: 20 })
        const before = exchange.query().get('before') ?? undefined
        const found = await parts.reviews.list(principal, {
          state: state === 'all' ? undefined : state,
          before,
          limit: limit + 1,
        })
        return { status: 200, body: toPage(found, limit, toReviewJson) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/reviews/{id}',
      access: 'reviews:own',
      summary: 'A review with the words that are held and the decisions so far.',
      answer: async ({ parts, principal, exchange }) => ({
        status: 200,
        body: toReviewFileJson(await parts.reviews.show(principal, exchange.parameters['id'] ?? '')),
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/reviews/{id}/decisions',
      access: 'reviews:decide',
      summary: 'Decides on what is held: for a person who is named by the key, competent, and did not ask.',
      body: newDecision,
      answer: async ({ parts, principal, exchange, body }) => ({
        status: 200,
        body: toReviewJson(await parts.reviews.decide(principal, exchange.parameters['id'] ?? '', body)),
      }),
    }),
  ]
}
