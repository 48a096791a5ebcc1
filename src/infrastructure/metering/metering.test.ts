import { describe, expect, test } from 'vitest'
import { readFixture } from '../../../test/fixtures/index.ts'
import { runUsage } from '../../../test/kit/usage/index.ts'
import type { JsonValue } from '../../core/json.ts'
import { readBody, type BodyDialect } from './index.ts'

function read(body: JsonValue, dialect: BodyDialect) {
  return readBody(Buffer.from(JSON.stringify(body)), dialect)
}

const completion = { object: 'chat.completion', model: 'm', choices: [{ finish_reason: 'stop' }] }

describe('usage of a recorded body', () => {
  test('is what was written, in every form of every dialect, cut at any byte, and costs what the catalogue says', () => {
    const faults: string[] = []
    const figures = runUsage({ seed: 7, bodiesEach: 20, cutEvery: 20, onFault: (fault) => faults.push(fault) })
    expect(figures).toMatchObject({ wrong: 0, cutsWrong: 0, differing: 0 })
    expect(figures.compared).toBeGreaterThan(100)
    expect(figures.cuts).toBeGreaterThan(5_000)
  })

  test.each([
    ['openai', 'openai-chat', 'stream-text.txt'],
    ['openai', 'openai-chat', 'stream-text-azure.txt'],
    ['openai', 'openai-chat', 'stream-text-groq.txt'],
    ['openai-responses', 'openai-responses', 'stream-text.txt'],
    ['anthropic', 'anthropic-messages', 'stream-text-cached.txt'],
    ['anthropic', 'anthropic-messages', 'stream-late-usage.txt'],
    ['google', 'vendors/google', 'answer.sse'],
    ['cohere', 'vendors/cohere', 'answer.sse'],
    ['xai', 'vendors/xai', 'answer.sse'],
    ['bedrock', 'vendors/bedrock', 'answer.events.json'],
  ] as const)('of %s in %s/%s is reported, by an answer that is complete', (dialect, folder, name) => {
    const reading = readBody(readFixture(folder, name), dialect)
    expect(reading).toMatchObject({ isComplete: true, error: undefined })
    expect(reading.usage?.inputTotal).toBeGreaterThan(0)
    expect(reading.usage?.outputTotal).toBeGreaterThan(0)
  })

  test('of a stream that broke off is what had been reported, and no more', () => {
    const cut = readBody(readFixture('anthropic-messages', 'stream-cut.txt'), 'anthropic')
    expect(cut.isComplete).toBe(false)
    expect(cut.usage?.inputTotal).toBeGreaterThan(0)
    expect(cut.usage?.outputTotal).toBeUndefined()
  })

  test('of an answer that reports none is absent, not zero', () => {
    expect(read(completion, 'openai').usage).toBeUndefined()
    expect(read({ ...completion, usage: null }, 'openai').usage).toBeUndefined()
    expect(read({ ...completion, usage: { prompt_tokens: 3 } }, 'openai').usage).toMatchObject({
      inputTotal: 3,
      outputTotal: undefined,
      cacheRead: undefined,
    })
  })

  test('of realtime, pictures and Titan embeddings is found where these have it', () => {
    const usage = { input_tokens: 10, input_token_details: { cached_tokens: 4, audio_tokens: 6 }, output_tokens: 3 }
    const realtime = readBody(
      Buffer.from(`data: ${JSON.stringify({ type: 'response.done', response: { usage } })}\n\n`),
      'openai',
    )
    expect(realtime).toMatchObject({ isComplete: true, usage: { inputTotal: 10, cacheRead: 4, outputTotal: 3 } })
    const pictures = read({ created: 1, data: [{ url: 'https://example.com/a.png' }, { b64_json: '' }] }, 'openai')
    expect(pictures.usage?.raw).toEqual({ strata: { images: 2 } })
    const titan = read({ embedding: [0.1], inputTextTokenCount: 5 }, 'bedrock')
    expect(titan.usage).toMatchObject({ inputTotal: 5, outputTotal: 0, raw: { inputTextTokenCount: 5 } })
  })

  test('keeps the error that the body holds', () => {
    const reading = readBody(readFixture('openai-chat', 'stream-error-overloaded.txt'), 'openai')
    expect(reading).toMatchObject({ isComplete: false, error: expect.stringMatching(/^UPSTREAM_/) })
  })

  test('counts searches that the model made, and tells a service tier that is not the ordinary one', () => {
    const output = [
      { type: 'web_search_call', action: { type: 'search' } },
      { type: 'web_search_call', action: { type: 'open_page' } },
    ]
    const usage = { input_tokens: 1, output_tokens: 1 }
    const { usage: found } = read({ object: 'response', output, usage, service_tier: 'flex' }, 'openai-responses')
    expect(found?.raw).toEqual({ ...usage, strata: { web_searches: 1, service_tier: 'flex' } })
    expect(read({ ...completion, usage, service_tier: 'default' }, 'openai').usage?.raw).toEqual(usage)
  })
})

describe('a body that is none is refused with its place', () => {
  const usage = (figures: JsonValue): JsonValue => ({ ...completion, usage: figures })
  test.each<[string, JsonValue | Buffer, BodyDialect, string, RegExp]>([
    ['nothing', Buffer.from(''), 'openai', 'INVALID_JSON', /empty/],
    ['half of an object', Buffer.from('{"usage": {"prompt_tok'), 'openai', 'INVALID_JSON', /not JSON/],
    ['prose', Buffer.from('Hello, how are you?'), 'openai', 'INVALID_JSON', /neither JSON nor/],
    ['a number', Buffer.from('[1]'), 'openai', 'INVALID_JSON', /\[0\]/],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'openai', 'INVALID_ENCODING', /UTF-8/],
    [
      'garbage inside a stream',
      Buffer.from('data: {"a":1}\n\ndata: {oops}\n\ndata: {}\n\n'),
      'openai',
      'INVALID_JSON',
      /event 2/,
    ],
    [
      'a negative figure',
      usage({ prompt_tokens: -3, completion_tokens: 1 }),
      'openai',
      'INVALID_REQUEST',
      /prompt_tokens = -3/,
    ],
    [
      'a fraction',
      usage({ prompt_tokens: 1, completion_tokens: 1.5 }),
      'openai',
      'INVALID_REQUEST',
      /completion_tokens = 1\.5/,
    ],
    [
      'a huge figure',
      usage({ prompt_tokens: 1e300, completion_tokens: 1 }),
      'openai',
      'INVALID_REQUEST',
      /prompt_tokens/,
    ],
    ['a figure as text', usage({ prompt_tokens: '12' }), 'openai', 'INVALID_REQUEST', /"12"/],
    [
      'a figure inside',
      usage({ prompt_tokens_details: { cached_tokens: -1 } }),
      'openai',
      'INVALID_REQUEST',
      /details\.cached_tokens/,
    ],
    ['usage as text', usage('much'), 'openai', 'INVALID_REQUEST', /usage .* not an object/],
    ['another dialect', { candidates: [], usageMetadata: {} }, 'openai', 'INVALID_REQUEST', /dialect google/],
    ['another dialect', { usage: { inputTokens: 1 } }, 'anthropic', 'INVALID_REQUEST', /dialect bedrock/],
  ])('%s', (...row) => {
    const [, body, dialect, code, says] = row
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
    expect(() => readBody(bytes, dialect)).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(says) }),
    )
  })

  test('a damaged frame', () => {
    const frames = Buffer.from('00000010000000000000000000000000', 'hex')
    expect(() => readBody(frames, 'bedrock')).toThrowError(expect.objectContaining({ code: 'INVALID_JSON' }))
  })
})
