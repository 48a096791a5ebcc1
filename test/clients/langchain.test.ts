import {
  type AIMessageChunk,
  HumanMessage,
  SystemMessage,
  type ToolMessage,
  type BaseMessage,
} from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { chatModels, createSetting, pixel, textsIn, twoCalls, usage, weather, type Setting } from './setting.ts'

let setting: Setting
beforeAll(async () => {
  setting = await createSetting()
})
afterAll(() => setting.close())
beforeEach(() => setting.reset())
afterEach(() => setting.expectShapes())

const messages: BaseMessage[] = [new SystemMessage('Be brief.'), new HumanMessage('How many days of leave? 年假几天?')]
const getWeather = tool(({ city }) => `Sunny in ${city}.`, {
  name: 'get_weather',
  description: weather.description,
  schema: z.object({ city: z.string() }),
})
const combinations = [false, true].flatMap((useResponsesApi) =>
  chatModels.map((model) => [useResponsesApi ? 'responses' : 'chat', model, useResponsesApi] as const),
)

function configuration(): { readonly baseURL: string; readonly fetch: typeof fetch } {
  return { baseURL: `${setting.strata.url}/v1`, fetch: setting.wire.fetch }
}

async function gather(chunks: AsyncIterable<AIMessageChunk>): Promise<AIMessageChunk | undefined> {
  let gathered: AIMessageChunk | undefined
  for await (const chunk of chunks) gathered = gathered === undefined ? chunk : gathered.concat(chunk)
  return gathered
}

describe.each(combinations)('@langchain/openai over %s, %s', (_, model, useResponsesApi) => {
  const create = (): ChatOpenAI =>
    new ChatOpenAI({
      model,
      apiKey: setting.strata.key,
      useResponsesApi,
      maxRetries: 0,
      configuration: configuration(),
    })

  test('invokes and streams, with usage', async () => {
    const whole = await create().invoke(messages)
    expect(whole.text).toBe('Leave is 25 天。')
    expect(whole.usage_metadata).toMatchObject({ input_tokens: 30, output_tokens: 12, total_tokens: 42 })
    const streamed = await gather(await create().stream(messages))
    // Joined, the chunks add up their usage: it must have come once.
    expect(streamed).toMatchObject({
      text: 'Leave is 25 天。',
      usage_metadata: { input_tokens: 30, output_tokens: 12 },
    })
    expect(textsIn(setting.received(0))).toContain('Be brief.')
  })

  test('carries parallel calls through a whole tool loop, whole and streamed', async () => {
    setting.mock.next({ script: { text: 'Let me look.', toolCalls: twoCalls, usage } })
    const bound = create().bindTools([getWeather])
    const called = await bound.invoke(messages)
    expect(called.tool_calls).toMatchObject([
      { id: 'call_a', name: 'get_weather', args: { city: 'Köln' } },
      { id: 'call_b', name: 'get_weather', args: { city: '北京' } },
    ])
    const results: ToolMessage[] = []
    for (const call of called.tool_calls ?? []) results.push(await getWeather.invoke({ ...call, type: 'tool_call' }))
    const final = await bound.invoke([...messages, called, ...results])
    expect(final.text).toBe('Leave is 25 天。')
    const sent = textsIn(setting.received(1))
    expect(sent).toEqual(expect.arrayContaining(['Let me look.', 'Sunny in Köln.', 'Sunny in 北京.']))

    setting.mock.next({ script: { toolCalls: twoCalls, usage } })
    const gathered = await gather(await bound.stream(messages))
    expect(gathered?.tool_calls).toMatchObject([{ args: { city: 'Köln' } }, { args: { city: '北京' } }])
  })

  test('reads structured output', async () => {
    setting.mock.script({ json: { days: 25, unit: '天' }, usage })
    const schema = z.object({ days: z.number(), unit: z.string() })
    const structured = create().withStructuredOutput(schema, { method: 'jsonSchema', name: 'leave' })
    expect(await structured.invoke(messages)).toEqual({ days: 25, unit: '天' })
  })

  test('sends pictures', async () => {
    const url = `data:image/png;base64,${pixel}`
    const content = [
      { type: 'text' as const, text: 'What is it?' },
      { type: 'image_url' as const, image_url: { url } },
    ]
    await create().invoke([new HumanMessage({ content })])
    expect(textsIn(setting.received(0)).some((text) => text.endsWith(pixel))).toBe(true)
  })

  test('throws what is refused, and takes the endpoint along when it leaves', async () => {
    setting.mock.next({ status: 429 })
    await expect(create().invoke(messages)).rejects.toMatchObject({ status: 429, code: 'UPSTREAM_RATE_LIMITED' })
    setting.mock.next({ deltaRepeats: Infinity, eventDelayMs: 2 })
    const leaving = new AbortController()
    const stream = await create().stream(messages, { signal: leaving.signal })
    const read = async (): Promise<void> => {
      let chunks = 0
      for await (const _chunk of stream) if (++chunks === 3) leaving.abort()
    }
    await expect(read()).rejects.toThrow(/abort/i)
    const request = await setting.mock.requestAt(1)
    await request.ended
    expect(request.outcome).toBe('cancelled')
  })
})

test('@langchain/openai embeds', async () => {
  const embeddings = new OpenAIEmbeddings({
    model: 'embedder',
    apiKey: setting.strata.key,
    maxRetries: 0,
    configuration: configuration(),
  })
  const vectors = await embeddings.embedDocuments(['one', '二'])
  expect(vectors.map((vector) => vector.length)).toEqual([8, 8])
})
