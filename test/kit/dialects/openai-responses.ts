import type { JsonObject } from '../../../src/core/json.ts'
import { toSlices } from '../script.ts'
import { toOpenaiError } from './openai-chat.ts'
import { runningOutput, type AnswerContext, type MockDialect, type MockEvent } from './mock-dialect.ts'

/** OpenAI Responses: reasoning as a summary, with `encrypted_content` where the script signs it. */
export const openaiResponses: MockDialect = {
  answer: (context) => toResponse(context, { status: toStatus(context), usageOf: context.script.usage.outputTotal }),

  events(context) {
    const stream = createStream()
    const early = context.usage === 'every-event' ? runningOutput(context, 1) : undefined
    const started = toResponse(context, { status: 'in_progress', usageOf: early })
    stream.add('response.created', { response: started }, 'opening')
    stream.add('response.in_progress', { response: started }, 'opening')
    for (const [index, item] of toItems(context).entries()) addItem(stream, item, index)
    const status = toStatus(context)
    const usageOf = context.usage === 'none' ? undefined : context.script.usage.outputTotal
    stream.add(`response.${status}`, { response: toResponse(context, { status, usageOf }) }, 'terminator')
    return stream.events.map((event) => (event.part === 'terminator' ? { ...event, isLate: true } : event))
  },

  error: toOpenaiError,
  errorEvent: (failure) => ({
    name: 'error',
    data: {
      type: 'error',
      code: failure.code ?? null,
      message: failure.message,
      param: null,
      sequence_number: 0,
    },
    part: 'closing',
  }),
}

interface EventStream {
  readonly events: readonly MockEvent[]
  add(type: string, data: JsonObject, part: MockEvent['part']): void
}

function createStream(): EventStream {
  const events: MockEvent[] = []
  return {
    events,
    add(type, data, part) {
      events.push({ name: type, data: { type, ...data, sequence_number: events.length }, part })
    },
  }
}

type Item =
  | { readonly type: 'reasoning'; readonly id: string; readonly deltas: readonly string[]; readonly whole: JsonObject }
  | { readonly type: 'text'; readonly id: string; readonly deltas: readonly string[]; readonly whole: JsonObject }
  | { readonly type: 'refusal'; readonly id: string; readonly deltas: readonly string[]; readonly whole: JsonObject }
  | {
      readonly type: 'tool'
      readonly id: string
      readonly name: string
      readonly text: string
      readonly whole: JsonObject
    }

function toItems({ script, number }: AnswerContext): readonly Item[] {
  const items: Item[] = []
  if (script.reasoning !== '') {
    const id = `rs_mock${number}`
    const encrypted = script.reasoningSignature === undefined ? {} : { encrypted_content: script.reasoningSignature }
    const summary = [{ type: 'summary_text', text: script.reasoning }]
    const whole = { id, type: 'reasoning', summary, ...encrypted }
    items.push({ type: 'reasoning', id, deltas: script.reasoningDeltas, whole })
  }
  const id = `msg_mock${number}`
  const message = { id, type: 'message', role: 'assistant', status: 'completed' }
  if (script.refusal !== undefined) {
    const whole = { ...message, content: [{ type: 'refusal', refusal: script.refusal }] }
    items.push({ type: 'refusal', id, deltas: toSlices(script.refusal), whole })
  } else if (script.textDeltas.length > 0) {
    const whole = { ...message, content: [toTextPart(script.text)] }
    items.push({ type: 'text', id, deltas: script.textDeltas, whole })
  }
  for (const [index, toolCall] of script.toolCalls.entries()) {
    const itemId = `fc_mock${number}_${index}`
    const call = { call_id: toolCall.id, name: toolCall.name, arguments: toolCall.arguments }
    const whole = { id: itemId, type: 'function_call', status: 'completed', ...call }
    items.push({ type: 'tool', id: itemId, name: toolCall.name, text: toolCall.arguments, whole })
  }
  return items
}

function addItem(stream: EventStream, item: Item, index: number): void {
  const at = { item_id: item.id, output_index: index }
  stream.add('response.output_item.added', { output_index: index, item: toOpenItem(item) }, 'opening')
  switch (item.type) {
    case 'reasoning': {
      const place = { ...at, summary_index: 0 }
      const text = item.deltas.join('')
      const name = 'response.reasoning_summary'
      stream.add(`${name}_part.added`, { ...place, part: { type: 'summary_text', text: '' } }, 'opening')
      for (const delta of item.deltas) stream.add(`${name}_text.delta`, { ...place, delta }, 'delta')
      stream.add(`${name}_text.done`, { ...place, text }, 'closing')
      stream.add(`${name}_part.done`, { ...place, part: { type: 'summary_text', text } }, 'closing')
      break
    }
    case 'text': {
      const place = { ...at, content_index: 0 }
      const text = item.deltas.join('')
      stream.add('response.content_part.added', { ...place, part: toTextPart('') }, 'opening')
      for (const delta of item.deltas) {
        stream.add('response.output_text.delta', { ...place, delta, logprobs: [] }, 'delta')
      }
      stream.add('response.output_text.done', { ...place, text, logprobs: [] }, 'closing')
      stream.add('response.content_part.done', { ...place, part: toTextPart(text) }, 'closing')
      break
    }
    case 'refusal': {
      const place = { ...at, content_index: 0 }
      const refusal = item.deltas.join('')
      stream.add('response.content_part.added', { ...place, part: { type: 'refusal', refusal: '' } }, 'opening')
      for (const delta of item.deltas) stream.add('response.refusal.delta', { ...place, delta }, 'delta')
      stream.add('response.refusal.done', { ...place, refusal }, 'closing')
      stream.add('response.content_part.done', { ...place, part: { type: 'refusal', refusal } }, 'closing')
      break
    }
    case 'tool': {
      const name = 'response.function_call_arguments'
      for (const delta of toSlices(item.text)) stream.add(`${name}.delta`, { ...at, delta }, 'delta')
      stream.add(`${name}.done`, { ...at, name: item.name, arguments: item.text }, 'closing')
      break
    }
  }
  stream.add('response.output_item.done', { output_index: index, item: item.whole }, 'closing')
}

function toOpenItem(item: Item): JsonObject {
  if (item.type === 'reasoning') return { ...item.whole, summary: [] }
  if (item.type === 'tool') return { ...item.whole, status: 'in_progress', arguments: '' }
  return { ...item.whole, status: 'in_progress', content: [] }
}

function toTextPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

function toStatus({ script }: AnswerContext): 'completed' | 'incomplete' {
  return script.finish === 'length' || script.finish === 'content-filter' ? 'incomplete' : 'completed'
}

interface ResponseState {
  readonly status: 'in_progress' | 'completed' | 'incomplete'
  /** Output tokens to report; no usage when absent. */
  readonly usageOf: number | undefined
}

function toResponse(context: AnswerContext, { status, usageOf }: ResponseState): JsonObject {
  const reason = context.script.finish === 'length' ? 'max_output_tokens' : 'content_filter'
  return {
    id: `resp_mock${context.number}`,
    object: 'response',
    created_at: context.createdAtSeconds,
    status,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason } : null,
    instructions: null,
    metadata: {},
    model: context.model,
    output: status === 'in_progress' ? [] : toItems(context).map((item) => item.whole),
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    ...(usageOf === undefined || context.usage === 'none' ? {} : { usage: toUsage(context, usageOf) }),
  }
}

function toUsage({ script: { usage } }: AnswerContext, outputTotal: number): JsonObject {
  return {
    input_tokens: usage.inputTotal,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite5m },
    output_tokens: outputTotal,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.inputTotal + outputTotal,
  }
}
