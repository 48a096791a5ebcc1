import { z } from 'zod'
import { budgetRequestSchema, forecastAlertSchema } from '../../../investment/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { toBudgetJson } from '../../shapes/index.ts'

const change = z.strictObject({
  limit: budgetRequestSchema.shape.limit.optional(),
  alerts: z.array(z.int().min(1).max(100)).max(10).optional().describe('Percentages at which the webhook is told.'),
  forecast: forecastAlertSchema.nullable().optional().describe('As when it was made; `null` ends it.'),
})

const adjustment = z.strictObject({
  subject: z
    .string()
    .max(2_048)
    .default('')
    .describe('Which of its accounts, as they are listed; empty for the only one.'),
  amount: z
    .string()
    .regex(/^-?\d{1,40}(\.\d{1,12})?$/, 'a decimal number as text')
    .describe('What has been spent besides, as limits are written; below nothing gives back.'),
  reference: z.string().min(1).max(128).describe('Names the correction: said twice, it counts once.'),
})

/** Budgets of the tenant and how they stand. */
export function budgetRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/budgets',
      access: 'budgets:manage',
      summary: 'Makes a budget: a limit on what calls may spend or do.',
      body: budgetRequestSchema,
      answer: async ({ parts, principal, body }) => ({
        status: 201,
        body: toBudgetJson(await parts.budgets.create(principal.tenant, body)),
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/budgets',
      access: 'budgets:read',
      summary: 'Lists the budgets of the tenant, with what is spent, held and available.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: (await parts.budgets.list(principal.tenant)).map(toBudgetJson) },
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/budgets/{id}',
      access: 'budgets:read',
      summary: 'Shows one budget.',
      answer: async ({ parts, principal, exchange }) => ({
        status: 200,
        body: toBudgetJson(await parts.budgets.get(principal.tenant, exchange.parameters['id'] ?? '')),
      }),
    }),
    ...changingRoutes(getParts),
  ]
}

function changingRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'PATCH',
      path: '/v1/budgets/{id}',
      access: 'budgets:manage',
      summary: 'Changes the limit, the alerts or the forecast of a budget; what is spent stays spent.',
      body: change,
      answer: async ({ parts, principal, exchange, body }) => ({
        status: 200,
        body: toBudgetJson(await parts.budgets.change(principal.tenant, exchange.parameters['id'] ?? '', body)),
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/budgets/{id}/adjustments',
      access: 'budgets:manage',
      summary: 'Corrects what a budget has spent, once for each reference.',
      body: adjustment,
      answer: async ({ parts, principal, exchange, body }) => ({
        status: 200,
        body: toBudgetJson(await parts.budgets.adjust(principal.tenant, exchange.parameters['id'] ?? '', body)),
      }),
    }),
    operation(getParts, {
      method: 'DELETE',
      path: '/v1/budgets/{id}',
      access: 'budgets:manage',
      summary: 'Removes a budget; its accounts stay in the books.',
      answer: async ({ parts, principal, exchange }) => {
        await parts.budgets.remove(principal.tenant, exchange.parameters['id'] ?? '')
        return { status: 200, body: { removed: true } }
      },
    }),
  ]
}
