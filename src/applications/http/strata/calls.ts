import { PlatformError } from '../../../core/errors.ts'
import { versionsGiven } from '../../../core/given.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { WithdrawnVersion } from '../../../core/ports.ts'
import { toIso } from '../../../core/time.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readNumber, toPage } from './operation.ts'
import { toCallJson, toTreeJson } from '../../shapes/index.ts'

/** The record: what was asked, which way it went, what it used and cost. */
export function callRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/calls',
      access: 'calls:read',
      summary: 'Lists the calls of the tenant, newest first; ?limit= and ?before= page.',
      answer: async ({ parts, principal, exchange }) => {
        const limit = readNumber(exchange, 'limit', { min: 1, max: 1_000, default: 50 })
        const before = exchange.query().get('before') ?? undefined
        const calls = await parts.calls.list(principal.tenant, { limit: limit + 1, before })
        return { status: 200, body: toPage(calls, limit, toCallJson) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/calls/{id}',
      access: 'calls:read',
      summary:
        'One call as the tree it grew; `correction` says what has become known of a dispatch since, by a corrected price or from its vendor; `withdrawn` names versions of deleted documents that it was given passages of.',
      answer: async ({ parts, principal, exchange }) => {
        const id = exchange.parameters['id'] ?? ''
        const facts = await parts.calls.find(principal.tenant, id)
        if (facts.length === 0) throw new PlatformError('NOT_FOUND', 'there is no such call')
        const withdrawn = await parts.knowledge.listWithdrawn(principal.tenant, versionsGiven(facts))
        const corrections = await parts.calls.findCorrections(principal.tenant, facts[0]?.rootId ?? id)
        return { status: 200, body: { ...toTreeJson(facts, corrections), withdrawn: withdrawn.map(toWithdrawnJson) } }
      },
    }),
  ]
}

function toWithdrawnJson({ version, document, atMs }: WithdrawnVersion): JsonObject {
  return { version, document, withdrawn_at: toIso(atMs) }
}
