import { afterAll, beforeAll, expect, test } from 'vitest'
import { collectAnswer } from '../../core/answer.ts'
import type { JsonObject } from '../../core/json.ts'
import { createVendorHarness, startVendorServer, type Reply, type VendorServer } from './testing.ts'

let server: VendorServer

beforeAll(async () => {
  server = await startVendorServer()
})

afterAll(() => server.close())

/** What comes of an answer that its vendor ended so: its reason, or the code of the error. */
async function ask(dialect: string, reply: Reply, stream: boolean): Promise<string> {
  server.reply(reply)
  const harness = createVendorHarness({ endpoint: { dialect, url: server.origin, model: 'grok-4.3' } })
  try {
    return (await collectAnswer(await harness.ask({ stream }))).reason
  } catch (thrown) {
    return String((thrown as { readonly code?: unknown }).code)
  } finally {
    await harness.close()
  }
}

const whole = (body: JsonObject): Reply => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

const events = (bodies: readonly JsonObject[]): Reply => ({
  headers: { 'content-type': 'text/event-stream' },
  body: bodies.map((body) => `data: ${JSON.stringify(body)}\n\n`).join(''),
})

const message = { id: 'm', type: 'message', role: 'assistant', status: 'incomplete' }
const response = (parts: JsonObject): JsonObject => ({
  id: 'r',
  object: 'response',
  created_at: 1,
  model: 'grok-4.3',
  output: [{ ...message, content: [{ type: 'output_text', text: 'Water', annotations: [] }] }],
  usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
  ...parts,
})

test.each<readonly [JsonObject, string]>([
  [{ status: 'completed' }, 'stop'],
  [{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'length'],
  [{ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'refusal'],
  [{ status: 'incomplete', incomplete_details: null }, 'other'],
  [{ status: 'failed' }, 'UPSTREAM_FAILED'],
  [{ status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow down' } }, 'UPSTREAM_RATE_LIMITED'],
  [{ status: 'failed', output: [], error: { code: 'server_error', message: 'it broke' } }, 'UPSTREAM_FAILED'],
])('a whole answer of xai that ends with %j is %s', async (parts, expected) => {
  expect(await ask('xai', whole(response(parts)), false)).toBe(expected)
})

test('a whole answer of xai that was cut amid a tool call is no call', async () => {
  const call = { type: 'function_call', id: 'fc', call_id: 'c', name: 'get_weather', arguments: '{"city":' }
  const cut = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output: [call] }
  expect(await ask('xai', whole(response(cut)), false)).toBe('length')
})

const chatOf = (word: string, name: 'message' | 'delta'): JsonObject => ({
  id: 'c',
  object: name === 'delta' ? 'chat.completion.chunk' : 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, [name]: { role: 'assistant', content: 'Water' }, finish_reason: word }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
})
const chat = (word: string, stream: boolean): Reply =>
  stream ? events([chatOf(word, 'delta')]) : whole(chatOf(word, 'message'))

function google(word: string, stream: boolean): Reply {
  const content = { role: 'model', parts: [{ text: 'Water' }] }
  const body = { candidates: [{ content, finishReason: word, index: 0 }], usageMetadata: { promptTokenCount: 3 } }
  return stream ? events([body]) : whole(body)
}

function cohere(word: string, stream: boolean): Reply {
  const usage = { tokens: { input_tokens: 3, output_tokens: 2 } }
  const content = [{ type: 'text', text: 'Water' }]
  if (!stream) return whole({ id: 'c', message: { role: 'assistant', content }, finish_reason: word, usage })
  return events([
    { type: 'message-start', id: 'c' },
    { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } },
    { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Water' } } } },
    { type: 'content-end', index: 0 },
    { type: 'message-end', delta: { finish_reason: word, usage } },
  ])
}

test.each([
  ['mistral', 'error', chat],
  ['deepseek', 'insufficient_system_resource', chat],
  ['google', 'MALFORMED_FUNCTION_CALL', google],
  ['cohere', 'ERROR', cohere],
  ['cohere', 'TIMEOUT', cohere],
] as const)('an answer that %s ended with %s is a failure, whole and streamed', async (dialect, word, toAnswer) => {
  for (const stream of [false, true]) {
    expect(await ask(dialect, toAnswer(word, stream), stream)).toBe('UPSTREAM_FAILED')
  }
})
