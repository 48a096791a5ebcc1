import { describe, expect, test } from 'vitest'
import { readBody } from '../../../test/fixtures/index.ts'
import { loadOpenaiShapes } from '../../../test/kit/index.ts'
import { collectAnswer, type CompleteAnswer } from '../../core/answer.ts'
import type { AnswerEvent, Citation, DialectId } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { createUsage } from '../../core/usage.ts'
import { type AnswerMeta, createSseReader, dialects, sealSignature } from './index.ts'

async function* each(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  yield* await Promise.resolve(events)
}

function decode(id: DialectId, name: string): Promise<CompleteAnswer> {
  return collectAnswer(each(dialects[id].decodeAnswer(readBody(id, name))))
}

const citation: Citation = {
  collection: 'handbook',
  document: 'leave/年假.md',
  source: 'leave/年假.md',
  version: 'v1',
  start: 10,
  end: 24,
  text: 'Leave is 25 天',
  answerStart: 0,
  answerEnd: 8,
}

const rich: CompleteAnswer = {
  text: 'Leave is 25 天.',
  reasoning: [
    { text: 'Look it up.', signature: sealSignature('anthropic-messages', 'EqQ'), redacted: undefined },
    { text: '', signature: undefined, redacted: sealSignature('anthropic-messages', 'Emw') },
  ],
  refusal: undefined,
  toolCalls: [
    { id: 'call_1', name: 'get_weather', arguments: '{"city":"Köln"}' },
    { id: 'call_2', name: 'get_time', arguments: '{}' },
  ],
  citations: [citation, { ...citation, start: 30, end: 34, answerStart: undefined, answerEnd: undefined }],
  usage: createUsage({ inputTotal: 20, cacheRead: 8, outputTotal: 9, reasoning: 4 }),
  reason: 'tool-calls',
  stopSequence: undefined,
}

const bare: CompleteAnswer = { ...rich, reasoning: [], toolCalls: [], citations: [], usage: undefined, reason: 'stop' }

const meta: AnswerMeta = {
  callId: 'call_01h',
  model: 'everyday',
  createdAtMs: 1_764_000_000_500,
  includeUsage: true,
  body: {
    model: 'everyday',
    input: 'How many days of leave?',
    instructions: 'Be short.',
    temperature: 0.5,
    tools: [{ type: 'function', name: 'get_time', parameters: { type: 'object', properties: {} } }],
  },
}

const variants: readonly (readonly [string, CompleteAnswer])[] = [
  ['with everything', rich],
  ['of text alone, without usage', bare],
  ['cut at its length', { ...bare, reason: 'length' }],
  ['refused in words', { ...bare, text: '', refusal: 'I will not.', reason: 'refusal' }],
  ['refused without words', { ...bare, text: '', reason: 'refusal' }],
  ['of nothing', { ...bare, text: '', reason: 'other' }],
]

describe('decoding whole answers', () => {
  test.each<[DialectId, string, Partial<CompleteAnswer>]>([
    ['openai-chat', 'text', { text: '年假为 25 天。', reason: 'stop' }],
    ['openai-chat', 'structured', { text: '{"days":25,"unit":"天"}' }],
    ['openai-chat', 'refusal', { text: '', refusal: "I can't help with that.", reason: 'refusal' }],
    ['openai-responses', 'text', { text: 'Leave is 25 天。', reason: 'stop' }],
    ['openai-responses', 'refusal', { refusal: "I can't help with that.", reason: 'refusal' }],
    ['anthropic-messages', 'text', { text: '年假为 25 天。', reason: 'stop' }],
  ])('%s/%s', async (id, name, known) => {
    expect(await decode(id, name)).toMatchObject(known)
  })

  test.each(Object.keys(dialects) as DialectId[])(
    '%s: calls, the empty object where a call has no arguments',
    async (id) => {
      const { toolCalls, reason } = await decode(id, 'tools')
      expect(toolCalls.map((call) => call.name)).toEqual(['get_weather', 'get_time'])
      expect(toolCalls.map((call) => JSON.parse(call.arguments) as unknown)[1]).toEqual({})
      expect(reason).toBe('tool-calls')
    },
  )

  test('reasoning comes with the proof its vendor wants back', async () => {
    expect((await decode('openai-chat', 'reasoning')).reasoning).toEqual([
      { text: '9 × 7', signature: undefined, redacted: undefined },
    ])
    expect((await decode('anthropic-messages', 'tools')).reasoning[0]?.signature).toBe(
      sealSignature('anthropic-messages', 'EqQBsig'),
    )
  })

  test.each<[DialectId, JsonObject, string]>([
    ['openai-chat', {}, 'UPSTREAM_INVALID'],
    ['openai-chat', { choices: [] }, 'UPSTREAM_INVALID'],
    ['openai-chat', { error: { message: 'busy', code: 503 } }, 'UPSTREAM_OVERLOADED'],
    ['openai-chat', { choices: [{ message: { tool_calls: [{ function: {} }] } }] }, 'UPSTREAM_INVALID'],
    ['openai-responses', { object: 'response' }, 'UPSTREAM_INVALID'],
    ['openai-responses', { status: 'queued', output: [] }, 'UPSTREAM_INVALID'],
    [
      'openai-responses',
      { status: 'failed', output: [], error: { code: 'rate_limit_exceeded', message: 'x' } },
      'UPSTREAM_RATE_LIMITED',
    ],
    ['anthropic-messages', { type: 'message' }, 'UPSTREAM_INVALID'],
    [
      'anthropic-messages',
      { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long' } },
      'CONTEXT_TOO_LONG',
    ],
  ])('%s refuses %j', (id, body, code) => {
    expect(() => dialects[id].decodeAnswer(body)).toThrow(expect.objectContaining({ code }))
  })
})

describe('encoding whole answers', () => {
  test.each(Object.keys(dialects) as DialectId[])('%s: what is written is read back', async (id) => {
    const read = await collectAnswer(each(dialects[id].decodeAnswer(dialects[id].encodeAnswer(rich, meta))))
    expect(read).toMatchObject({ text: rich.text, toolCalls: rich.toolCalls, reason: 'tool-calls' })
    expect(read.usage).toMatchObject({ inputTotal: 20, cacheRead: 8, outputTotal: 9, reasoning: 4 })
    // OpenAI chat has no place for a proof; the others hold each other's.
    if (id !== 'openai-chat') expect(read.reasoning).toEqual(rich.reasoning)
  })

  test('OpenAI chat cites by a URL that names the span', () => {
    expect(dialects['openai-chat'].encodeAnswer(rich, meta)).toMatchObject({
      id: 'chatcmpl-01h',
      created: 1_764_000_000,
      choices: [
        {
          message: {
            annotations: [
              {
                type: 'url_citation',
                url_citation: {
                  url: 'strata:handbook/leave%2F%E5%B9%B4%E5%81%87.md#10-24',
                  title: 'leave/年假.md',
                  start_index: 0,
                  end_index: 8,
                },
              },
              { url_citation: { start_index: 0, end_index: 14 } },
            ],
          },
        },
      ],
    })
  })

  test('Responses cites a file, Anthropic characters of a document', () => {
    const response = JSON.stringify(dialects['openai-responses'].encodeAnswer(rich, meta))
    expect(response).toContain('"type":"file_citation","file_id":"strata:handbook/leave%2F')
    expect(JSON.stringify(dialects['anthropic-messages'].encodeAnswer(rich, meta))).toContain(
      '"type":"char_location","cited_text":"Leave is 25 天","document_index":0',
    )
  })

  test('unknown usage is left out, or estimated where the dialect demands numbers, never zero', () => {
    expect(dialects['openai-chat'].encodeAnswer(bare, meta)['usage']).toBeUndefined()
    expect(dialects['openai-responses'].encodeAnswer(bare, meta)['usage']).toBeUndefined()
    const { usage } = dialects['anthropic-messages'].encodeAnswer(bare, meta)
    const numbers = isJsonObject(usage) ? [usage['input_tokens'], usage['output_tokens']] : []
    expect(numbers).toEqual([expect.any(Number), 4])
    expect(numbers[0]).toBeGreaterThan(5)
    expect(usage).toMatchObject({ cache_read_input_tokens: null, output_tokens_details: null })
  })

  test.each<[CompleteAnswer['reason'], string, string]>([
    ['stop', 'stop', 'end_turn'],
    ['length', 'length', 'max_tokens'],
    ['tool-calls', 'tool_calls', 'tool_use'],
    ['refusal', 'content_filter', 'refusal'],
  ])('%s is %s to OpenAI clients and %s to Anthropic ones', (reason, openai, anthropic) => {
    const answer = { ...bare, reason }
    expect(dialects['openai-chat'].encodeAnswer(answer, meta)).toMatchObject({ choices: [{ finish_reason: openai }] })
    expect(dialects['anthropic-messages'].encodeAnswer(answer, meta)).toMatchObject({ stop_reason: anthropic })
  })

  test('arguments that are no JSON reach an Anthropic client all the same', () => {
    const answer = { ...bare, toolCalls: [{ id: 'c', name: 'f', arguments: '{"a' }] }
    expect(dialects['anthropic-messages'].encodeAnswer(answer, meta)).toMatchObject({
      content: [{ type: 'text' }, { type: 'tool_use', input: { raw: '{"a' } }],
    })
  })
})

const shapes = loadOpenaiShapes()

/** Events as an answer of these parts would come. */
function toEvents(answer: CompleteAnswer): readonly AnswerEvent[] {
  return [
    ...answer.reasoning.flatMap(({ text, signature, redacted }): readonly AnswerEvent[] => [
      ...(text === '' ? [] : [{ type: 'reasoning-delta', text } as const]),
      { type: 'reasoning-end', signature, redacted },
    ]),
    ...(answer.text === '' ? [] : [{ type: 'text-delta', text: answer.text } as const]),
    ...answer.citations.map((cited) => ({ type: 'citation', citation: cited }) as const),
    ...(answer.refusal === undefined ? [] : [{ type: 'refusal-delta', text: answer.refusal } as const]),
    ...answer.toolCalls.flatMap((call, index): readonly AnswerEvent[] => [
      { type: 'tool-call-start', index, id: call.id, name: call.name },
      { type: 'tool-call-delta', index, arguments: call.arguments },
      { type: 'tool-call-end', index },
    ]),
    ...(answer.usage === undefined ? [] : [{ type: 'usage', usage: answer.usage } as const]),
    { type: 'finish', reason: answer.reason },
  ]
}

function dataOf(text: string): readonly unknown[] {
  const events = createSseReader({ eventBytesMax: 1_000_000 }).push(Buffer.from(text))
  return events.filter((event) => event.data !== '[DONE]').map((event): unknown => JSON.parse(event.data))
}

describe.skipIf(shapes === undefined)('OpenAI’s description of its API', () => {
  test.each(variants)('holds for a whole answer %s', (_, answer) => {
    expect(
      shapes?.findFault('CreateChatCompletionResponse', dialects['openai-chat'].encodeAnswer(answer, meta)),
    ).toBeUndefined()
    expect(shapes?.findFault('Response', dialects['openai-responses'].encodeAnswer(answer, meta))).toBeUndefined()
  })

  test.each(variants)('holds for every event of a streamed answer %s', (_, answer) => {
    for (const [id, schema] of [
      ['openai-chat', 'CreateChatCompletionStreamResponse'],
      ['openai-responses', 'ResponseStreamEvent'],
    ] as const) {
      const encoder = dialects[id].createStreamEncoder(meta)
      const text =
        toEvents(answer)
          .map((event) => encoder.encode(event))
          .join('') + encoder.end({ call: 'call_01h' })
      const events = dataOf(text)
      expect(events.length).toBeGreaterThan(1)
      expect(events.map((event) => shapes?.findFault(schema, event)).filter((fault) => fault !== undefined)).toEqual([])
    }
  })

  test('holds for the events of a failed response', () => {
    const encoder = dialects['openai-responses'].createStreamEncoder(meta)
    const begun = encoder.encode({ type: 'text-delta', text: 'Half' })
    const events = dataOf(begun + encoder.fail(new PlatformError('UPSTREAM_RATE_LIMITED', 'slow down')))
    expect(
      events.map((event) => shapes?.findFault('ResponseStreamEvent', event)).filter((fault) => fault !== undefined),
    ).toEqual([])
    expect(events.slice(-2)).toMatchObject([
      { type: 'error', code: 'UPSTREAM_RATE_LIMITED' },
      { type: 'response.failed' },
    ])
  })

  test('holds for what endpoints are asked', () => {
    const body = readBody('openai-chat', 'request')
    const chat = dialects['openai-chat'].decodeRequest(body)
    // Of parts in an array the description says two things that exclude each other, so Responses is asked in text.
    const text = dialects['openai-chat'].decodeRequest({ ...body, messages: [{ role: 'user', content: 'What?' }] })
    const target = { model: 'gpt-5', stream: true, outputTokensMax: undefined }
    const asked = [
      ['CreateChatCompletionRequest', dialects['openai-chat'].encodeRequest(chat, target)],
      ['CreateResponse', dialects['openai-responses'].encodeRequest({ ...text, stop: [], extra: undefined }, target)],
    ] as const
    for (const [schema, written] of asked) {
      expect(shapes?.findFault(schema, JSON.parse(JSON.stringify(written)) as unknown)).toBeUndefined()
    }
  })
})

test.each(['error', 'insufficient_system_resource'])(
  'an answer that its vendor ended with "%s" is a failure',
  (word) => {
    const choice = { index: 0, message: { role: 'assistant', content: 'Wat' }, finish_reason: word }
    expect(() => dialects['openai-chat'].decodeAnswer({ choices: [choice] })).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_FAILED' }),
    )
  },
)
