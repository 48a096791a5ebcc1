import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod'
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod'
import type { MessageParam, Tool } from '@anthropic-ai/sdk/resources/messages'
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

const messages: MessageParam[] = [{ role: 'user', content: 'How many days of leave? 年假几天?' }]
const base = { max_tokens: 2_000, system: 'Be brief.', messages }
const { parameters, ...named } = weather
const tools: Tool[] = [{ ...named, input_schema: parameters }]

let setting: Setting
beforeAll(async () => {
  setting = await createSetting()
})
afterAll(() => setting.close())
beforeEach(() => setting.reset())
afterEach(() => setting.expectShapes())

describe.each(chatModels)('@anthropic-ai/sdk, messages %s', (model) => {
  test('reads a whole message with its usage', async () => {
    const message = await setting.anthropic.messages.create({ model, ...base })
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Leave is 25 天。' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 26, cache_read_input_tokens: 4, output_tokens: 12 },
    })
    expect(textsIn(setting.received(0))).toEqual(expect.arrayContaining(['Be brief.', messages[0]?.content]))
  })

  test('reads a stream to its end', async () => {
    const stream = setting.anthropic.messages.stream({ model, ...base })
    const texts: string[] = []
    stream.on('text', (delta) => texts.push(delta))
    const message = await stream.finalMessage()
    expect(texts.length).toBeGreaterThan(1)
    expect(texts.join('')).toBe('Leave is 25 天。')
    expect(message).toMatchObject({ stop_reason: 'end_turn', usage: { input_tokens: 26, output_tokens: 12 } })
    const events = await collect(await setting.anthropic.messages.create({ model, ...base, stream: true }))
    const types = events.map((event) => event.type)
    expect([types[0], types.at(-1)]).toEqual(['message_start', 'message_stop'])
  })

  test('is called back for tools, whole and streamed', async () => {
    setting.mock.script({ toolCalls: twoCalls, usage })
    const asked = { model, ...base, tools, tool_choice: { type: 'any' as const } }
    const whole = await setting.anthropic.messages.create(asked)
    const streamed = await setting.anthropic.messages.stream(asked).finalMessage()
    for (const message of [whole, streamed]) {
      expect(message.stop_reason).toBe('tool_use')
      expect(message.content).toMatchObject([
        { type: 'tool_use', id: 'call_a', name: 'get_weather', input: { city: 'Köln' } },
        { type: 'tool_use', id: 'call_b', name: 'get_weather', input: { city: '北京' } },
      ])
    }
  })

  test('carries parallel calls and their results through a whole tool loop', async () => {
    setting.mock.next({ script: { text: 'Let me look.', toolCalls: twoCalls, usage } })
    const tool = betaZodTool({
      name: 'get_weather',
      description: weather.description,
      inputSchema: z.object({ city: z.string() }),
      run: ({ city }) => Promise.resolve(`Sunny in ${city}.`),
    })
    const final = await setting.anthropic.beta.messages.toolRunner({ model, ...base, tools: [tool] })
    expect(final.content).toMatchObject([{ type: 'text', text: 'Leave is 25 天。' }])
    const second = setting.received(1)
    expect(textsIn(second)).toEqual(expect.arrayContaining(['Sunny in Köln.', 'Sunny in 北京.']))
    // A thread is held by the vendor, who gets the new turn only; other endpoints get the whole conversation.
    expect(textsIn(second).includes('Let me look.')).toBe(model !== 'over-messages')
    expect(second['thread']).toEqual(
      model === 'over-messages' ? { type: 'continue', previous_message_id: expect.any(String) } : undefined,
    )
  })

  test('parses structured output', async () => {
    setting.mock.script({ json: { days: 25, unit: '天' }, usage })
    const format = zodOutputFormat(z.object({ days: z.number(), unit: z.string() }))
    const message = await setting.anthropic.messages.parse({ model, ...base, output_config: { format } })
    expect(message.parsed_output).toEqual({ days: 25, unit: '天' })
    expect(JSON.stringify(setting.received(0))).toMatch(/"days":\{[^}]*"type":"number"/)
  })

  test('sends pictures', async () => {
    const source = { type: 'base64' as const, media_type: 'image/png' as const, data: pixel }
    const content = [
      { type: 'image' as const, source },
      { type: 'text' as const, text: 'What is it?' },
    ]
    await setting.anthropic.messages.create({ model, ...base, messages: [{ role: 'user', content }] })
    const expected = model === 'over-messages' ? pixel : `data:image/png;base64,${pixel}`
    expect(textsIn(setting.received(0))).toContain(expected)
  })

  test('reads thinking, and hands it back in the next turn', async () => {
    setting.mock.script({ reasoning: 'Look it up.', reasoningSignature: 'c2ln', text: '25', usage })
    const asked = { model, ...base, thinking: { type: 'enabled' as const, budget_tokens: 1_024 } }
    const whole = await setting.anthropic.messages.create(asked)
    const streamed = await setting.anthropic.messages.stream(asked).finalMessage()
    for (const { content } of [whole, streamed]) {
      expect(content.map((block) => block.type)).toEqual(['thinking', 'text'])
      expect(content[0]).toMatchObject({ thinking: 'Look it up.' })
    }
    const turns: MessageParam[] = [
      ...messages,
      { role: 'assistant', content: whole.content },
      { role: 'user', content: 'And in Berlin?' },
    ]
    await setting.anthropic.messages.create({ ...asked, messages: turns })
    const sent = JSON.stringify(setting.received(2))
    expect(sent).not.toContain('strata-seal')
    expect(sent).toContain('And in Berlin?')
    if (model !== 'over-chat') expect(sent).toContain('c2ln') // the endpoint gets its own proof back
  })

  test('is told of an answer cut at its bound', async () => {
    setting.mock.script({ text: 'Leave', finish: 'length', usage })
    expect(await setting.anthropic.messages.create({ model, ...base })).toMatchObject({ stop_reason: 'max_tokens' })
    const streamed = await setting.anthropic.messages.stream({ model, ...base }).finalMessage()
    expect(streamed.stop_reason).toBe('max_tokens')
  })

  test.skipIf(model === 'over-messages')(
    'is given an estimate, never 0, where the endpoint told no usage',
    async () => {
      setting.mock.next({ usage: 'none' })
      const whole = await setting.anthropic.messages.create({ model, ...base })
      setting.mock.next({ usage: 'none' })
      const streamed = await setting.anthropic.messages.stream({ model, ...base }).finalMessage()
      for (const { usage: told } of [whole, streamed]) {
        expect(told.input_tokens).toBeGreaterThan(0)
        expect(told.output_tokens).toBeGreaterThan(0)
        expect(told.cache_read_input_tokens).toBeNull()
      }
    },
  )

  test('leaves in the middle of a stream, and so does Strata', async () => {
    setting.mock.next({ deltaRepeats: Infinity, eventDelayMs: 2 })
    const stream = setting.anthropic.messages.stream({ model, ...base })
    stream.on('text', () => stream.abort())
    await expect(stream.finalMessage()).rejects.toThrow(/abort/i)
    const request = await setting.mock.requestAt(0)
    await request.ended
    expect(request.outcome).toBe('cancelled')
  })

  test('counts tokens without asking anybody', async () => {
    const short = await setting.anthropic.messages.countTokens({ model, system: 'Be brief.', messages })
    const long = await setting.anthropic.messages.countTokens({
      model,
      system: 'Be brief. '.repeat(50),
      messages,
      tools,
    })
    expect(short.input_tokens).toBeGreaterThan(5)
    expect(long.input_tokens).toBeGreaterThan(short.input_tokens + 50)
    expect(setting.mock.requests).toEqual([])
  })
})
