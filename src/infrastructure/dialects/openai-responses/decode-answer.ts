import type { AnswerEvent, FinishReason } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { findInBandError, isArray, memberOf } from '../shared/index.ts'
import { readProof } from './proofs.ts'
import { readUsage } from './usage.ts'

/** A whole response as events. Items of tools that the vendor runs itself have no place in an answer and are left out. */
export function decodeAnswer(body: JsonObject): readonly AnswerEvent[] {
  const failed = findInBandError(body)
  if (failed !== undefined) throw failed
  const isFinished = body['status'] === undefined || body['status'] === 'completed' || body['status'] === 'incomplete'
  if (!isArray(body['output']) || !isFinished) {
    throw new PlatformError('UPSTREAM_INVALID', 'the answer of the endpoint is not a finished response with output')
  }
  const events: AnswerEvent[] = []
  const seen = { toolCalls: 0, refusal: false }
  for (const item of body['output'].filter(isJsonObject)) {
    if (item['type'] === 'function_call') events.push(...decodeCall(item, seen.toolCalls++))
    else if (item['type'] === 'reasoning') events.push(...decodeReasoning(item))
    else if (item['type'] === 'message') {
      const words = decodeMessage(item)
      seen.refusal ||= words.some((event) => event.type === 'refusal-delta')
      events.push(...words)
    }
  }
  const usage = readUsage(body)
  if (usage !== undefined) events.push({ type: 'usage', usage })
  events.push({ type: 'finish', reason: toFinishReason(body, seen) })
  return events
}

/** Why a finished response has ended; what it holds decides where the status does not. */
export function toFinishReason(
  response: JsonObject,
  seen: { readonly toolCalls: number; readonly refusal: boolean },
): FinishReason {
  if (response['status'] === 'incomplete') {
    const why = memberOf(response, 'incomplete_details')['reason']
    if (why === 'max_output_tokens') return 'length'
    return why === 'content_filter' ? 'refusal' : 'other'
  }
  if (seen.toolCalls > 0) return 'tool-calls'
  return seen.refusal ? 'refusal' : 'stop'
}

function decodeMessage(item: JsonObject): readonly AnswerEvent[] {
  const parts = isArray(item['content']) ? item['content'].filter(isJsonObject) : []
  return parts.flatMap((part): readonly AnswerEvent[] => {
    const text = textOf(part['text'])
    const refusal = textOf(part['refusal'])
    if (part['type'] === 'output_text' && text !== '') return [{ type: 'text-delta', text }]
    if (part['type'] === 'refusal' && refusal !== '') return [{ type: 'refusal-delta', text: refusal }]
    return []
  })
}

function decodeCall(item: JsonObject, index: number): readonly AnswerEvent[] {
  const written = textOf(item['arguments'])
  return [
    toCallStart(item, index),
    { type: 'tool-call-delta', index, arguments: written.trim() === '' ? '{}' : written },
    { type: 'tool-call-end', index },
  ]
}

/** The start of a call. Throws UPSTREAM_INVALID when it has no name. */
export function toCallStart(item: JsonObject, index: number): AnswerEvent {
  const name = textOf(item['name'])
  if (name === '') throw new PlatformError('UPSTREAM_INVALID', 'the endpoint called a tool without a name')
  const id = textOf(item['call_id']) || textOf(item['id']) || `call_${index}`
  return { type: 'tool-call-start', index, id, name }
}

function decodeReasoning(item: JsonObject): readonly AnswerEvent[] {
  const text = readReasoningText(item)
  const deltas: readonly AnswerEvent[] = text === '' ? [] : [{ type: 'reasoning-delta', text }]
  return [...deltas, toReasoningEnd(item)]
}

/** The reasoning itself where the vendor shows it, else its summary; paragraphs between the parts. */
export function readReasoningText(item: JsonObject): string {
  return [item['content'], item['summary']]
    .flatMap((parts) => (isArray(parts) ? parts.filter(isJsonObject) : []))
    .map((part) => textOf(part['text']))
    .join('\n\n')
}

export function toReasoningEnd(item: JsonObject): AnswerEvent {
  const { signature, redacted } = readProof(item)
  if (redacted) return { type: 'reasoning-end', signature: undefined, redacted: signature }
  return { type: 'reasoning-end', signature, redacted: undefined }
}

export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
