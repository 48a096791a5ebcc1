import type { JsonObject } from '../../../src/core/json.ts'
import { noWrites, sse, text, type Figures, type Writer } from './forms.ts'

const onlyTotals = [...noWrites, 'cacheRead', 'reasoning'] as const

/** Forms that vendors have beside those of their chat interfaces. */
export const otherForms: readonly Writer[] = [
  ...compactions(),
  ...interactions(),
  ...ownWords('Ollama', ['prompt_eval_count', 'eval_count'], { done: true }),
  ...ownWords('llama.cpp', ['tokens_evaluated', 'tokens_predicted'], { stop: true }),
  ...titan(),
  ...llama(),
]

/** A conversation shortened first: a step with half of everything, beside totals with the rest. */
function compactions(): readonly Writer[] {
  const part = (figures: Figures, share: (count: number) => number) => ({
    input_tokens: share(figures.plain),
    cache_read_input_tokens: share(figures.cacheRead),
    cache_creation_input_tokens: share(figures.cacheWrite5m) + share(figures.cacheWrite1h),
    cache_creation: {
      ephemeral_5m_input_tokens: share(figures.cacheWrite5m),
      ephemeral_1h_input_tokens: share(figures.cacheWrite1h),
    },
    output_tokens: share(figures.output),
  })
  const first = (figures: Figures) => part(figures, (count) => Math.floor(count / 2))
  const second = (figures: Figures) => part(figures, (count) => count - Math.floor(count / 2))
  const usageOf = (figures: Figures): JsonObject => ({
    ...second(figures),
    iterations: [
      { type: 'compaction', ...first(figures) },
      { type: 'message', ...second(figures) },
    ],
  })
  const common = { dialect: 'anthropic', lacks: ['reasoning'], catalogue: undefined } as const
  return [
    {
      ...common,
      name: 'whole message of a conversation that was shortened',
      write: (figures) => ({ type: 'message', role: 'assistant', stop_reason: 'end_turn', usage: usageOf(figures) }),
    },
    {
      ...common,
      name: 'streamed message of a conversation that was shortened',
      write: (figures) =>
        sse([
          { type: 'message_start', message: { type: 'message', usage: { ...first(figures), output_tokens: 1 } } },
          { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
          { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: usageOf(figures) },
          { type: 'message_stop' },
        ]),
    },
  ]
}

function interactions(): readonly Writer[] {
  const usageOf = (figures: Figures): JsonObject => ({
    total_input_tokens: figures.plain,
    total_tool_use_tokens: figures.cacheRead,
    total_cached_tokens: figures.cacheRead,
    total_output_tokens: figures.output,
    total_thought_tokens: figures.reasoning,
  })
  const common = { dialect: 'google', lacks: noWrites, catalogue: undefined } as const
  const done = (figures: Figures): JsonObject => ({
    status: 'completed',
    usage: usageOf(figures),
    object: 'interaction',
  })
  return [
    { ...common, name: 'whole interaction', write: done },
    {
      ...common,
      name: 'streamed interaction',
      write: (figures) =>
        sse([
          { event_type: 'interaction.created', interaction: { status: 'in_progress', object: 'interaction' } },
          { event_type: 'step.delta', index: 0, delta: { type: 'text', text } },
          { event_type: 'interaction.completed', interaction: done(figures) },
        ]),
    },
  ]
}

function ownWords(server: string, [input, output]: readonly [string, string], end: JsonObject): readonly Writer[] {
  const common = { dialect: 'openai', lacks: onlyTotals, catalogue: undefined } as const
  const last = (figures: Figures): JsonObject => ({ ...end, [input]: figures.plain, [output]: figures.output })
  return [
    { ...common, name: `whole answer of ${server} in its own words`, write: last },
    {
      ...common,
      name: `streamed answer of ${server} in its own words`,
      write: (figures) =>
        Buffer.from([{ response: text }, last(figures)].map((line) => `${JSON.stringify(line)}\n`).join('')),
    },
  ]
}

function titan(): readonly Writer[] {
  const common = { dialect: 'bedrock', lacks: onlyTotals, catalogue: undefined } as const
  const chunk = (figures: Figures, total: number | null): JsonObject => ({
    outputText: text,
    inputTextTokenCount: figures.plain,
    totalOutputTextTokenCount: total,
    completionReason: total === null ? null : 'FINISH',
  })
  return [
    {
      ...common,
      name: 'whole text of Titan',
      write: (figures) => ({
        inputTextTokenCount: figures.plain,
        results: [{ tokenCount: figures.output, outputText: text, completionReason: 'FINISH' }],
      }),
    },
    {
      ...common,
      name: 'streamed text of Titan',
      write: (figures) => sse([chunk(figures, null), chunk(figures, figures.output)]),
    },
  ]
}

function llama(): readonly Writer[] {
  const chunk = (input: number | null, output: number, reason: string | null): JsonObject => ({
    generation: text,
    prompt_token_count: input,
    generation_token_count: output,
    stop_reason: reason,
  })
  const common = { dialect: 'bedrock', lacks: onlyTotals, catalogue: undefined } as const
  return [
    { ...common, name: 'whole text of Llama', write: ({ plain, output }) => chunk(plain, output, 'stop') },
    {
      ...common,
      name: 'streamed text of Llama',
      write: ({ plain, output }) => sse([chunk(plain, 0, null), chunk(null, output, 'stop')]),
    },
  ]
}
