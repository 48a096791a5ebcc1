import { PlatformError } from '../../../core/errors.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readNumber } from './operation.ts'

/** What the audit log says of itself, and proofs that who holds its public key can check. */
export function auditRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/audit/checkpoint',
      access: 'audit:read',
      summary: 'The last checkpoint of the audit log, a signed note, and the public key to check it with.',
      answer: async ({ parts }) => {
        const checkpoint = await parts.audit.checkpoint()
        return {
          status: 200,
          body: { object: 'audit.checkpoint', checkpoint: checkpoint ?? null, key: parts.audit.verifierKey },
        }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/audit/calls/{id}',
      access: 'audit:read',
      summary: 'Proof that a call is in the audit log: its record, its place, the hashes up to the checkpoint.',
      answer: async ({ parts, principal, exchange }) => {
        const proof = await parts.audit.prove(principal.tenant, exchange.parameters['id'] ?? '')
        return { status: 200, body: { object: 'audit.inclusion', ...proof } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/audit/growth',
      access: 'audit:read',
      summary: 'Proof that the audit log has grown from a checkpoint seen before: ?from= its number of records.',
      answer: async ({ parts, exchange }) => {
        const from = readNumber(exchange, 'from', { min: 0, max: Number.MAX_SAFE_INTEGER, default: -1 })
        if (from < 0)
          throw new PlatformError('INVALID_REQUEST', 'from must say how many records were known', { param: 'from' })
        return { status: 200, body: { object: 'audit.consistency', from, ...(await parts.audit.proveGrowth(from)) } }
      },
    }),
  ]
}
