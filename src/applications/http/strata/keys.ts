import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { roles } from '../../../core/rights.ts'
import { delegateKeys } from '../../../governance/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { toKeyJson } from '../../shapes/index.ts'

const newKey = z.strictObject({
  name: z.string().min(1).max(128).describe('What the key is for.'),
  role: z.enum(roles).default('member').describe('What the key may do.'),
  team: z.string().min(1).max(128).optional().describe('Team it works for; budgets are told apart by it.'),
  project: z.string().min(1).max(128).optional().describe('Project it works for.'),
  user: z.string().min(1).max(128).optional().describe('Person it works for; else the user a request names.'),
  models: z.array(z.string().min(1)).min(1).max(256).optional().describe('Models it may use; every model when absent.'),
  regions: z
    .array(z.string().min(1))
    .min(1)
    .max(64)
    .optional()
    .describe('Regions it may send to; the default ones when absent.'),
  use_case: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('The declared use case it stands for; requests may name one when absent.'),
  composes: z
    .boolean()
    .optional()
    .describe('Whether it may send a network of models in strata.network; what network.inline says when absent.'),
  expires_at: z.iso.datetime({ offset: true }).optional().describe('When it stops working; never when absent.'),
})

const hourMs = 3_600_000

const rotation = z.strictObject({
  overlap_hours: z.int().min(0).max(720).default(24).describe('Hours for which the old key still works.'),
})

/** Keys of the tenant; a key is shown once, when it is made. */
export function keyRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/keys',
      access: 'keys:manage',
      summary: 'Makes a key and shows it, this once.',
      body: newKey,
      answer: async ({ parts, principal, body }) => {
        const expiresAtMs = body.expires_at === undefined ? undefined : Date.parse(body.expires_at)
        const { expires_at: _, use_case: useCase, ...asked } = body
        const made = await delegateKeys(parts.keys, principal).create({
          ...asked,
          tenant: principal.tenant,
          useCase,
          expiresAtMs,
        })
        return { status: 201, body: { ...toKeyJson(made.record), key: made.key } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/keys',
      access: 'keys:read',
      summary: 'Lists the keys of the tenant, without their secrets.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: (await parts.keys.list(principal.tenant)).map(toKeyJson) },
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/keys/{id}/rotate',
      access: 'keys:manage',
      summary: 'Makes a key like another one, shows it this once, and lets the other end after an overlap.',
      body: rotation,
      answer: async ({ parts, principal, exchange, body }) => {
        const id = exchange.parameters['id'] ?? ''
        const rotated = await delegateKeys(parts.keys, principal).rotate(
          principal.tenant,
          id,
          body.overlap_hours * hourMs,
        )
        const former = { id, expires_at: toKeyJson(rotated.former)['expires_at'] }
        return { status: 201, body: { ...toKeyJson(rotated.record), key: rotated.key, former } }
      },
    }),
    operation(getParts, {
      method: 'DELETE',
      path: '/v1/keys/{id}',
      access: 'keys:manage',
      summary: 'Revokes a key; it stops working at once.',
      answer: async ({ parts, principal, exchange }) => {
        const id = exchange.parameters['id'] ?? ''
        if (id === principal.keyId) throw new PlatformError('CONFLICT', 'a key cannot revoke itself')
        await delegateKeys(parts.keys, principal).revoke(principal.tenant, id)
        return { status: 200, body: { revoked: true } }
      },
    }),
  ]
}
