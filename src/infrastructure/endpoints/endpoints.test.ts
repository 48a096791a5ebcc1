import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../test/kit/index.ts'
import { collectAnswer } from '../../core/answer.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Adapter } from './index.ts'
import { createHarness, createRequest, createSink, relay, type Harness, type HarnessOptions } from './harness.ts'

let mock: MockUpstream
const open: Harness[] = []

beforeEach(async () => {
  mock = await startMockUpstream()
})

afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close()
  await mock.close()
})

function create(one: JsonObject, options: Partial<HarnessOptions> = {}): Harness {
  const harness = createHarness({ endpoints: { one: { url: mock.url, ...one } }, ...options })
  open.push(harness)
  return harness
}

describe('the traits of an endpoint', () => {
  test('are those configured, with the worst-case cost of one answer', () => {
    const harness = create(
      {
        processing: ['de'],
        storage: ['de', 'eu'],
        contextTokens: 1_000,
        outputTokensMax: 200,
        inputs: ['text'],
        tools: false,
      },
      { prices: { one: 3n } },
    )
    expect(harness.endpoints.findTraits('one')).toEqual({
      contextTokens: 1_000,
      inputs: ['text'],
      tools: false,
      does: ['chat'],
      regions: ['de', 'eu'],
      callsMax: 3,
      costMax: 3_600n,
    })
  })

  test('leave open what is not known: regions, bounds, price', () => {
    const harness = create({ storage: undefined }, { prices: { one: 3n } })
    expect(harness.endpoints.findTraits('one')).toMatchObject({
      regions: undefined,
      contextTokens: undefined,
      costMax: undefined,
    })
    const unpriced = create({ contextTokens: 1_000, outputTokensMax: 200 })
    expect(unpriced.endpoints.findTraits('one')?.costMax).toBeUndefined()
  })

  test('know that what is free costs nothing, however long', () => {
    expect(create({}, { prices: { one: 0n } }).endpoints.findTraits('one')?.costMax).toBe(0n)
  })

  test('are of configured endpoints only', () => {
    const harness = create({})
    expect(harness.endpoints.findTraits('two')).toBeUndefined()
    expect(harness.endpoints.list()).toEqual(['one'])
  })
})

describe('embedding', () => {
  const choice = { endpoints: ['one'], balance: 'order', hedgeQuantile: undefined } as const
  const embed = { model: 'a-model', inputs: ['one', 'two'], dimensions: 3 }
  const vectors = (...items: readonly JsonObject[]): JsonObject => ({
    object: 'list',
    data: items,
    usage: { prompt_tokens: 4, total_tokens: 4 },
  })

  test('gives one vector per input in the order of the inputs, and is settled', async () => {
    mock.next({ json: vectors({ index: 1, embedding: [4, 5, 6] }, { index: 0, embedding: [1, 2, 3] }) })
    const harness = create({ does: ['embed'] })
    const call = harness.root()
    const embedded = await harness.endpoints.embed(choice, embed, call)
    expect(embedded.vectors).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(mock.requests[0]).toMatchObject({
      path: '/v1/embeddings',
      json: { model: 'one-model', input: ['one', 'two'], dimensions: 3 },
    })
    expect(call.facts).toMatchObject([{ name: 'one', status: 'ok', usage: { inputTotal: 4 } }])
  })

  test.each([
    ['too few vectors', vectors({ index: 0, embedding: [1] })],
    ['vectors of unequal length', vectors({ index: 0, embedding: [1] }, { index: 1, embedding: [1, 2] })],
    ['two vectors for one input', vectors({ index: 0, embedding: [1] }, { index: 0, embedding: [2] })],
    ['no numbers', vectors({ index: 0, embedding: ['a'] }, { index: 1, embedding: ['b'] })],
    ['no list', { data: null }],
  ])('with %s is UPSTREAM_INVALID', async (_name, json) => {
    mock.respondWith(() => ({ json }))
    const harness = create({ does: ['embed'] })
    await expect(harness.endpoints.embed(choice, embed, harness.root())).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
    })
  })

  test('is refused of an endpoint that only chats, and of a dialect that has none', async () => {
    const chats = create({})
    await expect(chats.endpoints.embed(choice, embed, chats.root())).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const anthropic = create({ dialect: 'anthropic', does: ['embed'] })
    await expect(anthropic.endpoints.embed(choice, embed, anthropic.root())).rejects.toMatchObject({
      code: 'UNSUPPORTED_PARAMETER',
    })
    expect(mock.requests.length).toBe(0)
  })
})

describe('an endpoint of Anthropic messages', () => {
  const asked = createRequest({ max_tokens: 100, stream: true }, { dialect: 'anthropic-messages' })

  test('is told the key in its own header, and relayed in its own bytes', async () => {
    const harness = create({ dialect: 'anthropic', key: 'secret' })
    const call = harness.root()
    const sink = createSink()
    await relay(await harness.ask(asked, call), sink)
    expect(mock.requests[0]).toMatchObject({
      path: '/v1/messages',
      headers: { 'x-api-key': 'secret', 'anthropic-version': expect.any(String) },
    })
    expect(mock.requests[0]?.headers['authorization']).toBeUndefined()
    expect(sink.text()).toContain('event: message_stop')
    expect(call.facts).toMatchObject([{ status: 'ok', usage: { source: 'reported' } }])
  })

  test('that breaks early is charged the input it had reported and the output that was seen', async () => {
    mock.next({
      endAfterEvents: 8,
      script: {
        textDeltas: Array.from({ length: 20 }, () => 'forty letters of text to be charged for '),
        usage: { inputTotal: 77 },
      },
    })
    const harness = create({ dialect: 'anthropic' })
    const call = harness.root()
    await expect(relay(await harness.ask(asked, call), createSink())).rejects.toMatchObject({ code: 'UPSTREAM_CUT' })
    const usage = call.facts[0]?.usage
    expect(usage).toMatchObject({ inputTotal: 77, source: 'estimated' })
    expect(usage?.outputTotal).toBeGreaterThan(20)
  })

  test('answers a client of OpenAI in events', async () => {
    const harness = create({ dialect: 'anthropic', outputTokensMax: 64 })
    const answer = await harness.ask(createRequest({ stream: true }), harness.root())
    expect(answer.wire).toBeUndefined()
    const types: string[] = []
    for await (const event of answer) types.push(event.type)
    expect(types.at(-1)).toBe('finish')
    expect(types).toContain('text-delta')
    expect(mock.requests[0]?.json).toMatchObject({ model: 'one-model', max_tokens: 64 })
  })
})

describe('an endpoint that is not reached over the network', () => {
  const here: JsonObject = { dialect: 'extract', url: undefined, processing: ['eu'] }

  /** Says one word; `onAnswer` runs while the answer is on its way. */
  function createLocal(onAnswer: () => void): { readonly adapter: Adapter; readonly cancelled: () => boolean } {
    let isCancelled = false
    const adapter: Adapter = {
      async answer() {
        onAnswer()
        return {
          events: (async function* () {
            yield { type: 'text-delta', text: 'word' } as const
            yield { type: 'finish', reason: 'stop' } as const
          })(),
          wire: undefined,
          firstByteMs: 1,
          usage: () => undefined,
          generated: () => ({ units: 4, wide: 0, pieces: 1 }),
          cancel() {
            isCancelled = true
          },
        }
      },
      embed: () => Promise.reject(new Error('not asked for')),
    }
    return { adapter, cancelled: () => isCancelled }
  }

  test('is admitted, recorded and settled like any other', async () => {
    const local = createLocal(() => undefined)
    const harness = create(here, { adapters: { extract: local.adapter } })
    const call = harness.root()
    expect(await collectAnswer(await harness.ask(createRequest(), call))).toMatchObject({ text: 'word' })
    expect(call.facts).toMatchObject([{ name: 'one', status: 'ok', usage: undefined, regions: ['eu'] }])
    const refused = harness.ask(createRequest(), harness.root({ allowedRegions: ['us'] }))
    await expect(refused).rejects.toMatchObject({ code: 'REGION_REFUSED' })
  })

  test('whose call is cancelled while its answer is on its way is left and settled', async () => {
    const call: { cancel: (reason: unknown) => void } = { cancel: () => undefined }
    const local = createLocal(() => call.cancel(new Error('the client left')))
    const harness = create(here, { adapters: { extract: local.adapter } })
    const root = harness.root()
    call.cancel = (reason) => root.cancel(reason)
    await harness.ask(createRequest(), root)
    expect(local.cancelled()).toBe(true)
    expect(root.facts).toMatchObject([{ status: 'cancelled', usage: { source: 'estimated' } }])
    expect(harness.endpoints.health()[0]?.inFlight).toBe(0)
  })
})

describe('the health report', () => {
  test('counts tries under way and remembers how fast and how well an endpoint answered', async () => {
    const harness = create({}, { egress: { attemptsMax: 1 } })
    expect(harness.endpoints.health()).toEqual([
      {
        id: 'one',
        breaker: 'closed',
        inFlight: 0,
        failures: 0,
        lastError: undefined,
        firstByteMs: undefined,
        restMs: 0,
      },
    ])
    mock.next({ headDelayMs: 50 })
    const asked = harness.ask(createRequest(), harness.root())
    await mock.requestAt(0)
    expect(harness.endpoints.health()[0]?.inFlight).toBe(1)
    await asked
    expect(harness.endpoints.health()[0]).toMatchObject({ inFlight: 0, failures: 0 })
    expect(harness.endpoints.health()[0]?.firstByteMs).toBeGreaterThanOrEqual(49)
    mock.next({ status: 500 })
    await expect(harness.ask(createRequest(), harness.root())).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    expect(harness.endpoints.health()[0]).toMatchObject({ failures: 1, lastError: 'UPSTREAM_FAILED' })
  })
})

describe('reranking', () => {
  const choice = { endpoints: ['one'], balance: 'order', hedgeQuantile: undefined } as const
  const asked = { model: 'a-model', query: 'which?', documents: ['one', 'two'] }
  const usage = { total_tokens: 7 }

  test.each([
    [
      'results of relevance_score',
      {
        results: [
          { index: 1, relevance_score: 0.9 },
          { index: 0, relevance_score: -2 },
        ],
        usage,
      },
    ],
    [
      'data of relevance_score',
      {
        data: [
          { index: 0, relevance_score: -2 },
          { index: 1, relevance_score: 0.9 },
        ],
        usage,
      },
    ],
  ])('gives one score per document in the order of the documents, from %s, and is settled', async (_name, json) => {
    mock.next({ json })
    const harness = create({ does: ['rerank'] })
    const call = harness.root()
    expect((await harness.endpoints.rerank(choice, asked, call)).scores).toEqual([-2, 0.9])
    expect(mock.requests[0]).toMatchObject({
      path: '/v1/rerank',
      json: { model: 'one-model', query: 'which?', documents: ['one', 'two'] },
    })
    expect(call.facts).toMatchObject([{ name: 'one', status: 'ok', usage: { inputTotal: 7 } }])
  })

  test('asks an inference server for texts by its own names, and reads its bare list', async () => {
    mock.next({
      json: [
        { index: 1, score: 0.5 },
        { index: 0, score: 0.25 },
      ],
    })
    const harness = create({ does: ['rerank'], rerankShape: 'texts' })
    expect((await harness.endpoints.rerank(choice, asked, harness.root())).scores).toEqual([0.25, 0.5])
    expect(mock.requests[0]?.json).toEqual({ query: 'which?', texts: ['one', 'two'] })
  })

  test.each([
    ['too few scores', { results: [{ index: 0, relevance_score: 1 }] }],
    [
      'two scores for one document',
      {
        results: [
          { index: 0, relevance_score: 1 },
          { index: 0, relevance_score: 2 },
        ],
      },
    ],
    [
      'a document that was not sent',
      {
        results: [
          { index: 0, relevance_score: 1 },
          { index: 2, relevance_score: 2 },
        ],
      },
    ],
    [
      'no numbers',
      {
        results: [
          { index: 0, relevance_score: '1' },
          { index: 1, relevance_score: null },
        ],
      },
    ],
    ['no list', { results: null }],
  ])('with %s is UPSTREAM_INVALID', async (_name, json) => {
    mock.respondWith(() => ({ json }))
    const harness = create({ does: ['rerank'] })
    await expect(harness.endpoints.rerank(choice, asked, harness.root())).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
    })
  })

  test('is refused of an endpoint that only embeds, and of a dialect that has none', async () => {
    const embeds = create({ does: ['embed'] })
    await expect(embeds.endpoints.rerank(choice, asked, embeds.root())).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    const anthropic = create({ dialect: 'anthropic', does: ['rerank'] })
    await expect(anthropic.endpoints.rerank(choice, asked, anthropic.root())).rejects.toMatchObject({
      code: 'UNSUPPORTED_PARAMETER',
    })
    expect(mock.requests.length).toBe(0)
  })
})
