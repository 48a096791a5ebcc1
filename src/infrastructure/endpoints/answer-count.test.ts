import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../test/kit/index.ts'
import type { ChatRequest } from '../../core/chat.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createSystemClock } from '../../core/time.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import { createTokenizers, type TokenCounter, type Tokenizer, type Tokenizers } from '../tokenizers/index.ts'
import { countInput } from './count-input.ts'
import { createCountedScale } from './counted-scale.ts'
import { createHarness, createRequest, createSink, relay, type Harness } from './harness.ts'
import { createTokenScale, readScaleState } from './scale.ts'

const nothing = (): void => undefined
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
let mock: MockUpstream
let harness: Harness
let tokenizers: Tokenizers
let tokenizer: Tokenizer
let counter: TokenCounter

beforeEach(async () => {
  mock = await startMockUpstream()
  const project = resolve(import.meta.dirname, '../../..')
  tokenizers = createTokenizers({ folders: [project], configFolder: project, clock: createSystemClock(), log })
  const found = tokenizers.of({ config: { dialect: 'openai', model: 'm', tokenizer: 'o200k_base' }, vendor: undefined })
  if (found === undefined) throw new Error('there is no tokenizer')
  tokenizer = found
  tokenizer.begin()
  while (tokenizer.counter === undefined) await new Promise((done) => setTimeout(done, 5))
  counter = tokenizer.counter
  harness = createHarness({
    tokenizers,
    endpoints: {
      chat: { url: mock.url, tokenizer: 'o200k_base' },
      responses: { url: mock.url, dialect: 'openai-responses', tokenizer: 'o200k_base' },
      messages: { url: mock.url, dialect: 'anthropic', tokenizer: 'o200k_base' },
      unknown: { url: mock.url },
    },
  })
})

afterEach(async () => {
  await harness.close()
  await mock.close()
})

const sse = (events: readonly JsonValue[]): Buffer =>
  Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))

const chunk = (delta: JsonObject, index = 0): JsonObject => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index, delta, finish_reason: null }],
})

/** Sends a stream that breaks off, reads it, and gives what the try is said to have used. */
async function cutOff(body: Buffer, endpoint: string, request: ChatRequest): Promise<Usage | undefined> {
  mock.next({ body, contentType: 'text/event-stream', framing: 'chunked', cut: { at: body.length, how: 'reset' } })
  const call = harness.root()
  const answer = await harness.ask(request, call, { endpoints: [endpoint] })
  const reading = answer.wire === undefined ? readEvents(answer) : relay(answer, createSink())
  await expect(reading).rejects.toMatchObject({ code: 'UPSTREAM_CUT' })
  return call.facts.find(({ kind }) => kind === 'dispatch')?.usage
}

async function readEvents(answer: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of answer) continue
}

const words = ['Der Bericht ', 'vom', ' Donners', 'tag, 报告：', '第一', '章', ' {"a', '":1}', ' naïve', ' 👩‍🚀!']
const text = words.join('')
const asked = (dialect?: 'openai-chat') => createRequest({ stream: true }, { dialect })

describe('a stream that breaks off at an endpoint whose tokenizer is known', () => {
  test.each([
    ['relayed', 'openai-chat'],
    ['translated', undefined],
  ] as const)('is charged exactly what it had generated, %s', async (_, dialect) => {
    const usage = await cutOff(sse(words.map((content) => chunk({ content }))), 'chat', asked(dialect))
    expect(usage).toMatchObject({ outputTotal: counter.count(text), source: 'estimated' })
    // One message of a user: its text, and what OpenAI documents beside.
    expect(usage?.inputTotal).toBe(counter.count('Say something.') + 3 + 4)
  })

  test('counts reasoning, a tool call’s name and arguments, and what is around a call, each for itself', async () => {
    const call = (name: string | undefined, args: string): JsonObject =>
      chunk({
        tool_calls: [{ index: 0, id: 'x', function: { ...(name === undefined ? {} : { name }), arguments: args } }],
      })
    const events = [
      chunk({ reasoning_content: 'Let me ' }),
      chunk({ reasoning_content: 'think.' }),
      chunk({ content: 'Look' }),
      call('get_weather', ''),
      call(undefined, '{"city":'),
      call(undefined, '"Wien"}'),
    ]
    const tokens = ['Let me think.', 'Look', 'get_weather', '{"city":"Wien"}'].reduce(
      (sum, each) => sum + counter.count(each),
      0,
    )
    for (const dialect of ['openai-chat', undefined] as const) {
      expect((await cutOff(sse(events), 'chat', asked(dialect)))?.outputTotal).toBe(tokens + 7)
    }
  })

  test('counts each of the answers that come side by side', async () => {
    const events = words.flatMap((content) => [chunk({ content }, 0), chunk({ content: content.toUpperCase() }, 1)])
    const request = createRequest({ stream: true, n: 2 })
    expect((await cutOff(sse(events), 'chat', request))?.outputTotal).toBe(
      counter.count(text) + counter.count(text.toUpperCase()),
    )
  })

  test('counts the tokens of a character that is not whole yet, where the vendor sends events for them', async () => {
    const events = [...words, '', ''].map((content) => chunk({ content }))
    expect((await cutOff(sse(events), 'chat', asked('openai-chat')))?.outputTotal).toBe(counter.count(text) + 2)
  })

  test('counts in the other dialects too', async () => {
    const response = { id: 'r', object: 'response', created_at: 1, model: 'm', output: [], status: 'in_progress' }
    const item = { type: 'message', id: 'i', role: 'assistant', status: 'in_progress', content: [] }
    const responses = [
      { type: 'response.created', response },
      { type: 'response.output_item.added', output_index: 0, item },
      ...words.map((delta) => ({
        type: 'response.output_text.delta',
        item_id: 'i',
        output_index: 0,
        content_index: 0,
        delta,
      })),
    ]
    expect((await cutOff(sse(responses), 'responses', asked()))?.outputTotal).toBe(counter.count(text))
    const relayed = createRequest({ stream: true, input: 'Say something.' }, { dialect: 'openai-responses' })
    expect((await cutOff(sse(responses), 'responses', relayed))?.outputTotal).toBe(counter.count(text))
    const message = {
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      usage: { input_tokens: 9, output_tokens: 1 },
    }
    const messages = [
      { type: 'message_start', message },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      ...words.map((said) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: said } })),
    ]
    const expected = { inputTotal: 9, outputTotal: counter.count(text) }
    expect(await cutOff(sse(messages), 'messages', asked())).toMatchObject(expected)
    const own = createRequest({ stream: true, max_tokens: 99 }, { dialect: 'anthropic-messages' })
    expect(await cutOff(sse(messages), 'messages', own)).toMatchObject(expected)
  })

  test('adds to what had been reported what came after', async () => {
    const reporting = { ...chunk({ content: words[3] ?? '' }), usage: { prompt_tokens: 50, completion_tokens: 100 } }
    const events = [
      ...words.slice(0, 3).map((content) => chunk({ content })),
      reporting,
      ...words.slice(4).map((content) => chunk({ content })),
    ]
    const after = counter.count(text) - counter.count(words.slice(0, 4).join(''))
    const usage = await cutOff(sse(events), 'chat', asked('openai-chat'))
    expect(usage).toMatchObject({ inputTotal: 50, outputTotal: 100 + after })
  })

  test('is estimated as before where the tokenizer is not known', async () => {
    const usage = await cutOff(sse(words.map((content) => chunk({ content }))), 'unknown', asked('openai-chat'))
    expect(usage?.outputTotal).not.toBe(counter.count(text))
    expect(usage?.outputTotal).toBeGreaterThan(0)
  })
})

const ask = (content: string, more: JsonObject = {}) =>
  createRequest({ messages: [{ role: 'user', content }], ...more })

describe('the input of a request', () => {
  test('is counted text by text, with OpenAI’s documented marks of tools and calls', () => {
    const tools = [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          description: 'The weather of a city.',
          parameters: {
            type: 'object',
            properties: { city: { type: 'string', description: 'Where.' }, unit: { type: 'string', enum: ['c', 'f'] } },
          },
        },
      },
    ]
    const messages = [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Wien"}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: 'Rain.' },
    ]
    const sum = (texts: readonly string[]): number => texts.reduce((tokens, each) => tokens + counter.count(each), 0)
    expect(countInput(createRequest({ messages, tools }), tokenizer)).toEqual({
      messages: 3,
      tools: 1,
      media: 0,
      text: 7 + sum(['Be brief.', 'get_weather', '{"city":"Wien"}', 'Rain.']),
      toolText:
        7 +
        12 +
        3 +
        2 * 3 -
        3 +
        2 * 3 +
        sum(['get_weather:The weather of a city', 'city:string:Where', 'unit:string:', 'c', 'f']),
    })
  })

  test('is counted by even parts where it is long, and is right within one per cent', () => {
    const random = createSeededRandom(5)
    const long = Array.from({ length: 60_000 }, () => words[Math.floor(random.next() * words.length)]).join('')
    const tokens = countInput(ask(long), tokenizer)?.text ?? 0
    expect(Math.abs(tokens / counter.count(long) - 1)).toBeLessThan(0.01)
  })

  test('is not counted when the turn is taken', () => {
    tokenizer.turn.take(1_000_000)
    expect(countInput(ask('Hello'), tokenizer)).toBeUndefined()
  })
})

describe('what whole answers teach beside the count', () => {
  const random = createSeededRandom(3)
  const upTo = (bound: number): number => 1 + Math.floor(random.next() * bound)
  const input = (text: number) => ({ messages: 1, tools: 0, text, toolText: 0, media: 0 })

  interface Told {
    readonly usage: Parameters<typeof createUsage>[0]
    /** Tokens that were counted. */
    readonly output: number
    readonly text?: number
  }

  /** An answer that came whole; the estimate without a tokenizer is off by a tenth. */
  function teach(scale: ReturnType<typeof createCountedScale>, { usage, output, text }: Told): void {
    const { outputTotal = 0, inputTotal = 0 } = usage
    scale.learn({
      usage: createUsage(usage),
      output,
      outputOtherwise: outputTotal * 1.1,
      input: text === undefined ? undefined : input(text),
      inputOtherwise: inputTotal * 1.1,
    })
  }

  test('is what a request has besides its texts', () => {
    const scale = createCountedScale('o200k_base')
    for (let round = 0; round < 100; round++) {
      const [text, output] = [upTo(400), upTo(400)]
      teach(scale, { usage: { inputTotal: text + 25, outputTotal: output + 1 }, output, text })
    }
    for (const tokens of [5, 50, 500]) {
      expect(Math.round(scale.input(input(tokens)) ?? 0)).toBe(tokens + 25)
      expect(Math.round(scale.output(tokens) ?? 0)).toBe(tokens)
    }
    expect(Math.abs((scale.input(input(50_000)) ?? 0) / 50_025 - 1)).toBeLessThan(0.001)
  })

  test('is how far a near relative is from the endpoint’s own tokenizer', () => {
    const scale = createCountedScale('o200k_base')
    for (let round = 0; round < 64; round++) {
      const output = upTo(2_000)
      teach(scale, { usage: { outputTotal: Math.round(output * 1.12) + 1 }, output })
    }
    expect(Math.abs((scale.output(1_000) ?? 0) / 1_120 - 1)).toBeLessThan(0.01)
  })

  test('is that a tokenizer is not the endpoint’s, where the estimate without it comes nearer', () => {
    const scale = createCountedScale('o200k_base')
    for (let round = 0; round < 64; round++) {
      const [output, text] = [upTo(500), upTo(500)]
      // Now many more, now many less: another language each time.
      const ratio = round % 2 === 0 ? 1.45 : 0.7
      const usage = { outputTotal: Math.round(output * ratio), inputTotal: Math.round(text * ratio) + 7 }
      teach(scale, { usage, output, text })
    }
    expect(scale.output(100)).toBeUndefined()
    expect(scale.input(input(100))).toBeUndefined()
  })

  test('is nothing where an answer has tokens that nobody saw', () => {
    const scale = createCountedScale('o200k_base')
    for (let round = 0; round < 200; round++) {
      const output = upTo(500)
      teach(scale, { usage: { outputTotal: output + 300, reasoning: 300 }, output })
      scale.learn({
        usage: createUsage({ outputTotal: output * 3 + 700 }),
        output,
        outputOtherwise: output,
        input: undefined,
        inputOtherwise: 0,
      })
    }
    expect(scale.output(1_000)).toBeCloseTo(1_000, 0)
  })

  test('is kept, for the same tokenizer only', () => {
    const scale = createTokenScale()
    for (let round = 0; round < 50; round++)
      teach(scale.counted('a'), { usage: { inputTotal: 140, outputTotal: 50 }, output: 50, text: 100 })
    const again = createTokenScale(readScaleState(JSON.stringify(scale.state())))
    expect(again.counted('a').state()).toEqual(scale.counted('a').state())
    expect(again.counted('a').input(input(100))).toBe(scale.counted('a').input(input(100)))
    expect(again.counted('b').input(input(100))).toBe(107)
  })
})
