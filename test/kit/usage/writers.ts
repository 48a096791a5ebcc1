import { crc32 } from 'node:zlib'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Random } from '../../../src/core/random.ts'
import type { BodyDialect } from '../../../src/infrastructure/index.ts'

/** What an answer used, before any vendor has written it down. Every part lies inside its total. */
export interface Figures {
  /** Neither read from nor written to a cache. */
  readonly plain: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  /** Without reasoning. */
  readonly output: number
  readonly reasoning: number
}

/** One way in which a vendor writes usage down. */
export interface Writer {
  readonly dialect: BodyDialect
  readonly name: string
  /** Parts of the figures that this vendor has no words for: they are 0 in what is written. */
  readonly lacks: readonly (keyof Figures)[]
  /** The price catalogue's name of the vendor and of the form, where it reads this form too. */
  readonly catalogue: readonly [vendor: string, form: string] | undefined
  write(figures: Figures, model: string): JsonObject | Buffer
}

export function createFigures(random: Random, lacks: readonly (keyof Figures)[]): Figures {
  const count = (name: keyof Figures, max: number): number => {
    const drawn = [random.next(), random.next()]
    if (lacks.includes(name)) return 0
    return (drawn[0] ?? 0) < 0.2 ? 0 : Math.floor((drawn[1] ?? 0) * max)
  }
  return {
    plain: count('plain', 150_000) + 1,
    cacheRead: count('cacheRead', 120_000),
    cacheWrite5m: count('cacheWrite5m', 50_000),
    cacheWrite1h: count('cacheWrite1h', 20_000),
    output: count('output', 8_000) + 1,
    reasoning: count('reasoning', 30_000),
  }
}

const noWrites = ['cacheWrite5m', 'cacheWrite1h'] as const
const text = '答案 is 42.'

/** Every writer; a stream is a buffer, a whole answer an object. */
export const writers: readonly Writer[] = [
  ...openaiFamily('openai', 'openai'),
  ...openaiFamily('azure', 'azure'),
  ...openaiFamily('groq', 'groq'),
  ...openaiFamily('mistral', 'mistral'),
  ...openaiFamily('deepseek', 'deepseek'),
  ...openaiFamily('alibaba', undefined),
  ...openaiFamily('moonshot', 'moonshotai'),
  {
    dialect: 'openai',
    name: 'usage on every chunk, an empty one last',
    lacks: noWrites,
    catalogue: undefined,
    write(figures, model) {
      const usage = openaiUsage(figures)
      const running = { ...usage, completion_tokens: 1, total_tokens: figures.plain + figures.cacheRead + 1 }
      return sse([chunk(model, running), chunk(model, usage), chunk(model, { prompt_tokens: 0, completion_tokens: 0 })])
    },
  },
  {
    dialect: 'openai',
    name: 'groq, under its own name',
    lacks: noWrites,
    catalogue: undefined,
    write: (figures, model) => sse([{ ...chunk(model, null), x_groq: { usage: openaiUsage(figures) } }]),
  },
  {
    dialect: 'deepseek',
    name: 'cache hits at the top',
    lacks: noWrites,
    catalogue: undefined,
    write(figures, model) {
      const { prompt_tokens_details: _, ...usage } = openaiUsage(figures)
      const hits = { prompt_cache_hit_tokens: figures.cacheRead, prompt_cache_miss_tokens: figures.plain }
      return completion(model, { ...usage, ...hits })
    },
  },
  {
    dialect: 'moonshot',
    name: 'usage inside the choice',
    lacks: [...noWrites, 'reasoning'],
    catalogue: undefined,
    write(figures, model) {
      const { prompt_tokens_details: _, ...usage } = openaiUsage(figures)
      const choice = {
        index: 0,
        delta: {},
        finish_reason: 'stop',
        usage: { ...usage, cached_tokens: figures.cacheRead },
      }
      return sse([{ object: 'chat.completion.chunk', model, choices: [choice] }])
    },
  },
  ...(['openai-responses', 'azure'] as const).flatMap((dialect) => responses(dialect)),
  ...anthropic(),
  ...xai(),
  ...google(),
  ...bedrock(),
  ...cohere(),
]

function openaiFamily(dialect: BodyDialect, vendor: string | undefined): readonly Writer[] {
  const form = vendor === 'groq' || vendor === 'mistral' ? 'default' : 'chat'
  const common = { dialect, lacks: noWrites }
  return [
    {
      ...common,
      name: 'whole chat completion',
      catalogue: vendor === undefined ? undefined : [vendor, form],
      write: (figures, model) => completion(model, openaiUsage(figures)),
    },
    {
      ...common,
      name: 'streamed chat completion, usage in a chunk of its own',
      catalogue: undefined,
      write: (figures, model) =>
        sse([chunk(model, null), chunk(model, null), { ...chunk(model, openaiUsage(figures)), choices: [] }], true),
    },
  ]
}

function openaiUsage(figures: Figures) {
  const input = figures.plain + figures.cacheRead
  const output = figures.output + figures.reasoning
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: figures.cacheRead, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: figures.reasoning, audio_tokens: 0 },
  }
}

function completion(model: string, usage: JsonObject): JsonObject {
  const choices = [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }]
  return { id: 'c1', object: 'chat.completion', created: 1, model, choices, usage }
}

function chunk(model: string, usage: JsonObject | null): JsonObject {
  const choices = [{ index: 0, delta: { content: text }, finish_reason: null }]
  return { id: 'c1', object: 'chat.completion.chunk', created: 1, model, choices, usage }
}

function responses(dialect: 'openai-responses' | 'azure'): readonly Writer[] {
  const usageOf = (figures: Figures) => ({
    input_tokens: figures.plain + figures.cacheRead,
    input_tokens_details: { cached_tokens: figures.cacheRead },
    output_tokens: figures.output + figures.reasoning,
    output_tokens_details: { reasoning_tokens: figures.reasoning },
    total_tokens: figures.plain + figures.cacheRead + figures.output + figures.reasoning,
  })
  const whole = (figures: Figures, model: string, status: string): JsonObject => ({
    id: 'resp_1',
    object: 'response',
    status,
    model,
    error: null,
    output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }],
    usage: usageOf(figures),
  })
  return [
    {
      dialect,
      name: 'whole response',
      lacks: noWrites,
      catalogue: [dialect === 'azure' ? 'azure' : 'openai', 'responses'],
      write: (figures, model) => whole(figures, model, 'completed'),
    },
    ...['completed', 'incomplete'].map(
      (status): Writer => ({
        dialect,
        name: `streamed response, ${status}`,
        lacks: noWrites,
        catalogue: undefined,
        write: (figures, model) =>
          sse([
            { type: 'response.created', response: { id: 'resp_1', object: 'response', model, usage: null } },
            { type: 'response.output_text.delta', delta: text },
            { type: `response.${status}`, response: whole(figures, model, status) },
          ]),
      }),
    ),
  ]
}

function anthropic(): readonly Writer[] {
  const inputOf = (figures: Figures) => ({
    input_tokens: figures.plain,
    cache_creation_input_tokens: figures.cacheWrite5m + figures.cacheWrite1h,
    cache_read_input_tokens: figures.cacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: figures.cacheWrite5m,
      ephemeral_1h_input_tokens: figures.cacheWrite1h,
    },
    service_tier: 'standard',
  })
  const outputOf = (figures: Figures) => ({
    output_tokens: figures.output + figures.reasoning,
    output_tokens_details: { thinking_tokens: figures.reasoning },
  })
  const start = (usage: JsonObject, model: string): JsonObject => ({
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', role: 'assistant', model, content: [], stop_reason: null, usage },
  })
  const rest = (usage: JsonObject): readonly JsonObject[] => [
    { type: 'ping' },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
    { type: 'message_stop' },
  ]
  return [
    {
      dialect: 'anthropic',
      name: 'whole message',
      lacks: [],
      catalogue: ['anthropic', 'default'],
      write: (figures, model) => ({
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model,
        content: [{ type: 'text', text }],
        stop_reason: 'end_turn',
        usage: { ...inputOf(figures), ...outputOf(figures) },
      }),
    },
    {
      dialect: 'anthropic',
      name: 'streamed message',
      lacks: [],
      catalogue: undefined,
      write: (figures, model) =>
        sse([start({ ...inputOf(figures), output_tokens: 1 }, model), ...rest(outputOf(figures))]),
    },
    {
      dialect: 'anthropic',
      name: 'streamed message that tells its input again at the end',
      lacks: [],
      catalogue: undefined,
      write: (figures, model) =>
        sse([
          start({ input_tokens: 0, output_tokens: 0 }, model),
          ...rest({ ...inputOf(figures), ...outputOf(figures) }),
        ]),
    },
  ]
}

function xai(): readonly Writer[] {
  const input = (figures: Figures) => figures.plain + figures.cacheRead
  return [
    {
      dialect: 'xai',
      name: 'whole chat completion, reasoning beside the output',
      lacks: noWrites,
      catalogue: ['x-ai', 'chat'],
      write: (figures, model) =>
        completion(model, {
          prompt_tokens: input(figures),
          completion_tokens: figures.output,
          total_tokens: input(figures) + figures.output + figures.reasoning,
          prompt_tokens_details: { cached_tokens: figures.cacheRead },
          completion_tokens_details: { reasoning_tokens: figures.reasoning },
        }),
    },
    {
      dialect: 'xai',
      name: 'streamed response, reasoning inside the output',
      lacks: noWrites,
      catalogue: undefined,
      write: (figures, model) =>
        sse([
          {
            type: 'response.completed',
            response: {
              object: 'response',
              model,
              usage: {
                input_tokens: input(figures),
                input_tokens_details: { cached_tokens: figures.cacheRead },
                output_tokens: figures.output + figures.reasoning,
                output_tokens_details: { reasoning_tokens: figures.reasoning },
                total_tokens: input(figures) + figures.output + figures.reasoning,
              },
            },
          },
        ]),
    },
  ]
}

function google(): readonly Writer[] {
  const usageOf = (figures: Figures, share = 1): JsonObject => ({
    promptTokenCount: figures.plain + figures.cacheRead,
    ...(figures.cacheRead === 0 ? {} : { cachedContentTokenCount: figures.cacheRead }),
    candidatesTokenCount: Math.floor(figures.output * share),
    ...(figures.reasoning === 0 ? {} : { thoughtsTokenCount: figures.reasoning }),
    totalTokenCount: figures.plain + figures.cacheRead + Math.floor(figures.output * share) + figures.reasoning,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: figures.plain + figures.cacheRead }],
  })
  const bodyOf = (usage: JsonObject, model: string, isLast: boolean): JsonObject => ({
    candidates: [{ content: { role: 'model', parts: [{ text }] }, ...(isLast ? { finishReason: 'STOP' } : {}) }],
    usageMetadata: usage,
    modelVersion: model,
  })
  const stream = (figures: Figures, model: string) => [
    bodyOf(
      { promptTokenCount: figures.plain + figures.cacheRead, totalTokenCount: figures.plain + figures.cacheRead },
      model,
      false,
    ),
    bodyOf(usageOf(figures, 0.5), model, false),
    bodyOf(usageOf(figures), model, true),
  ]
  const common = { dialect: 'google', lacks: noWrites } as const
  return [
    {
      ...common,
      name: 'whole',
      catalogue: ['google', 'default'],
      write: (figures, model) => bodyOf(usageOf(figures), model, true),
    },
    { ...common, name: 'stream', catalogue: undefined, write: (figures, model) => sse(stream(figures, model)) },
    {
      ...common,
      name: 'stream as an array',
      catalogue: undefined,
      write: (figures, model) => Buffer.from(JSON.stringify(stream(figures, model))),
    },
  ]
}

function bedrock(): readonly Writer[] {
  const usageOf = (figures: Figures): JsonObject => ({
    inputTokens: figures.plain,
    outputTokens: figures.output + figures.reasoning,
    totalTokens: figures.plain + figures.cacheRead + figures.cacheWrite5m + figures.output + figures.reasoning,
    cacheReadInputTokens: figures.cacheRead,
    cacheWriteInputTokens: figures.cacheWrite5m,
  })
  const common = { dialect: 'bedrock', lacks: ['cacheWrite1h', 'reasoning'] } as const
  return [
    {
      ...common,
      name: 'whole',
      catalogue: ['aws', 'default'],
      write: (figures) => ({
        output: { message: { role: 'assistant', content: [{ text }] } },
        stopReason: 'end_turn',
        usage: usageOf(figures),
      }),
    },
    {
      ...common,
      name: 'binary frames',
      catalogue: undefined,
      write: (figures) =>
        Buffer.concat([
          frame('contentBlockDelta', { delta: { text } }),
          frame('messageStop', { stopReason: 'end_turn' }),
          frame('metadata', { usage: usageOf(figures), metrics: { latencyMs: 1 } }),
        ]),
    },
  ]
}

function cohere(): readonly Writer[] {
  const usageOf = (figures: Figures): JsonObject => ({
    billed_units: { input_tokens: figures.plain, output_tokens: figures.output },
    tokens: { input_tokens: figures.plain + 67, output_tokens: figures.output + 2 },
  })
  const common = { dialect: 'cohere', lacks: [...noWrites, 'cacheRead', 'reasoning'] } as const
  return [
    {
      ...common,
      name: 'whole',
      catalogue: ['cohere', 'default'],
      write: (figures) => ({
        id: '1',
        finish_reason: 'COMPLETE',
        message: { role: 'assistant' },
        usage: usageOf(figures),
      }),
    },
    {
      ...common,
      name: 'stream',
      catalogue: undefined,
      write: (figures) =>
        sse([
          { type: 'content-delta', delta: { message: { content: { text } } } },
          { type: 'message-end', delta: { finish_reason: 'COMPLETE', usage: usageOf(figures) } },
        ]),
    },
  ]
}

function sse(events: readonly JsonObject[], hasEndMark = false): Buffer {
  const lines = events.map((event) => `data: ${JSON.stringify(event)}\n\n`)
  return Buffer.from(lines.join('') + (hasEndMark ? 'data: [DONE]\n\n' : ''))
}

function frame(type: string, payload: JsonObject): Buffer {
  const name = ':event-type'
  const value = Buffer.from(type)
  const headers = Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([7, 0, value.length]),
    value,
  ])
  const body = Buffer.from(JSON.stringify(payload))
  const prelude = Buffer.alloc(12)
  prelude.writeUInt32BE(16 + headers.length + body.length, 0)
  prelude.writeUInt32BE(headers.length, 4)
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8)
  const start = Buffer.concat([prelude, headers, body])
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(start))
  return Buffer.concat([start, checksum])
}
