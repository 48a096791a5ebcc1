import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { faces, type Face } from './kit/faces.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { expectRefusal, type ExpectedRefusal } from './kit/refusal.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      endpoints: {
        openai: toEndpoint(mock, 'openai'),
        anthropic: toEndpoint(mock, 'anthropic'),
        'openai-responses': toEndpoint(mock, 'openai-responses'),
        embedder: toEndpoint(mock, 'openai', { does: ['embed'] }),
      },
      models: {
        openai: { endpoint: 'openai' },
        anthropic: { endpoint: 'anthropic' },
        'openai-responses': { endpoint: 'openai-responses' },
        embedder: { endpoint: 'embedder' },
      },
    },
  })
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

/** A face, and a model whose endpoint speaks another dialect. */
const chatFaces = [
  { face: faces.openaiChat, other: 'anthropic' },
  { face: faces.anthropic, other: 'openai' },
  { face: faces.openaiResponses, other: 'openai' },
]

const said = { role: 'user', content: 'Hello' }
const image = (part: JsonObject): JsonObject => ({ messages: [{ role: 'user', content: [part] }] })

/** What is wrong, the members that are, and the place that must be named. */
type Malformed = readonly (readonly [string, JsonObject, string])[]

const malformed: Readonly<Record<Face['name'], Malformed>> = {
  'openai-chat': [
    ['messages', { messages: 'Hello' }, 'messages'],
    ['number of messages', { messages: [] }, 'messages'],
    ['message', { messages: [said, 'Hello'] }, 'messages[1]'],
    ['role', { messages: [{ role: 'wizard', content: 'x' }] }, 'messages[0].role'],
    ['absent role', { messages: [said, { content: 'x' }] }, 'messages[1].role'],
    ['content', { messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    ['part', { messages: [{ role: 'user', content: ['x'] }] }, 'messages[0].content[0]'],
    ['kind of part', image({ text: 'x' }), 'messages[0].content[0].type'],
    ['text', image({ type: 'text', text: 7 }), 'messages[0].content[0].text'],
    ['image', image({ type: 'image_url', image_url: 7 }), 'messages[0].content[0].image_url'],
    ['temperature', { temperature: 'hot' }, 'temperature'],
    ['bound of the output', { max_tokens: 1.5 }, 'max_tokens'],
    ['negative bound', { max_completion_tokens: -1 }, 'max_completion_tokens'],
    ['seed', { seed: 'x' }, 'seed'],
    ['list of tools', { tools: {} }, 'tools'],
    ['tool', { tools: [{ type: 'function' }] }, 'tools[0].function'],
    ['name of a tool', { tools: [{ type: 'function', function: { name: '' } }] }, 'tools[0].function.name'],
    ['choice of a tool', { tool_choice: 'sometimes' }, 'tool_choice'],
    ['format', { response_format: 'json' }, 'response_format'],
    [
      'schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'x' } } },
      'response_format.json_schema.schema',
    ],
    [
      'result of a tool that was not called',
      { messages: [said, { role: 'tool', tool_call_id: 'c1', content: 'x' }] },
      'messages[1].tool_call_id',
    ],
    [
      'tool call',
      { messages: [said, { role: 'assistant', tool_calls: [{ id: 'c1', type: 'function' }] }] },
      'messages[1].tool_calls[0].function',
    ],
  ],
  anthropic: [
    ['messages', { messages: 'Hello' }, 'messages'],
    ['number of messages', { messages: [] }, 'messages'],
    ['role', { messages: [{ role: 'wizard', content: 'x' }] }, 'messages[0].role'],
    ['content', { messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    ['absent content', { messages: [{ role: 'user' }] }, 'messages[0].content'],
    ['text', image({ type: 'text', text: 7 }), 'messages[0].content[0].text'],
    ['system', { system: 7 }, 'system'],
    ['bound of the output', { max_tokens: 0 }, 'max_tokens'],
    ['temperature', { temperature: [] }, 'temperature'],
    ['stops', { stop_sequences: [7] }, 'stop_sequences[0]'],
    ['tool', { tools: [{ name: 'x' }] }, 'tools[0].input_schema'],
    ['choice of a tool', { tool_choice: 'auto' }, 'tool_choice'],
    [
      'result of a tool that was not called',
      image({ type: 'tool_result', tool_use_id: 'c1' }),
      'messages[0].content[0].tool_use_id',
    ],
  ],
  'openai-responses': [
    ['input', { input: 7 }, 'input'],
    ['empty input', { input: '' }, 'input'],
    ['number of items', { input: [] }, 'input'],
    ['item', { input: ['x'] }, 'input[0]'],
    ['role', { input: [{ role: 'wizard', content: 'x' }] }, 'input[0].role'],
    ['instructions', { instructions: 7 }, 'instructions'],
    ['bound of the output', { max_output_tokens: 'many' }, 'max_output_tokens'],
    ['temperature', { temperature: 'hot' }, 'temperature'],
    ['tools', { tools: 7 }, 'tools'],
    [
      'result of a tool that was not called',
      { input: [{ type: 'function_call_output', call_id: 'c1', output: 'x' }] },
      'input[0].call_id',
    ],
  ],
}

describe.each(chatFaces)('$face.name', ({ face, other }) => {
  test.each(malformed[face.name])('a body whose %s is wrong names it', async (_name, change, param) => {
    const asked = { ...face.ask(face.dialect), ...change }
    await expectRefused(face, await post(face.path, JSON.stringify(asked)), { code: 'INVALID_REQUEST', param })
    // A large body is looked into when it has to be translated; what is relayed is judged by the endpoint.
    const large = JSON.stringify({ ...asked, model: other, padding: 'x'.repeat(40_000) })
    await expectRefused(face, await post(face.path, large), { code: 'INVALID_REQUEST', param })
  })
})

describe('embeddings', () => {
  const path = '/v1/embeddings'
  test.each([
    ['no input', { model: 'embedder' }, { code: 'INVALID_REQUEST', param: 'input' }],
    ['an input that is an object', { model: 'embedder', input: {} }, { code: 'INVALID_REQUEST', param: 'input' }],
    ['an empty list', { model: 'embedder', input: [] }, { code: 'INVALID_REQUEST', param: 'input' }],
    ['no model', { input: 'x' }, { code: 'INVALID_REQUEST', param: 'model' }],
    ['a model that is not there', { model: 'gpt-unknown', input: 'x' }, { code: 'MODEL_NOT_FOUND', param: 'model' }],
    [
      'dimensions that are a word',
      { model: 'embedder', input: 'x', dimensions: 'many' },
      { code: 'INVALID_REQUEST', param: 'dimensions' },
    ],
    ['tokens for text', { model: 'embedder', input: [1, 2] }, { code: 'UNSUPPORTED_PARAMETER', param: 'input' }],
    ['a model that only chats', { model: 'openai', input: 'x' }, { code: 'UNSUPPORTED_PARAMETER', param: 'model' }],
    [
      'an address',
      { model: 'embedder', input: 'x', api_base: 'http://evil.example' },
      { code: 'BASE_URL_FORBIDDEN', param: 'api_base' },
    ],
  ] as const)('%s', async (_name, body, expected) => {
    await expectRefused(faces.openaiChat, await post(path, JSON.stringify(body)), expected)
    const large = JSON.stringify({ padding: 'x'.repeat(40_000), ...body })
    await expectRefused(faces.openaiChat, await post(path, large), expected)
  })
})

async function expectRefused(face: Face, response: Response, expected: ExpectedRefusal): Promise<void> {
  await expectRefusal(face, response, expected)
  expect(mock.requests.length).toBe(0) // Nothing was sent to any endpoint.
}

function post(path: string, body: string): Promise<Response> {
  return strata.request(path, undefined, { method: 'POST', body })
}
