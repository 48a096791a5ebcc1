import type { AnswerEvent } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { emptySeal, findInBandError, isArray, isSealed, sealSignature } from '../shared/index.ts'
import { toFinishReason } from './stop-reason.ts'
import { readUsage } from './usage.ts'

/** A whole message as events. Blocks of tools that the vendor runs itself have no place in an answer and are left out. */
export function decodeAnswer(body: JsonObject): readonly AnswerEvent[] {
  const failed = findInBandError(body)
  if (failed !== undefined) throw failed
  if (!isArray(body['content'])) {
    throw new PlatformError('UPSTREAM_INVALID', 'the answer of the endpoint is not a message with content')
  }
  const events: AnswerEvent[] = []
  let callCount = 0
  for (const block of body['content'].filter(isJsonObject)) {
    events.push(...decodeBlock(block, callCount))
    if (block['type'] === 'tool_use') callCount++
  }
  const usage = readUsage(body)
  if (usage !== undefined) events.push({ type: 'usage', usage })
  events.push(toFinish({ reason: body['stop_reason'], sequence: body['stop_sequence'], hasToolCalls: callCount > 0 }))
  return events
}

export function toFinish(stop: {
  readonly reason: JsonValue | undefined
  readonly sequence: JsonValue | undefined
  readonly hasToolCalls: boolean
}): AnswerEvent {
  const reason = toFinishReason(stop.reason, stop.hasToolCalls)
  const { sequence } = stop
  return typeof sequence === 'string' ? { type: 'finish', reason, stopSequence: sequence } : { type: 'finish', reason }
}

function decodeBlock(block: JsonObject, index: number): readonly AnswerEvent[] {
  switch (block['type']) {
    case 'text': {
      const text = textOf(block['text'])
      return text === '' ? [] : [{ type: 'text-delta', text }]
    }
    case 'thinking': {
      const text = textOf(block['thinking'])
      const deltas: readonly AnswerEvent[] = text === '' ? [] : [{ type: 'reasoning-delta', text }]
      return [...deltas, toReasoningEnd({ signature: textOf(block['signature']), data: '' })]
    }
    case 'redacted_thinking':
      return [toReasoningEnd({ signature: '', data: textOf(block['data']) })]
    case 'tool_use':
      return [
        { type: 'tool-call-start', index, id: textOf(block['id']), name: textOf(block['name']) },
        { type: 'tool-call-delta', index, arguments: JSON.stringify(block['input'] ?? {}) },
        { type: 'tool-call-end', index },
      ]
    default:
      return []
  }
}

/** Signature and redacted data carry their origin, so that they go back to no other vendor. */
export function toReasoningEnd(proof: { readonly signature: string; readonly data: string }): AnswerEvent {
  const { signature, data } = proof
  return {
    type: 'reasoning-end',
    signature: seal(signature),
    redacted: seal(data),
  }
}

/** A proof that is sealed already was made by another Strata upstream. */
function seal(proof: string): string | undefined {
  if (proof === '' || proof === emptySeal) return undefined
  return isSealed(proof) ? proof : sealSignature('anthropic-messages', proof)
}

export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
