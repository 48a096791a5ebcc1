import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readFixture } from '../../../test/fixtures/index.ts'
import { collectAnswer, type CompleteAnswer } from '../../core/answer.ts'
import type { AnswerEvent, DialectId, FinishReason } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { createUsage } from '../../core/usage.ts'
import { type AnswerMeta, createSseReader, dialects, sealSignature } from './index.ts'

function decode(id: DialectId, bytes: Buffer | string): readonly AnswerEvent[] {
  const reader = createSseReader({ eventBytesMax: 1_000_000 })
  const decoder = dialects[id].createStreamDecoder()
  const events = [...reader.push(Buffer.from(bytes)), ...reader.end()]
  return [...events.flatMap((event) => decoder.decode(event)), ...decoder.end()]
}

async function* each(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  yield* await Promise.resolve(events)
}

function collect(id: DialectId, name: string): Promise<CompleteAnswer> {
  return collectAnswer(each(decode(id, readFixture(id, name))))
}

const meta: AnswerMeta = {
  callId: 'call_01h',
  model: 'everyday',
  createdAtMs: 1_764_000_000_000,
  includeUsage: true,
  body: { model: 'everyday' },
}

function encode(id: DialectId, events: readonly AnswerEvent[], extension?: { readonly call: string }): string {
  const encoder = dialects[id].createStreamEncoder(meta)
  return events.map((event) => encoder.encode(event)).join('') + encoder.end(extension)
}

describe('decoding streams', () => {
  test('gives the text, usage and end of each dialect', async () => {
    expect(await collect('openai-chat', 'stream-text.txt')).toMatchObject({
      text: 'Leave is 25 days，年假为 25 天. 🎉',
      reason: 'stop',
      usage: { inputTotal: 1_214, outputTotal: 19, cacheRead: 1_024 },
    })
    expect(await collect('openai-responses', 'stream-text.txt')).toMatchObject({
      text: 'Leave is 25 天。',
      reason: 'stop',
      usage: { inputTotal: 328, cacheRead: 256, outputTotal: 52, reasoning: 32 },
    })
    expect(await collect('anthropic-messages', 'stream-text-cached.txt')).toMatchObject({
      text: 'Leave is 25 天',
      reason: 'stop',
      usage: { inputTotal: 2_003, cacheRead: 1_800, cacheWrite5m: 150, cacheWrite1h: 50, outputTotal: 12 },
    })
  })

  test('gives parallel calls indexes from 0 and the empty object where no arguments came', async () => {
    expect((await collect('openai-chat', 'stream-tools-parallel.txt')).toolCalls).toEqual([
      { id: 'call_weather1', name: 'get_weather', arguments: '{"city":"上海"}' },
      { id: 'call_clock2', name: 'get_time', arguments: '{}' },
    ])
    const anthropic = await collect('anthropic-messages', 'stream-tools.txt')
    expect(anthropic.toolCalls.map((call) => call.arguments)).toEqual(['{"city": "Wien"}', '{}'])
    expect(anthropic).toMatchObject({ text: 'Okay.', reason: 'tool-calls' })
    const responses = await collect('openai-responses', 'stream-reasoning-tools.txt')
    expect(responses.toolCalls.map((call) => [call.id, call.arguments])).toEqual([
      ['call_w', '{"city":"Oslo"}'],
      ['call_t', '{}'],
    ])
    expect(responses.reason).toBe('tool-calls')
  })

  test('derives calls without index or id, and the reason that says stop with calls present', async () => {
    const answer = await collect('openai-chat', 'stream-tools-no-index.txt')
    expect(answer.toolCalls.map((call) => call.name)).toEqual(['get_weather', 'get_time'])
    expect(answer.toolCalls[0]?.id).toBe('function-call-11')
    expect(answer.toolCalls[1]?.id).toMatch(/^call_/)
    expect(answer.reason).toBe('tool-calls')
    expect(answer.usage).toMatchObject({ inputTotal: 60, outputTotal: 121 }) // the total counts thoughts, the parts do not
  })

  test('waits for a name that comes late', async () => {
    const answer = await collect('openai-chat', 'stream-tools-late-name.txt')
    expect(answer.toolCalls).toEqual([{ id: 'D681PevKs', name: 'look_up', arguments: '{"q":1}' }])
  })

  test('refuses a call that never gets a name, and deltas of a call that has ended', () => {
    const chunk = (calls: string): string => `data: {"choices":[{"delta":{"tool_calls":${calls}}}]}\n\n`
    expect(() => decode('openai-chat', `${chunk('[{"index":0,"id":"a"}]')}data: [DONE]\n\n`)).toThrow(/without a name/)
    const call = (index: number): string => chunk(`[{"index":${index},"id":"c${index}","function":{"name":"f"}}]`)
    const late = chunk('[{"index":0,"function":{"arguments":"{}"}}]')
    expect(() => decode('openai-chat', call(0) + call(1) + late)).toThrow(/went back/)
  })

  test.each([
    ['stream-reasoning-deepseek.txt', 'nine'],
    ['stream-reasoning-vllm.txt', 'Hm'],
    ['stream-reasoning-mistral.txt', 'Think'],
  ])('reads reasoning by whatever name in %s', async (name) => {
    const answer = await collect('openai-chat', name)
    expect(answer.reasoning).toHaveLength(1)
    expect(answer.reasoning[0]?.text.length).toBeGreaterThan(4)
    expect(answer.text).toMatch(/^(63|Yes|Answer\.)$/)
    expect(answer.reason).toBe('stop')
  })

  test('keeps signatures and redacted reasoning, sealed with where they came from', async () => {
    const anthropic = await collect('anthropic-messages', 'stream-thinking.txt')
    expect(anthropic.reasoning).toEqual([
      {
        text: 'Let me see.',
        signature: sealSignature('anthropic-messages', 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h'),
        redacted: undefined,
      },
      { text: '', signature: undefined, redacted: sealSignature('anthropic-messages', 'EmwKAhgBEgy3va3pzix') },
    ])
    expect(anthropic.usage).toMatchObject({ outputTotal: 60, reasoning: 41 })
    const responses = await collect('openai-responses', 'stream-reasoning-tools.txt')
    const signature = sealSignature('openai-responses', 'rs_6876cf02e0bc:gAAAAABencrypted')
    expect(responses.reasoning).toEqual([{ text: '**Look** first\n\nthen call', signature, redacted: undefined }])
  })

  test('sets usage and never adds: the end wins, an end without usage takes nothing away', async () => {
    const { usage } = await collect('anthropic-messages', 'stream-late-usage.txt')
    expect(usage).toMatchObject({ inputTotal: 53, cacheRead: 20, outputTotal: 2 })
    expect(usage?.cacheWrite5m).toBeUndefined()
  })

  test('tells length, refusal and stop sequence apart', async () => {
    expect(await collect('openai-responses', 'stream-incomplete.txt')).toMatchObject({
      reason: 'length',
      usage: { inputTotal: 328 },
    })
    expect(await collect('openai-chat', 'stream-refusal.txt')).toMatchObject({
      reason: 'refusal',
      refusal: "I can't help.",
      usage: undefined,
    })
    expect(await collect('anthropic-messages', 'stream-stop-sequence.txt')).toMatchObject({
      reason: 'stop',
      stopSequence: 'END',
    })
  })

  test.each([
    ['openai-chat', 'stream-error.txt', 'UPSTREAM_FAILED'],
    ['openai-chat', 'stream-error-overloaded.txt', 'UPSTREAM_OVERLOADED'],
    ['openai-chat', 'stream-cut.txt', 'UPSTREAM_CUT'],
    ['anthropic-messages', 'stream-cut.txt', 'UPSTREAM_CUT'],
    ['anthropic-messages', 'stream-error.txt', 'UPSTREAM_OVERLOADED'],
    ['openai-responses', 'stream-failed.txt', 'UPSTREAM_FAILED'],
    ['openai-responses', 'stream-error.txt', 'UPSTREAM_RATE_LIMITED'],
    ['openai-responses', 'stream-cut.txt', 'UPSTREAM_CUT'],
  ] as const)('throws what %s/%s holds', (id, name, code) => {
    expect(() => decode(id, readFixture(id, name))).toThrow(expect.objectContaining({ code }))
  })

  test('delivers the usage of a failed response before it throws', () => {
    const decoder = dialects['openai-responses'].createStreamDecoder()
    const bytes = readFixture('openai-responses', 'stream-failed.txt')
    const events = createSseReader({ eventBytesMax: 100_000 }).push(bytes)
    const decoded = events.flatMap((event) => decoder.decode(event))
    expect(decoded.at(-1)).toMatchObject({ type: 'usage', usage: { outputTotal: 7 } })
    expect(() => decoder.end()).toThrow(/failed to generate/)
  })

  test('takes a finish reason and the end of the bytes for an end, nothing less', () => {
    const chunk = (finish: string): string =>
      `data: {"choices":[{"delta":{"content":"a"},"finish_reason":${finish}}]}\n\n`
    expect(decode('openai-chat', chunk('"stop"')).at(-1)).toEqual({ type: 'finish', reason: 'stop' })
    expect(() => decode('openai-chat', chunk('null'))).toThrow(expect.objectContaining({ code: 'UPSTREAM_CUT' }))
  })
})

const texts = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('年假', '🎉', '"\\\n', ' '))

/** Answers as decoders give them: reasoning, words, calls, usage, finish. */
function answers(signatureOf: ((text: string) => string) | undefined): fc.Arbitrary<readonly AnswerEvent[]> {
  const reasoning = fc
    .tuple(fc.array(texts, { minLength: 1, maxLength: 3 }), fc.base64String({ minLength: 4 }))
    .map(([deltas, proof]): readonly AnswerEvent[] => [
      ...deltas.map((text) => ({ type: 'reasoning-delta', text }) as const),
      { type: 'reasoning-end', signature: signatureOf?.(proof), redacted: undefined },
    ])
  const words = fc.array(
    texts.map((text) => ({ type: 'text-delta', text }) as const),
    { maxLength: 4 },
  )
  const calls = fc
    .array(fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.array(texts, { minLength: 1, maxLength: 3 })), {
      maxLength: 3,
    })
    .map((list) =>
      list.flatMap(([name, deltas], index): readonly AnswerEvent[] => [
        { type: 'tool-call-start', index, id: `call_${name}${index}`, name },
        ...deltas.map((text) => ({ type: 'tool-call-delta', index, arguments: `x${text}` }) as const),
        { type: 'tool-call-end', index },
      ]),
    )
  const reasons = fc.constantFrom<FinishReason>('stop', 'length')
  return fc
    .tuple(fc.array(reasoning, { maxLength: 1 }), words, calls, reasons)
    .map(([thoughts, said, called, reason]): readonly AnswerEvent[] => [
      ...thoughts.flat(),
      ...said,
      ...called,
      { type: 'finish', reason: called.length > 0 && reason === 'stop' ? 'tool-calls' : reason },
    ])
}

/** How a dialect's own proof looks in the normal form; OpenAI chat has none. */
const proofs: Readonly<Record<DialectId, ((text: string) => string) | undefined>> = {
  'openai-chat': undefined,
  'openai-responses': (text) => sealSignature('openai-responses', `rs_1:${text}`),
  'anthropic-messages': (text) => sealSignature('anthropic-messages', text),
}

const usage = createUsage({ inputTotal: 11, cacheRead: 3, outputTotal: 5, reasoning: 2 })

describe('encoding streams', () => {
  test.each(Object.keys(proofs) as DialectId[])('%s: what is written is read back the same', (id) => {
    fc.assert(
      fc.property(answers(proofs[id]), (events) => {
        const told = [...events.slice(0, -1), { type: 'usage', usage } as const, ...events.slice(-1)]
        const decoded = decode(id, encode(id, told))
        expect(decoded.filter((event) => event.type !== 'usage')).toEqual(events)
        const read = decoded.findLast((event) => event.type === 'usage')?.usage
        expect(read).toMatchObject({ inputTotal: 11, cacheRead: 3, outputTotal: 5, reasoning: 2 })
      }),
      { numRuns: 200 },
    )
  })

  test.each(Object.keys(proofs) as DialectId[])('%s: the wire reader finds the stream whole', (id) => {
    fc.assert(
      fc.property(answers(proofs[id]), (events) => {
        const text = encode(id, events)
        const reader = dialects[id].createWireReader({ stripUsage: false, eventBytesMax: 1_000_000 })
        const first = reader.read(Buffer.from(text))
        expect((first?.toString() ?? '') + (reader.end()?.toString() ?? '')).toBe(text)
      }),
      { numRuns: 100 },
    )
  })

  test.each(Object.keys(proofs) as DialectId[])('%s: the extension rides on the last data event', (id) => {
    const text = encode(
      id,
      [
        { type: 'text-delta', text: 'a' },
        { type: 'finish', reason: 'stop' },
      ],
      { call: 'c1' },
    )
    const data = text.split('\n').filter((line) => line.startsWith('data: {'))
    const last: unknown = JSON.parse(data.at(-1)?.slice('data: '.length) ?? '')
    expect(last).toMatchObject({ strata: { call: 'c1' } })
    expect(data.slice(0, -1).some((line) => line.includes('strata"'))).toBe(false)
  })

  test.each(Object.keys(proofs) as DialectId[])('%s: a failure never looks like success', (id) => {
    const encoder = dialects[id].createStreamEncoder(meta)
    const begun = encoder.encode({ type: 'text-delta', text: 'Half' })
    const error = new PlatformError('UPSTREAM_CUT', 'the stream broke off', { param: 'model' })
    const text = begun + encoder.fail(error)
    expect(text).toContain('UPSTREAM_CUT')
    expect(text).toContain(error.help)
    expect(text).not.toMatch(/\[DONE\]|message_stop|response\.completed/)
    expect(() => decode(id, text)).toThrow(PlatformError)
  })

  test('OpenAI chat tells the role first and usage only when it is asked for and known', () => {
    const events: readonly AnswerEvent[] = [
      { type: 'text-delta', text: 'a' },
      { type: 'usage', usage },
      { type: 'finish', reason: 'stop' },
    ]
    expect(encode('openai-chat', events)).toMatch(/^data: .*"delta":{"role":"assistant","content":""}/)
    expect(encode('openai-chat', events)).toContain('"prompt_tokens":11')
    const silent = dialects['openai-chat'].createStreamEncoder({ ...meta, includeUsage: false })
    expect(events.map((event) => silent.encode(event)).join('') + silent.end(undefined)).not.toContain('usage')
    const unknown = [{ type: 'usage', usage: createUsage({ outputTotal: 5 }) } as const, ...events.slice(2)]
    expect(encode('openai-chat', unknown)).not.toContain('usage')
  })

  test('Anthropic writes one block after the other even when calls come mixed', () => {
    const text = encode('anthropic-messages', [
      { type: 'tool-call-start', index: 0, id: 'a', name: 'f' },
      { type: 'tool-call-start', index: 1, id: 'b', name: 'g' },
      { type: 'tool-call-delta', index: 1, arguments: '{"b":' },
      { type: 'tool-call-delta', index: 0, arguments: '{"a":1}' },
      { type: 'text-delta', text: 'and' },
      { type: 'tool-call-delta', index: 1, arguments: '1}' },
      { type: 'tool-call-end', index: 0 },
      { type: 'tool-call-end', index: 1 },
      { type: 'finish', reason: 'tool-calls' },
    ])
    const marks = [...text.matchAll(/event: content_block_(start|stop)\ndata: .*?"index":(\d)/g)]
    expect(marks.map(([, mark, index]) => `${mark}${index}`)).toEqual(
      [0, 1, 2].flatMap((index) => [`start${index}`, `stop${index}`]),
    )
    const decoded = decode('anthropic-messages', text)
    const written = decoded.filter((event) => event.type === 'tool-call-delta').map((event) => event.arguments)
    expect(written).toEqual(['{"a":1}', '{"b":', '1}'])
  })

  test('Anthropic starts from known input, or from 0 where the end will tell', () => {
    const start = (events: readonly AnswerEvent[]): string => encode('anthropic-messages', events).split('\n')[1] ?? ''
    const words = { type: 'text-delta', text: 'a' } as const
    expect(start([{ type: 'usage', usage }, words])).toContain('"input_tokens":8,')
    const late = encode('anthropic-messages', [words, { type: 'usage', usage }, { type: 'finish', reason: 'stop' }])
    expect(late).toMatch(/message_start.*"input_tokens":0,/)
    expect(late).toMatch(/message_delta.*"input_tokens":8,.*"output_tokens":5,/)
  })
})
