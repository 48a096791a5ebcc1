import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadOpenaiShapes } from '../../../test/kit/index.ts'
import type { DialectId } from '../../core/chat.ts'
import { errorCatalogue, PlatformError, type ErrorCode } from '../../core/errors.ts'
import { dialects } from './index.ts'

const nowMs = Date.UTC(2026, 10, 23, 12)

function decode(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): PlatformError {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return dialects['openai-chat'].decodeError({ status, headers, body: text, nowMs })
}

describe('what an endpoint refuses', () => {
  test.each<[number, ErrorCode]>([
    [400, 'UPSTREAM_REJECTED'],
    [401, 'UPSTREAM_UNAUTHENTICATED'],
    [403, 'UPSTREAM_UNAUTHENTICATED'],
    [404, 'UPSTREAM_REJECTED'],
    [408, 'UPSTREAM_TIMEOUT'],
    [422, 'UPSTREAM_REJECTED'],
    [429, 'UPSTREAM_RATE_LIMITED'],
    [500, 'UPSTREAM_FAILED'],
    [502, 'UPSTREAM_FAILED'],
    [503, 'UPSTREAM_OVERLOADED'],
    [504, 'UPSTREAM_TIMEOUT'],
    [529, 'UPSTREAM_OVERLOADED'],
    [302, 'UPSTREAM_INVALID'],
  ])('with %d is %s', (status, code) => {
    expect(decode(status, { error: { message: 'No.' } })).toMatchObject({
      code,
      message: expect.stringContaining('No.'),
    })
  })

  test.each([
    ['OpenAI', { error: { message: 'Bad thing', type: 'invalid_request_error', code: null } }],
    ['Anthropic', { type: 'error', error: { type: 'invalid_request_error', message: 'Bad thing' } }],
    ['Google', [{ error: { code: 400, message: 'Bad thing', status: 'INVALID_ARGUMENT' } }]],
    ['Bedrock', { message: 'Bad thing' }],
    ['FastAPI', { detail: 'Bad thing' }],
    ['Ollama', { error: 'Bad thing' }],
    ['a CDN', '<html><head><style>p{}</style><title>Bad thing</title></head><body><h1>Oh</h1></body></html>'],
    ['plain text', 'Bad thing'],
  ])('is quoted from the form of %s', (_, body) => {
    expect(decode(400, body).message).toContain('Bad thing')
    expect(decode(400, body).message).not.toContain('<')
  })

  test.each([
    { error: { message: "This model's maximum context length is 8192 tokens.", code: 'context_length_exceeded' } },
    { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000' } },
    { error: { message: 'the request exceeds the available context size' } },
    { error: { message: 'The input token count is too long', code: 400 } },
  ])('for its length is told as such: %j', (body) => {
    expect(decode(400, body).code).toBe('CONTEXT_TOO_LONG')
  })

  test('says nothing when there is nothing to say', () => {
    for (const body of ['', 'null', '{}', '[]']) expect(decode(500, body).code).toBe('UPSTREAM_FAILED')
  })

  test.each([
    ['sk-proj-AbCdEf0123456789', 'Incorrect API key provided: sk-proj-AbCdEf0123456789.'],
    ['gsk_AbCdEf0123456789', 'Invalid API Key gsk_AbCdEf0123456789'],
    ['AIzaSyA-1234567890abcdefg', 'API key not valid: AIzaSyA-1234567890abcdefg'],
    ['hunter2', 'bad login, api_key="hunter2" given'],
    ['abc.def.ghi', 'Authorization: Bearer abc.def.ghi'],
    ['a1b2c3d4e5f6a1b2c3d4e5f6', 'token a1b2c3d4e5f6a1b2c3d4e5f6 unknown'],
  ])('never shows the key %s', (key, message) => {
    expect(decode(401, { error: { message } }).message).not.toContain(key)
  })

  test('is quoted without harm to model names, and no longer than the bound', () => {
    const message = 'model claude-sonnet-4-5-20250929 not found'
    expect(decode(404, { error: { message } }).message).toContain(message)
    expect(decode(400, { error: { message: 'word '.repeat(500) } }).message.length).toBeLessThan(360)
  })
})

describe('how long an endpoint asks to wait', () => {
  test.each<[Readonly<Record<string, string>>, number | undefined]>([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Mon, 23 Nov 2026 12:01:30 GMT' }, 90_000],
    [{ 'retry-after': 'Mon, 23 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '1250', 'retry-after': '2' }, 1_250],
    [{ 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '6m0s' }, 1_000],
    [
      {
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-remaining-requests': '9',
        'x-ratelimit-reset-tokens': '6m0s',
        'x-ratelimit-remaining-tokens': '0',
      },
      360_000,
    ],
    [{ 'x-ratelimit-reset-tokens': '120ms' }, 120],
    [{ 'x-ratelimit-reset': String(nowMs / 1_000 + 30) }, 30_000],
    [
      { 'anthropic-ratelimit-requests-reset': '2026-11-23T12:00:20Z', 'anthropic-ratelimit-requests-remaining': '0' },
      20_000,
    ],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{}, undefined],
  ])('is read from %j', (headers, retryAfterMs) => {
    expect(decode(429, { error: { message: 'Slow down.' } }, headers).retryAfterMs).toBe(retryAfterMs)
  })

  test.each<[unknown, number]>([
    [
      {
        error: {
          status: 'RESOURCE_EXHAUSTED',
          details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34s' }],
        },
      },
      34_000,
    ],
    [[{ error: { details: [{ retryDelay: '1.5s' }] } }], 1_500],
    [{ error: { message: 'Rate limit reached for model. Please try again in 46.7s. Need more?' } }, 46_700],
    [{ error: { message: 'Please try again in 2m59.56s.' } }, 179_560],
    [{ error: { message: 'Please try again in 120ms.' } }, 120],
    [{ error: { message: 'Please retry after 20 seconds.' } }, 20_000],
  ])('is read from the body %j', (body, retryAfterMs) => {
    expect(decode(429, body).retryAfterMs).toBe(retryAfterMs)
  })

  test('a reset header of an answer that is no limit says nothing', () => {
    expect(decode(400, {}, { 'x-ratelimit-reset-requests': '1s' }).retryAfterMs).toBeUndefined()
  })

  test('any body and header are read without a fault', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        fc.string(),
        fc.integer({ min: 300, max: 599 }),
        (body, hint, status) => {
          const error = decode(status, body, { 'retry-after': hint, 'x-ratelimit-reset-requests': hint })
          expect(error).toBeInstanceOf(PlatformError)
          expect(error.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })
})

describe('what a client is told', () => {
  const codes = Object.keys(errorCatalogue) as ErrorCode[] // the keys of the catalogue are its type's
  const shapes = loadOpenaiShapes()

  test.each(codes)('%s in the shape of each dialect, with the stable code and how to mend it', (code) => {
    const error = new PlatformError(code, 'Something is wrong.', { param: 'messages[0]', details: { at: 1 } })
    for (const id of ['openai-chat', 'openai-responses'] as const) {
      const body = dialects[id].encodeError(error)
      expect(body).toMatchObject({
        error: { code, param: 'messages[0]', message: `Something is wrong. ${error.help}` },
      })
      if (shapes !== undefined) expect(shapes.findFault('ErrorResponse', body)).toBeUndefined()
    }
    expect(dialects['anthropic-messages'].encodeError(error)).toMatchObject({
      type: 'error',
      error: {
        code,
        type: expect.stringMatching(/_error$|^request_too_large$/),
        message: `Something is wrong. ${error.help}`,
      },
    })
  })

  test.each<[ErrorCode, string, string]>([
    ['INVALID_REQUEST', 'invalid_request_error', 'invalid_request_error'],
    ['UNAUTHENTICATED', 'authentication_error', 'authentication_error'],
    ['MODEL_FORBIDDEN', 'permission_error', 'permission_error'],
    ['MODEL_NOT_FOUND', 'not_found_error', 'not_found_error'],
    ['BODY_TOO_LARGE', 'invalid_request_error', 'request_too_large'],
    ['UPSTREAM_RATE_LIMITED', 'rate_limit_error', 'rate_limit_error'],
    ['UPSTREAM_OVERLOADED', 'server_error', 'overloaded_error'],
    ['INTERNAL', 'server_error', 'api_error'],
  ])('%s is a %s to OpenAI clients and a %s to Anthropic ones', (code, openai, anthropic) => {
    const error = new PlatformError(code, 'x')
    expect(dialects['openai-chat'].encodeError(error)).toMatchObject({ error: { type: openai } })
    expect(dialects['anthropic-messages'].encodeError(error)).toMatchObject({ error: { type: anthropic } })
  })

  test.each(Object.keys(dialects) as DialectId[])(
    '%s: an error sent on by one Strata is understood by the next',
    (id) => {
      const error = new PlatformError('UPSTREAM_OVERLOADED', 'the endpoint is busy')
      const body = JSON.stringify(dialects[id].encodeError(error))
      expect(dialects[id].decodeError({ status: 503, headers: {}, body, nowMs })).toMatchObject({
        code: 'UPSTREAM_OVERLOADED',
        message: expect.stringContaining('the endpoint is busy'),
      })
    },
  )
})
