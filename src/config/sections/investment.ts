import { z } from 'zod'
import { address } from './addresses.ts'
import { priceSchema } from './endpoints.ts'
import { placeSovereigntySchema } from './sovereignty.ts'

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, for example 16:30')

interface PriceDates {
  readonly model: string
  readonly vendor?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly hours?: object | undefined
}

/** Whether two rows for the very same model hold on a common day. Rows with hours may share days: the hours tell. */
function isSameTime(left: PriceDates, right: PriceDates): boolean {
  if (left.model !== right.model || left.vendor !== right.vendor) return false
  if (left.hours !== undefined || right.hours !== undefined) return false
  const endsBefore = (one: PriceDates, other: PriceDates): boolean =>
    one.to !== undefined && other.from !== undefined && one.to <= other.from
  return !endsBefore(left, right) && !endsBefore(right, left)
}

const meterSink = z
  .strictObject({
    kind: z.enum(['openmeter', 'stripe']).describe('CloudEvents in batches, or meter events as form fields.'),
    url: address().describe('Where events are posted: https://openmeter.cloud/api/v1/events.'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('Headers to send, for example a token as ${METER_TOKEN}.'),
    processing: z.array(z.string()).min(1).describe('Regions in which the meter processes.'),
    storage: z.array(z.string()).describe('Regions in which the meter stores.'),
    sovereignty: placeSovereigntySchema.optional(),
  })
  .describe('A meter elsewhere.')

export const investmentSchema = z
  .strictObject({
    unknownPrice: z
      .enum(['block', 'flag'])
      .default('flag')
      .describe(
        'What to do with a call whose price is not known: refuse it, or let it pass and mark its cost unknown. It is never counted as 0.',
      ),
    webhook: z
      .strictObject({
        url: address().describe('Takes a POST with one JSON object for each alert.'),
        headers: z.record(z.string(), z.string()).default({}).describe('Headers to add, for example a token.'),
        processing: z
          .array(z.string())
          .optional()
          .describe('Regions in which the webhook processes; unknown when absent, and unknown is not allowed.'),
        storage: z.array(z.string()).optional().describe('Regions in which it stores.'),
        sovereignty: placeSovereigntySchema.optional(),
      })
      .optional()
      .describe(
        'Is told when a budget has reached one of its alerts or will not last, through the one door out, at least once, under one id.',
      ),
    holds: z
      .strictObject({
        waitMsMax: z
          .int()
          .min(0)
          .max(600_000)
          .default(10_000)
          .describe(
            'How long a request waits for money that calls under way may give back, before it is refused, milliseconds.',
          ),
        waitersMax: z.int().min(0).max(1_000_000).default(10_000).describe('Requests that wait so at once, at most.'),
        sliceTokens: z
          .int()
          .min(16)
          .max(1_000_000)
          .default(256)
          .describe('Output tokens held at a time for a stream while a budget is short.'),
        outputTokensMin: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(16)
          .describe('The shortest bound on output a request is cut down to; with money for less it is refused.'),
        outputTokensDefault: z
          .int()
          .min(16)
          .max(100_000_000)
          .default(4_096)
          .describe(
            'Bound on output under a budget of money or tokens where neither the request nor the endpoint has one.',
          ),
        leaseMs: z
          .int()
          .min(1_000)
          .max(3_600_000)
          .default(60_000)
          .describe(
            'How long what a process has in hand of a budget stays held after the process is gone, milliseconds.',
          ),
      })
      .prefault({})
      .describe('How spending is held under budgets.'),
    lookups: z
      .strictObject({
        windowHours: z
          .int()
          .min(0)
          .max(720)
          .default(72)
          .describe('How long after a call its vendor is asked what it used, hours. 0: nobody is asked.'),
        delayMs: z
          .int()
          .min(0)
          .max(3_600_000)
          .default(5_000)
          .describe(
            'How long after its end it is asked for the first time, milliseconds; four times as long before each further time, at most 6 hours.',
          ),
        everyMs: z
          .int()
          .min(100)
          .max(3_600_000)
          .default(5_000)
          .describe('How often the record is searched for calls that are due, milliseconds.'),
        attemptsMax: z.int().min(1).max(100).default(12).describe('Times it is asked about one call, at most.'),
      })
      .prefault({})
      .describe('Asking vendors what calls used whose end nobody saw, or that were left early.'),
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
      .max(10_000)
      .superRefine((rows, context) => {
        rows.forEach((row, index) => {
          const other = rows.findIndex((each, place) => place < index && isSameTime(each, row))
          if (other < 0) return
          const message = `holds for ${row.model} at the same time as prices[${other}]; end one before the other begins`
          context.addIssue({ code: 'custom', path: [index, 'from'], message })
        })
      })
      .default([])
      .describe('Operator prices; they win over the catalogue, the first match counts.'),
    meterSinks: z
      .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'lower-case letters, digits, dash; at most 32'), meterSink)
      .default({})
      .describe('Meters elsewhere that counted events go on to, at least once, under stable ids.'),
  })
  .describe(
    'Prices, what to do without one, how spending is held, what vendors are asked afterwards, and where counted usage goes on to.',
  )
