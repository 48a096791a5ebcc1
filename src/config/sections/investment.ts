import { z } from 'zod'
import { priceSchema } from './endpoints.ts'

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, for example 16:30')

export const investmentSchema = z
  .strictObject({
    unknownPrice: z
      .enum(['block', 'flag'])
      .default('flag')
      .describe(
        'What to do with a call whose price is not known: refuse it, or let it pass and mark its cost unknown. It is never counted as 0.',
      ),
    prices: z
      .array(
        z.strictObject({
          model: z.string().min(1).describe("The model's name at the vendor; a trailing * matches any rest."),
          vendor: z.string().min(1).optional().describe('Vendor; any when absent.'),
          from: z.iso.date().optional().describe('First day in force, UTC; since ever when absent.'),
          to: z.iso.date().optional().describe('First day no longer in force, UTC; for ever when absent.'),
          hours: z
            .strictObject({
              from: timeOfDay.describe('First minute.'),
              to: timeOfDay.describe('First minute no longer.'),
            })
            .optional()
            .describe('Hours of the day in force, UTC; past midnight when to is before from; all day when absent.'),
          price: priceSchema,
        }),
      )
      .default([])
      .describe('Operator prices; they win over the catalogue, the first match counts.'),
  })
  .describe('Prices and what to do without one.')
