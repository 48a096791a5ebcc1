import type { JsonObject } from '../../../src/core/json.ts'
import type { Random } from '../../../src/core/random.ts'
import type { BodyDialect } from '../../../src/infrastructure/index.ts'
import { noWrites, sse, text, type Figures, type Writer } from './forms.ts'
import { otherForms } from './other-forms.ts'
import { bedrock, cohere, google } from './vendor-writers.ts'

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

/** Every writer; a stream is a buffer, a whole answer an object. */
export const writers: readonly Writer[] = [
  ...otherForms,
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
