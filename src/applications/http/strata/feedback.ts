import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { toIso } from '../../../core/time.ts'
import type { FeedbackView } from '../../../models/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readNumber, toPage } from './operation.ts'

const newFeedback = z.strictObject({
  score: z.number().min(0).max(1).describe('How good the answer was: 0 useless, 1 right.'),
  call: z.string().min(1).max(128).optional().describe('The call that is judged, as x-strata-call names it.'),
  choice: z.string().min(1).max(128).optional().describe('The choice of a router that is judged; it learns from it.'),
  model: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('The model that answered; that of the call or choice when absent.'),
  prompt: z
    .string()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('What was asked; only feedback with it can train a router.'),
  answer: z.string().max(1_000_000).optional().describe('What was answered.'),
  comment: z.string().max(10_000).optional().describe('In words.'),
})

/** What people and programs say of answers. */
export function feedbackRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/feedback',
      access: 'feedback:write',
      summary: 'Says how good an answer was: of a call, of a choice of a router, or of a model.',
      body: newFeedback,
      answer: async ({ parts, principal, body }) => {
        const { tenant, keyId } = principal
        const called = body.call === undefined ? undefined : await findCalled(parts, tenant, body.call)
        const given = {
          score: body.score,
          model: body.model ?? called?.model,
          callId: body.call,
          choiceId: body.choice,
          prompt: body.prompt,
          answer: body.answer,
          cost: called?.usd,
          comment: body.comment,
        }
        return { status: 201, body: toFeedbackJson(await parts.learning.feedback.give({ tenant, keyId }, given)) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/feedback',
      access: 'feedback:read',
      summary: 'Lists feedback of the tenant, newest first; ?limit= and ?before= page.',
      answer: async ({ parts, principal, exchange }) => {
        const limit = readNumber(exchange, 'limit', { min: 1, max: 1_000, default: 50 })
        const before = exchange.query().get('before') ?? undefined
        const views = await parts.learning.feedback.list(principal.tenant, { limit: limit + 1, before })
        const body = toPage(views, limit, toFeedbackJson)
        return { status: 200, body }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/feedback/pairs',
      access: 'feedback:read',
      summary: 'Feedback that came with a prompt, as pairs that strata route train takes, one for each prompt.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: await parts.learning.feedback.pairs(principal.tenant) },
      }),
    }),
  ]
}

/** Who answered a call of the tenant, and at what price. Throws NOT_FOUND. */
async function findCalled(
  parts: ReturnType<GetParts>,
  tenant: string,
  id: string,
): Promise<{ readonly model: string; readonly usd: number | undefined }> {
  const facts = await parts.calls.find(tenant, id)
  const own = facts.find((fact) => fact.id === id)
  if (own === undefined) throw new PlatformError('NOT_FOUND', 'there is no such call', { param: 'call' })
  return { model: own.name, usd: own.cost === undefined ? undefined : Number(own.cost) / 1e12 }
}

function toFeedbackJson(view: FeedbackView): object {
  return {
    object: 'feedback',
    id: view.id,
    source: view.source,
    score: view.score,
    model: view.model ?? null,
    call: view.callId ?? null,
    choice: view.choiceId ?? null,
    prompt: view.prompt ?? null,
    answer: view.answer ?? null,
    usd: view.cost ?? null,
    comment: view.comment ?? null,
    key: view.keyId,
    created_at: toIso(view.atMs),
  }
}
