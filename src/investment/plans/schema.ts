import { z } from 'zod'
import { isCurrency } from './currency.ts'
import { compare, parseRational, zero } from './rational.ts'

/** Decimal text, not negative: money in a currency's main unit, quantities, percents. */
const decimal = z
  .string()
  .regex(
    /^\d{1,18}(\.\d{1,12})?$/,
    'a decimal as a string, for example "0.15": digits, at most 12 of them after the point',
  )

const name = z.string().regex(/^[a-z0-9][a-z0-9._:-]{0,63}$/i, 'letters, digits and . _ : -; at most 64')
const currency = z
  .string()
  .refine(isCurrency, { message: 'there is no such currency; send an ISO 4217 code such as EUR' })
export const instant = z.iso.datetime({ offset: true })

const tier = z.strictObject({
  up_to: decimal
    .nullish()
    .describe('Last quantity of the tier, included; without end when absent, in the last tier only.'),
  unit: decimal.default('0').describe('Price of one.'),
  flat: decimal.default('0').describe('Price of being in the tier at all.'),
})

const priceBase = {
  id: name.describe('Name of the line; the same price keeps its name from one version of the plan to the next.'),
  description: z.string().max(200).optional().describe('What people read on the invoice.'),
}

const usageBase = {
  ...priceBase,
  meter: name.describe('What is counted.'),
  included: decimal.default('0').describe('Quantity that costs nothing, before tiers.'),
  minimum: decimal.optional().describe('The line is at least so much.'),
  maximum: decimal.optional().describe('The line is at most so much.'),
  prorate: z
    .boolean()
    .default(false)
    .describe('Whether what is included, minimum and maximum shrink with a partial period.'),
}

const tiers = z.array(tier).min(1).max(64)

const price = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('flat'),
    ...priceBase,
    amount: decimal.describe('Price of a whole period.'),
    timing: z
      .enum(['arrears', 'advance'])
      .default('arrears')
      .describe('On the invoice of the period itself, or of the one before.'),
    prorate: z.boolean().default(true).describe('Whether a partial period costs its share.'),
  }),
  z.strictObject({ kind: z.literal('unit'), ...usageBase, amount: decimal.describe('Price of one.') }),
  z.strictObject({
    kind: z.literal('graduated'),
    ...usageBase,
    tiers: tiers.describe('Each part of the quantity at the price of its own tier.'),
  }),
  z.strictObject({
    kind: z.literal('volume'),
    ...usageBase,
    tiers: tiers.describe('The whole quantity at the price of the tier it reaches.'),
  }),
  z.strictObject({
    kind: z.literal('package'),
    ...usageBase,
    size: decimal.describe('How many a package holds; begun ones count whole.'),
    amount: decimal.describe('Price of one package.'),
  }),
  z.strictObject({
    kind: z.literal('outcome'),
    ...priceBase,
    outcome: name.describe('Kind of outcome; settled ones are charged, reversed ones credited.'),
    amount: decimal.describe('Price of one settled outcome.'),
    included: decimal.default('0').describe('Outcomes that cost nothing.'),
    minimum: decimal.optional().describe('The line is at least so much.'),
    maximum: decimal.optional().describe('The line is at most so much.'),
    prorate: z
      .boolean()
      .default(false)
      .describe('Whether what is included, minimum and maximum shrink with a partial period.'),
  }),
])

const meter = z.strictObject({
  id: name,
  aggregation: z
    .enum(['sum', 'count', 'max', 'latest', 'unique'])
    .default('sum')
    .describe('How the events of a period become one quantity.'),
  places: z.int().min(0).max(9).default(0).describe('Decimal places a quantity may have.'),
  unit: z.string().max(40).optional().describe('What one is called on the invoice.'),
  quantity_max: decimal.default('1000000000000').describe('Most that one event may report; more is parked.'),
})

const rounding = z.enum(['half-even', 'half-up', 'half-down', 'up', 'down'])

/** How something is priced. Checked as a whole: tiers ascend, names are there once, meters of prices exist. */
export const planSchema = z
  .strictObject({
    id: name,
    name: z.string().min(1).max(200),
    currency: currency.describe('ISO 4217 code.'),
    period: z.enum(['day', 'week', 'month', 'quarter', 'year']).default('month').describe('Calendar periods, UTC.'),
    billing: z
      .enum(['postpaid', 'prepaid'])
      .default('postpaid')
      .describe('Whether credits must cover what is charged.'),
    rounding: rounding.default('half-even').describe('How each line is rounded, once.'),
    meters: z
      .array(meter)
      .max(64)
      .default([])
      .describe('What is counted by events; the meters of calls are always there.'),
    prices: z.array(price).min(1).max(128),
    minimum: decimal.optional().describe('The prices of a period together are at least so much.'),
    maximum: decimal.optional().describe('The prices of a period together are at most so much.'),
    discount_percent: decimal.optional().describe('Taken off the prices of a period together.'),
    tax: z.strictObject({ name: z.string().min(1).max(40), percent: decimal }).optional(),
  })
  .superRefine((plan, context) => {
    const fault = (path: readonly (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path: [...path], message })
    for (const [key, list] of [
      ['prices', plan.prices],
      ['meters', plan.meters],
    ] as const) {
      list.forEach(({ id }, index) => {
        if (list.findIndex((each) => each.id === id) < index) fault([key, index, 'id'], `${id} is there twice`)
      })
    }
    if (isAbove(plan.minimum, plan.maximum)) fault(['minimum'], 'the minimum is above the maximum')
    if (isAbove(plan.discount_percent, '100')) fault(['discount_percent'], 'more than everything cannot be taken off')
    plan.prices.forEach((each, index) => {
      const place = ['prices', index]
      if ('minimum' in each && isAbove(each.minimum, each.maximum))
        fault([...place, 'minimum'], 'the minimum is above the maximum')
      if (each.kind === 'package' && Number(each.size) === 0) fault([...place, 'size'], 'a package of nothing')
      if ('meter' in each && !isMeter(each.meter, plan.meters)) {
        fault(
          [...place, 'meter'],
          `there is no meter ${each.meter}; define it under meters, or use one of ${callMeters.join(', ')}`,
        )
      }
      if (each.kind === 'graduated' || each.kind === 'volume')
        checkTiers(each.tiers, (tierIndex, message) => fault([...place, 'tiers', tierIndex], message))
    })
  })

/** Counted from the record of calls, without events. `cost` is in dollars: what the calls cost. */
export const callMeters = [
  'requests',
  'dispatches',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cost',
] as const

function isMeter(id: string, meters: readonly { readonly id: string }[]): boolean {
  return meters.some((each) => each.id === id) || callMeters.some((each) => each === id)
}

/** Compared exactly; what is absent is above nothing. */
function isAbove(left: string | undefined, right: string | undefined): boolean {
  if (left === undefined || right === undefined) return false
  return compare(parseRational(left) ?? zero, parseRational(right) ?? zero) > 0
}

function checkTiers(
  list: readonly { readonly up_to?: string | null | undefined }[],
  fault: (index: number, message: string) => void,
): void {
  let last = '0'
  list.forEach(({ up_to: upTo }, index) => {
    const isLast = index === list.length - 1
    if ((upTo === undefined || upTo === null) !== isLast) {
      fault(index, isLast ? 'the last tier has no up_to' : 'only the last tier may be without up_to')
      return
    }
    if (upTo === undefined || upTo === null) return
    if (!isAbove(upTo, last)) fault(index, 'tiers ascend: up_to must be above that of the tier before')
    last = upTo
  })
}

/** What happened once, as whoever counted it says. The id is theirs: the same one again is the same event. */
export const eventSchema = z.strictObject({
  id: z.string().min(1).max(200).describe('Your id of the event: the same one again changes nothing.'),
  source: z.string().min(1).max(100).default('api').describe('Who counted; ids are unique within a source.'),
  account: name.describe('Whose usage it is.'),
  meter: name,
  quantity: z
    .union([z.string().max(60), z.number(), z.null()])
    .optional()
    .describe('How many, as decimal text or a whole number.'),
  at: z.string().max(60).describe('When it happened, ISO 8601.'),
  dimensions: z
    .record(z.string().max(64), z.string().max(256))
    .default({})
    .describe('What an invoice may be split by: model, key, team.'),
})

export const accountSchema = z.strictObject({
  id: name,
  name: z.string().min(1).max(200),
  plan: name,
  starts_at: instant.describe('From when on the plan holds.'),
  ends_at: instant.optional().describe('Until when; without end when absent.'),
  rounding: rounding.optional().describe('What the contract says of rounding; as the plan when absent.'),
  keys: z
    .array(z.string().min(1).max(64))
    .max(1_000)
    .optional()
    .describe("Keys whose calls are the account's; every call when absent."),
  address: z.string().max(1_000).optional().describe('Printed on the invoice.'),
})

export const creditSchema = z.strictObject({
  id: name,
  account: name,
  amount: decimal.describe('In the currency of the plan.'),
  cost: decimal.default('0').describe('What was paid for it, charged on the next invoice.'),
  priority: z.int().min(0).max(1_000).default(100).describe('Lower ones burn first.'),
  starts_at: instant,
  expires_at: instant.optional().describe('Usage from then on is not paid by it; never when absent.'),
})

export type Plan = Readonly<z.infer<typeof planSchema>>
export type Price = Plan['prices'][number]
export type UsagePrice = Exclude<Price, { readonly kind: 'flat' }>
export type Meter = Plan['meters'][number]
export type UsageEvent = Readonly<z.infer<typeof eventSchema>>
export type Account = Readonly<z.infer<typeof accountSchema>>
export type Credit = Readonly<z.infer<typeof creditSchema>>
