import { z } from 'zod'
import { toDollars, type Picodollars } from '../../../core/money.ts'
import { operatorTenant } from '../../../core/principals.ts'
import { toIso } from '../../../core/time.ts'
import { toSettlementJson, type EdgeNodeRow, type UplinkState } from '../../../infrastructure/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'

const delivery = z.strictObject({
  epoch: z.string().min(1).max(64).describe('Of the queue of the node; a new one numbers its records from 1.'),
  records: z
    .array(
      z.strictObject({
        sequence: z.int().min(1).describe('From 1, without gaps.'),
        tree: z.string().min(2).max(4_194_304).describe('JSON of the calls of one request, root first.'),
        mac: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .describe('HMAC-SHA256 over node, epoch, sequence and tree.'),
      }),
    )
    .max(500)
    .describe('None to ask for a lease alone.'),
})

/** Edge nodes: what they tell their centre, and what they may spend. */
export function edgeRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/edge/{node}/settlements',
      access: 'edge:settle',
      summary:
        'Takes the records of an edge node, each once, and lends it what it may spend; for the key of that node.',
      body: delivery,
      answer: async ({ parts, principal, exchange, body }) => {
        const { tenant, keyId } = principal
        const who = { tenant, keyId, credential: exchange.credential() ?? '' }
        const node = exchange.parameters['node'] ?? ''
        return { status: 200, body: toSettlementJson(await parts.edge.centre.deliver(who, { node, ...body })) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/edge',
      access: 'operations:read',
      summary:
        'The edge nodes of the tenant and how far they have settled; at an edge node, how it stands with its centre.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: {
          object: 'edge',
          nodes: (await parts.edge.centre.list(principal.tenant)).map(toNodeJson),
          // This server's own link is that of the house.
          centre: toLinkJson(principal.tenant === operatorTenant ? await parts.edge.link() : undefined),
        },
      }),
    }),
  ]
}

function toNodeJson(row: EdgeNodeRow): object {
  return {
    node: row.node,
    acknowledged: Number(row.acknowledged),
    granted_usd: toDollars(BigInt(row.granted) as Picodollars), // written by the centre
    settled_usd: toDollars(BigInt(row.spent) as Picodollars), // likewise
    unpriced: Number(row.unpriced),
    lease_expires_at: toIso(Number(row.expires_at_ms)),
    seen_at: toIso(Number(row.seen_at_ms)),
  }
}

function toLinkJson(state: UplinkState | undefined): object | null {
  if (state === undefined) return null
  const { isReached, waiting, lease, fault } = state
  return {
    reached: isReached ?? null,
    waiting,
    fault: fault ?? null,
    lease:
      lease === undefined
        ? null
        : { granted_usd: toDollars(lease.granted), regions: lease.regions, expires_at: toIso(lease.expiresAtMs) },
  }
}
