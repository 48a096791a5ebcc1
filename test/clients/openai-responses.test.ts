import { zodTextFormat } from 'openai/helpers/zod'
import type { FunctionTool, ResponseInput } from 'openai/resources/responses/responses'
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

const ask = { instructions: 'Be brief.', input: 'How many days of leave? 年假几天?' }
const tools: FunctionTool[] = [{ type: 'function', ...weather, strict: true }]

let setting: Setting
beforeAll(async () => {
  setting = await createSetting()
})
afterAll(() => setting.close())
beforeEach(() => setting.reset())
afterEach(() => setting.expectShapes())

describe.each(chatModels)('the openai client, responses %s', (model) => {
  test('reads a whole response with its usage', async () => {
    const response = await setting.openai.responses.create({ model, ...ask, max_output_tokens: 50 })
    expect(response).toMatchObject({ status: 'completed', output_text: 'Leave is 25 天。' })
    expect(response.usage).toMatchObject({ input_tokens: 30, output_tokens: 12, total_tokens: 42 })
    expect(response.usage?.input_tokens_details.cached_tokens).toBe(4)
    expect(textsIn(setting.received(0))).toEqual(expect.arrayContaining([ask.instructions, ask.input]))
  })

  test('reads a stream to its end, in its order', async () => {
    const events = await collect(await setting.openai.responses.create({ model, ...ask, stream: true }))
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index))
    const deltas = events.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : []))
    expect(deltas.join('')).toBe('Leave is 25 天。')
    expect(deltas.length).toBeGreaterThan(1)
    expect(events[0]?.type).toBe('response.created')
    const last = events.at(-1)
    expect(last).toMatchObject({ type: 'response.completed', response: { usage: { input_tokens: 30 } } })
    const final = await setting.openai.responses.stream({ model, ...ask }).finalResponse()
    expect(final.output_text).toBe('Leave is 25 天。')
  })

  test('carries parallel calls and their results through a whole tool loop, whole and streamed', async () => {
    setting.mock.next({ script: { text: 'Let me look.', toolCalls: twoCalls, usage } })
    setting.mock.next({ script: { text: 'Let me look.', toolCalls: twoCalls, usage } })
    const first = await setting.openai.responses.create({ model, ...ask, tools, parallel_tool_calls: true })
    const streamed = await setting.openai.responses.stream({ model, ...ask, tools }).finalResponse()
    for (const { output } of [first, streamed]) {
      expect(output.filter((item) => item.type === 'function_call')).toMatchObject([
        { call_id: 'call_a', name: 'get_weather', arguments: '{"city":"Köln"}', status: 'completed' },
        { call_id: 'call_b', name: 'get_weather', arguments: '{"city":"北京"}', status: 'completed' },
      ])
    }
    const input: ResponseInput = [
      { role: 'user', content: ask.input },
      ...(first.output as ResponseInput), // an answer's items go back as they came
      { type: 'function_call_output', call_id: 'call_a', output: 'Sunny in Köln.' },
      { type: 'function_call_output', call_id: 'call_b', output: 'Sunny in 北京.' },
    ]
    const second = await setting.openai.responses.create({ model, input, tools })
    expect(second.output_text).toBe('Leave is 25 天。')
    const sent = setting.received(2)
    expect(textsIn(sent)).toEqual(expect.arrayContaining(['Let me look.', 'Sunny in Köln.', 'Sunny in 北京.']))
    expect(JSON.stringify(sent).match(/call_a/g)).toHaveLength(2)
  })

  test('parses structured output', async () => {
    setting.mock.script({ json: { days: 25, unit: '天' }, usage })
    const text = { format: zodTextFormat(z.object({ days: z.number(), unit: z.string() }), 'leave') }
    const parsed = await setting.openai.responses.parse({ model, ...ask, text })
    expect(parsed.output_parsed).toEqual({ days: 25, unit: '天' })
    const streamed = await setting.openai.responses.stream({ model, ...ask, text }).finalResponse()
    expect(streamed.output_parsed).toEqual({ days: 25, unit: '天' })
    expect(JSON.stringify(setting.received(0))).toContain('"days":{"type":"number"}')
  })

  test('sends pictures', async () => {
    const image_url = `data:image/png;base64,${pixel}`
    const content = [
      { type: 'input_text' as const, text: 'What is it?' },
      { type: 'input_image' as const, detail: 'auto' as const, image_url },
    ]
    await setting.openai.responses.create({ model, input: [{ role: 'user', content }] })
    expect(textsIn(setting.received(0))).toContain(model === 'over-messages' ? pixel : image_url)
  })

  test('reads reasoning as items, and hands them back in the next turn', async () => {
    setting.mock.script({ reasoning: 'Look it up.', reasoningSignature: 'c2ln', text: '25', usage })
    const asked = {
      model,
      ...ask,
      reasoning: { effort: 'low' as const },
      include: ['reasoning.encrypted_content' as const],
    }
    const whole = await setting.openai.responses.create(asked)
    const streamed = await setting.openai.responses.stream(asked).finalResponse()
    for (const { output } of [whole, streamed]) {
      expect(output.map((item) => item.type)).toEqual(['reasoning', 'message'])
      expect(output[0]).toMatchObject({ summary: [{ type: 'summary_text', text: 'Look it up.' }] })
    }
    const input: ResponseInput = [
      { role: 'user', content: ask.input },
      ...(whole.output as ResponseInput), // an answer's items go back as they came
      { role: 'user', content: 'And in Berlin?' },
    ]
    await setting.openai.responses.create({ model, input })
    const sent = JSON.stringify(setting.received(2))
    expect(sent).not.toContain('strata-seal')
    if (model !== 'over-chat') expect(sent).toContain('c2ln') // the endpoint gets its own proof back
  })

  test('is told of an answer cut at its bound', async () => {
    setting.mock.script({ text: 'Leave', finish: 'length', usage })
    const expected = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
    expect(await setting.openai.responses.create({ model, ...ask })).toMatchObject(expected)
    const events = await collect(await setting.openai.responses.create({ model, ...ask, stream: true }))
    expect(events.at(-1)).toMatchObject({ type: 'response.incomplete', response: expected })
  })

  test('sees no usage where the endpoint told none', async () => {
    setting.mock.next({ usage: 'none' })
    const whole = await setting.openai.responses.create({ model, ...ask })
    expect(whole.usage ?? undefined).toBeUndefined()
    setting.mock.next({ usage: 'none' })
    const streamed = await setting.openai.responses.stream({ model, ...ask }).finalResponse()
    expect(streamed.usage ?? undefined).toBeUndefined()
  })

  test('leaves in the middle of a stream, and so does Strata', async () => {
    setting.mock.next({ deltaRepeats: Infinity, eventDelayMs: 2 })
    const stream = await setting.openai.responses.create({ model, ...ask, stream: true })
    let count = 0
    for await (const _ of stream) if (++count === 5) break
    const request = await setting.mock.requestAt(0)
    await request.ended
    expect(request.outcome).toBe('cancelled')
  })
})
