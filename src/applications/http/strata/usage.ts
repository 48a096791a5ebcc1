import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import type { Exchange } from '../exchange.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { toVerdictJson, type UsageSpan, toSpan, toUsageReport } from '../../shapes/index.ts'

const eventBatch = z.strictObject({
  events: z
    .array(z.unknown())
    .min(1)
    .max(1_000)
    .describe('Counted events: id, source, account, meter, quantity, at, dimensions. Each gets a verdict of its own.'),
})

/** What was used: the record of calls summed up, and events counted elsewhere. */
export function usageRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/usage',
      access: 'usage:read',
      summary: 'What calls used and cost; ?from=, ?to= (ISO 8601), ?by= model, key.',
      answer: async ({ parts, principal, exchange }) => {
        const span = readSpan(exchange, parts.clock.now())
        const by = readBy(exchange)
        const sums = await parts.billing.sumCalls(principal.tenant, span)
        return { status: 200, body: toUsageReport(sums, span, by) }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/usage',
      access: 'usage:write',
      summary: 'Takes counted events, each once however often it is sent. What cannot count is parked with its reason.',
      body: eventBatch,
      answer: async ({ parts, principal, body }) => {
        const verdicts = await parts.billing.record(principal.tenant, body.events)
        return { status: 200, body: { object: 'list', data: verdicts.map(toVerdictJson) } }
      },
    }),
  ]
}

function readSpan(exchange: Exchange, nowMs: number): UsageSpan {
  const query = exchange.query()
  return toSpan(query.get('from') ?? undefined, query.get('to') ?? undefined, nowMs)
}

function readBy(exchange: Exchange): 'model' | 'key' {
  const by = exchange.query().get('by') ?? 'model'
  if (by === 'model' || by === 'key') return by
  throw new PlatformError('INVALID_REQUEST', 'by must be model or key', { param: 'by' })
}
