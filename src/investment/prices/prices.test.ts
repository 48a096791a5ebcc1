import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { toDollars } from '../../core/money.ts'
import type { JsonObject } from '../../core/json.ts'
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
    expect(book.find(query('x-ai', 'grok-voice-latest'))).toBeUndefined()
    expect(book.find(query('openrouter', 'deepseek/deepseek-r1:free'))).toBeUndefined()
    expect(book.describePrice(query('x-ai', 'grok-voice-latest'))).toBeUndefined()
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

  test('tokens with a price of their own are charged at it, and not at all when the usage does not tell them apart', () => {
    const price = get(book.find(query('openai', 'gpt-audio'))) // 2.5 in, 10 out, audio 32 in, 64 out
    const usage = { inputTotal: 100, outputTotal: 100 }
    const raw = (audio: number) => ({ completion_tokens_details: { audio_tokens: audio } })
    expect(price.cost(createUsage(usage))).toBeUndefined()
    expect(costInDollars(price, { ...usage, raw: raw(0) })).toBe('0.00125')
    expect(costInDollars(price, { ...usage, raw: raw(5) })).toBe('0.00152')
    expect(price.cost(createUsage({ ...usage, raw: raw(101) }))).toBeUndefined()
  })

  test('cached audio costs what cached audio costs, and is told apart from cached text', () => {
    const price = get(book.find(query('google', 'gemini-2.5-flash'))) // 0.3 in, 1 audio, 0.03 cached, 0.1 cached audio
    const usage = { inputTotal: 1000, cacheRead: 400, outputTotal: 0 }
    const list = (text: number, audio: number) => [
      { modality: 'TEXT', tokenCount: text },
      { modality: 'AUDIO', tokenCount: audio },
    ]
    const raw = { promptTokensDetails: list(700, 300), cacheTokensDetails: list(300, 100) }
    expect(costInDollars(price, { ...usage, raw })).toBe('0.000339')
    expect(price.cost(createUsage({ ...usage, raw: { promptTokensDetails: list(700, 300) } }))).toBeUndefined()
  })

  test('searches, hours of audio and pages are charged by their own counts', () => {
    const searching = get(book.find(query('anthropic', 'claude-sonnet-4-20250514')))
    const raw = { server_tool_use: { web_search_requests: 3 } }
    expect(costInDollars(searching, { inputTotal: 0, outputTotal: 0, raw })).toBe('0.03')
    const listening = get(book.find(query('openai', 'whisper-1')))
    expect(costInDollars(listening, { raw: { type: 'duration', seconds: 90.5 } })).toBe('0.00905')
    expect(listening.cost(createUsage({}))).toBeUndefined()
    const reading = get(book.find(query('mistral', 'mistral-ocr-2503')))
    expect(costInDollars(reading, { raw: { pages_processed: 7 } })).toBe('0.007')
  })

  test('another service tier than the ordinary one has no price unless the book has one', () => {
    const price = get(book.find(query('openai', 'gpt-4o')))
    const usage = { inputTotal: 100, outputTotal: 100 }
    expect(price.cost(createUsage({ ...usage, raw: { service_tier: 'default' } }))).toBeDefined()
    expect(price.explain(createUsage({ ...usage, raw: { strata: { service_tier: 'priority' } } }))).toEqual({
      type: 'unknown',
      reason: 'the price has none for the service tier priority',
    })
  })

  // https://developers.openai.com/api/docs/guides/flex-processing, https://platform.claude.com/docs/en/about-claude/pricing,
  // https://ai.google.dev/gemini-api/docs/optimization
  test('tiers that a vendor prices alike for all its models multiply every token price, several at once too', () => {
    const usage = { inputTotal: 1000, cacheRead: 400, outputTotal: 100 }
    const cost = (vendor: string, model: string, raw: JsonObject): string | undefined =>
      costInDollars(book.find(query(vendor, model)), { ...usage, raw })
    expect(cost('openai', 'gpt-4o-mini', {})).toBe('0.00018')
    expect(cost('openai', 'gpt-4o-mini', { strata: { service_tier: 'flex' } })).toBe('0.00009')
    expect(cost('google', 'gemini-2.0-flash', { serviceTier: 'flex' })).toBe(
      cost('google', 'gemini-2.0-flash', { trafficType: 'ON_DEMAND_FLEX' }),
    )
    expect(cost('google', 'gemini-2.0-flash', { serviceTier: 'standard', trafficType: 'ON_DEMAND' })).toBe('0.00011')
    expect(cost('google', 'gemini-2.0-flash', { serviceTier: 'priority' })).toBeUndefined()
    // (600 × 3 + 400 × 0.3 + 100 × 15) millionths = 0.00342, halved for a batch, a tenth more within the US
    expect(cost('anthropic', 'claude-sonnet-4-6', { service_tier: 'batch' })).toBe('0.00171')
    expect(cost('anthropic', 'claude-sonnet-4-6', { inference_geo: 'us' })).toBe('0.003762')
    expect(cost('anthropic', 'claude-sonnet-4-6', { inference_geo: 'us', service_tier: 'batch' })).toBe('0.001881')
    expect(cost('anthropic', 'claude-sonnet-4-6', { inference_geo: 'us', speed: 'fast' })).toBeUndefined()
  })

  test('advice that a model took from another has the price of that other', () => {
    const step = (figures: JsonObject): JsonObject => ({
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      ...figures,
    })
    const asking = (model: string): JsonObject => ({
      iterations: [
        step({ type: 'message', input_tokens: 1000, output_tokens: 100 }),
        step({ type: 'advisor_message', model, input_tokens: 200, cache_read_input_tokens: 300, output_tokens: 10 }),
      ],
    })
    const price = get(book.find(query('anthropic', 'claude-sonnet-4-6')))
    const usage = { inputTotal: 1000, outputTotal: 100 }
    // 1000 × 3 + 100 × 15, and of Opus 4.6: 200 × 5 + 300 × 0.5 + 10 × 25 millionths
    expect(costInDollars(price, { ...usage, raw: asking('claude-opus-4-6') })).toBe('0.0059')
    expect(price.explain(createUsage({ ...usage, raw: asking('claude-opus-4-6') }))).toMatchObject({
      parts: expect.arrayContaining([
        { name: 'advice of claude-opus-4-6: input', count: 200, picodollarsEach: '5000000' },
      ]),
    })
    expect(price.explain(createUsage({ ...usage, raw: asking('unheard-of') }))).toEqual({
      type: 'unknown',
      reason: 'there is no price for unheard-of, whose advice was asked',
    })
  })

  describe('advice', () => {
    const advised = (figures: JsonObject, tier?: string): JsonObject => ({
      ...(tier === undefined ? {} : { service_tier: tier }),
      iterations: [{ type: 'advisor_message', model: 'claude-opus-4-6', ...figures }],
    })
    const usage = { inputTotal: 1000, outputTotal: 100 }
    const tokens = { input_tokens: 200, output_tokens: 10 }

    test('has the price of the instant of the call, whatever else is asked meanwhile', () => {
      const opus = (input: string, window: { from?: string; to?: string }) => ({
        vendor: 'anthropic',
        model: 'claude-opus-4-6',
        price: { input, output: '0' },
        ...window,
      })
      const prices = [opus('10', { to: '2026-01-01' }), opus('20', { from: '2026-01-01' })]
      const own = createPricer({ config: configSchema.parse({ investment: { prices } }) })
      const atMs = Date.parse('2026-06-01T00:00:00Z')
      const price = own.find({ ...query('anthropic', 'claude-sonnet-4-6'), atMs })
      own.find({ ...query('anthropic', 'claude-sonnet-4-6'), atMs: Date.parse('2025-12-01T00:00:00Z') })
      // 1000 × 3 + 100 × 15 of Sonnet, 200 × 20 of Opus, millionths
      expect(costInDollars(price, { ...usage, raw: advised(tokens) })).toBe('0.0085')
    })

    test("has its vendor's price where the endpoint has one of its own for the model that asks", () => {
      const endpoint = { dialect: 'anthropic', model: 'claude-sonnet-4-6', price: { input: '1', output: '1' } }
      const own = createPricer({ config: configSchema.parse({ endpoints: { own: endpoint } }) })
      const price = own.find({ ...query(undefined, 'claude-sonnet-4-6'), endpoint: 'own' })
      // 1100 × 1, and of Opus 4.6: 200 × 5 + 10 × 25 millionths
      expect(costInDollars(price, { ...usage, raw: advised(tokens) })).toBe('0.00235')
    })

    test('counts as a whole answer does, in the tier of the answer', () => {
      const price = book.find(query('anthropic', 'claude-sonnet-4-6'))
      expect(costInDollars(price, { ...usage, raw: advised(tokens, 'batch') })).toBe('0.002875')
      const written = { ...tokens, cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 100 } }
      // 0.0045 + 200 × 5 + 10 × 25 + 100 × 6.25 + 100 × 10 millionths
      expect(costInDollars(price, { ...usage, raw: advised(written) })).toBe('0.007375')
    })
  })

  test('a tier whose name every object has is a tier without a price', () => {
    const price = get(book.find(query('openai', 'gpt-4o')))
    expect(price.explain(createUsage({ inputTotal: 1, outputTotal: 1, raw: { service_tier: 'constructor' } }))).toEqual(
      {
        type: 'unknown',
        reason: 'the price has none for the service tier constructor',
      },
    )
  })

  // https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini: the discounts for
  // cached tokens and for batches do not stack, so no one factor is right.
  test('a batch of Google has no one factor', () => {
    const raw = { serviceTier: 'batch' }
    const usage = { inputTotal: 1000, cacheRead: 400, outputTotal: 100 }
    expect(costInDollars(book.find(query('google', 'gemini-2.0-flash')), { ...usage, raw })).toBeUndefined()
  })

  // https://openrouter.ai/google/gemini-2.5-flash: 0.3 in, 0.03 read, 0.083333 written. A recorded answer was billed
  // 0.000247013 USD for a prompt of 2168 tokens, of which 2161 were written and the same 2161 read.
  test('tokens that were written and read are billed for both, also where that is more than the input', () => {
    const price = withOwnPrice({ input: '0.3', output: '2.5', cacheRead: '0.03', cacheWrite5m: '0.083333' })
    const usage = { inputTotal: 2168, cacheRead: 2161, cacheWrite5m: 2161, outputTotal: 0 }
    expect(costInDollars(price, usage)).toBe('0.000247012613')
    expect(price.cost(createUsage({ ...usage, cacheRead: 2169 }))).toBeUndefined()
    expect(price.cost(createUsage({ ...usage, cacheWrite5m: 2000, cacheWrite1h: 169 }))).toBeUndefined()
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
    expect(one.version).toMatch(/^operator:[0-9a-f]{12}$/)
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
