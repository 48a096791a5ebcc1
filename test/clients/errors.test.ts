import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Behaviour } from '../kit/index.ts'
import { chatModels, createSetting, type Setting } from './setting.ts'

const messages = [{ role: 'user' as const, content: 'How many days?' }]

let setting: Setting
beforeAll(async () => {
  setting = await createSetting()
})
afterAll(() => setting.close())
beforeEach(() => setting.reset())
afterEach(() => setting.expectShapes())

/** Every way a client can ask, with what it threw. */
function asks(setting: Setting, model: string): readonly (readonly [string, () => Promise<unknown>])[] {
  const { openai, anthropic } = setting
  const base = { model, max_tokens: 99, messages }
  return [
    ['chat', () => openai.chat.completions.create({ model, messages })],
    ['chat streamed', () => openai.chat.completions.stream({ model, messages }).finalChatCompletion()],
    ['responses', () => openai.responses.create({ model, input: 'x' })],
    ['responses streamed', () => openai.responses.stream({ model, input: 'x' }).finalResponse()],
    ['messages', () => anthropic.messages.create(base)],
    ['messages streamed', () => anthropic.messages.stream(base).finalMessage()],
  ]
}

interface Refusal {
  readonly behaviour: Behaviour
  readonly status: number
  readonly code: string
  readonly openai: abstract new (...given: never[]) => Error
  readonly anthropic: abstract new (...given: never[]) => Error
}

const refusals: readonly (readonly [string, Refusal])[] = [
  [
    'a rate limit with its wait',
    {
      behaviour: { status: 429, retryHint: { type: 'seconds', seconds: 30 } },
      status: 429,
      code: 'UPSTREAM_RATE_LIMITED',
      openai: OpenAI.RateLimitError,
      anthropic: Anthropic.RateLimitError,
    },
  ],
  [
    'an overloaded endpoint',
    {
      behaviour: { status: 503 },
      status: 503,
      code: 'UPSTREAM_OVERLOADED',
      openai: OpenAI.InternalServerError,
      anthropic: Anthropic.InternalServerError,
    },
  ],
  [
    'a request the endpoint refuses',
    {
      behaviour: { status: 400, error: { type: 'invalid_request_error', message: 'tools are too many' } },
      status: 400,
      code: 'UPSTREAM_REJECTED',
      openai: OpenAI.BadRequestError,
      anthropic: Anthropic.BadRequestError,
    },
  ],
  [
    'a page instead of an answer',
    {
      behaviour: { body: '<html>sign in</html>', contentType: 'text/html' },
      status: 502,
      code: 'UPSTREAM_INVALID',
      openai: OpenAI.InternalServerError,
      anthropic: Anthropic.InternalServerError,
    },
  ],
]

describe.each(chatModels)('errors %s', (model) => {
  test.each(refusals)('%s is the client’s own error, with its code', async (_, refusal) => {
    setting.mock.respondWith(() => refusal.behaviour)
    for (const [name, ask] of asks(setting, model)) {
      const thrown = await ask().catch((error: unknown) => error)
      expect(thrown, name).toBeInstanceOf(name.startsWith('messages') ? refusal.anthropic : refusal.openai)
      expect(thrown, name).toMatchObject({ status: refusal.status })
      expect(codeOf(thrown), name).toBe(refusal.code)
      const { headers } = setting.wire.exchanges.at(-1) ?? expect.fail('nothing was exchanged')
      expect(headers.get('x-strata-error')).toBe(refusal.code)
      if (refusal.status === 429) {
        expect([headers.get('retry-after'), headers.get('retry-after-ms')]).toEqual(['30', '30000'])
      }
      const tree = await setting.lastCall()
      expect(tree).toMatchObject({ status: 'error', error: refusal.code, usage: null })
    }
  })

  test('an error in the middle of a stream is thrown, with its code, after what had come', async () => {
    const error = { type: 'rate_limit_error', code: 'rate_limit_exceeded', message: 'Too fast' }
    setting.mock.respondWith(() => ({ errorAfterEvents: 4, error }))
    const streamed = asks(setting, model).filter(([name]) => name.endsWith('streamed'))
    expect(streamed).toHaveLength(3)
    for (const [name, ask] of streamed) {
      const thrown = await ask().catch((error: unknown) => error)
      expect(thrown, name).toBeInstanceOf(Error)
      expect(codeOf(thrown), name).toBe('UPSTREAM_RATE_LIMITED')
      const text = await setting.wire.exchanges.at(-1)?.text
      expect(text, name).not.toMatch(/\[DONE\]|message_stop|response\.completed/)
    }
  })

  test('a stream that is cut is no success', async () => {
    setting.mock.respondWith(() => ({ cut: { at: 900, how: 'reset' } }))
    for (const [name, ask] of asks(setting, model).filter(([each]) => each.endsWith('streamed'))) {
      expect(codeOf(await ask().catch((error: unknown) => error)), name).toBe('UPSTREAM_CUT')
    }
  })
})

describe('errors of Strata', () => {
  test('an unknown model and an unknown key are the client’s own errors', async () => {
    for (const [name, ask] of asks(setting, 'nowhere')) {
      const thrown = await ask().catch((error: unknown) => error)
      const expected = name.startsWith('messages') ? Anthropic.NotFoundError : OpenAI.NotFoundError
      expect(thrown, name).toBeInstanceOf(expected)
      expect(codeOf(thrown), name).toBe('MODEL_NOT_FOUND')
    }
    const openai = new OpenAI({ apiKey: 'wrong', baseURL: `${setting.strata.url}/v1`, fetch: setting.wire.fetch })
    const chat = openai.chat.completions.create({ model: 'over-chat', messages })
    await expect(chat).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await expect(chat).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    const anthropic = new Anthropic({ apiKey: 'wrong', baseURL: setting.strata.url })
    const message = anthropic.messages.create({ model: 'over-chat', max_tokens: 99, messages })
    await expect(message).rejects.toBeInstanceOf(Anthropic.AuthenticationError)
  })

  test('what an endpoint of another dialect cannot be told is refused by its name', async () => {
    const chat = setting.openai.chat.completions.create({ model: 'over-messages', messages, n: 2 })
    await expect(chat).rejects.toMatchObject({ status: 400, code: 'UNSUPPORTED_PARAMETER', param: 'n' })
    const input = [{ role: 'user' as const, content: 'And then?' }]
    const response = setting.openai.responses.create({ model: 'over-chat', input, previous_response_id: 'resp_1' })
    await expect(response).rejects.toMatchObject({ code: 'UNSUPPORTED_PARAMETER', param: 'previous_response_id' })
    expect(setting.mock.requests).toEqual([])
  })

  test('a client that waits as it is told gets its answer', async () => {
    const { strata, mock, wire } = setting
    const patient = new OpenAI({ apiKey: strata.key, baseURL: `${strata.url}/v1`, maxRetries: 1, fetch: wire.fetch })
    mock.next({ status: 429, retryHint: { type: 'milliseconds', ms: 40 } })
    const completion = await patient.chat.completions.create({ model: 'over-chat', messages })
    expect(completion.choices[0]?.message.content).toBe('Leave is 25 天。')
    expect(wire.exchanges.map((exchange) => exchange.status)).toEqual([429, 200])
  })

  test('a client that leaves before the first byte takes the endpoint along', async () => {
    for (const [name, ask] of [
      [
        'chat',
        (signal: AbortSignal) => setting.openai.chat.completions.create({ model: 'over-chat', messages }, { signal }),
      ],
      [
        'messages',
        (signal: AbortSignal) =>
          setting.anthropic.messages.create({ model: 'over-chat', max_tokens: 99, messages }, { signal }),
      ],
    ] as const) {
      setting.mock.reset()
      setting.mock.next({ silent: true })
      const leaving = new AbortController()
      const asked = ask(leaving.signal)
      const request = await setting.mock.requestAt(0)
      leaving.abort()
      await expect(asked, name).rejects.toThrow(/abort/i)
      await request.ended
      expect(request.outcome, name).toBe('cancelled')
    }
  })
})

/** Where each client keeps the stable code. */
function codeOf(thrown: unknown): unknown {
  if (thrown instanceof OpenAI.APIError) return thrown.code
  if (!(thrown instanceof Anthropic.APIError)) return thrown
  const body: unknown = thrown.error
  const { error } = body as { readonly error: { readonly code: unknown } } // as Strata writes it
  return error.code
}
