import type { AnswerEvent } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { findInBandError, isArray, memberOf } from '../shared/index.ts'
import { toFinishReason } from './finish.ts'
import { readUsage } from './usage.ts'

/** A whole answer as events. Throws the error that the body holds, or UPSTREAM_INVALID when it holds no choice. */
export function decodeAnswer(body: JsonObject): readonly AnswerEvent[] {
  const failed = findInBandError(body)
  if (failed !== undefined) throw failed
  const choice = isArray(body['choices']) ? body['choices'][0] : undefined
  if (!isJsonObject(choice) || !isJsonObject(choice['message'])) {
    throw new PlatformError('UPSTREAM_INVALID', 'the answer of the endpoint has no choice with a message')
  }
  const message = choice['message']
  const events: AnswerEvent[] = []
  const { reasoning, text } = readSpeech(message)
  if (reasoning !== '') {
    events.push({ type: 'reasoning-delta', text: reasoning })
    events.push({ type: 'reasoning-end', signature: undefined, redacted: undefined })
  }
  if (text !== '') events.push({ type: 'text-delta', text })
  const refusal = message['refusal']
  const hasRefusal = typeof refusal === 'string' && refusal !== ''
  if (hasRefusal) events.push({ type: 'refusal-delta', text: refusal })
  const calls = isArray(message['tool_calls']) ? message['tool_calls'].filter(isJsonObject) : []
  calls.forEach((call, index) => events.push(...decodeToolCall(call, { index, answerId: body['id'] })))
  const usage = readUsage(body)
  if (usage !== undefined) events.push({ type: 'usage', usage })
  const seen = { toolCalls: calls.length > 0, refusal: hasRefusal }
  events.push({ type: 'finish', reason: toFinishReason(choice['finish_reason'], seen) })
  return events
}

/**
 * Reasoning and text of a message or of a delta, by whichever name the vendor has for reasoning: `reasoning_content`
 * (DeepSeek, Qwen), `reasoning` (vLLM, gpt-oss), `thinking` (Ollama), or thinking parts inside the content (Mistral).
 */
export function readSpeech(message: JsonObject): { readonly reasoning: string; readonly text: string } {
  const named = [message['reasoning_content'], message['reasoning'], message['thinking']]
  let reasoning = named.find((value) => typeof value === 'string' && value !== '') ?? ''
  if (typeof reasoning !== 'string') reasoning = ''
  const content = message['content']
  if (typeof content === 'string') return { reasoning, text: content }
  let text = ''
  for (const part of isArray(content) ? content.filter(isJsonObject) : []) {
    if (part['type'] === 'thinking') reasoning += textOf(part['thinking'])
    else text += textOf(part['text'])
  }
  return { reasoning, text }
}

function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  if (isArray(value)) return value.map((part) => (isJsonObject(part) ? textOf(part['text']) : textOf(part))).join('')
  return ''
}

/** Vendors send arguments as an object, or leave them out for a tool that takes none. */
function decodeToolCall(
  call: JsonObject,
  place: { readonly index: number; readonly answerId: JsonValue | undefined },
): readonly AnswerEvent[] {
  const { index } = place
  const named = memberOf(call, 'function')
  const name = named['name']
  if (typeof name !== 'string' || name === '') throw namelessCall()
  const given = named['arguments']
  const written = typeof given === 'string' ? given : isJsonObject(given) ? JSON.stringify(given) : ''
  return [
    { type: 'tool-call-start', index, id: toCallId(call['id'], place), name },
    { type: 'tool-call-delta', index, arguments: written.trim() === '' ? '{}' : written },
    { type: 'tool-call-end', index },
  ]
}

/** The vendor's id, or one made from the answer's where the vendor gave none. */
export function toCallId(
  id: JsonValue | undefined,
  place: { readonly index: number; readonly answerId: JsonValue | undefined },
): string {
  if (typeof id === 'string' && id !== '') return id
  const stem = typeof place.answerId === 'string' ? place.answerId.replaceAll(/[^A-Za-z0-9]/g, '').slice(-24) : ''
  return `call_${stem}_${place.index}`
}

export function namelessCall(): PlatformError {
  return new PlatformError('UPSTREAM_INVALID', 'the endpoint called a tool without a name')
}
