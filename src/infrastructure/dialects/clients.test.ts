import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import type { AnswerEvent, DialectId } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { createUsage } from '../../core/usage.ts'
import { dialects } from './index.ts'

const meta = { callId: 'call_01h', model: 'everyday', createdAtMs: 1_764_000_000_000, includeUsage: true, body: {} }

const events: readonly AnswerEvent[] = [
  { type: 'reasoning-delta', text: 'Look it up.' },
  { type: 'reasoning-end', signature: undefined, redacted: undefined },
  { type: 'text-delta', text: 'Leave is ' },
  { type: 'text-delta', text: '25 天.' },
  { type: 'tool-call-start', index: 0, id: 'call_1', name: 'get_weather' },
  { type: 'tool-call-delta', index: 0, arguments: '{"city":' },
  { type: 'tool-call-delta', index: 0, arguments: '"Köln"}' },
  { type: 'tool-call-end', index: 0 },
  { type: 'usage', usage: createUsage({ inputTotal: 20, cacheRead: 8, outputTotal: 9, reasoning: 4 }) },
  { type: 'finish', reason: 'tool-calls' },
]

/** A network that answers every request with this stream. */
function answerWith(id: DialectId, error?: PlatformError): () => Promise<Response> {
  const encoder = dialects[id].createStreamEncoder(meta)
  const text =
    error === undefined
      ? events.map((event) => encoder.encode(event)).join('') + encoder.end({ call: 'c' })
      : events
          .slice(0, 4)
          .map((event) => encoder.encode(event))
          .join('') + encoder.fail(error)
  return () => Promise.resolve(new Response(text, { headers: { 'content-type': 'text/event-stream' } }))
}

const messages = [{ role: 'user' as const, content: 'How many days?' }]

function createOpenai(id: DialectId, error?: PlatformError): OpenAI {
  return new OpenAI({ apiKey: 'k', baseURL: 'http://strata.test/v1', maxRetries: 0, fetch: answerWith(id, error) })
}

function createAnthropic(error?: PlatformError): Anthropic {
  const network = answerWith('anthropic-messages', error)
  return new Anthropic({ apiKey: 'k', baseURL: 'http://strata.test', maxRetries: 0, fetch: network })
}

const failure = new PlatformError('UPSTREAM_CUT', 'the stream broke off')

describe('the official clients', () => {
  test('openai reads a chat completion stream to its end', async () => {
    const stream = createOpenai('openai-chat').chat.completions.stream({ model: 'everyday', messages })
    const completion = await stream.finalChatCompletion()
    expect(completion).toMatchObject({
      id: 'chatcmpl-01h',
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: 'Leave is 25 天.',
            tool_calls: [{ id: 'call_1', function: { name: 'get_weather', arguments: '{"city":"Köln"}' } }],
          },
        },
      ],
      usage: { prompt_tokens: 20, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 8 } },
    })
  })

  test('openai reads a response stream to its end', async () => {
    const stream = createOpenai('openai-responses').responses.stream({ model: 'everyday', input: 'How many days?' })
    const response = await stream.finalResponse()
    expect(response).toMatchObject({ id: 'resp_01h', status: 'completed', output_text: 'Leave is 25 天.' })
    expect(response.output.map((item) => item.type)).toEqual(['reasoning', 'message', 'function_call'])
    expect(response.usage).toMatchObject({ input_tokens: 20, output_tokens: 9 })
  })

  test('@anthropic-ai/sdk reads a message stream to its end', async () => {
    const stream = createAnthropic().messages.stream({ model: 'everyday', max_tokens: 99, messages })
    const message = await stream.finalMessage()
    expect(message).toMatchObject({
      id: 'msg_01h',
      stop_reason: 'tool_use',
      content: [
        { type: 'thinking', thinking: 'Look it up.' },
        { type: 'text', text: 'Leave is 25 天.' },
        { type: 'tool_use', id: 'call_1', name: 'get_weather', input: { city: 'Köln' } },
      ],
      usage: { input_tokens: 12, cache_read_input_tokens: 8, output_tokens: 9 },
    })
  })

  test('all throw what a stream failed with', async () => {
    const chat = createOpenai('openai-chat', failure).chat.completions.stream({ model: 'm', messages })
    await expect(chat.finalChatCompletion()).rejects.toMatchObject({ code: 'UPSTREAM_CUT' })
    const response = createOpenai('openai-responses', failure).responses.stream({ model: 'm', input: 'x' })
    await expect(response.finalResponse()).rejects.toMatchObject({ code: 'UPSTREAM_CUT' })
    const message = createAnthropic(failure).messages.stream({ model: 'm', max_tokens: 9, messages })
    await expect(message.finalMessage()).rejects.toThrow(/UPSTREAM_CUT/)
  })
})
