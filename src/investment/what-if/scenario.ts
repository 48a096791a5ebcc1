import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { fromDollars, type Picodollars } from '../../core/money.ts'
import type { PriceFactor, WorldChange } from '../../core/ports-replay.ts'

const name = z.string().min(1).max(128)
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, UTC, as 09:00')
const decimal = z.string().regex(/^\d{1,6}(\.\d{1,9})?$/, 'a decimal number from 0 on, as 1.3')

/** What would be different. Every part may be left out; with none, recorded traffic is replayed as it was. */
export const scenarioSchema = z.strictObject({
  gone: z
    .array(
      z.strictObject({
        endpoint: name.describe('The id of an endpoint; a trailing * matches any rest.'),
        from: timeOfDay.optional().describe('First minute of the day, UTC, at which it is gone; all day when absent.'),
        to: timeOfDay.optional().describe('First minute at which it is back; past midnight when before from.'),
      }),
    )
    .max(256)
    .default([])
    .describe('Endpoints that do not answer.'),
  prices: z
    .array(
      z.strictObject({
        endpoint: name.describe('The id of an endpoint; a trailing * matches any rest.'),
        factor: decimal.describe('What its price is multiplied by: 1.3 for 30 % more.'),
      }),
    )
    .max(256)
    .default([])
    .describe('Prices that change; the first match counts.'),
  allowedRegions: z
    .array(name)
    .max(64)
    .optional()
    .describe('The regions that every request may go to, instead of its own.'),
  budget: z
    .strictObject({
      usd: decimal.optional().describe('Dollars for the whole span.'),
      share: decimal.optional().describe('A share of what the span has cost: 0.5 for half.'),
    })
    .optional()
    .describe('Requests that start after it is spent are denied.'),
  policies: z
    .array(
      z.strictObject({
        pack: z
          .union([z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/, 'the id of a pack'), z.record(z.string(), z.unknown())])
          .describe('Id of a pack that is in force or comes with Strata, or a pack itself as JSON.'),
      }),
    )
    .max(16)
    .optional()
    .describe('The policy packs that decide, instead of those that did; none when empty.'),
  models: z
    .record(name, z.unknown())
    .optional()
    .describe('Models that take the place of those of the same name, or stand beside them.'),
})

export type Scenario = z.infer<typeof scenarioSchema>

/** What a rerun may change: living endpoints, prices and policies are what they are. Throws INVALID_REQUEST naming another part. */
export function toNetworks(scenario: Scenario): JsonObject {
  const { models, gone, prices, ...others } = scenario
  const lists = [gone.length > 0 ? 'gone' : undefined, prices.length > 0 ? 'prices' : undefined]
  const parts = Object.entries(others).map(([key, value]) => (value === undefined ? undefined : key))
  const other = [...lists, ...parts].find((part) => part !== undefined)
  if (other === undefined) return toModels(models) ?? {}
  throw new PlatformError('INVALID_REQUEST', `a rerun asks living models: ${other} cannot be changed, only models`, {
    param: `scenario.${other}`,
  })
}

/** A change of the world that knows which of its names have met no endpoint so far: mistyped, or never asked. */
export interface ScenarioChange extends WorldChange {
  readonly unmatched: () => readonly string[]
}

/** The change of the world that a scenario describes. Throws INVALID_REQUEST for what the schema cannot see. */
export function toWorldChange(scenario: Scenario): ScenarioChange {
  const unmatched = new Set([...scenario.gone, ...scenario.prices].map(({ endpoint }) => endpoint))
  const meet = (pattern: string): ((endpoint: string) => boolean) => {
    const matches = toMatcher(pattern)
    return (endpoint) => matches(endpoint) && (unmatched.delete(pattern), true)
  }
  const gone = scenario.gone.map(({ endpoint, from, to }) => ({
    matches: meet(endpoint),
    isAt: toWindow(from, to),
  }))
  const prices = scenario.prices.map(({ endpoint, factor }) => ({
    matches: meet(endpoint),
    factor: toFactor(factor),
  }))
  return {
    unmatched: () => [...unmatched],
    // Every name is held to the endpoint, also behind one that fits.
    isGone: (endpoint, atMs) => gone.filter(({ matches }) => matches(endpoint)).some(({ isAt }) => isAt(atMs)),
    priceFactor: (endpoint) => prices.filter(({ matches }) => matches(endpoint))[0]?.factor,
    allowedRegions: scenario.allowedRegions,
    models: toModels(scenario.models),
    policies: toPolicies(scenario.policies),
  }
}

/** The money there is for the whole span; `undefined` for no bound. `spent` is what the span has cost. */
export function toBudget({ budget }: Scenario, spent: Picodollars): Picodollars | undefined {
  if (budget === undefined) return undefined
  const { usd, share } = budget
  if ((usd === undefined) === (share === undefined)) {
    throw new PlatformError('INVALID_REQUEST', 'budget: say either usd or share', { param: 'budget' })
  }
  if (usd !== undefined) return fromDollars(usd)
  const { numerator, denominator } = toFactor(share ?? '1')
  return (spent * numerator) / denominator
}

function toPolicies(policies: Scenario['policies']): WorldChange['policies'] {
  // Came in as JSON, so it is JSON.
  return policies?.map(({ pack }) => JSON.parse(JSON.stringify(pack)) as JsonValue)
}

function toModels(models: Scenario['models']): JsonObject | undefined {
  if (models === undefined) return undefined
  const value: unknown = JSON.parse(JSON.stringify(models))
  return isJsonObject(value) ? value : undefined
}

function toMatcher(pattern: string): (endpoint: string) => boolean {
  if (!pattern.endsWith('*')) return (endpoint) => endpoint === pattern
  const start = pattern.slice(0, -1)
  return (endpoint) => endpoint.startsWith(start)
}

function toWindow(from: string | undefined, to: string | undefined): (atMs: number) => boolean {
  if (from === undefined && to === undefined) return () => true
  const start = minutesOf(from ?? '00:00')
  const end = to === undefined ? 24 * 60 : minutesOf(to)
  return (atMs) => {
    const minute = Math.floor(atMs / 60_000) % (24 * 60)
    return start <= end ? minute >= start && minute < end : minute >= start || minute < end
  }
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}

function toFactor(text: string): PriceFactor {
  const [whole = '0', fraction = ''] = text.split('.')
  return { numerator: BigInt(whole + fraction), denominator: 10n ** BigInt(fraction.length) }
}
