import { z } from 'zod'
import { networkDialects } from '../../../config/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { priceBody, type PriceAsk } from '../../price-body.ts'

const newPricing = z.strictObject({
  body: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .describe('The response: the object of a whole answer, or the text of a stream.'),
  dialect: z.enum(networkDialects).describe('What the body speaks.'),
  model: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe("The model as its vendor names it; the body's own when absent."),
  vendor: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('The vendor as the catalogue names it; that of the dialect when absent.'),
  endpoint: z.string().min(1).max(64).optional().describe('A configured endpoint whose price is to be used.'),
  at: z.iso.datetime({ offset: true }).optional().describe('The instant whose price is asked for; now when absent.'),
})

export function pricingRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/price',
      access: 'prices:compute',
      summary: 'What one response body used, and what it costs.',
      body: newPricing,
      answer: async ({ parts, body }) => {
        const bytes = Buffer.from(typeof body.body === 'string' ? body.body : JSON.stringify(body.body), 'utf8')
        const ask: PriceAsk = {
          dialect: body.dialect,
          model: body.model,
          vendor: body.vendor,
          endpoint: body.endpoint,
          atMs: body.at === undefined ? undefined : Date.parse(body.at),
        }
        return { status: 200, body: priceBody(parts, bytes, ask) }
      },
    }),
  ]
}
