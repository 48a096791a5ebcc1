import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { createTurns } from '../../../core/turns.ts'
import { forecastEach, forecastLimits, levelsDefault } from '../../../investment/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readChoice, readNumber, toSignal } from './operation.ts'

/** Through HTTP one request forecasts at most so many series and steps; a file of more goes through the command line. */
const seriesMax = 200

const value = z.number().nullable().describe('A value; null where it is missing.')
const seriesShape = z.strictObject({
  name: z.string().max(256).default('series').describe('What the series is called in the answer.'),
  values: z.array(value).min(1).max(forecastLimits.valuesMax).describe('Oldest first.'),
  seasons: z
    .array(z.int().min(2).max(forecastLimits.valuesMax))
    .max(3)
    .optional()
    .describe('Steps of its seasons, shortest first; found in the series when absent, none when empty.'),
})
const body = z.strictObject({
  series: z.array(seriesShape).min(1).max(seriesMax),
  horizon: z.int().min(1).max(forecastLimits.horizonMax).describe('Steps ahead.'),
  levels: z
    .array(z.number().gt(0).lt(1))
    .max(forecastLimits.levelsMax)
    .default([...levelsDefault])
    .describe('Of the intervals, between 0 and 1.'),
  remaining: z.number().min(0).optional().describe('An amount that the series draws on: when it is used up.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31)
    .default(1)
    .describe('Of the simulated futures.'),
})

/** What will be used and spent. */
export function forecastRoutes(getParts: GetParts): readonly Route[] {
  const turns = createTurns({ monotonicMs: () => getParts().clock.monotonicMs() })
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/forecast',
      access: 'forecast:make',
      summary: 'What series of numbers will do: medians, intervals, and when an amount is used up.',
      body,
      answer: async ({ body, exchange }) => {
        const { series, ...asked } = body
        const known = series.map((each) => ({ ...each, values: each.values.map((value) => value ?? undefined) }))
        const answers = await turns.run(forecastEach(known, asked), toSignal(exchange))
        return { status: 200, body: { object: 'forecast', horizon: body.horizon, series: answers } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/forecast',
      access: 'spend:read',
      summary:
        'What the tenant will spend and use: ?of=cost|calls|tokens&by=all|model|endpoint|key&step=hour|day&horizon=&remaining=.',
      answer: async ({ parts, principal, exchange }) => {
        const asked = {
          of: readChoice(exchange, 'of', ['cost', 'calls', 'tokens']),
          by: readChoice(exchange, 'by', ['all', 'model', 'endpoint', 'key']),
          step: readChoice(exchange, 'step', ['day', 'hour']),
          horizon: readNumber(exchange, 'horizon', { min: 1, max: forecastLimits.horizonMax, default: 30 }),
          remaining: readAmount(exchange.query().get('remaining')),
        }
        const found = await parts.spend.forecast({ tenant: principal.tenant, ...asked }, toSignal(exchange))
        return { status: 200, body: { object: 'forecast', ...found } }
      },
    }),
  ]
}

function readAmount(text: string | null): number | undefined {
  if (text === null) return undefined
  const amount = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(amount) && amount >= 0) return amount
  throw new PlatformError('INVALID_REQUEST', 'remaining must be a number from 0 on', { param: 'remaining' })
}
