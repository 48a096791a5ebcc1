import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import { createVendorHarness, startVendorServer, toReply, type VendorHarness, type VendorServer } from './testing.ts'

let server: VendorServer
const open: VendorHarness[] = []

beforeAll(async () => {
  server = await startVendorServer()
})

afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close()
})

afterAll(() => server.close())

function create(dialect: string, model: string, parts: JsonObject = {}): VendorHarness {
  const harness = createVendorHarness({ endpoint: { dialect, model, url: server.origin, ...parts } })
  open.push(harness)
  return harness
}

const vectors = [
  [0.1, 0.2, 0.3],
  [0.4, 0.5, 0.6],
]

describe('embeddings', () => {
  test.each([
    ['google', 'gemini-embedding-001', '/models/gemini-embedding-001:batchEmbedContents', undefined],
    ['azure', 'our-embedder', '/embeddings', 9],
    ['mistral', 'mistral-embed', '/embeddings', 9],
    ['cohere', 'embed-v4.0', '/embed', 9],
    ['alibaba', 'text-embedding-v4', '/services/embeddings/text-embedding/text-embedding', 9],
  ])('%s: one vector per text in the order of the texts, with the usage it reports', async (...given) => {
    const [dialect, model, path, tokens] = given
    server.reply(toReply(dialect, 'embeddings.json'))
    const embedded = await create(dialect, model).embed(['one text', 'another'])
    expect(embedded.vectors).toEqual(vectors)
    expect(embedded.usage).toEqual(
      tokens === undefined ? undefined : expect.objectContaining({ inputTotal: tokens, outputTotal: 0 }),
    )
    expect(server.requests.at(-1)?.path).toBe(path)
    expect(JSON.stringify(server.requests.at(-1)?.body)).toContain('another')
  })

  test('bedrock takes one text at a time: each request has its own permit, usages add up', async () => {
    server.reply(toReply('bedrock', 'embedding.json'))
    const harness = create('bedrock', 'amazon.titan-embed-text-v2:0')
    const sent = server.requests.length
    const embedded = await harness.embed(['one', 'two', 'three'], 256)
    expect(embedded.vectors.length).toBe(3)
    expect(embedded.usage).toMatchObject({ inputTotal: 12, outputTotal: 0 })
    const bodies = server.requests.slice(sent).map(({ body }) => body)
    expect(bodies).toMatchObject([{ inputText: 'one', dimensions: 256 }, { inputText: 'two' }, { inputText: 'three' }])
    expect(harness.intents.length).toBe(3)
  })

  test.each([
    ['google', 'gemini-embedding-001', 'embedding.json', 'outputDimensionality'],
    ['azure', 'our-embedder', 'embeddings.json', 'dimensions'],
    ['mistral', 'codestral-embed', 'embeddings.json', 'output_dimension'],
    ['cohere', 'embed-v4.0', 'embeddings.json', 'output_dimension'],
    ['alibaba', 'text-embedding-v4', 'embeddings.json', 'dimension'],
  ])('%s is told how long its vectors shall be', async (...given) => {
    const [dialect, model, name, word] = given
    server.reply(toReply(dialect, name))
    const texts = name === 'embedding.json' ? ['one'] : ['one', 'two']
    await create(dialect, model).embed(texts, 1_024)
    expect(JSON.stringify(server.requests.at(-1)?.body)).toContain(`"${word}":1024`)
  })

  test.each([
    ['google', 'gemini-embedding-001', 'taskType', 'RETRIEVAL_QUERY', 'RETRIEVAL_DOCUMENT'],
    ['cohere', 'embed-v4.0', 'input_type', 'search_query', 'search_document'],
    ['alibaba', 'text-embedding-v4', 'text_type', 'query', 'document'],
  ])('%s is told questions from passages in its own words, and the answer says so', async (...given) => {
    const [dialect, model, word, query, passage] = given
    for (const [kind, said] of [
      ['query', query],
      ['passage', passage],
    ] as const) {
      server.reply(toReply(dialect, 'embeddings.json'))
      const { form } = await create(dialect, model).embed(['one', 'two'], undefined, kind)
      expect(JSON.stringify(server.requests.at(-1)?.body)).toContain(`"${word}":"${said}"`)
      expect(form).toContain(query)
      expect(form).toContain(passage)
    }
  })

  test('bedrock tells each family in its own words', async () => {
    server.reply(toReply('bedrock', 'embedding.json'))
    await create('bedrock', 'amazon.titan-embed-text-v2:0').embed(['one'], undefined, 'passage')
    expect(server.requests.at(-1)?.body).toEqual({ inputText: 'one' })
    // The body that comes back is Titan's; what was asked is what counts here.
    const ask = (model: string) => create('bedrock', model).embed(['one'], undefined, 'passage')
    server.reply(toReply('bedrock', 'embedding.json'))
    await ask('cohere.embed-v4:0').catch(() => undefined)
    expect(server.requests.at(-1)?.body).toMatchObject({ input_type: 'search_document' })
    server.reply(toReply('bedrock', 'embedding.json'))
    await ask('amazon.nova-2-multimodal-embeddings-v1:0').catch(() => undefined)
    expect(JSON.stringify(server.requests.at(-1)?.body)).toContain('"embeddingPurpose":"GENERIC_INDEX"')
  })

  test('what the operator says of a model stands before what is known of it', async () => {
    server.reply(toReply('cohere', 'embeddings.json'))
    const embedding = { query: 'Q ', passage: 'P ', parameter: { name: 'truncate', query: 'NONE', passage: 'END' } }
    const { form } = await create('cohere', 'embed-v4.0', { embedding }).embed(['one', 'two'], 256, 'passage')
    const body = JSON.stringify(server.requests.at(-1)?.body)
    for (const said of ['"P one"', '"P two"', '"truncate":"END"', '"output_dimension":256'])
      expect(body).toContain(said)
    expect(JSON.parse(form ?? '')).toEqual(embedding)
    expect(() => create('mistral', 'm', { embedding })).toThrow(/no such parameter/)
  })

  test.each(['groq', 'deepseek', 'xai', 'moonshot'])(
    '%s has none, and says so before anything is sent',
    async (dialect) => {
      const sent = server.requests.length
      await expect(create(dialect, 'm').embed(['one'])).rejects.toMatchObject({ code: 'UNSUPPORTED_PARAMETER' })
      expect(server.requests.length).toBe(sent)
    },
  )

  test('an answer with too few vectors, or of different lengths, is none', async () => {
    server.reply(toReply('mistral', 'embeddings.json'))
    await expect(create('mistral', 'm').embed(['one'])).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
    const data = [{ embedding: [1, 2] }, { embedding: [1] }]
    server.reply({ headers: { 'content-type': 'application/json' }, body: JSON.stringify({ data }) })
    await expect(create('mistral', 'm').embed(['one', 'two'])).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
  })

  test('a refusal of a later batch is the refusal of all', async () => {
    server.reply(toReply('bedrock', 'embedding.json'), toReply('bedrock', 'error-429.json', { status: 429 }))
    const harness = create('bedrock', 'amazon.titan-embed-text-v2:0')
    await expect(harness.embed(['one', 'two'])).rejects.toMatchObject({ code: 'UPSTREAM_RATE_LIMITED' })
  })
})
