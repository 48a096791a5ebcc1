import { z } from 'zod'
import { accountSchema, creditSchema, planSchema } from '../../../investment/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readNumber } from './operation.ts'
import { toPlanJson, toAccountJson } from '../../shapes/index.ts'

const change = z.strictObject({
  plan: z.string().min(1).max(64).describe('The plan, in its latest version.'),
  at: z.iso.datetime({ offset: true }).describe('From when on it holds.'),
})

/** Plans, accounts and credits of the tenant. */
export function planRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/plans',
      access: 'billing:manage',
      summary: 'Adds a plan, or the next version of one; word for word the same again changes nothing.',
      body: planSchema,
      answer: async ({ parts, principal, body }) => ({
        status: 201,
        body: toPlanJson(await parts.billing.putPlan(principal.tenant, body)),
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/plans',
      access: 'plans:read',
      summary: 'Lists the plans of the tenant in all their versions.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: (await parts.billing.listPlans(principal.tenant)).map(toPlanJson) },
      }),
    }),
    ...accountRoutes(getParts),
    ...creditRoutes(getParts),
  ]
}

function accountRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/accounts',
      access: 'billing:manage',
      summary: 'Opens an account: whom invoices go to, and under which plan.',
      body: accountSchema,
      answer: async ({ parts, principal, body }) => ({
        status: 201,
        body: toAccountJson(await parts.billing.putAccount(principal.tenant, body)),
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/accounts',
      access: 'billing:read',
      summary: 'Lists the accounts of the tenant.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: await parts.billing.listAccounts(principal.tenant) },
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/accounts/{account}',
      access: 'billing:read',
      summary: 'One account with the plans that hold for it.',
      answer: async ({ parts, principal, exchange }) => ({
        status: 200,
        body: toAccountJson(await parts.billing.getAccount(principal.tenant, exchange.parameters['account'] ?? '')),
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/accounts/{account}/plan',
      access: 'billing:manage',
      summary: 'Another plan from an instant on; never within a period that is billed.',
      body: change,
      answer: async ({ parts, principal, exchange, body }) => {
        const id = exchange.parameters['account'] ?? ''
        const view = await parts.billing.changePlan(principal.tenant, id, {
          plan: body.plan,
          atMs: Date.parse(body.at),
        })
        return { status: 200, body: toAccountJson(view) }
      },
    }),
  ]
}

function creditRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/credits',
      access: 'billing:manage',
      summary: 'Grants a credit to an account, bought or given.',
      body: creditSchema,
      answer: async ({ parts, principal, body }) => {
        const { credit, remaining } = await parts.billing.putCredit(principal.tenant, body)
        return { status: 201, body: { object: 'credit', ...credit, remaining } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/accounts/{account}/credits',
      access: 'billing:read',
      summary: 'The credits of an account, and what is left of each.',
      answer: async ({ parts, principal, exchange }) => {
        const credits = await parts.billing.listCredits(principal.tenant, exchange.parameters['account'] ?? '')
        const data = credits.map(({ credit, remaining }) => ({ object: 'credit', ...credit, remaining }))
        return { status: 200, body: { object: 'list', data } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/usage/parked',
      access: 'billing:read',
      summary:
        'Events that count for nothing until they are mended and sent again, newest first, each with its reason.',
      answer: async ({ parts, principal, exchange }) => {
        const limit = readNumber(exchange, 'limit', { min: 1, max: 1_000, default: 100 })
        const parked = await parts.billing.listParked(principal.tenant, limit)
        const data = parked.map(({ number, body, reason, received_at_ms: atMs }) => ({
          number,
          reason,
          received_at: new Date(atMs).toISOString(),
          event: body,
        }))
        return { status: 200, body: { object: 'list', data } }
      },
    }),
  ]
}
