import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { collectAnswer } from '../../core/answer.ts'
import type { JsonObject } from '../../core/json.ts'
import {
  createNextTurn,
  createVendorHarness,
  startVendorServer,
  toFrame,
  toReply,
  type VendorHarness,
  type VendorServer,
} from './testing.ts'

let server: VendorServer
const open: VendorHarness[] = []

beforeAll(async () => {
  server = await startVendorServer()
})

afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close()
})

afterAll(() => server.close())

const models: Readonly<Record<string, string>> = {
  bedrock: 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
  deepseek: 'deepseek-reasoner',
  xai: 'grok-4.3',
}

function create(dialect: string, parts: JsonObject = {}): VendorHarness {
  const harness = createVendorHarness({
    endpoint: { dialect, url: server.origin, model: models[dialect] ?? 'a-vendors-model', ...parts },
  })
  open.push(harness)
  return harness
}

const seenBody = (): JsonObject => server.requests.at(-1)?.body ?? {}
const chatTools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }]

describe('bedrock', () => {
  const frames = { 'content-type': 'application/vnd.amazon.eventstream' }
  const delta = toFrame({
    type: 'contentBlockDelta',
    payload: { contentBlockIndex: 0, delta: { text: 'Water ' }, p: 'abc' },
  })

  test.each([
    ['throttlingException', 'UPSTREAM_RATE_LIMITED'],
    ['serviceUnavailableException', 'UPSTREAM_OVERLOADED'],
    ['modelStreamErrorException', 'UPSTREAM_FAILED'],
    ['internalServerException', 'UPSTREAM_FAILED'],
    ['validationException', 'UPSTREAM_REJECTED'],
  ])('an exception inside a stream, %s, is %s', async (type, code) => {
    const exception = toFrame({ type, message: 'exception', payload: { message: 'It failed.' } })
    server.reply({ headers: frames, body: Buffer.concat([delta, exception]), pieceBytes: 5 })
    const reading = create('bedrock').ask({ stream: true }).then(collectAnswer)
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringContaining('It failed.') as string })
  })

  test('a frame whose checksum is wrong is not an answer', async () => {
    const spoilt = Buffer.from(delta)
    spoilt.writeUInt32BE(0, spoilt.length - 4)
    server.reply({ headers: frames, body: Buffer.concat([delta, spoilt]) })
    const reading = create('bedrock').ask({ stream: true }).then(collectAnswer)
    await expect(reading).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
  })

  test.each([
    [400, 'ServiceQuotaExceededException:http://internal.amazon.com/', 'error-429.json', 'UPSTREAM_RATE_LIMITED'],
    [429, 'ThrottlingException', 'error-429.json', 'UPSTREAM_RATE_LIMITED'],
    [424, 'ModelErrorException', 'error-424.json', 'UPSTREAM_FAILED'],
    [403, 'AccessDeniedException', 'error-400.json', 'UPSTREAM_UNAUTHENTICATED'],
    [400, 'ValidationException', 'error-400.json', 'UPSTREAM_REJECTED'],
  ])('a refusal with status %s and type %s is read by its type', async (...given) => {
    const [status, type, name, code] = given
    server.reply(toReply('bedrock', name, { status, headers: { 'x-amzn-errortype': type } }))
    await expect(create('bedrock').ask({})).rejects.toMatchObject({ code, details: { upstreamStatus: status } })
  })

  test('an answer that a guardrail replaced is a refusal', async () => {
    server.reply(toReply('bedrock', 'guarded.json'))
    expect(await collectAnswer(await create('bedrock').ask({}))).toMatchObject({
      text: 'Sorry, this is not answered here.',
      reason: 'refusal',
      usage: { inputTotal: 30, outputTotal: 0 },
    })
  })

  test('a signed thought goes back as it came, and another vendor’s stays out', async () => {
    for (const stream of [false, true]) {
      server.reply(toReply('bedrock', stream ? 'answer.events.json' : 'answer.json'))
      const harness = create('bedrock')
      const turn = await createNextTurn('anthropic-messages', harness, { stream })
      server.reply(toReply('bedrock', 'answer.json'))
      await collectAnswer(await harness.ask({ ...turn, stream: false }, { dialect: 'anthropic-messages' }))
      expect(seenBody()['messages']).toMatchObject([
        { role: 'user' },
        {
          role: 'assistant',
          content: [
            {
              reasoningContent: {
                reasoningText: { text: 'The question is about water.', signature: 'ErcBCkgIBhABGAIiQ==' },
              },
            },
            { text: 'Water boils at 100 °C. 水在一百度沸腾。' },
          ],
        },
        { role: 'user' },
      ])
      server.reply(toReply('google', 'answer.json'))
      await collectAnswer(await create('google').ask({ ...turn, stream: false }, { dialect: 'anthropic-messages' }))
      expect(JSON.stringify(seenBody())).not.toMatch(/ErcBCkgIBhABGAIiQ|The question is about water/)
    }
  })

  test('a redacted thought goes back as it came', async () => {
    const content = [{ reasoningContent: { redactedContent: 'c2VjcmV0' } }, { text: 'Water.' }]
    const usage = { inputTokens: 3, outputTokens: 2, totalTokens: 5 }
    const body = JSON.stringify({ output: { message: { role: 'assistant', content } }, stopReason: 'end_turn', usage })
    server.reply({ headers: { 'content-type': 'application/json' }, body })
    const harness = create('bedrock')
    const turn = await createNextTurn('anthropic-messages', harness, {})
    await collectAnswer(await harness.ask(turn, { dialect: 'anthropic-messages' }))
    expect(seenBody()['messages']).toMatchObject([{}, { content }, {}])
  })

  test('marks what Anthropic’s clients want cached, and says the stop sequence that was met', async () => {
    const usage = { inputTokens: 3, outputTokens: 2, totalTokens: 5 }
    const output = { message: { role: 'assistant', content: [{ text: 'Water.' }] } }
    const fields = { delta: { stop_sequence: 'END' } }
    const whole = { output, stopReason: 'stop_sequence', usage, additionalModelResponseFields: fields }
    server.reply({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(whole) })
    const cached = { cache_control: { type: 'ephemeral', ttl: '1h' } }
    const request = {
      max_tokens: 100,
      system: [{ type: 'text', text: 'Be brief.', ...cached }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'A long document.', ...cached }] }],
    }
    const answer = await collectAnswer(await create('bedrock').ask(request, { dialect: 'anthropic-messages' }))
    expect(answer).toMatchObject({ reason: 'stop', stopSequence: 'END' })
    const point = { cachePoint: { type: 'default', ttl: '1h' } }
    expect(seenBody()).toMatchObject({
      system: [{ text: 'Be brief.' }, point],
      messages: [{ content: [{ text: 'A long document.' }, point] }],
    })
  })
})

describe('azure', () => {
  test('a version that is a date names the deployment in the address', async () => {
    server.reply(toReply('azure', 'answer.json'))
    const parts = { url: `${server.origin}/openai`, model: 'our-gpt', options: { apiVersion: '2024-10-21' } }
    await collectAnswer(await create('azure', parts).ask({}))
    expect(server.requests.at(-1)?.path).toBe('/openai/deployments/our-gpt/chat/completions?api-version=2024-10-21')
  })

  test('a filtered answer is a refusal; the wait stands in the words', async () => {
    server.reply(toReply('azure', 'filtered.json'))
    expect(await collectAnswer(await create('azure').ask({}))).toMatchObject({ text: '', reason: 'refusal' })
    server.reply(toReply('azure', 'error-429.json', { status: 429 }))
    await expect(create('azure').ask({})).rejects.toMatchObject({ retryAfterMs: 6_000 })
  })

  test('holds an answer to its schema as strictly as the client says', async () => {
    for (const strict of [true, false, undefined]) {
      server.reply(toReply('azure', 'answer.json'))
      const schema = { type: 'object', properties: { boils: { type: 'boolean' } } }
      const format = {
        type: 'json_schema',
        json_schema: { name: 'water', schema, ...(strict === undefined ? {} : { strict }) },
      }
      await collectAnswer(await create('azure').ask({ response_format: format }))
      const json_schema = {
        name: 'water',
        strict: strict ?? false,
        schema: { properties: { boils: { type: 'boolean' } } },
      }
      expect(seenBody()['response_format']).toMatchObject({ type: 'json_schema', json_schema })
    }
  })
})

describe('others', () => {
  test('mistral is given ids of nine characters, whoever made them, and calls still meet their results', async () => {
    server.reply(toReply('mistral', 'answer.json'))
    const call = { id: 'call_from_elsewhere', type: 'function', function: { name: 'get_weather', arguments: '{}' } }
    const messages = [
      { role: 'user', content: 'How is the weather?' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_from_elsewhere', content: 'sunny' },
    ]
    await collectAnswer(await create('mistral').ask({ messages, tools: chatTools }))
    const [, assistant, tool] = seenBody()['messages'] as readonly JsonObject[]
    expect(tool?.['tool_call_id']).toMatch(/^[a-zA-Z0-9]{9}$/)
    expect(assistant).toMatchObject({ tool_calls: [{ id: tool?.['tool_call_id'] }] })
  })

  test('groq says the wait in a sentence, and errors inside a stream', async () => {
    server.reply(toReply('groq', 'error-429.json', { status: 429 }))
    await expect(create('groq').ask({})).rejects.toMatchObject({ retryAfterMs: 46_700 })
    server.reply(toReply('groq', 'error.sse'))
    const reading = create('groq').ask({ stream: true }).then(collectAnswer)
    const message = expect.stringContaining('overloaded') as string
    await expect(reading).rejects.toMatchObject({ code: 'UPSTREAM_FAILED', message })
  })

  test('deepseek is given its unsigned thoughts back in a tool loop; an empty purse is the operator’s matter', async () => {
    server.reply(toReply('deepseek', 'answer.json'))
    const call = { id: 'call_00', type: 'function', function: { name: 'get_weather', arguments: '{}' } }
    const messages = [
      { role: 'user', content: 'How is the weather?' },
      { role: 'assistant', content: '', reasoning_content: 'I must look.', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_00', content: 'sunny' },
    ]
    await collectAnswer(await create('deepseek').ask({ messages, tools: chatTools }))
    expect(seenBody()['messages']).toMatchObject([{}, { reasoning_content: 'I must look.' }, {}])
    server.reply(toReply('deepseek', 'error-402.json', { status: 402 }))
    await expect(create('deepseek').ask({})).rejects.toMatchObject({ code: 'UPSTREAM_UNAUTHENTICATED' })
  })

  test('cohere is given what was said beside tool calls as their plan', async () => {
    server.reply(toReply('cohere', 'answer.json'))
    const call = (id: string) => ({ id, type: 'function', function: { name: 'get_weather', arguments: '{}' } })
    const messages = [
      { role: 'user', content: 'How is the weather?' },
      { role: 'assistant', content: 'I shall look.', tool_calls: [call('a'), call('b')] },
      { role: 'tool', tool_call_id: 'a', content: 'sunny' },
      { role: 'tool', tool_call_id: 'b', content: 'rainy' },
      { role: 'assistant', content: 'Sunny, then rainy.' },
      { role: 'user', content: 'And tomorrow?' },
      { role: 'assistant', content: null, tool_calls: [call('c')] },
      { role: 'tool', tool_call_id: 'c', content: 'windy' },
    ]
    await collectAnswer(await create('cohere').ask({ messages, tools: chatTools }))
    const sent = seenBody()['messages'] as readonly JsonObject[]
    const roles = ['user', 'assistant', 'tool', 'tool', 'assistant', 'user', 'assistant', 'tool']
    expect(sent.map(({ role }) => role)).toEqual(roles)
    expect(sent[1]).toMatchObject({ tool_plan: 'I shall look.', tool_calls: [{ id: 'a' }, { id: 'b' }] })
    expect(sent[4]).toMatchObject({ content: 'Sunny, then rainy.' })
    expect(sent[6]).not.toHaveProperty('tool_plan')
  })

  test('xai is told to keep nothing, and is given its own sealed thoughts back', async () => {
    server.reply(toReply('xai', 'answer.json'))
    const harness = create('xai')
    const turn = await createNextTurn('anthropic-messages', harness, {})
    expect(seenBody()).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] })
    await collectAnswer(await harness.ask(turn, { dialect: 'anthropic-messages' }))
    const sent = seenBody()['input'] as readonly JsonObject[]
    expect(sent.find((item) => item['type'] === 'reasoning')).toMatchObject({
      id: 'rs_1',
      encrypted_content: 'bWFkZSBvZiB0aG91Z2h0cw==',
      summary: [{ text: 'The question is about water.' }],
    })
  })

  test('xai fails inside a stream, and what it had reported by then is known', async () => {
    server.reply(toReply('xai', 'error.sse'))
    const harness = create('xai')
    const call = harness.root()
    const reading = harness.ask({ stream: true }, { call }).then(collectAnswer)
    await expect(reading).rejects.toMatchObject({ code: 'UPSTREAM_RATE_LIMITED' })
    expect(call.facts).toMatchObject([{ usage: { inputTotal: 30, source: 'estimated' } }])
    server.reply(toReply('xai', 'error-429.json', { status: 429 }))
    await expect(create('xai').ask({})).rejects.toMatchObject({
      code: 'UPSTREAM_RATE_LIMITED',
      message: expect.stringContaining('480 requests per minute') as string,
    })
  })

  test.each([
    ['google', { parallel_tool_calls: false, tools: chatTools }],
    ['bedrock', { frequency_penalty: 0.5 }],
    ['azure', { top_k: 5 }],
    ['mistral', { top_k: 5 }],
    ['xai', { stop: ['END'] }],
    ['alibaba', { frequency_penalty: 0.5 }],
    ['moonshot', { parallel_tool_calls: false, tools: chatTools }],
    ['groq', { n: 2 }],
    ['cohere', { logprobs: true }],
  ])('%s refuses what it has no words for before anything is sent', async (dialect, body) => {
    const sent = server.requests.length
    await expect(create(dialect).ask(body)).rejects.toMatchObject({ code: 'UNSUPPORTED_PARAMETER' })
    expect(server.requests.length).toBe(sent)
  })

  test('an address that no vendor could fetch, and a result without its call, are the client’s fault', async () => {
    const image = { type: 'image_url', image_url: { url: 'file:///etc/passwd' } }
    const cases = [
      [{ role: 'user', content: [image] }],
      [
        { role: 'user', content: 'x' },
        { role: 'tool', tool_call_id: 'nobody', content: 'x' },
      ],
    ]
    for (const messages of cases) {
      await expect(create('groq').ask({ messages })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
  })
})

test('a reader that takes its time holds the upstream back', async () => {
  const delta = { choices: [{ index: 0, delta: { content: 'x'.repeat(1_000) }, finish_reason: null }] }
  const end = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
  const count = 30_000
  const body = `data: ${JSON.stringify(delta)}\n\n`.repeat(count) + `data: ${JSON.stringify(end)}\n\n`
  server.reply({ headers: { 'content-type': 'text/event-stream' }, body })
  let length = 0
  for await (const event of await create('groq').ask({ stream: true })) {
    if (length === 0) {
      await sleep(300)
      expect(server.requests.at(-1)?.unsentBytes()).toBeGreaterThan(body.length / 2)
    }
    if (event.type === 'text-delta') length += event.text.length
  }
  expect(length).toBe(count * 1_000)
})
