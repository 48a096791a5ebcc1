import { zodResponseFormat } from 'openai/helpers/zod'
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  chatModels,
  collect,
  createSetting,
  pixel,
  textsIn,
  twoCalls,
  usage,
  weather,
  type Setting,
} from './setting.ts'

const messages: ChatCompletionMessageParam[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'How many days of leave? 年假几天?' },
]
const tools: ChatCompletionTool[] = [{ type: 'function', function: { ...weather, strict: true } }]
const paths = { 'over-chat': '/chat/completions', 'over-responses': '/responses', 'over-messages': '/messages' }

let setting: Setting
beforeAll(async () => {
  setting = await createSetting()
})
afterAll(() => setting.close())
beforeEach(() => setting.reset())
afterEach(() => setting.expectShapes())

describe.each(chatModels)('the openai client, chat completions %s', (model) => {
  test('reads a whole answer with its usage', async () => {
    const completion = await setting.openai.chat.completions.create({ model, messages, max_tokens: 50 })
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'Leave is 25 天。' },
    })
    expect(completion.usage).toMatchObject({ prompt_tokens: 30, completion_tokens: 12, total_tokens: 42 })
    expect(completion.usage?.prompt_tokens_details?.cached_tokens).toBe(4)
    expect(setting.mock.requests[0]?.path).toContain(paths[model])
    expect(textsIn(setting.received(0))).toEqual(expect.arrayContaining(['Be brief.', messages[1]?.content]))
    expect(setting.received(0)['model']).toMatch(/^vendor-/)
  })

  test('reads a stream to its end, and usage only when it asked', async () => {
    const stream = await setting.openai.chat.completions.create({ model, messages, stream: true })
    const chunks = await collect(stream)
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Leave is 25 天。')
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.filter((chunk) => (chunk.usage ?? undefined) !== undefined)).toEqual([])
    expect(chunks.filter((chunk) => chunk.choices.length === 0)).toEqual([])

    const asked = { model, messages, stream_options: { include_usage: true } }
    const final = await setting.openai.chat.completions.stream(asked).finalChatCompletion()
    expect(final.usage).toMatchObject({ prompt_tokens: 30, completion_tokens: 12 })
  })

  test('is called back for one tool, whole and streamed', async () => {
    setting.mock.script({ toolCalls: twoCalls.slice(0, 1), usage })
    const call = { id: 'call_a', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Köln"}' } }
    const asked = { model, messages, tools, tool_choice: 'required' as const }
    const whole = await setting.openai.chat.completions.create(asked)
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [call] } })
    const streamed = await setting.openai.chat.completions.stream(asked).finalChatCompletion()
    expect(streamed.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [call] } })
  })

  test('carries parallel calls and their results through a whole tool loop', async () => {
    setting.mock.next({ script: { text: 'Let me look.', toolCalls: twoCalls, usage } })
    const ran: string[] = []
    const runner = setting.openai.chat.completions.runTools({
      model,
      messages,
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: weather.description,
            parameters: weather.parameters,
            function: (text: string) => {
              const { city } = z.object({ city: z.string() }).parse(JSON.parse(text))
              ran.push(city)
              return `Sunny in ${city}.`
            },
          },
        },
      ],
    })
    expect(await runner.finalContent()).toBe('Leave is 25 天。')
    expect(ran).toEqual(['Köln', '北京'])
    const second = setting.received(1)
    expect(textsIn(second)).toEqual(expect.arrayContaining(['Let me look.', 'Sunny in Köln.', 'Sunny in 北京.']))
    expect(JSON.stringify(second).match(/call_a/g)).toHaveLength(2)
    expect(JSON.stringify(second).match(/call_b/g)).toHaveLength(2)
  })

  test('streams parallel calls with their indices', async () => {
    setting.mock.script({ toolCalls: twoCalls, usage })
    const stream = setting.openai.chat.completions.stream({ model, messages, tools, parallel_tool_calls: true })
    const { choices } = await stream.finalChatCompletion()
    expect(choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_a', function: { arguments: '{"city":"Köln"}' } },
      { id: 'call_b', function: { arguments: '{"city":"北京"}' } },
    ])
  })

  test('parses structured output, whole and streamed', async () => {
    setting.mock.script({ json: { days: 25, unit: '天' }, usage })
    const format = zodResponseFormat(z.object({ days: z.number(), unit: z.string() }), 'leave')
    const asked = { model, messages, response_format: format }
    const whole = await setting.openai.chat.completions.parse(asked)
    expect(whole.choices[0]?.message.parsed).toEqual({ days: 25, unit: '天' })
    const streamed = await setting.openai.chat.completions.stream(asked).finalChatCompletion()
    expect(streamed.choices[0]?.message.parsed).toEqual({ days: 25, unit: '天' })
    expect(JSON.stringify(setting.received(0))).toContain('"days":{"type":"number"}')
  })

  test('sends pictures', async () => {
    const url = `data:image/png;base64,${pixel}`
    await setting.openai.chat.completions.create({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url } },
            { type: 'image_url', image_url: { url: 'https://pictures.example/a.png' } },
          ],
        },
      ],
    })
    const sent = textsIn(setting.received(0))
    expect(sent).toContain(model === 'over-messages' ? pixel : url)
    expect(sent).toContain('https://pictures.example/a.png')
  })

  test('sends pictures of many kilobytes unharmed', async () => {
    const data = Buffer.from(Array.from({ length: 150_000 }, (_, index) => (index * 7 + (index >> 8)) % 256)).toString(
      'base64',
    )
    const url = `data:image/png;base64,${data}`
    const content = [{ type: 'image_url' as const, image_url: { url } }]
    const stream = await setting.openai.chat.completions.create({
      model,
      messages: [{ role: 'user', content }],
      stream: true,
    })
    expect((await collect(stream)).length).toBeGreaterThan(2)
    expect(textsIn(setting.received(0)).includes(model === 'over-messages' ? data : url)).toBe(true)
    expect(setting.received(0)).toMatchObject({ model: expect.stringMatching(/^vendor-/), stream: true })
  })

  test('reads reasoning where compatible vendors put it, and asks for it', async () => {
    setting.mock.script({ reasoning: 'Look it up.', reasoningSignature: 'c2ln', text: '25', usage })
    const asked = { model, messages, reasoning_effort: 'low' as const }
    const whole = await setting.openai.chat.completions.create(asked)
    expect(whole.choices[0]?.message).toMatchObject({ content: '25', reasoning_content: 'Look it up.' })
    const chunks = await collect(await setting.openai.chat.completions.create({ ...asked, stream: true }))
    const thought = chunks.map((chunk) => textsIn(JSON.parse(JSON.stringify(chunk.choices[0]?.delta ?? {}))))
    expect(thought.flat().join('')).toContain('Look it up.')
    expect(JSON.stringify(setting.received(0))).toMatch(/low|budget_tokens/)
  })

  test('is told of an answer cut at its bound and of a refusal', async () => {
    setting.mock.next({ script: { text: 'Leave', finish: 'length', usage } })
    const cut = await setting.openai.chat.completions.create({ model, messages, max_completion_tokens: 16 })
    expect(cut.choices[0]?.finish_reason).toBe('length')
    setting.mock.next({ script: { text: 'Leave', finish: 'length', usage } })
    const chunks = await collect(await setting.openai.chat.completions.create({ model, messages, stream: true }))
    expect(chunks.findLast((chunk) => chunk.choices.length > 0)?.choices[0]?.finish_reason).toBe('length')
    setting.mock.next({ script: { refusal: 'I will not.', usage } })
    const refused = await setting.openai.chat.completions.create({ model, messages })
    expect(textsIn(JSON.parse(JSON.stringify(refused.choices)))).toContain('I will not.')
  })

  test('sees no usage where the endpoint told none', async () => {
    setting.mock.next({ usage: 'none' })
    const whole = await setting.openai.chat.completions.create({ model, messages })
    expect(whole.usage).toBeUndefined()
    setting.mock.next({ usage: 'none' })
    const asked = { model, messages, stream: true as const, stream_options: { include_usage: true } }
    const chunks = await collect(await setting.openai.chat.completions.create(asked))
    expect(chunks.filter((chunk) => (chunk.usage ?? undefined) !== undefined)).toEqual([])
    const { usage: recorded, children } = await setting.lastCall()
    expect(JSON.stringify([recorded, children])).not.toMatch(/"(input_total|output_total|cache_read|reasoning)":0[,}]/)
  })

  test('leaves in the middle of a stream, and so does Strata', async () => {
    setting.mock.next({ deltaRepeats: Infinity, eventDelayMs: 2 })
    const stream = await setting.openai.chat.completions.create({ model, messages, stream: true })
    let count = 0
    for await (const _ of stream) if (++count === 5) break
    const request = await setting.mock.requestAt(0)
    await request.ended
    expect(request.outcome).toBe('cancelled')
  })

  test('finds the call in the record', async () => {
    const completion = await setting.openai.chat.completions.create({ model, messages }).withResponse()
    expect(completion.response.headers.get('x-strata-cost')).toBe('0.000054')
    expect(await setting.lastCall()).toMatchObject({
      object: 'call',
      kind: 'request',
      name: model,
      status: 'ok',
      usage: { input_total: 30, output_total: 12, cache_read: 4, reasoning: model === 'over-messages' ? null : 5 },
      cost: { usd: '0.000054' },
      children: [{ kind: 'dispatch', name: model, status: 'ok', regions: ['local'], children: [] }],
    })
  })
})

describe('what Strata says of an answer', () => {
  test.each(chatModels)('rides in the body when the client asks for it, %s', async (model) => {
    const asked = { model, messages, strata: { report: true } }
    const expected = {
      endpoint: model,
      regions: ['local'],
      usage: { input_total: 30, output_total: 12, source: 'reported' },
      cost: { usd: '0.000054', picodollars: '54000000' },
    }
    const whole = await setting.openai.chat.completions.create(asked)
    expect(whole).toMatchObject({ strata: expected, choices: [{ message: { content: 'Leave is 25 天。' } }] })
    const chunks = await collect(await setting.openai.chat.completions.create({ ...asked, stream: true }))
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Leave is 25 天。')
    expect(chunks.at(-1)).toMatchObject({ strata: { ...expected, call: setting.wire.exchanges.at(-1)?.callId } })
    expect(JSON.stringify(setting.received(0))).not.toContain('report')
  })

  test('is the tree it grew: the endpoint that failed and the one that answered', async () => {
    setting.mock.next({ status: 503 })
    const stream = await setting.openai.chat.completions.create({ model: 'everyday', messages, stream: true })
    const chunks = await collect(stream)
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Leave is 25 天。')
    expect(await setting.lastCall()).toMatchObject({
      kind: 'request',
      name: 'everyday',
      status: 'ok',
      children: [
        { kind: 'model', name: 'over-chat', status: 'error', error: 'UPSTREAM_OVERLOADED', usage: null },
        {
          kind: 'model',
          name: 'over-messages',
          status: 'ok',
          children: [{ kind: 'dispatch', name: 'over-messages', vendor_model: 'vendor-anthropic' }],
        },
      ],
    })
  })
})
