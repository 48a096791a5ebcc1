import type { AnswerEvent } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { SseEvent, StreamDecoder } from '../dialect.ts'
import { cut, findInBandError, isArray, notJson } from '../shared/index.ts'
import { readSpeech } from './decode-answer.ts'
import { toFinishReason } from './finish.ts'
import { createToolCallDecoder } from './tool-call-decoder.ts'
import { readUsage } from './usage.ts'

/**
 * Events of a chat completion stream. The end is `[DONE]`, or, for the servers that leave it out, the end of the bytes
 * after a finish reason. Only the first choice is read.
 */
export function createStreamDecoder(): StreamDecoder {
  let answerId: JsonValue | undefined
  let finishWord: JsonValue | undefined
  let isReasoning = false
  let hasRefusal = false
  let hasEnded = false
  const toolCalls = createToolCallDecoder(() => answerId)

  function endReasoning(): readonly AnswerEvent[] {
    if (!isReasoning) return []
    isReasoning = false
    return [{ type: 'reasoning-end', signature: undefined, redacted: undefined }]
  }

  function decodeDelta(delta: JsonObject): readonly AnswerEvent[] {
    const events: AnswerEvent[] = []
    const { reasoning, text } = readSpeech(delta)
    if (reasoning !== '') {
      isReasoning = true
      events.push({ type: 'reasoning-delta', text: reasoning })
    }
    if (text !== '') events.push(...endReasoning(), { type: 'text-delta', text })
    const refusal = delta['refusal']
    if (typeof refusal === 'string' && refusal !== '') {
      hasRefusal = true
      events.push(...endReasoning(), { type: 'refusal-delta', text: refusal })
    }
    const calls = isArray(delta['tool_calls']) ? delta['tool_calls'].filter(isJsonObject) : []
    if (calls.length > 0) events.push(...endReasoning())
    for (const call of calls) events.push(...toolCalls.decode(call))
    return events
  }

  function finish(): readonly AnswerEvent[] {
    if (hasEnded) return []
    hasEnded = true
    const ends = [...endReasoning(), ...toolCalls.end()]
    const reason = toFinishReason(finishWord, { toolCalls: toolCalls.count() > 0, refusal: hasRefusal })
    return [...ends, { type: 'finish', reason }]
  }

  return {
    decode(event) {
      if (event.data.startsWith('[DONE]')) return finish()
      if (hasEnded || event.data === '') return []
      const chunk = parseChunk(event)
      const failed = findInBandError(chunk)
      if (failed !== undefined) throw failed
      answerId ??= chunk['id']
      const events: AnswerEvent[] = []
      const choices = isArray(chunk['choices']) ? chunk['choices'] : []
      for (const choice of choices) {
        if (!isJsonObject(choice) || (choice['index'] ?? 0) !== 0) continue
        const delta = choice['delta'] ?? choice['message'] // some servers send the last chunk whole
        if (isJsonObject(delta)) events.push(...decodeDelta(delta))
        finishWord = choice['finish_reason'] ?? finishWord
      }
      const usage = readUsage(chunk)
      if (usage !== undefined) events.push({ type: 'usage', usage })
      return events
    },
    end() {
      if (!hasEnded && finishWord === undefined) throw cut()
      return finish()
    },
  }
}

function parseChunk(event: SseEvent): JsonObject {
  let chunk: unknown
  try {
    chunk = JSON.parse(event.data)
  } catch (thrown) {
    throw notJson(thrown)
  }
  if (isJsonObject(chunk)) return chunk
  throw new PlatformError('UPSTREAM_INVALID', 'the endpoint sent an event that is not a JSON object')
}
