import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { calcPrice, findProvider } from '@pydantic/genai-prices'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { toDollars } from '../../core/money.ts'
import type { PriceQuery } from '../../core/ports.ts'
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
function withOwnPrice(price: Record<string, string>): BookPrice {
  const config = configSchema.parse({ endpoints: { own: { dialect: 'openai', model: 'm', price } } })
  return get(createPricer({ config }).find({ endpoint: 'own', vendor: undefined, model: 'm', atMs: noon }))
}

function costInDollars(price: BookPrice | undefined, usage: Partial<Usage>): string | undefined {
  const cost = get(price).cost(createUsage(usage))
  return cost === undefined ? undefined : toDollars(cost)
}

describe('known prices', () => {
  // https://openai.com/api/pricing: gpt-4o-mini, USD per Mtok: input 0.15, cached input 0.075, output 0.60.
  test('gpt-4o-mini: 1000 in and 500 out cost 0.00045 USD', () => {
    const price = book.find(query('openai', 'gpt-4o-mini'))
    expect(costInDollars(price, { inputTotal: 1000, outputTotal: 500 })).toBe('0.00045')
    expect(costInDollars(price, { inputTotal: 1000, cacheRead: 800, outputTotal: 500 })).toBe('0.00039')
  })

  // https://docs.claude.com/en/docs/about-claude/pricing: Sonnet 4.6, USD per Mtok: 3 in, 0.30 read, 3.75 and 6 written for
  // 5 minutes and an hour, 15 out; until 2026-03-13 twice that, and 22.50 out, for requests above 200k input tokens.
  test('claude-sonnet-4-6: cache reads, both cache writes and the long-context tier while it held', () => {
    const price = book.find(query('anthropic', 'claude-sonnet-4-6', Date.parse('2026-03-12')))
    const usage = { inputTotal: 10_000, cacheRead: 4000, cacheWrite5m: 2000, cacheWrite1h: 1000, outputTotal: 100 }
    // 3000 × 3 + 4000 × 0.3 + 2000 × 3.75 + 1000 × 6 + 100 × 15 = 25 200 millionths
    expect(costInDollars(price, usage)).toBe('0.0252')
    expect(costInDollars(price, { inputTotal: 200_000, outputTotal: 0 })).toBe('0.6')
    expect(costInDollars(price, { inputTotal: 200_001, outputTotal: 1000 })).toBe('1.222506')
    const today = book.find(query('anthropic', 'claude-sonnet-4-6'))
    expect(costInDollars(today, { inputTotal: 200_001, outputTotal: 1000 })).toBe('0.615003')
  })

  test('deepseek-chat costs less off peak, and the price remembered changes with the hour', () => {
    const at = (time: string): string | undefined =>
      costInDollars(book.find(query('deepseek', 'deepseek-chat', Date.parse(`2026-10-01T${time}Z`))), {
        inputTotal: 1_000_000,
        outputTotal: 0,
      })
    const list = book.describePrice(query('deepseek', 'deepseek-chat', Date.parse('2026-10-01T20:00:00Z')))
    expect(at('00:29:59.999')).toBe('0.135')
    expect(at('00:30:00')).toBe('0.27')
    expect(at('16:29:59.999')).toBe('0.27')
    expect(at('16:30:00')).toBe('0.135')
    expect(list).toMatchObject({
      fromMs: Date.parse('2026-10-01T16:30:00Z'),
      untilMs: Date.parse('2026-10-02T00:30:00Z'),
    })
  })

  test('o3 was cut on 2025-06-10', () => {
    const before = book.find(query('openai', 'o3', Date.parse('2025-06-09T23:59:59Z')))
    const after = book.find(query('openai', 'o3', Date.parse('2025-06-10T00:00:00Z')))
    expect(costInDollars(before, { inputTotal: 1000, outputTotal: 1000 })).toBe('0.05')
    expect(costInDollars(after, { inputTotal: 1000, outputTotal: 1000 })).toBe('0.01')
    expect([before?.version, after?.version]).toEqual([
      expect.stringMatching(/\/openai\/o3#0$/),
      expect.stringMatching(/\/openai\/o3#1$/),
    ])
  })

  test('a fee per request is part of the cost', () => {
    // https://docs.perplexity.ai/docs/getting-started/pricing: sonar, 1 USD per Mtok in and out, 5 USD per 1000 requests at low context.
    const price = get(book.find(query('perplexity', 'sonar')))
    const fee = Number(book.describePrice(query('perplexity', 'sonar'))?.perRequest)
    expect(fee).toBeGreaterThan(0)
    expect(costInDollars(price, { inputTotal: 0, outputTotal: 0 })).toBe(String(fee))
  })

  test("a vendor's web searches are charged by the count it reports", () => {
    // https://docs.claude.com/en/docs/about-claude/pricing: web search 10 USD per 1000 searches.
    const price = book.find(query('anthropic', 'claude-sonnet-4-20250514'))
    const raw = { server_tool_use: { web_search_requests: 3 } }
    expect(costInDollars(price, { inputTotal: 0, outputTotal: 0, raw })).toBe('0.03')
  })
})

describe('what is not known', () => {
  test('has no price: another vendor, another model, no vendor, a model with nothing per token', () => {
    expect(book.find(query('nobody', 'gpt-4o-mini'))).toBeUndefined()
    expect(book.find(query('openai', 'gpt-of-tomorrow'))).toBeUndefined()
    expect(book.find(query(undefined, 'gpt-4o-mini'))).toBeUndefined()
    expect(book.find(query('openai', 'whisper-1'))).toBeUndefined()
    expect(book.find(query('openrouter', 'deepseek/deepseek-r1:free'))).toBeUndefined()
    expect(book.describePrice(query('openai', 'whisper-1'))).toBeUndefined()
  })

  test('a figure that the price needs and the usage lacks makes the cost unknown, not 0', () => {
    const price = get(book.find(query('openai', 'gpt-4o-mini')))
    expect(price.cost(createUsage({ outputTotal: 5 }))).toBeUndefined()
    expect(price.cost(createUsage({ inputTotal: 5 }))).toBeUndefined()
    expect(price.explain(createUsage({ inputTotal: 5 }))).toEqual({
      type: 'unknown',
      reason: 'the number of output tokens was not reported',
    })
  })

  test('a usage that contradicts itself has no cost', () => {
    const price = get(book.find(query('openai', 'gpt-4o-mini')))
    for (const usage of [
      { inputTotal: 10, cacheRead: 11, outputTotal: 1 },
      { inputTotal: 10, cacheRead: 6, cacheWrite5m: 5, outputTotal: 1 },
      { inputTotal: 10, outputTotal: 1, reasoning: 2 },
      { inputTotal: -1, outputTotal: 1 },
      { inputTotal: 1.5, outputTotal: 1 },
      { inputTotal: Number.NaN, outputTotal: 1 },
      { inputTotal: 2 ** 53, outputTotal: 1 },
    ]) {
      expect(price.cost(createUsage(usage))).toBeUndefined()
      expect(price.explain(createUsage(usage))).toMatchObject({ type: 'unknown', reason: expect.any(String) })
    }
  })

  test('tokens the vendor prices apart are charged only when the usage says there were none', () => {
    const price = get(book.find(query('openai', 'gpt-audio')))
    const usage = { inputTotal: 100, outputTotal: 100 }
    const raw = (audio: number) => ({ completion_tokens_details: { audio_tokens: audio } })
    expect(price.cost(createUsage(usage))).toBeUndefined()
    expect(price.cost(createUsage({ ...usage, raw: raw(5) }))).toBeUndefined()
    expect(price.cost(createUsage({ ...usage, raw: raw(0) }))).toBeDefined()
  })

  test('output of a model that is priced for input only has no cost', () => {
    const price = get(book.find(query('openai', 'text-embedding-3-small')))
    expect(costInDollars(price, { inputTotal: 1000 })).toBe('0.00002')
    expect(price.cost(createUsage({ inputTotal: 1000, outputTotal: 1 }))).toBeUndefined()
  })
})

describe('where a price comes from', () => {
  const config = configSchema.parse({
    endpoints: {
      priced: { dialect: 'openai', model: 'gpt-4o-mini', price: { input: '1', output: '2' } },
      plain: { dialect: 'openai', model: 'gpt-4o-mini' },
      near: { dialect: 'openai', url: 'http://127.0.0.1:11434/v1', model: 'gpt-4o-mini' },
      far: { dialect: 'openai', url: 'https://api.groq.com/openai/v1', model: 'llama-3.3-70b-versatile' },
      named: { dialect: 'openai', url: 'http://127.0.0.1:1/v1', vendor: 'openai', model: 'gpt-4o-mini' },
      cloud: { dialect: 'bedrock', model: 'amazon.nova-micro-v1:0' },
      built: { dialect: 'extract', model: 'extract' },
      ears: { dialect: 'google', model: 'gemini-2.5-flash', inputs: ['text', 'audio'] },
      text: { dialect: 'google', model: 'gemini-2.5-flash' },
    },
    investment: {
      prices: [
        { model: 'gpt-4*', vendor: 'openai', from: '2026-10-02', to: '2026-10-04', price: { input: '3', output: '3' } },
        { model: 'gpt-4*', vendor: 'groq', price: { input: '9', output: '9' } },
        { model: 'nova', price: { input: '4', output: '4' } },
      ],
    },
  })
  const priced = createPricer({ config })
  const source = (endpoint: string, model: string, at = '2026-10-01'): string | undefined =>
    priced.describePrice({ endpoint, vendor: undefined, model, atMs: Date.parse(at) })?.source

  test("an endpoint's own price wins, then investment.prices, then the catalogue", () => {
    expect(source('priced', 'gpt-4o-mini', '2026-10-03')).toBe('endpoint')
    expect(source('plain', 'gpt-4o-mini', '2026-10-03')).toBe('operator')
    expect(source('plain', 'gpt-4o-mini', '2026-10-01')).toBe('catalogue')
  })

  test('a dated price holds from its first day until just before its last', () => {
    expect(source('plain', 'gpt-4o', '2026-10-01T23:59:59.999Z')).toBe('catalogue')
    expect(source('plain', 'gpt-4o', '2026-10-02T00:00:00Z')).toBe('operator')
    expect(source('plain', 'gpt-4o', '2026-10-03T23:59:59.999Z')).toBe('operator')
    expect(source('plain', 'gpt-4o', '2026-10-04T00:00:00Z')).toBe('catalogue')
  })

  test('the vendor is the one named, else the one at the URL, else the one of the dialect; never guessed by model', () => {
    expect(source('near', 'gpt-4o-mini')).toBeUndefined()
    expect(source('near', 'nova')).toBe('operator')
    expect(source('named', 'gpt-4o-mini')).toBe('catalogue')
    expect(book.describePrice(query('xai', 'grok-4'))).toMatchObject({ vendor: 'x-ai' })
    expect(book.find(query('openai-compatible', 'gpt-4o-mini'))).toBeUndefined()
    expect(book.find(query('my-openai-proxy', 'gpt-4o-mini'))).toBeUndefined()
    const far = priced.describePrice({
      endpoint: 'far',
      vendor: undefined,
      model: 'llama-3.3-70b-versatile',
      atMs: noon,
    })
    expect(far).toMatchObject({ source: 'catalogue', vendor: 'groq' })
    expect(source('cloud', 'amazon.nova-micro-v1:0')).toBe('catalogue')
  })

  test('what runs on this machine costs nothing by any usage, and says why', () => {
    const price = get(priced.find({ endpoint: 'built', vendor: undefined, model: 'extract', atMs: noon }))
    expect(price.version).toBe('local')
    expect(price.cost(createUsage({}))).toBe(0n)
    expect(price.costMax({ input: 1000, output: 1000 })).toBe(0n)
  })

  test('audio matters to the price only where the endpoint takes audio', () => {
    const usage = createUsage({ inputTotal: 1000, outputTotal: 10 })
    const of = (endpoint: string): BookPrice =>
      get(priced.find({ endpoint, vendor: undefined, model: 'gemini-2.5-flash', atMs: noon }))
    expect(of('text').cost(usage)).toBeDefined()
    expect(of('ears').cost(usage)).toBeUndefined()
    expect(of('ears').costMax({ input: 1000, output: 10 })).toBeGreaterThan(
      of('text').costMax({ input: 1000, output: 10 }),
    )
  })

  test('the version names source, release and entry; an operator price its content', () => {
    expect(book.find(query('openai', 'gpt-4o-mini'))?.version).toMatch(
      /^genai-prices@[\d.]+\+\d{8}\/openai\/gpt-4o-mini#0$/,
    )
    const one = withOwnPrice({ input: '1', output: '2' })
    expect(one.version).toMatch(/^operator:[0-9a-f]{8}$/)
    expect(withOwnPrice({ output: '2', input: '1' }).version).toBe(one.version)
    expect(withOwnPrice({ input: '1', output: '3' }).version).not.toBe(one.version)
    expect(withOwnPrice({ input: '1', output: '2', cacheRead: '1' }).version).not.toBe(one.version)
  })

  test('the release in versions is the one installed', () => {
    const manifest: unknown = JSON.parse(readFileSync('node_modules/@pydantic/genai-prices/package.json', 'utf8'))
    const version = book.find(query('openai', 'gpt-4o-mini'))?.version ?? ''
    expect(manifest).toMatchObject({ version: /@([\d.]+)\+/.exec(version)?.[1] })
  })

  test('equal questions get the same price, also after more models were asked for than are remembered', () => {
    const question = query('openai', 'gpt-4o-mini')
    const first = get(book.find(question))
    expect(book.find({ ...question })).toBe(first)
    for (let index = 0; index < 5000; index++) book.find(query('nobody', `model-${index}`))
    expect(book.find(question)?.version).toBe(first.version)
    expect(book.find(query('anthropic', 'gpt-4o-mini'))).toBeUndefined()
    expect(book.find(question)?.version).toBe(first.version)
  })
})

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
