import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { fromDollars } from '../../core/money.ts'
import { dimensions, type Budget } from './budget.ts'
import { periods } from './periods.ts'

const label = z.string().min(1).max(256)
const day = 86_400

/** When the webhook is told what has not happened yet. */
export const forecastAlertSchema = z
  .strictObject({
    probability: z
      .number()
      .min(0.01)
      .max(0.99)
      .default(0.5)
      .describe('The share of simulated futures that use the budget up before its period ends.'),
  })
  .describe('The webhook is told, once a period, when the forecast says that the budget will not last.')

/** What a budget is asked to be. */
export const budgetRequestSchema = z.strictObject({
  name: label.max(128).describe('What it is called; no two budgets of a tenant share a name.'),
  counts: z
    .enum(['money', 'requests', 'tokens', 'concurrency'])
    .default('money')
    .describe('What is limited: dollars, requests to endpoints, their tokens, or requests at once.'),
  limit: z
    .union([z.string().max(64), z.int()])
    .describe('Dollars as decimal text ("250.00") for money, else a whole number. 0 allows nothing.'),
  match: z
    .partialRecord(z.enum(dimensions), label)
    .default({})
    .describe('Calls it is for: those with all of these values. Every call of the tenant when empty.'),
  each: z
    .array(z.enum(dimensions))
    .max(dimensions.length)
    .default([])
    .describe('One limit for each value of these, instead of one for all together.'),
  period: z
    .enum(periods)
    .optional()
    .describe(
      'When it begins anew, by the calendar (UTC); `sliding` for any stretch of `seconds`; never when `total`.',
    ),
  seconds: z
    .int()
    .min(1)
    .max(31 * day)
    .optional()
    .describe('The stretch of a sliding period, seconds.'),
  alerts: z
    .array(z.int().min(1).max(100))
    .max(10)
    .default([])
    .describe('Percentages of the limit at which the webhook is told.'),
  forecast: forecastAlertSchema.optional(),
})

export type BudgetRequest = z.input<typeof budgetRequestSchema>

/** 10^15 dollars: beyond every budget, and what it multiplies to is still exact. */
const moneyMax = 10n ** 27n
const countMax = 2n ** 53n - 1n

type Terms = Omit<Budget, 'tenant' | 'id' | 'createdAtMs'>

/** What a request says, checked for sense. Throws INVALID_REQUEST naming the field at fault. */
export function toTerms(request: unknown): Terms {
  const parsed = budgetRequestSchema.safeParse(request)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refuse(issue?.path.join('.') ?? '', issue?.message ?? 'is not understood')
  }
  const { name, counts, match, each, seconds, alerts } = parsed.data
  if (name.trim() !== name) throw refuse('name', 'must not begin or end with a blank')
  const period = parsed.data.period ?? (counts === 'requests' || counts === 'tokens' ? 'sliding' : 'total')
  if (counts === 'concurrency' && period !== 'total')
    throw refuse('period', 'contradicts counts: what runs at once is not counted over a period; leave it out')
  if (period !== 'sliding' && seconds !== undefined)
    throw refuse('seconds', `contradicts period: only a sliding one has a stretch, and this is ${period}`)
  const both = each.find((dimension) => match[dimension] !== undefined)
  if (both !== undefined) throw refuse('each', `contradicts match: ${both} is fixed there, so there is only one`)
  const forecast = toForecast(parsed.data.forecast?.probability, period)
  if (new Set(each).size !== each.length) throw refuse('each', 'names a dimension twice')
  return {
    name,
    counts,
    limit: toLimit(counts, parsed.data.limit),
    match,
    eachOf: dimensions.filter((dimension) => each.includes(dimension)),
    period,
    spanMs: period === 'sliding' ? (seconds ?? 60) * 1_000 : undefined,
    alerts: [...new Set(alerts)].sort((one, other) => one - other),
    forecast,
  }
}

/** Throws INVALID_REQUEST for a budget whose period has no end: nothing could be said of it. */
export function toForecast(probability: number | undefined, period: Budget['period']): number | undefined {
  if (probability !== undefined && (period === 'total' || period === 'sliding'))
    throw refuse('forecast', `contradicts period: ${period} has no end to be reached; use hour, day, week or month`)
  return probability
}

/** Throws INVALID_REQUEST for what is negative, finer than a picodollar, no whole count, or beyond all bounds. */
export function toLimit(counts: Budget['counts'], value: string | number): bigint {
  const text = String(value)
  if (counts === 'money') {
    const money = fromDollars(text)
    if (money === undefined)
      throw refuse('limit', 'must be dollars in decimal digits, at most twelve of them after the point: "250.00"')
    if (money < 0n) throw refuse('limit', 'is below nothing; a limit of "0" allows nothing')
    if (money > moneyMax) throw refuse('limit', 'is more than 10^15 dollars')
    return money
  }
  if (!/^\d{1,20}$/.test(text)) throw refuse('limit', `must be a whole number of ${counts}, 0 or more`)
  const count = BigInt(text)
  if (count > countMax) throw refuse('limit', `is more than ${countMax}`)
  return count
}

function refuse(param: string, what: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `${param} ${what}`.trim(), { param })
}
