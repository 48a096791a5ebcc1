import { z } from 'zod'
import { entrySchema } from '../../../investment/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { outOfOrder, toMoneyJson, toPriceEntryJson } from '../../shapes/index.ts'

const rerating = z.strictObject({
  from: z.iso.datetime({ offset: true }).describe('First instant.'),
  to: z.iso.datetime({ offset: true }).describe('First instant no longer.'),
  trial: z.boolean().default(false).describe('Only to see what it would come to.'),
})

/** The price book in the database. */
export function priceRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/prices',
      access: 'prices:manage',
      scope: 'house',
      summary: 'Adds a dated price; one that overlaps another of its kind for the same model is refused.',
      body: entrySchema,
      answer: async ({ parts, body }) => ({ status: 201, body: toPriceEntryJson(await parts.priceEntries.add(body)) }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/prices',
      access: 'prices:read',
      scope: 'house',
      summary: 'Lists the prices of the book, replaced ones too.',
      answer: async ({ parts }) => {
        await parts.priceEntries.refresh()
        return { status: 200, body: { object: 'list', data: parts.priceEntries.list().map(toPriceEntryJson) } }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/prices/rerate',
      access: 'prices:manage',
      summary:
        'Prices recorded calls anew from their raw usage; what costs other than it was taken to gets an adjustment, and so do the budgets it fell under.',
      body: rerating,
      answer: async ({ parts, principal, body }) => {
        if (Date.parse(body.from) >= Date.parse(body.to)) throw outOfOrder()
        const span = {
          tenant: principal.tenant,
          fromMs: Date.parse(body.from),
          untilMs: Date.parse(body.to),
          isTrial: body.trial,
        }
        const { difference, ...counts } = await parts.priceEntries.rerate(parts.prices, span)
        const { calls, adjusted, becameKnown, unknown, booked, unbooked } = counts
        const figures = { calls, adjusted, became_known: becameKnown, unknown, difference: toMoneyJson(difference) }
        const budgets = { booked, unbooked }
        return { status: 200, body: { object: 'rerating', trial: body.trial, ...figures, budgets } }
      },
    }),
  ]
}
