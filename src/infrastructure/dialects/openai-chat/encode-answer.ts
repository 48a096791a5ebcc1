import type { CompleteAnswer } from '../../../core/answer.ts'
import type { Citation } from '../../../core/chat.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { AnswerMeta } from '../dialect.ts'
import { toAnswerSpan, toCitationUrl, toDialectId } from '../shared/index.ts'
import { toFinishWord } from './finish.ts'
import { encodeUsage } from './usage.ts'

/** A whole answer as a chat completion. `usage` is left out unless both totals are known. */
export function encodeAnswer(answer: CompleteAnswer, meta: AnswerMeta): JsonObject {
  const reasoning = answer.reasoning.map((part) => part.text).join('')
  const hasCalls = answer.toolCalls.length > 0
  const seen = { toolCalls: hasCalls, refusal: answer.refusal !== undefined }
  const usage = encodeUsage(answer.usage)
  return {
    id: toDialectId('chatcmpl-', meta.callId),
    object: 'chat.completion',
    created: Math.floor(meta.createdAtMs / 1_000),
    model: meta.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.text === '' && (hasCalls || answer.refusal !== undefined) ? null : answer.text,
          refusal: answer.refusal ?? null,
          ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
          ...(hasCalls ? { tool_calls: answer.toolCalls.map(encodeToolCall) } : {}),
          ...(answer.citations.length === 0
            ? {}
            : { annotations: answer.citations.map((citation) => encodeCitation(citation, answer.text.length)) }),
        },
        logprobs: null,
        finish_reason: toFinishWord(answer.reason, seen),
      },
    ],
    ...(usage === undefined ? {} : { usage }),
  }
}

function encodeToolCall(call: CompleteAnswer['toolCalls'][number]): JsonObject {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } }
}

/** OpenAI's citation of a URL, whose URL names the span in the collection. */
export function encodeCitation(citation: Citation, textLength: number): JsonObject {
  const span = toAnswerSpan(citation, textLength)
  return {
    type: 'url_citation',
    url_citation: {
      start_index: span.start,
      end_index: span.end,
      url: toCitationUrl(citation),
      title: citation.source,
    },
  }
}
