import type { AnswerEvent, FinishReason } from '../../../core/chat.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Usage } from '../../../core/usage.ts'
import type { AnswerMeta, StreamEncoder } from '../dialect.ts'
import { encodeOpenaiError, toDialectId } from '../shared/index.ts'
import { toSse } from '../sse/index.ts'
import { encodeCitation } from './encode-answer.ts'
import { toFinishWord } from './finish.ts'
import { encodeUsage } from './usage.ts'

const endMark = 'data: [DONE]\n\n'

/**
 * Chat completion chunks: the role first, then deltas; at the end the finish reason, the usage if it was asked for and
 * is known, and `[DONE]`. A stream that fails ends in an error event and has no `[DONE]`.
 */
export function createStreamEncoder(meta: AnswerMeta): StreamEncoder {
  const head: JsonObject = {
    id: toDialectId('chatcmpl-', meta.callId),
    object: 'chat.completion.chunk',
    created: Math.floor(meta.createdAtMs / 1_000),
    model: meta.model,
  }
  const before = `data: ${JSON.stringify(head).slice(0, -1)},"choices":[{"index":0,"delta":`
  const after = ',"finish_reason":null}]}\n\n'
  let hasBegun = false
  let textLength = 0
  let usage: Usage | undefined
  let reason: FinishReason = 'other'
  const seen = { toolCalls: false, refusal: false }

  const chunk = (delta: JsonObject): string => before + JSON.stringify(delta) + after

  function begin(content: string | null): string {
    if (hasBegun) return ''
    hasBegun = true
    return chunk({ role: 'assistant', content })
  }

  function encodeDelta(event: AnswerEvent): string {
    switch (event.type) {
      case 'text-delta':
        textLength += event.text.length
        return begin('') + chunk({ content: event.text })
      case 'reasoning-delta':
        return begin('') + chunk({ reasoning_content: event.text })
      case 'refusal-delta':
        seen.refusal = true
        return begin('') + chunk({ refusal: event.text })
      case 'tool-call-start': {
        seen.toolCalls = true
        const { index, id, name } = event
        return begin(null) + chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })
      }
      case 'tool-call-delta':
        return chunk({ tool_calls: [{ index: event.index, function: { arguments: event.arguments } }] })
      case 'citation':
        return begin('') + chunk({ annotations: [encodeCitation(event.citation, textLength)] })
      case 'usage':
        usage = event.usage
        return ''
      case 'finish':
        reason = event.reason
        return ''
      case 'reasoning-end':
      case 'unsupported':
      case 'tool-call-end':
        return ''
    }
  }

  return {
    encode: encodeDelta,
    end(extension) {
      const strata = extension === undefined ? {} : { strata: extension }
      const reported = meta.includeUsage ? encodeUsage(usage) : undefined
      const choice = { index: 0, delta: {}, finish_reason: toFinishWord(reason, seen) }
      const last = toSse('', { ...head, choices: [choice], ...(reported === undefined ? strata : {}) })
      const usageChunk = reported === undefined ? '' : toSse('', { ...head, choices: [], usage: reported, ...strata })
      return begin('') + last + usageChunk + endMark
    },
    fail: (error) => toSse('', encodeOpenaiError(error)),
  }
}
