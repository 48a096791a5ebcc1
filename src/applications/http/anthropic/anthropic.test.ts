import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../../test/kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../../../../test/kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      endpoints: { one: toEndpoint(mock, 'anthropic'), other: toEndpoint(mock, 'openai') },
      models: { one: { endpoint: 'one' }, other: { endpoint: 'other' } },
    },
  })
})

beforeEach(() => mock.reset())

afterAll(async () => {
  await strata.close()
  await mock.close()
})

const ask = (model: string, more: object = {}) => ({
  model,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'How long is the Rhine?' }],
  ...more,
})

describe('messages', () => {
  test('are answered whole and streamed, by an endpoint of the dialect or of another', async () => {
    for (const model of ['one', 'other']) {
      const whole: unknown = await (await strata.request('/v1/messages', ask(model))).json()
      expect(whole).toMatchObject({
        type: 'message',
        role: 'assistant',
        content: [{ type: 'text' }],
        stop_reason: 'end_turn',
      })
      const streamed = await strata.request('/v1/messages', ask(model, { stream: true }))
      expect(await streamed.text()).toMatch(/^event: message_start[\s\S]*event: message_stop\ndata: [^\n]*\n\n$/)
    }
  })

  test('carry the version and the betas of the client to an endpoint of the dialect', async () => {
    const headers = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'files-api-2025-04-14' }
    await strata.request('/v1/messages', ask('one'), { headers })
    expect(mock.requests[0]?.headers).toMatchObject(headers)
    await strata.request('/v1/messages', ask('other'), { headers })
    expect(mock.requests[1]?.headers).not.toHaveProperty('anthropic-beta')
  })
})

describe('count_tokens', () => {
  const count = async (body: object): Promise<unknown> =>
    (await strata.request('/v1/messages/count_tokens', body)).json()

  test('estimates without sending anything anywhere, and says so', async () => {
    const short = (await count(ask('one'))) as { readonly input_tokens: number }
    expect(short).toEqual({ input_tokens: expect.any(Number), strata: { source: 'estimated' } })
    const long = (await count(ask('one', { system: 'Be brief. '.repeat(100) }))) as { readonly input_tokens: number }
    expect(long.input_tokens).toBeGreaterThan(short.input_tokens + 100)
    expect(mock.requests).toHaveLength(0)
  })

  test('of a model that is not there is refused in the shape of the face', async () => {
    expect(await count(ask('nobody'))).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', code: 'MODEL_NOT_FOUND' },
    })
  })
})

describe('models', () => {
  test('are listed and read in the shape of the face for who names its version', async () => {
    const headers = { 'anthropic-version': '2023-06-01' }
    const list: unknown = await (await strata.request('/v1/models', undefined, { headers })).json()
    expect(list).toMatchObject({
      has_more: false,
      data: expect.arrayContaining([expect.objectContaining({ type: 'model', id: 'one' })]),
    })
    const one: unknown = await (await strata.request('/v1/models/one', undefined, { headers })).json()
    expect(one).toMatchObject({ type: 'model', id: 'one', display_name: 'one' })
  })
})
