import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { loadOpenaiShapes, startMockUpstream, type MockUpstream, type Script } from './index.ts'

const shapes = loadOpenaiShapes()
const scripts: readonly Script[] = [
  { text: 'plain 文字' },
  { text: 'with tools', toolCalls: [{ name: 'a', arguments: { x: 1 } }], usage: { inputTotal: 9, cacheRead: 3 } },
  { toolCalls: [{ name: 'only', arguments: {} }] },
  { reasoning: 'thinking', reasoningSignature: 'c2ln', text: 'after thought', finish: 'length' },
  { refusal: 'I would rather not.', finish: 'content-filter' },
]

/** The mock is only worth testing against when it speaks as the vendor does. */
describe.skipIf(shapes === undefined)('against the OpenAI API description', () => {
  let mock: MockUpstream

  beforeAll(async () => {
    mock = await startMockUpstream()
  })
  afterAll(() => mock.close())

  test('a wrong body is found out', () => {
    expect(shapes?.findFault('ErrorResponse', { error: { message: 'no type' } })).toContain("'type'")
    expect(() => shapes?.findFault('NoSuchSchema', {})).toThrow('no schema NoSuchSchema')
  })

  test('whole answers, errors, embeddings and the list of models are of its shapes', async () => {
    for (const script of scripts) {
      mock.script(script)
      await expectShape('CreateChatCompletionResponse', '/chat/completions', { model: 'm', messages: [] })
      await expectShape('Response', '/responses', { model: 'm', input: 'x' })
    }
    mock.next({ status: 429 })
    await expectShape('ErrorResponse', '/chat/completions', { model: 'm' })
    await expectShape('CreateEmbeddingResponse', '/embeddings', { model: 'm', input: 'x' })
    expectValid('ListModelsResponse', await (await fetch(`${mock.url}/models`)).text())
  })

  test('every event of its streams is of its shapes', async () => {
    for (const script of scripts) {
      mock.script(script)
      for (const event of await eventsOf('/chat/completions', { model: 'm', stream: true })) {
        expectValid('CreateChatCompletionStreamResponse', event)
      }
      for (const event of await eventsOf('/responses', { model: 'm', stream: true })) {
        expectValid('ResponseStreamEvent', event)
      }
    }
  })

  async function send(path: string, body: JsonObject): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`${mock.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).text()
  }

  async function expectShape(schema: string, path: string, body: JsonObject): Promise<void> {
    expectValid(schema, await send(path, body))
  }

  async function eventsOf(path: string, body: JsonObject): Promise<readonly string[]> {
    const lines = (await send(path, body)).split('\n').filter((line) => line.startsWith('data: {'))
    expect(lines.length).toBeGreaterThan(2)
    return lines.map((line) => line.slice('data: '.length))
  }

  function expectValid(schema: string, text: string): void {
    expect(shapes?.findFault(schema, JSON.parse(text)), `${schema}: ${text}`).toBeUndefined()
  }
})
