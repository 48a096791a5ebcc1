import type { JsonObject } from '../../../src/core/json.ts'
import { frame, noWrites, sse, text, type Figures, type Writer } from './forms.ts'

export function google(): readonly Writer[] {
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

export function bedrock(): readonly Writer[] {
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

export function cohere(): readonly Writer[] {
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
