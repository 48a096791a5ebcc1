import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { toSlices, type ScriptFinish } from '../script.ts'
import {
  runningOutput,
  type AnswerContext,
  type MockDialect,
  type MockEvent,
  type MockFailure,
} from './mock-dialect.ts'

const finishReasons: Readonly<Record<ScriptFinish, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
}

/** OpenAI chat completions; reasoning in `reasoning_content`, as the vendors of open models send it. */
export const openaiChat: MockDialect = {
  answer(context) {
    const { script } = context
    const message: JsonObject = {
      role: 'assistant',
      content: script.text === '' && (script.toolCalls.length > 0 || script.refusal !== undefined) ? null : script.text,
      refusal: script.refusal ?? null,
      ...(script.reasoning === '' ? {} : { reasoning_content: script.reasoning }),
      ...(script.toolCalls.length === 0 ? {} : { tool_calls: script.toolCalls.map(toToolCall) }),
    }
    return {
      id: `chatcmpl-mock${context.number}`,
      object: 'chat.completion',
      created: context.createdAtSeconds,
      model: context.model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: finishReasons[script.finish] }],
      ...(context.usage === 'none' ? {} : { usage: toUsage(context, script.usage.outputTotal) }),
    }
  },

  events(context) {
    const { script } = context
    const sendsUsage = context.usage === 'as-asked' ? context.includeUsage : context.usage !== 'none'
    const deltas: readonly JsonObject[] = [
      ...script.reasoningDeltas.map((reasoning) => ({ reasoning_content: reasoning })),
      ...script.textDeltas.map((content) => ({ content })),
      ...(script.refusal === undefined ? [] : toSlices(script.refusal).map((refusal) => ({ refusal }))),
      ...script.toolCalls.flatMap(toToolCallDeltas),
    ]
    let count = 0
    const chunk = (choices: JsonValue): JsonObject => ({
      id: `chatcmpl-mock${context.number}`,
      object: 'chat.completion.chunk',
      created: context.createdAtSeconds,
      model: context.model,
      choices,
      ...chunkUsage(context, sendsUsage, count++),
    })
    const choice = (delta: JsonObject, reason: string | null = null): JsonValue => [
      { index: 0, delta, logprobs: null, finish_reason: reason },
    ]
    const events: MockEvent[] = [
      { data: chunk(choice({ role: 'assistant', content: '', refusal: null })), part: 'opening' },
      ...deltas.map((delta): MockEvent => ({ data: chunk(choice(delta)), part: 'delta' })),
      { data: chunk(choice({}, finishReasons[script.finish])), part: 'closing' },
    ]
    if (sendsUsage) {
      const data = { ...chunk([]), usage: toUsage(context, script.usage.outputTotal) }
      events.push({ data, part: 'closing', isLate: true })
    }
    return [...events, { data: '[DONE]', part: 'terminator' }]
  },

  error: toOpenaiError,
  errorEvent: (failure) => ({ data: toOpenaiError(failure), part: 'closing' }),
}

/** The error body that the OpenAI APIs share. */
export function toOpenaiError(failure: MockFailure): JsonObject {
  return { error: { message: failure.message, type: failure.type, param: null, code: failure.code ?? null } }
}

function chunkUsage(context: AnswerContext, sendsUsage: boolean, count: number): JsonObject {
  if (!sendsUsage) return {}
  return { usage: context.usage === 'every-event' ? toUsage(context, runningOutput(context, count)) : null }
}

function toUsage({ script }: AnswerContext, outputTotal: number): JsonObject {
  return {
    prompt_tokens: script.usage.inputTotal,
    completion_tokens: outputTotal,
    total_tokens: script.usage.inputTotal + outputTotal,
    prompt_tokens_details: { cached_tokens: script.usage.cacheRead, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: script.usage.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

function toToolCall(toolCall: AnswerContext['script']['toolCalls'][number]): JsonObject {
  return { id: toolCall.id, type: 'function', function: { name: toolCall.name, arguments: toolCall.arguments } }
}

function toToolCallDeltas(toolCall: AnswerContext['script']['toolCalls'][number], index: number): JsonObject[] {
  const start = { index, id: toolCall.id, type: 'function', function: { name: toolCall.name, arguments: '' } }
  return [
    { tool_calls: [start] },
    ...toSlices(toolCall.arguments).map((slice) => ({ tool_calls: [{ index, function: { arguments: slice } }] })),
  ]
}
