import type { DialectId, WireRequest } from '../src/core/chat.ts'
import type { JsonObject } from '../src/core/json.ts'
import { createSseReader, dialects } from '../src/infrastructure/dialects/index.ts'
import type { Benchmark } from './kit/benchmark.ts'
import { median, type Bound, type Measurement } from './kit/report.ts'

const eventsMax = 200
const eventBytesMax = 1_000_000
const target = { model: 'vendor-model', stream: true, outputTokensMax: undefined }

/** Processor time of the thread, so that a busy machine counts less; medians of the rounds. */
export const benchmark: Benchmark = {
  name: 'dialects',
  purpose: 'what reading beside a relayed event, decoding an event and patching a request cost',
  run: ({ rounds }) => Promise.resolve(measure(rounds)),
}

interface Measure {
  readonly key: string
  readonly act: () => void
  /** Acts in one lot, and what one act is divided by. */
  readonly repeats: number
  readonly units: number
  readonly bound?: Bound
}

function measure(rounds: number): Measurement {
  const measures = [...listStreamMeasures(), ...listRequestMeasures()]
  for (const { act, repeats } of measures) for (let repeat = 0; repeat < repeats; repeat++) act() // warms the compiler
  const taken = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const { key, act, repeats, units } of measures) {
      const start = process.threadCpuUsage()
      for (let repeat = 0; repeat < repeats; repeat++) act()
      const spent = process.threadCpuUsage(start)
      taken.set(key, [...(taken.get(key) ?? []), (spent.user + spent.system) / repeats / units])
    }
  }
  const figures: Record<string, number> = {}
  for (const [key, values] of taken) figures[key] = median(values) ?? Number.NaN
  const bounds = measures.flatMap(({ key, bound }) => (bound === undefined ? [] : [[key, bound] as const]))
  return { figures, promised: Object.fromEntries(bounds), unmeasured: [] }
}

function listStreamMeasures(): readonly Measure[] {
  return (Object.keys(deltas) as DialectId[]).flatMap((id): readonly Measure[] => {
    const dialect = dialects[id]
    const events = Array.from({ length: eventsMax }, (_, index) => Buffer.from(toEvent(id, index)))
    const common = { repeats: 200, units: eventsMax }
    const relay = (): void => {
      const reader = dialect.createWireReader({ stripUsage: true, eventBytesMax })
      for (const event of events) reader.read(event)
    }
    const decode = (): void => {
      const reader = createSseReader({ eventBytesMax })
      const decoder = dialect.createStreamDecoder()
      for (const event of events) for (const read of reader.push(event)) decoder.decode(read)
    }
    return [
      { ...common, key: `relay.${id}.usPerEvent`, act: relay, bound: ['<=', 2] },
      { ...common, key: `decode.${id}.usPerEvent`, act: decode },
    ]
  })
}

/** One text delta as the vendors send it, with all that stands around it. */
const deltas: Readonly<Record<DialectId, (text: string) => JsonObject>> = {
  'openai-chat': (text) => ({
    id: 'chatcmpl-AbCdEfGhIjKlMnOpQrStUvWx',
    object: 'chat.completion.chunk',
    created: 1_764_000_000,
    model: 'gpt-4o-mini-2024-07-18',
    service_tier: 'default',
    system_fingerprint: 'fp_1234567890',
    choices: [{ index: 0, delta: { content: text }, logprobs: null, finish_reason: null }],
    usage: null,
    obfuscation: 'abcdef',
  }),
  'openai-responses': (text) => ({
    type: 'response.output_text.delta',
    sequence_number: 7,
    item_id: 'msg_68a1b2c3d4e5f6',
    output_index: 0,
    content_index: 0,
    delta: text,
    logprobs: [],
    obfuscation: 'abcdef',
  }),
  'anthropic-messages': (text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
}

function toEvent(id: DialectId, index: number): string {
  const event = deltas[id](` token${index}`)
  const name = typeof event['type'] === 'string' ? `event: ${event['type']}\n` : ''
  return `${name}data: ${JSON.stringify(event)}\n\n`
}

function listRequestMeasures(): readonly Measure[] {
  return [
    { label: '1KB', textLength: 120, messages: 5, repeats: 5_000, bound: ['<=', 3] as Bound },
    { label: '200KB', textLength: 2_000, messages: 95, repeats: 100, bound: undefined },
  ].flatMap(({ label, textLength, messages, repeats, bound }): readonly Measure[] => {
    const wire = createWire(textLength, messages)
    const patch = (): void => void dialects['openai-chat'].patchRequest(wire, target)
    const decode = (): void => void dialects['openai-chat'].decodeRequest(wire.body)
    return [
      { key: `patch.${label}.us`, act: patch, repeats, units: 1, ...(bound === undefined ? {} : { bound }) },
      { key: `decodeRequest.${label}.us`, act: decode, repeats, units: 1 },
    ]
  })
}

function createWire(textLength: number, count: number): WireRequest {
  const line = 'A line with "quotes", \\ and 中文.\n'
  const content = line.repeat(Math.ceil(textLength / line.length))
  const messages = Array.from({ length: count }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content,
  }))
  const body: JsonObject = { model: 'everyday', messages, stream: true, temperature: 0.5, max_tokens: 100 }
  return { dialect: 'openai-chat', text: JSON.stringify(body), body, skim: undefined, headers: {} }
}
