import type { JsonObject } from '../../../src/core/json.ts'
import { toSlices, type ScriptFinish } from '../script.ts'
import {
  runningOutput,
  type AnswerContext,
  type MockDialect,
  type MockEvent,
  type MockFailure,
} from './mock-dialect.ts'

const stopReasons: Readonly<Record<ScriptFinish, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
}

/** Anthropic messages. A refusal is text with the stop reason `refusal`. */
export const anthropicMessages: MockDialect = {
  answer(context) {
    return {
      id: `msg_mock${context.number}`,
      type: 'message',
      role: 'assistant',
      model: context.model,
      content: toBlocks(context).map((block) => block.whole),
      stop_reason: toStopReason(context),
      stop_sequence: null,
      ...(context.usage === 'none'
        ? {}
        : { usage: { ...inputUsage(context), output_tokens: context.script.usage.outputTotal } }),
    }
  },

  events(context) {
    const events: MockEvent[] = [
      named('message_start', { message: toOpeningMessage(context) }, 'opening'),
      named('ping', {}, 'opening'),
    ]
    let count = 0
    for (const [index, block] of toBlocks(context).entries()) {
      events.push(named('content_block_start', { index, content_block: block.start }, 'opening'))
      for (const delta of block.deltas) {
        events.push(named('content_block_delta', { index, delta }, 'delta'))
        count++
        if (context.usage !== 'every-event') continue
        const usage = { output_tokens: runningOutput(context, count) }
        events.push(named('message_delta', { delta: { stop_reason: null, stop_sequence: null }, usage }, 'closing'))
      }
      events.push(named('content_block_stop', { index }, 'closing'))
    }
    const delta = { stop_reason: toStopReason(context), stop_sequence: null }
    const end = named('message_delta', { delta, ...closingUsage(context) }, 'closing')
    events.push({ ...end, isLate: true }, named('message_stop', {}, 'terminator'))
    return events
  },

  error: toError,
  errorEvent: (failure) => ({ name: 'error', data: toError(failure), part: 'closing' }),
}

interface Block {
  readonly whole: JsonObject
  readonly start: JsonObject
  readonly deltas: readonly JsonObject[]
}

function toBlocks({ script }: AnswerContext): readonly Block[] {
  const blocks: Block[] = []
  if (script.reasoning !== '') {
    const signature = script.reasoningSignature ?? 'bW9jaw=='
    blocks.push({
      whole: { type: 'thinking', thinking: script.reasoning, signature },
      start: { type: 'thinking', thinking: '', signature: '' },
      deltas: [
        ...script.reasoningDeltas.map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature },
      ],
    })
  }
  const deltas = [...script.textDeltas, ...toSlices(script.refusal ?? '')]
  if (deltas.length > 0) {
    blocks.push({
      whole: { type: 'text', text: deltas.join('') },
      start: { type: 'text', text: '' },
      deltas: deltas.map((text) => ({ type: 'text_delta', text })),
    })
  }
  return [...blocks, ...script.toolCalls.map(toToolBlock)]
}

function toToolBlock(toolCall: AnswerContext['script']['toolCalls'][number]): Block {
  const head = { type: 'tool_use', id: toolCall.id, name: toolCall.name }
  return {
    whole: { ...head, input: toInput(toolCall.arguments) },
    start: { ...head, input: {} },
    deltas: ['', ...toSlices(toolCall.arguments)].map((slice) => ({ type: 'input_json_delta', partial_json: slice })),
  }
}

/** Arguments that are no JSON can only be streamed; a whole answer carries them as a string. */
function toInput(text: string): JsonObject | string {
  try {
    const input: unknown = JSON.parse(text)
    return input as JsonObject // JSON.parse of what a script gave as arguments
  } catch {
    return text
  }
}

function toOpeningMessage(context: AnswerContext): JsonObject {
  const base = { id: `msg_mock${context.number}`, type: 'message', role: 'assistant', model: context.model }
  const opening = { ...base, content: [], stop_reason: null, stop_sequence: null }
  if (context.usage === 'none' || context.usage === 'late') return opening
  return { ...opening, usage: { ...inputUsage(context), output_tokens: 1 } }
}

function closingUsage(context: AnswerContext): JsonObject {
  if (context.usage === 'none') return {}
  const output = { output_tokens: context.script.usage.outputTotal }
  return { usage: context.usage === 'late' ? { ...inputUsage(context), ...output } : output }
}

/** Anthropic counts cached tokens beside the input, not inside it. */
function inputUsage({ script: { usage } }: AnswerContext): JsonObject {
  const cacheWrite = usage.cacheWrite5m + usage.cacheWrite1h
  return {
    input_tokens: usage.inputTotal - usage.cacheRead - cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation_input_tokens: cacheWrite,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5m,
      ephemeral_1h_input_tokens: usage.cacheWrite1h,
    },
  }
}

function toStopReason({ script }: AnswerContext): string {
  return script.refusal === undefined ? stopReasons[script.finish] : 'refusal'
}

function toError(failure: MockFailure): JsonObject {
  return { type: 'error', error: { type: failure.type, message: failure.message }, request_id: 'req_mock' }
}

function named(name: string, data: JsonObject, part: MockEvent['part']): MockEvent {
  return { name, data: { type: name, ...data }, part }
}
