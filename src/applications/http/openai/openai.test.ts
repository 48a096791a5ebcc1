import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../../test/kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../../../../test/kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  const price = { input: '1', output: '2' }
  strata = await startStrata({
    config: {
      endpoints: {
        one: toEndpoint(mock, 'openai', { price, contextTokens: 1_000, outputTokensMax: 100 }),
        responses: toEndpoint(mock, 'openai-responses'),
        embedder: toEndpoint(mock, 'openai', { price, does: ['embed'] }),
      },
      models: {
        one: { endpoint: 'one' },
        responses: { endpoint: 'responses' },
        'team/embedder': { endpoint: 'embedder' },
      },
    },
  })
})

beforeEach(() => mock.reset())

afterAll(async () => {
  await strata.close()
  await mock.close()
})

const messages = [{ role: 'user', content: 'Hello' }]

describe('chat completions', () => {
  test('show usage in a stream only to who asked, though it is always asked upstream', async () => {
    for (const asked of [false, true]) {
      const options = asked ? { stream_options: { include_usage: true } } : {}
      const response = await strata.request('/v1/chat/completions', {
        model: 'one',
        messages,
        stream: true,
        ...options,
      })
      expect(/"prompt_tokens":12/.test(await response.text())).toBe(asked)
      expect(mock.requests.at(-1)?.json).toMatchObject({ stream_options: { include_usage: true } })
    }
  })

  test('name the model of the vendor to the endpoint, and keep fields that Strata does not know', async () => {
    await strata.request('/v1/chat/completions', { model: 'one', messages, own_field: [1], strata: { report: false } })
    expect(mock.requests[0]?.json).toEqual({ model: 'vendor-openai', messages, own_field: [1] })
  })
})

describe('responses', () => {
  test('are answered whole and streamed', async () => {
    const whole: unknown = await (await strata.request('/v1/responses', { model: 'responses', input: 'Hello' })).json()
    expect(whole).toMatchObject({ object: 'response', status: 'completed', output: [{ type: 'message' }] })
    const streamed = await strata.request('/v1/responses', { model: 'responses', input: 'Hello', stream: true })
    expect(await streamed.text()).toMatch(/^event: response\.created[\s\S]*event: response\.completed/)
  })

  test('come from an endpoint of another dialect too, with the report', async () => {
    const body: unknown = await (await strata.request('/v1/responses', { model: 'one', input: 'Hello' })).json()
    expect(body).toMatchObject({ object: 'response', strata: { endpoint: 'one', cost: { picodollars: '30000000' } } })
  })
})

describe('embeddings', () => {
  const ask = (more: object = {}) =>
    strata.request('/v1/embeddings', { model: 'team/embedder', input: ['a', '乙'], ...more })

  test('are one vector per text, in order, with usage and cost', async () => {
    const response = await ask()
    const body = (await response.json()) as { readonly data: readonly { readonly embedding: readonly number[] }[] }
    expect(body).toMatchObject({ object: 'list', model: 'team/embedder', data: [{ index: 0 }, { index: 1 }] })
    expect(body.data[0]?.embedding.every(Number.isFinite)).toBe(true)
    expect(response.headers.get('x-strata-cost')).toMatch(/^0\.0/)
    expect(response.headers.get('x-strata-call')).toMatch(/^call_/)
  })

  test('in base64 are the same numbers as 32-bit floats', async () => {
    const floats = (await (await ask()).json()) as {
      readonly data: readonly { readonly embedding: readonly number[] }[]
    }
    const texts = (await (await ask({ encoding_format: 'base64' })).json()) as {
      readonly data: readonly { readonly embedding: string }[]
    }
    const bytes = Buffer.from(texts.data[1]?.embedding ?? '', 'base64')
    const read = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
    expect(read).toEqual(floats.data[1]?.embedding.map(Math.fround))
  })
})

describe('models', () => {
  test('are listed with what is true of them, and read by names with a slash', async () => {
    const list: unknown = await (await strata.request('/v1/models')).json()
    expect(list).toMatchObject({
      object: 'list',
      data: expect.arrayContaining([expect.objectContaining({ id: 'one' })]),
    })
    const one: unknown = await (await strata.request('/v1/models/one')).json()
    const traits = { does: ['chat'], context_tokens: 1_000, regions: ['local'], calls_max: 3 }
    expect(one).toMatchObject({ id: 'one', object: 'model', owned_by: 'strata', strata: traits })
    for (const path of ['team/embedder', 'team%2Fembedder']) {
      expect(await (await strata.request(`/v1/models/${path}`)).json()).toMatchObject({ id: 'team/embedder' })
    }
  })
})
