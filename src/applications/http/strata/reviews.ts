import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../../core/json.ts'
import { toIso } from '../../../core/time.ts'
import type { Review, ReviewFile } from '../../../governance/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readChoice, readNumber, toPage } from './operation.ts'

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

export function toReviewJson(review: Review): JsonObject {
  return {
    object: 'review',
    id: review.id,
    stage: review.stage,
    state: review.state,
    call: review.call,
    key: review.keyId,
    asked_for: [...review.askers],
    use_case: review.useCase ?? null,
    model: review.model,
    reason: review.reason,
    request_hash: review.requestHash,
    answer_hash: review.answerHash ?? null,
    persons: review.persons,
    version: review.version,
    created_at: toIso(review.createdAtMs),
    deadline: toIso(review.deadlineMs),
    ended_at: toTime(review.endedAtMs),
    used_at: toTime(review.usedAtMs),
    used_call: review.usedCall ?? null,
  }
}

export function toReviewFileJson({ review, decisions, request, answer, override }: ReviewFile): JsonObject {
  return {
    ...toReviewJson(review),
    decisions: decisions.map(({ person, keyId, decision, reason, version, atMs }) => {
      return { person, key: keyId, decision, reason, version, at: toIso(atMs) }
    }),
    request: fromJson(request),
    answer: fromJson(answer),
    override: override ?? null,
  }
}

/** Words that were erased are null. */
function fromJson(text: string | undefined): JsonValue {
  return text === undefined ? null : (JSON.parse(text) as JsonValue) // written as JSON
}

function toTime(ms: number | undefined): string | null {
  return ms === undefined ? null : toIso(ms)
}
