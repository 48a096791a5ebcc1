import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBody } from '../../../test/fixtures/index.ts'
import type { Chat, DialectId, Message, Part, ResponseFormat } from '../../core/chat.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { dialects, sealCallId, sealSignature } from './index.ts'

const target = { model: 'some-model', stream: false, outputTokensMax: undefined }

const text = fc.oneof(fc.stringMatching(/^[a-z0-9][a-z0-9 ."]{0,20}$/), fc.constantFrom('年假', '🎉 ok', 'x\n"\\'))
const textPart = text.map((words): Part => ({ type: 'text', text: words }))
const base64 = fc.base64String({ minLength: 4, maxLength: 16 })
const picture = fc.oneof(
  base64.map(
    (data): Part => ({ type: 'image', source: { type: 'base64', mediaType: 'image/png', data }, detail: undefined }),
  ),
  fc.constant<Part>({ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' }, detail: undefined }),
)
const file = base64.map(
  (data): Part => ({
    type: 'file',
    source: { type: 'base64', mediaType: 'application/pdf', data },
    name: 'a.pdf',
  }),
)
const audio = base64.map((data): Part => ({ type: 'audio', source: { type: 'base64', mediaType: 'audio/mpeg', data } }))
const schema: JsonObject = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
}

interface Abilities {
  readonly user: fc.Arbitrary<Part>
  readonly reasoning: Part
  readonly format: ResponseFormat
  readonly chat: Partial<Record<keyof Chat, fc.Arbitrary<unknown>>>
}

/** What each dialect can say beyond what all can. */
const abilities: Readonly<Record<DialectId, Abilities>> = {
  'openai-chat': {
    user: fc.oneof(textPart, picture, file, audio),
    reasoning: { type: 'reasoning', text: 'Hm.', signature: undefined, redacted: false },
    format: { type: 'json-schema', name: 'answer', description: 'An answer.', schema, strict: true },
    chat: {
      stop: fc.array(text, { maxLength: 2 }),
      seed: fc.integer(),
      frequencyPenalty: fc.constantFrom(-1, 0, 1.5),
      topK: fc.integer({ min: 1, max: 99 }),
      reasoningEffort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
    },
  },
  'openai-responses': {
    user: fc.oneof(textPart, picture, file),
    reasoning: {
      type: 'reasoning',
      text: 'Hm.',
      signature: sealSignature('openai-responses', 'rs_1:gAAA'),
      redacted: false,
    },
    format: { type: 'json-schema', name: 'answer', description: 'An answer.', schema, strict: true },
    chat: {
      reasoningEffort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
      extra: fc.constant({ dialect: 'openai-responses', fields: { store: true } }),
    },
  },
  'anthropic-messages': {
    user: fc.oneof(textPart, picture, file),
    reasoning: {
      type: 'reasoning',
      text: 'Hm.',
      signature: sealSignature('anthropic-messages', 'EqQ'),
      redacted: false,
    },
    format: { type: 'json-schema', name: 'response', description: undefined, schema, strict: true },
    chat: { stop: fc.array(text, { maxLength: 2 }), topK: fc.integer({ min: 1, max: 99 }) },
  },
}

/** Turns as every dialect has them: no two of one role in a row, results right after their calls. */
function turns(able: Abilities): fc.Arbitrary<readonly Message[]> {
  const user = fc.array(able.user, { minLength: 1, maxLength: 3 }).map((parts): Message => ({ role: 'user', parts }))
  const said = fc.tuple(fc.boolean(), text, fc.integer({ min: 0, max: 2 })).map(([thinks, words, count]) => {
    const calls = Array.from({ length: count }, (_, index): Part => {
      return { type: 'tool-call', id: `call_${index}`, name: 'look_up', arguments: '{"a":"年"}' }
    })
    return [...(thinks ? [able.reasoning] : []), { type: 'text', text: words } as const, ...calls]
  })
  return fc.array(fc.tuple(user, said), { minLength: 1, maxLength: 3 }).map((pairs) =>
    pairs.flatMap(([asked, parts]): readonly Message[] => [
      asked,
      { role: 'assistant', parts },
      ...parts.flatMap((part): readonly Message[] => {
        if (part.type !== 'tool-call') return []
        const result: Part = {
          type: 'tool-result',
          callId: part.id,
          parts: [{ type: 'text', text: 'found' }],
          isError: false,
        }
        return [{ role: 'tool', parts: [result] }]
      }),
    ]),
  )
}

function chats(id: DialectId): fc.Arbitrary<Chat> {
  const able = abilities[id]
  const own = fc.record(able.chat, { requiredKeys: ['extra'].filter((key) => key in able.chat) as never[] })
  const system = fc.option(
    textPart.map((part): Message => ({ role: 'system', parts: [part] })),
    { nil: undefined },
  )
  const tool = { name: 'look_up', description: 'Looks up.', parameters: schema, strict: true }
  return fc
    .record({
      system,
      messages: turns(able),
      tools: fc.constantFrom([], [tool]),
      toolChoice: fc.constantFrom<Chat['toolChoice']>(
        undefined,
        { type: 'required' },
        { type: 'tool', name: 'look_up' },
      ),
      responseFormat: fc.constantFrom(undefined, able.format),
      temperature: fc.constantFrom(undefined, 0, 0.5, 1),
      topP: fc.constantFrom(undefined, 0.9),
      outputTokensMax: fc.integer({ min: 16, max: 9_999 }),
      user: fc.constantFrom(undefined, 'u-1'),
      own,
    })
    .map(({ system: first, own: more, ...rest }) => ({
      parallelToolCalls: rest.tools.length > 0 && rest.toolChoice !== undefined ? false : undefined,
      topK: undefined,
      stop: [],
      seed: undefined,
      frequencyPenalty: undefined,
      presencePenalty: undefined,
      reasoningEffort: undefined,
      reasoningTokensMax: undefined,
      extra: undefined,
      ...rest,
      toolChoice: rest.tools.length > 0 ? rest.toolChoice : undefined,
      messages: first === undefined ? rest.messages : [first, ...rest.messages],
      ...(more as Partial<Chat>), // the generators above make values of these fields
    }))
}

function throughJson(body: JsonObject): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(body))
  if (!isJsonObject(copy)) throw new Error('not an object')
  return copy
}

describe('requests', () => {
  test.each(Object.keys(abilities) as DialectId[])('%s: what is encoded is decoded the same', (id) => {
    fc.assert(
      fc.property(chats(id), (chat) => {
        const body = throughJson(dialects[id].encodeRequest(chat, target))
        expect(dialects[id].decodeRequest(body)).toEqual(chat)
      }),
      { numRuns: 200 },
    )
  })

  test.each(Object.keys(abilities) as DialectId[])('%s: a recorded request survives the normal form', (id) => {
    const body = readBody(id, 'request')
    const chat = dialects[id].decodeRequest(body)
    const written = throughJson(dialects[id].encodeRequest(chat, { ...target, model: 'claude-sonnet-4-5' }))
    expect(dialects[id].decodeRequest(written)).toEqual(chat)
  })

  test('the same conversation means the same in every dialect', () => {
    const chat = dialects['anthropic-messages'].decodeRequest(readBody('anthropic-messages', 'request'))
    for (const id of ['openai-chat', 'openai-responses'] as const) {
      const body = throughJson(dialects[id].encodeRequest({ ...chat, stop: [] }, target))
      const read = dialects[id].decodeRequest(body)
      const rolesOf = (messages: readonly Message[]): readonly string[] => messages.map((message) => message.role)
      expect(rolesOf(read.messages)).toEqual(rolesOf(chat.messages))
      expect(read.toolChoice).toEqual({ type: 'required' })
      expect(read.parallelToolCalls).toBe(false)
      expect(read.reasoningEffort).toBe('low')
      expect(JSON.stringify(body)).not.toContain('EqQBsig') // another vendor's signature
    }
  })

  test('thoughts return to the vendor that made them, through a client of another dialect', () => {
    const thought = sealSignature('openai-responses', 'rs_7:gAAAA')
    const answer = {
      text: 'a',
      reasoning: [{ text: 'Hm.', signature: thought, redacted: undefined }],
      refusal: undefined,
      toolCalls: [],
      citations: [],
      usage: undefined,
      reason: 'stop',
      stopSequence: undefined,
    } as const
    const meta = { callId: 'call_1', model: 'm', createdAtMs: 0, includeUsage: false, body: {} }
    const message = dialects['anthropic-messages'].encodeAnswer(answer, meta)
    const history = [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: message['content'] },
    ]
    const body = throughJson({ model: 'm', max_tokens: 10, messages: [...history, { role: 'user', content: 'r' }] })
    const chat = dialects['anthropic-messages'].decodeRequest(body)
    expect(JSON.stringify(dialects['openai-responses'].encodeRequest(chat, target))).toContain('"id":"rs_7"')
    expect(JSON.stringify(dialects['anthropic-messages'].encodeRequest(chat, target))).not.toContain('gAAAA')
    const wire = {
      dialect: 'anthropic-messages',
      text: JSON.stringify(body),
      body,
      skim: undefined,
      headers: {},
    } as const
    expect(dialects['anthropic-messages'].patchRequest(wire, target)).not.toContain('thinking')
  })

  test('the id of a call that carries another vendor’s proof is the vendor’s own id to every endpoint', () => {
    const id = sealCallId({ id: 'call_9', origin: 'google', proof: 'secret-proof' })
    const call = { id, type: 'function', function: { name: 'f', arguments: '{}' } }
    const body = {
      model: 'm',
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: id, content: 'r' },
      ],
    }
    const chat = dialects['openai-chat'].decodeRequest(body)
    for (const dialect of Object.values(dialects)) {
      const written = JSON.stringify(dialect.encodeRequest(chat, target))
      expect(written.split('"call_9"')).toHaveLength(3)
      expect(written).not.toContain(id)
    }
    const wire = { dialect: 'openai-chat', text: JSON.stringify(body), body, skim: undefined, headers: {} } as const
    expect(dialects['openai-chat'].patchRequest(wire, target)).toContain('"tool_call_id":"call_9"')
  })

  test('system messages are promoted from the middle, keeping their cache marks, and turns are joined', () => {
    const cacheControl = { type: 'ephemeral' }
    const say = (role: 'user' | 'system', words: string): Message => {
      return { role, parts: [{ type: 'text', text: words, ...(role === 'system' ? { cacheControl } : {}) }] }
    }
    const chat = dialects['openai-chat'].decodeRequest({ messages: [{ role: 'user', content: 'x' }] })
    const messages = [say('user', 'one'), say('system', 'rule'), say('user', 'two'), say('user', ' ')]
    const body = throughJson(dialects['anthropic-messages'].encodeRequest({ ...chat, messages }, target))
    expect(body).toMatchObject({
      system: [{ type: 'text', text: 'rule', cache_control: cacheControl }],
      messages: [{ role: 'user', content: [{ text: 'one' }, { text: 'two' }] }],
      max_tokens: 4_096,
    })
  })

  test.each([
    ['claude-sonnet-4-5-20250929', 8_000, { type: 'enabled', budget_tokens: 4_000 }, undefined],
    ['claude-3-7-sonnet-20250219', 100_000, { type: 'enabled', budget_tokens: 24_576 }, undefined],
    ['claude-3-7-sonnet-20250219', 1_500, undefined, undefined],
    ['anthropic/claude-opus-4-7', 8_000, { type: 'adaptive' }, 'high'],
    ['claude-sonnet-5', 8_000, { type: 'adaptive' }, 'high'],
    ['glm-4.6', 8_000, { type: 'enabled', budget_tokens: 4_000 }, undefined],
  ])('effort becomes what %s understands within %d tokens', (...row) => {
    const [model, outputTokensMax, thinking, effort] = row
    const chat = dialects['openai-chat'].decodeRequest({
      messages: [{ role: 'user', content: 'x' }],
      reasoning_effort: 'high',
      max_completion_tokens: outputTokensMax,
    })
    const body = dialects['anthropic-messages'].encodeRequest(chat, { ...target, model })
    expect(body['thinking']).toEqual(thinking)
    expect(body['output_config']).toEqual(effort === undefined ? undefined : { effort })
    expect(body['max_tokens']).toBe(outputTokensMax)
  })

  test.each([
    [{ max_tokens: 9 }, 'gpt-4o', 'max_tokens'],
    [{ max_tokens: 9 }, 'openai/gpt-5-mini', 'max_completion_tokens'],
    [{ max_tokens: 9 }, 'o3', 'max_completion_tokens'],
    [{ max_completion_tokens: 9 }, 'qwen3:4b', 'max_completion_tokens'],
    [{ max_tokens: 9 }, 'qwen3:4b', 'max_tokens'],
  ])('%j for %s is written as %s', (bound, model, name) => {
    const chat = dialects['openai-chat'].decodeRequest({ messages: [{ role: 'user', content: 'x' }], ...bound })
    const body = throughJson(dialects['openai-chat'].encodeRequest(chat, { ...target, model }))
    expect(Object.keys(body).filter((key) => key.startsWith('max_'))).toEqual([name])
    expect(body[name]).toBe(9)
  })

  test('an effort in Anthropic’s words is an effort everywhere, and the same words there', () => {
    const base = { messages: [{ role: 'user', content: 'x' }], max_tokens: 9_000 }
    for (const more of [{}, { thinking: { type: 'adaptive', display: 'summarized' } }]) {
      const body = { ...base, ...more, output_config: { effort: 'low' } }
      const chat = dialects['anthropic-messages'].decodeRequest(body)
      expect(dialects['anthropic-messages'].encodeRequest(chat, target)).toMatchObject({
        ...more,
        output_config: { effort: 'low' },
      })
      expect(dialects['openai-chat'].encodeRequest(chat, target)).toMatchObject({ reasoning_effort: 'low' })
      expect(dialects['openai-responses'].encodeRequest(chat, target)).toMatchObject({ reasoning: { effort: 'low' } })
      const taller = dialects['anthropic-messages'].decodeRequest({ ...body, output_config: { effort: 'low', x: 1 } })
      expect(() => dialects['openai-chat'].encodeRequest(taller, target)).toThrow(/output_config/)
    }
  })

  test('a tool without parameters has an object of none, however a client writes that', () => {
    for (const parameters of [{ parameters: {} }, {}]) {
      const tools = [{ type: 'function', function: { name: 'f', ...parameters } }]
      const chat = dialects['openai-chat'].decodeRequest({ messages: [{ role: 'user', content: 'x' }], tools })
      expect(dialects['anthropic-messages'].encodeRequest(chat, target)).toMatchObject({
        tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }],
      })
    }
  })

  test('a stream is asked for its usage, and a vendor that stores is asked not to', () => {
    const chat = dialects['openai-chat'].decodeRequest({ messages: [{ role: 'user', content: 'x' }] })
    const streamed = { ...target, model: 'gpt-5', stream: true }
    expect(dialects['openai-chat'].encodeRequest(chat, streamed)).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(dialects['openai-responses'].encodeRequest(chat, streamed)).toMatchObject({
      store: false,
      include: ['reasoning.encrypted_content'],
    })
  })
})
