import fc from 'fast-check'
import { calcPrice, findProvider } from '@pydantic/genai-prices'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import type { JsonObject } from '../../core/json.ts'
import type { PriceQuery } from '../../core/ports.ts'
import { readTierChoice } from '../../core/usage-units.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import { createPricer, type BookPrice } from './index.ts'

const noon = Date.parse('2026-10-01T12:00:00Z')
const book = createPricer({ config: configSchema.parse({}) })

function query(vendor: string | undefined, model: string, atMs = noon): PriceQuery {
  return { endpoint: 'none', vendor, model, atMs }
}

function get(price: BookPrice | undefined): BookPrice {
  if (price === undefined) throw new Error('a price was expected')
  return price
}

/** A book in which the endpoint `own` has the given price. */
function withOwnPrice(price: JsonObject): BookPrice {
  const config = configSchema.parse({ endpoints: { own: { dialect: 'openai', model: 'm', price } } })
  return get(createPricer({ config }).find({ endpoint: 'own', vendor: undefined, model: 'm', atMs: noon }))
}

describe('the arithmetic', () => {
  const digits = fc.integer({ min: 0, max: 10 ** 9 })
  const dollars = fc.tuple(digits, fc.integer({ min: 0, max: 12 })).map(([number, places]) => {
    const text = String(number).padStart(places + 1, '0')
    return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
  })
  const maybe = fc.option(dollars, { nil: undefined })
  const table = fc.record({
    input: dollars,
    output: dollars,
    cacheRead: maybe,
    cacheWrite5m: maybe,
    cacheWrite1h: maybe,
    perRequest: maybe,
  })
  const tokens = fc.integer({ min: 0, max: 5_000_000 })
  const split = fc.tuple(tokens, tokens, tokens, tokens, tokens)

  const toUsage = ([
    input = 0,
    cacheRead = 0,
    cacheWrite5m = 0,
    cacheWrite1h = 0,
    outputTotal = 0,
  ]: readonly number[]): Usage =>
    createUsage({
      inputTotal: input + cacheRead + cacheWrite5m + cacheWrite1h,
      cacheRead,
      cacheWrite5m,
      cacheWrite1h,
      outputTotal,
    })
  const toConfig = (prices: Record<string, string | undefined>): Record<string, string> =>
    Object.fromEntries(Object.entries(prices).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))

  /** Dollars as a fraction of 10^18. */
  const exact = (text: string): bigint => {
    const [whole = '', fraction = ''] = text.split('.')
    return BigInt(whole + fraction.padEnd(18, '0'))
  }

  /** What a usage costs, by the book of rational numbers: picodollars are a numerator over 10^12, rounded up at the end. */
  const reference = (prices: Record<string, string | undefined>, counts: readonly number[]): bigint => {
    const input = prices['input'] ?? '0'
    const each = [
      input,
      prices['cacheRead'] ?? input,
      prices['cacheWrite5m'] ?? input,
      prices['cacheWrite1h'] ?? input,
      prices['output'] ?? '0',
    ]
    let numerator = exact(prices['perRequest'] ?? '0') * 1_000_000n
    for (const [index, price] of each.entries()) numerator += BigInt(counts[index] ?? 0) * exact(price)
    const denominator = 10n ** 12n // 10^18 of a dollar, per million tokens, in units of 10^-12 dollars
    return (numerator + denominator - 1n) / denominator
  }

  test('is that of rational numbers, rounded up once', () => {
    fc.assert(
      fc.property(table, split, (prices, counts) => {
        expect(withOwnPrice(toConfig(prices)).cost(toUsage(counts))).toBe(reference(prices, counts))
      }),
    )
  })

  test('a price of six places or fewer is exact: linear and additive in tokens', () => {
    const coarse = fc.integer({ min: 0, max: 10 ** 9 }).map((micros) => (micros / 1e6).toFixed(6))
    fc.assert(
      fc.property(
        fc.tuple(coarse, coarse),
        fc.tuple(split, split),
        fc.integer({ min: 0, max: 50 }),
        (prices, [a, b], times) => {
          const price = withOwnPrice({ input: prices[0], output: prices[1] })
          const cost = (counts: readonly number[]): bigint => price.cost(toUsage(counts)) ?? -1n
          expect(cost(a.map((count, index) => count + (b[index] ?? 0)))).toBe(cost(a) + cost(b))
          expect(cost(a.map((count) => count * times))).toBe(cost(a) * BigInt(times))
        },
      ),
    )
  })

  test('a finer price is never charged below its worth, nor a picodollar above', () => {
    const price = withOwnPrice({ input: '0.0000001', output: '0' })
    const cost = (inputTotal: number): bigint | undefined => price.cost(createUsage({ inputTotal, outputTotal: 0 }))
    expect([0, 1, 9, 10, 11, 100].map(cost)).toEqual([0n, 1n, 1n, 1n, 2n, 10n])
  })

  test('more tokens never cost less, and nothing costs more than its bound', () => {
    fc.assert(
      fc.property(table, split, split, (prices, counts, more) => {
        const price = withOwnPrice(toConfig(prices))
        const usage = toUsage(counts)
        const larger = toUsage(counts.map((count, index) => count + (more[index] ?? 0)))
        const cost = price.cost(usage) ?? -1n
        expect(cost).toBeLessThanOrEqual(price.cost(larger) ?? -1n)
        expect(cost).toBeLessThanOrEqual(
          price.costMax({ input: usage.inputTotal ?? 0, output: usage.outputTotal ?? 0 }),
        )
      }),
    )
  })

  test('tokens not reported as cached cost the full input price', () => {
    const price = withOwnPrice({ input: '2', output: '3', cacheRead: '1' })
    const unknown = price.cost(createUsage({ inputTotal: 100, outputTotal: 10 }))
    expect(unknown).toBe(price.cost(createUsage({ inputTotal: 100, cacheRead: 0, outputTotal: 10 })))
  })

  test('reasoning is part of the output and is not added to it', () => {
    const price = withOwnPrice({ input: '2', output: '3' })
    const usage = { inputTotal: 100, outputTotal: 10 }
    expect(price.cost(createUsage({ ...usage, reasoning: 7 }))).toBe(price.cost(createUsage(usage)))
  })

  test('reasoning at a price of its own replaces the output price for those tokens', () => {
    // perplexity/sonar-deep-research on openrouter prices reasoning apart.
    const price = get(book.find(query('openrouter', 'perplexity/sonar-deep-research')))
    const { output, reasoning } = price.table
    expect(price.cost(createUsage({ inputTotal: 0, outputTotal: 10 }))).toBeUndefined()
    const cost = price.cost(createUsage({ inputTotal: 0, outputTotal: 10, reasoning: 4 }))
    expect(Number(cost)).toBeCloseTo((6 * Number(output?.base) + 4 * Number(reasoning?.base)) * 1e6)
  })

  test('the parts of an explained charge add up to it', () => {
    const price = get(book.find(query('anthropic', 'claude-sonnet-4-20250514')))
    const usage = createUsage({ inputTotal: 10_000, cacheRead: 4000, cacheWrite5m: 2000, outputTotal: 100 })
    const charge = price.explain(usage)
    if (charge.type === 'unknown') throw new Error(charge.reason)
    const sum = charge.parts.reduce(
      (total, { count, picodollarsEach }) => total + BigInt(count) * BigInt(picodollarsEach),
      0n,
    )
    expect(sum).toBe(charge.amount)
    expect(charge.amount).toBe(price.cost(usage))
    expect(charge.parts.map(({ name }) => name)).toEqual(['input', 'cacheRead', 'cacheWrite5m', 'output'])
  })
})

describe('the catalogue', () => {
  const vendors = [
    'anthropic',
    'aws',
    'azure',
    'cohere',
    'deepseek',
    'google',
    'groq',
    'mistral',
    'moonshotai',
    'openai',
  ].concat('openrouter', 'together', 'x-ai')
  const models = vendors.flatMap((vendor) =>
    (findProvider({ providerId: vendor })?.models ?? []).map(({ id }) => ({ vendor, id })),
  )

  test('is read as its own calculator reads it, for every model, instant and usage', () => {
    const instant = fc.integer({ min: Date.parse('2025-01-01'), max: Date.parse('2027-06-01') })
    const count = fc.integer({ min: 0, max: 150_000 })
    let compared = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        instant,
        fc.tuple(count, count, count, count),
        ({ vendor, id }, atMs, counts) => {
          const [input, read, write, output] = counts
          const price = book.find(query(vendor, id, atMs))
          const usage = { inputTotal: input + read + write, cacheRead: read, cacheWrite5m: write, outputTotal: output }
          const cost = price?.cost(createUsage(usage))
          if (cost === undefined) return
          compared++
          const theirs = calcPrice(
            {
              input_tokens: usage.inputTotal,
              cache_read_tokens: read,
              cache_write_tokens: write,
              output_tokens: output,
            },
            id,
            { providerId: vendor, timestamp: new Date(atMs) },
          )
          expect(Number(cost) / 1e12).toBeCloseTo(theirs?.total_price ?? -1, 9)
        },
      ),
      { numRuns: 1500 },
    )
    expect(compared).toBeGreaterThan(750)
  })

  test('bounds hold over the service tiers that a request leaves open, and are reached', () => {
    const factors = {
      priority: '2.5',
      flex: '0.5',
      'speed:fast': '6',
      'inference_geo:us': '1.1',
      'speed:fast+priority': '20',
    }
    const own = withOwnPrice({ input: '3', output: '15', perRequest: '1', serviceTiers: factors })
    const tokens = { input: 1_000, output: 200 }
    const ask = (body: JsonObject): bigint => own.costMax({ ...tokens, tiers: readTierChoice(body) })
    const cost = (raw: JsonObject) => own.cost(createUsage({ inputTotal: 1_000, outputTotal: 200, raw })) ?? -1n
    // (1,000 × 3 + 200 × 15) millionths of a dollar in picodollars; a dollar for the request comes once.
    const [dollar, ordinary] = [1_000_000_000_000n, 6_000_000_000n]
    expect(own.costMax(tokens)).toBe(dollar + ordinary)
    expect(ask({ service_tier: 'standard_only', inference_geo: 'global' })).toBe(dollar + ordinary)
    expect(ask({ inference_geo: 'global' })).toBe(cost({ service_tier: 'priority' }))
    expect(ask({})).toBe(cost({ service_tier: 'priority', inference_geo: 'us' }))
    expect(ask({ service_tier: 'flex', inference_geo: 'global' })).toBe(dollar + (ordinary * 5n) / 2n)
    expect(ask({ service_tier: 'default', speed: 'fast' })).toBe(cost({ speed: 'fast', inference_geo: 'us' }))
    expect(ask({ inference_geo: 'global', speed: 'fast' })).toBe(dollar + ordinary * 20n)
    expect(ask({ speed: 'fast' })).toBeGreaterThanOrEqual(
      cost({ speed: 'fast', service_tier: 'priority', inference_geo: 'us' }),
    )
  })

  test('bounds hold over tiers', () => {
    const tokens = fc.integer({ min: 0, max: 400_000 })
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.tuple(tokens, tokens),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (model, [input, output], share) => {
          const price = book.find(query(model.vendor, model.id))
          const used = Math.floor(input * share)
          const cost = price?.cost(
            createUsage({ inputTotal: used, cacheRead: Math.floor(used / 3), outputTotal: output }),
          )
          if (price === undefined || cost === undefined) return
          expect(cost).toBeLessThanOrEqual(price.costMax({ input, output }))
        },
      ),
      { numRuns: 500 },
    )
  })
})
