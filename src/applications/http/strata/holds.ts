import { z } from 'zod'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { toHoldJson } from '../../shapes/index.ts'

const time = z.iso.datetime({ offset: true }).optional()
const reason = z.string().min(1).max(2_000).describe('Why.')

const newHold = z.strictObject({
  name: z.string().min(1).max(200).describe('The matter.'),
  reason,
  use_case: z.string().min(1).max(64).optional().describe('Calls of this use case; all when absent.'),
  from: time.describe('Calls that began then or later.'),
  until: time.describe('Calls that began before then.'),
})

/** Legal holds: what they cover is not deleted by the clock. */
export function holdRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/holds',
      access: 'holds:manage',
      summary: 'Holds calls: from now on none of them is deleted by the clock.',
      body: newHold,
      answer: async ({ parts, principal, body: { use_case: useCase, from, until, ...rest } }) => {
        const hold = { ...rest, useCase, fromMs: toMs(from), untilMs: toMs(until) }
        return { status: 201, body: toHoldJson(await parts.retention.hold(principal, hold)) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/holds',
      access: 'holds:read',
      summary: 'Legal holds of the tenant, released ones too.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: (await parts.retention.list(principal.tenant)).map(toHoldJson) },
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/holds/{id}/release',
      access: 'holds:manage',
      summary: 'Releases a hold; the clock counts again.',
      body: z.strictObject({ reason }),
      answer: async ({ parts, principal, exchange, body }) => ({
        status: 200,
        body: toHoldJson(await parts.retention.release(principal, exchange.parameters['id'] ?? '', body.reason)),
      }),
    }),
  ]
}

function toMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text)
}
