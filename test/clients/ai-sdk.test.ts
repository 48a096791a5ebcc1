import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, embedMany, generateText, isStepCount, type LanguageModel, Output, streamText, tool } from 'ai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { chatModels, createSetting, pixel, textsIn, twoCalls, usage, weather, type Setting } from './setting.ts'

let setting: Setting
beforeAll(async () => {
  // The warnings of the package are about models it does not know, which are all of Strata's.
  globalThis.AI_SDK_LOG_WARNINGS = false
  setting = await createSetting()
})
afterAll(() => setting.close())
beforeEach(() => setting.reset())
afterEach(() => setting.expectShapes())

/** Vercel's providers for the three faces. */
const providers = {
  'openai-compatible': (model: string) => compatible()(model),
  'openai (responses)': (model: string) =>
    createOpenAI({ apiKey: setting.strata.key, baseURL: `${setting.strata.url}/v1`, fetch: setting.wire.fetch })(model),
  anthropic: (model: string) =>
    createAnthropic({ apiKey: setting.strata.key, baseURL: `${setting.strata.url}/v1`, fetch: setting.wire.fetch })(
      model,
    ),
} as const satisfies Readonly<Record<string, (model: string) => LanguageModel>>

function compatible(): ReturnType<typeof createOpenAICompatible> {
  const { strata, wire } = setting
  const options = { name: 'strata', apiKey: strata.key, baseURL: `${strata.url}/v1`, fetch: wire.fetch }
  return createOpenAICompatible({ ...options, includeUsage: true, supportsStructuredOutputs: true })
}

/** Without the vendor's store, Vercel's Responses provider sends the items of earlier turns instead of their ids. */
const sendItems = { openai: { store: false } }

const faces = Object.keys(providers) as (keyof typeof providers)[] // the keys of an object literal
const combinations = faces.flatMap((face) => chatModels.map((model) => [face, model] as const))
const prompt = 'How many days of leave? 年假几天?'

describe.each(combinations)('ai over %s, %s', (face, model) => {
  const language = (): LanguageModel => providers[face](model)

  test('generates and streams text, with usage', async () => {
    const whole = await generateText({ model: language(), instructions: 'Be brief.', prompt, maxRetries: 0 })
    expect(whole.text).toBe('Leave is 25 天。')
    expect(whole.usage).toMatchObject({ inputTokens: 30, outputTokens: 12 })
    const streamed = streamText({ model: language(), prompt, maxRetries: 0 })
    const parts: string[] = []
    for await (const part of streamed.textStream) parts.push(part)
    expect(parts.join('')).toBe('Leave is 25 天。')
    expect(parts.length).toBeGreaterThan(1)
    expect([await streamed.finishReason, (await streamed.usage).inputTokens]).toEqual(['stop', 30])
    expect(textsIn(setting.received(0))).toEqual(expect.arrayContaining(['Be brief.', prompt]))
  })

  test.each(['whole', 'streamed'])('carries parallel calls through a whole tool loop, %s', async (way) => {
    setting.mock.next({ script: { text: 'Let me look.', toolCalls: twoCalls, usage } })
    const ran: string[] = []
    const options = {
      model: language(),
      prompt,
      maxRetries: 0,
      providerOptions: sendItems,
      stopWhen: isStepCount(3),
      tools: {
        get_weather: tool({
          description: weather.description,
          inputSchema: z.object({ city: z.string() }),
          execute: ({ city }) => {
            ran.push(city)
            return `Sunny in ${city}.`
          },
        }),
      },
    }
    const text = way === 'whole' ? (await generateText(options)).text : await streamText(options).text
    expect(text).toBe('Leave is 25 天。')
    expect(ran).toEqual(['Köln', '北京'])
    const second = setting.received(1)
    expect(textsIn(second)).toEqual(expect.arrayContaining(['Let me look.', 'Sunny in Köln.', 'Sunny in 北京.']))
  })

  test('generates objects, whole and streamed', async () => {
    const json = { days: 25, unit: '天' }
    // Vercel's Anthropic provider asks models it does not know for a call of a tool named json.
    const toolCalls = [{ name: 'json', arguments: json }]
    setting.mock.script(face === 'anthropic' ? { toolCalls, usage } : { json, usage })
    const output = Output.object({ schema: z.object({ days: z.number(), unit: z.string() }) })
    const whole = await generateText({ model: language(), prompt, output, maxRetries: 0 })
    expect(whole.output).toEqual({ days: 25, unit: '天' })
    const streamed = streamText({ model: language(), prompt, output, maxRetries: 0 })
    expect(await streamed.output).toEqual({ days: 25, unit: '天' })
    expect(JSON.stringify(setting.received(0))).toMatch(/"days":\{[^}]*"type":"number"/)
  })

  test('sends pictures and reads reasoning', async () => {
    setting.mock.script({ reasoning: 'Look it up.', reasoningSignature: 'c2ln', text: '25', usage })
    const content = [
      { type: 'text' as const, text: 'What is it?' },
      { type: 'file' as const, data: pixel, mediaType: 'image/png' },
    ]
    const messages = [{ role: 'user' as const, content }]
    const whole = await generateText({ model: language(), messages, maxRetries: 0 })
    expect([whole.text, whole.reasoningText]).toEqual(['25', 'Look it up.'])
    const streamed = streamText({ model: language(), messages, maxRetries: 0 })
    expect([await streamed.text, await streamed.reasoningText]).toEqual(['25', 'Look it up.'])
    expect(textsIn(setting.received(0)).some((text) => text.endsWith(pixel))).toBe(true)
  })

  test('throws what is refused, with its status and code', async () => {
    setting.mock.next({ status: 429, retryHint: { type: 'seconds', seconds: 7 } })
    const thrown = await generateText({ model: language(), prompt, maxRetries: 0 }).catch((error: unknown) => error)
    expect(APICallError.isInstance(thrown)).toBe(true)
    expect(thrown).toMatchObject({ statusCode: 429, isRetryable: true, responseHeaders: { 'retry-after': '7' } })
    expect(thrown).toMatchObject({ responseBody: expect.stringContaining('UPSTREAM_RATE_LIMITED') })
  })

  test('takes the endpoint along when it leaves', async () => {
    setting.mock.next({ deltaRepeats: Infinity, eventDelayMs: 2 })
    const leaving = new AbortController()
    const streamed = streamText({ model: language(), prompt, abortSignal: leaving.signal, maxRetries: 0 })
    let parts = 0
    for await (const _ of streamed.textStream) if (++parts === 3) leaving.abort()
    const request = await setting.mock.requestAt(0)
    await request.ended
    expect(request.outcome).toBe('cancelled')
  })
})

test('ai over openai (responses) is told to send items that only the vendor holds', async () => {
  setting.mock.next({ script: { text: 'Let me look.', toolCalls: twoCalls, usage } })
  const asked = generateText({
    model: providers['openai (responses)']('over-messages'),
    prompt,
    maxRetries: 0,
    stopWhen: isStepCount(2),
    tools: { get_weather: tool({ inputSchema: z.object({ city: z.string() }), execute: () => 'Sunny.' }) },
  })
  await expect(asked).rejects.toThrow(/item_reference names what only the vendor holds; send the item itself/)
})

test('ai embeds', async () => {
  const model = compatible().embeddingModel('embedder')
  const { embeddings, usage: used } = await embedMany({ model, values: ['one', '二'], maxRetries: 0 })
  expect(embeddings.map((vector) => vector.length)).toEqual([8, 8])
  expect(used.tokens).toBeGreaterThan(0)
})
