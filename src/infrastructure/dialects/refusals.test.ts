import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Chat, DialectId } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { dialects } from './index.ts'

const hello = { messages: [{ role: 'user', content: 'Hello' }] }
const ask = (message: JsonObject): JsonObject => ({ messages: [{ role: 'user', content: 'Hello' }, message] })

const refused: readonly (readonly [DialectId, JsonObject, string, string])[] = [
  ['openai-chat', {}, 'INVALID_REQUEST', 'messages'],
  ['openai-chat', { messages: [] }, 'INVALID_REQUEST', 'messages'],
  ['openai-chat', { messages: 'Hello' }, 'INVALID_REQUEST', 'messages'],
  ['openai-chat', { messages: [7] }, 'INVALID_REQUEST', 'messages[0]'],
  ['openai-chat', ask({ role: 'robot', content: 'x' }), 'INVALID_REQUEST', 'messages[1].role'],
  ['openai-chat', ask({ role: 'user' }), 'INVALID_REQUEST', 'messages[1].content'],
  ['openai-chat', ask({ role: 'user', content: [{ type: 'text' }] }), 'INVALID_REQUEST', 'messages[1].content[0].text'],
  [
    'openai-chat',
    ask({ role: 'user', content: [{ type: 'smell' }] }),
    'UNSUPPORTED_PARAMETER',
    'messages[1].content[0].type',
  ],
  [
    'openai-chat',
    ask({ role: 'user', content: [{ type: 'image_url', image_url: 'x' }] }),
    'INVALID_REQUEST',
    'messages[1].content[0].image_url',
  ],
  [
    'openai-chat',
    ask({ role: 'tool', tool_call_id: 'c1', content: 'x' }),
    'INVALID_REQUEST',
    'messages[1].tool_call_id',
  ],
  [
    'openai-chat',
    ask({ role: 'assistant', tool_calls: [{ id: 'c', function: {} }] }),
    'INVALID_REQUEST',
    'messages[1].tool_calls[0].function.name',
  ],
  ['openai-chat', { ...hello, tools: ['look_up'] }, 'INVALID_REQUEST', 'tools[0]'],
  ['openai-chat', { ...hello, tools: [{ type: 'function' }] }, 'INVALID_REQUEST', 'tools[0].function'],
  ['openai-chat', { ...hello, tools: [{ type: 'custom', custom: {} }] }, 'UNSUPPORTED_PARAMETER', 'tools[0].type'],
  ['openai-chat', { ...hello, tool_choice: 'maybe' }, 'INVALID_REQUEST', 'tool_choice'],
  ['openai-chat', { ...hello, temperature: 'warm' }, 'INVALID_REQUEST', 'temperature'],
  ['openai-chat', { ...hello, max_tokens: 1.5 }, 'INVALID_REQUEST', 'max_tokens'],
  ['openai-chat', { ...hello, max_tokens: 0 }, 'INVALID_REQUEST', 'max_tokens'],
  ['openai-chat', { ...hello, stop: ['a', 1] }, 'INVALID_REQUEST', 'stop[1]'],
  ['openai-chat', { ...hello, reasoning_effort: 'vast' }, 'UNSUPPORTED_PARAMETER', 'reasoning_effort'],
  ['openai-chat', { ...hello, reasoning_effort: 3 }, 'INVALID_REQUEST', 'reasoning_effort'],
  [
    'openai-chat',
    { ...hello, response_format: { type: 'json_schema' } },
    'INVALID_REQUEST',
    'response_format.json_schema',
  ],
  ['openai-chat', { ...hello, n: 2 }, 'UNSUPPORTED_PARAMETER', 'n'],
  ['openai-chat', { ...hello, logprobs: true }, 'UNSUPPORTED_PARAMETER', 'logprobs'],
  ['openai-chat', { ...hello, modalities: ['text', 'audio'] }, 'UNSUPPORTED_PARAMETER', 'modalities'],
  ['openai-chat', { ...hello, functions: [] }, 'UNSUPPORTED_PARAMETER', 'functions'],
  ['openai-responses', {}, 'INVALID_REQUEST', 'input'],
  ['openai-responses', { input: [] }, 'INVALID_REQUEST', 'input'],
  ['openai-responses', { input: [{ role: 'robot', content: 'x' }] }, 'INVALID_REQUEST', 'input[0].role'],
  ['openai-responses', { input: [{ type: 'item_reference', id: 'x' }] }, 'UNSUPPORTED_PARAMETER', 'input[0].type'],
  [
    'openai-responses',
    { input: [{ type: 'function_call_output', call_id: 'c', output: 'x' }] },
    'INVALID_REQUEST',
    'input[0].call_id',
  ],
  ['openai-responses', { input: 'x', tools: [{ type: 'web_search' }] }, 'UNSUPPORTED_PARAMETER', 'tools[0].type'],
  [
    'openai-responses',
    { input: 'x', text: { format: { type: 'json_schema', name: 'n' } } },
    'INVALID_REQUEST',
    'text.format.schema',
  ],
  ['openai-responses', { input: 'x', background: true }, 'UNSUPPORTED_PARAMETER', 'background'],
  ['anthropic-messages', { messages: [] }, 'INVALID_REQUEST', 'messages'],
  ['anthropic-messages', { messages: [{ role: 'tool', content: 'x' }] }, 'INVALID_REQUEST', 'messages[0].role'],
  ['anthropic-messages', { messages: [{ role: 'user' }] }, 'INVALID_REQUEST', 'messages[0].content'],
  [
    'anthropic-messages',
    { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't' }] }] },
    'INVALID_REQUEST',
    'messages[0].content[0].tool_use_id',
  ],
  [
    'anthropic-messages',
    { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', data: 'x' } }] }] },
    'INVALID_REQUEST',
    'messages[0].content[0].source.media_type',
  ],
  ['anthropic-messages', { ...hello, system: [{ type: 'image' }] }, 'UNSUPPORTED_PARAMETER', 'system[0].type'],
  ['anthropic-messages', { ...hello, tools: [{ name: 'f' }] }, 'INVALID_REQUEST', 'tools[0].input_schema'],
  [
    'anthropic-messages',
    { ...hello, tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    'UNSUPPORTED_PARAMETER',
    'tools[0].type',
  ],
  ['anthropic-messages', { ...hello, tool_choice: { type: 'tool' } }, 'INVALID_REQUEST', 'tool_choice.name'],
]

describe('what a client sends', () => {
  test.each(refused)('%s refuses %j with %s at %s', (...row) => {
    const [id, body, code, param] = row
    expect(() => dialects[id].decodeRequest(body)).toThrow(expect.objectContaining({ code, param }))
  })

  test('is refused with a PlatformError or taken, whatever it is', () => {
    const keys = fc.constantFrom(
      'messages',
      'input',
      'tools',
      'role',
      'content',
      'type',
      'text',
      'stop',
      'system',
      'tool_calls',
      'id',
    )
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<unknown>('user', 'text', 'tool', 'assistant', null, 1, true, ''),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 5 }),
      ),
    }))
    const bodies = fc.dictionary(keys, tree, { maxKeys: 6 })
    fc.assert(
      fc.property(bodies, fc.constantFrom(...(Object.keys(dialects) as DialectId[])), (body, id) => {
        try {
          dialects[id].decodeRequest(body as JsonObject) // JSON by its making
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(PlatformError)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('never returns in an error message', () => {
    const secret = 'The merger is on Friday'
    const bodies = [ask({ role: secret }), { ...hello, stop: { secret } }, { ...hello, reasoning_effort: secret }]
    for (const body of bodies) {
      expect(() => dialects['openai-chat'].decodeRequest(body)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(secret) }),
      )
    }
  })

  test('may go on from a stored response, whose calls nobody here has seen', () => {
    const input = [{ type: 'function_call_output', call_id: 'c', output: 'x' }]
    const chat = dialects['openai-responses'].decodeRequest({ input, previous_response_id: 'resp_1' })
    expect(chat.extra?.fields).toEqual({ previous_response_id: 'resp_1' })

    const content = [{ type: 'tool_result', tool_use_id: 'call_1', content: 'x' }]
    const thread = { type: 'continue', previous_message_id: 'msg_1' }
    const messages = [{ role: 'user', content }]
    const continued = dialects['anthropic-messages'].decodeRequest({ messages, max_tokens: 9, thread })
    expect(continued.extra?.fields).toEqual({ thread })
    // The words by which Anthropic's client knows to send the whole conversation.
    const details = { error_code: 'thread_unsupported_request', unsupported: ['thread'] }
    const encode = (): unknown =>
      dialects['openai-chat'].encodeRequest(continued, { model: 'm', stream: false, outputTokensMax: undefined })
    expect(encode).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_PARAMETER', param: 'thread', details }))
  })
})

const plain = dialects['openai-chat'].decodeRequest(hello)
const target = { model: 'm', stream: false, outputTokensMax: undefined }

describe('what an endpoint cannot be told', () => {
  test.each<[DialectId, Partial<Chat>, string]>([
    ['anthropic-messages', { frequencyPenalty: 1 }, 'frequency_penalty'],
    ['anthropic-messages', { presencePenalty: -1 }, 'presence_penalty'],
    ['anthropic-messages', { temperature: 1.5 }, 'temperature'],
    ['anthropic-messages', { temperature: 0.5, reasoningEffort: 'low' }, 'temperature'],
    ['anthropic-messages', { responseFormat: { type: 'json' } }, 'response_format'],
    [
      'anthropic-messages',
      { extra: { dialect: 'openai-chat', fields: { logit_bias: { 50256: -100 } } } },
      'logit_bias',
    ],
    ['openai-responses', { stop: ['END'] }, 'stop'],
    ['openai-responses', { topK: 5 }, 'top_k'],
    [
      'openai-chat',
      { extra: { dialect: 'openai-responses', fields: { previous_response_id: 'r' } } },
      'previous_response_id',
    ],
    ['openai-chat', { extra: { dialect: 'anthropic-messages', fields: { inference_geo: 'us' } } }, 'inference_geo'],
    ['openai-responses', { extra: { dialect: 'anthropic-messages', fields: { mcp_servers: [{}] } } }, 'mcp_servers'],
  ])('%s refuses %j and names %s', (id, change, param) => {
    expect(() => dialects[id].encodeRequest({ ...plain, ...change }, target)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_PARAMETER', param }),
    )
  })

  test.each<[DialectId, Chat['messages'][number]['parts'][number]]>([
    ['anthropic-messages', { type: 'audio', source: { type: 'base64', mediaType: 'audio/wav', data: 'AA' } }],
    ['openai-responses', { type: 'audio', source: { type: 'base64', mediaType: 'audio/wav', data: 'AA' } }],
    ['openai-chat', { type: 'file', source: { type: 'url', url: 'https://example.com/a.pdf' }, name: undefined }],
    ['openai-chat', { type: 'image', source: { type: 'id', id: 'file_1' }, detail: undefined }],
    [
      'anthropic-messages',
      { type: 'file', source: { type: 'base64', mediaType: 'text/csv', data: 'AA' }, name: undefined },
    ],
  ])('%s refuses a part it has no word for: %j', (id, part) => {
    const chat: Chat = { ...plain, messages: [{ role: 'user', parts: [part] }] }
    expect(() => dialects[id].encodeRequest(chat, target)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_PARAMETER', param: 'messages[0]' }),
    )
  })

  test('but hints, and fields that ask for nothing, are dropped', () => {
    const fields = { metadata: { a: 'b' }, service_tier: 'auto', store: true, moderation: false, logit_bias: null }
    const chat: Chat = { ...plain, seed: 7, user: 'u', extra: { dialect: 'openai-chat', fields } }
    const body = JSON.stringify(dialects['anthropic-messages'].encodeRequest(chat, target))
    expect(JSON.parse(body)).toEqual({
      model: 'm',
      max_tokens: 4_096,
      messages: [{ role: 'user', content: 'Hello' }],
      metadata: { user_id: 'u' },
    })
  })

  test('arguments that are no JSON object are refused where Anthropic wants one, without being quoted', () => {
    const call = { type: 'tool-call', id: 'c', name: 'f', arguments: '{"secret' } as const
    const chat: Chat = { ...plain, messages: [...plain.messages, { role: 'assistant', parts: [call] }] }
    expect(() => dialects['anthropic-messages'].encodeRequest(chat, target)).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        param: 'messages[1]',
        message: expect.not.stringContaining('secret'),
      }),
    )
  })
})
