import type { AnswerEvent, FinishReason } from '../../../core/chat.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Usage } from '../../../core/usage.ts'
import type { AnswerMeta, StreamEncoder } from '../dialect.ts'
import { toMessage } from '../shared/index.ts'
import { toSse } from '../sse/index.ts'
import { createItemWriter, type StreamPart } from './item-writer.ts'
import { encodeResponse, type ResponseState, toStatus } from './response.ts'

/**
 * A response stream: created, in progress, then each item from added to done, and the whole response at the end, every
 * event numbered. A stream that fails ends in `error`, which the official client throws, and `response.failed`.
 */
export function createStreamEncoder(meta: AnswerMeta): StreamEncoder {
  const items = createItemWriter(meta)
  let sequence = 0
  let hasBegun = false
  let hasRefusal = false
  let usage: Usage | undefined
  let reason: FinishReason = 'other'

  function write(parts: readonly StreamPart[]): string {
    let text = ''
    for (const part of parts) text += toSse(part.type, { ...part, sequence_number: sequence++ })
    return text
  }

  function snapshot(state: Partial<ResponseState>): JsonObject {
    const base = { status: 'in_progress', output: [], error: null, incompleteReason: undefined } as const
    return encodeResponse(meta, { ...base, usage: undefined, ...state })
  }

  function begin(): string {
    if (hasBegun) return ''
    hasBegun = true
    const response = snapshot({})
    return write([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ])
  }

  function toParts(event: AnswerEvent): readonly StreamPart[] {
    switch (event.type) {
      case 'text-delta':
        return items.text('output_text', event.text)
      case 'refusal-delta':
        hasRefusal = true
        return items.text('refusal', event.text)
      case 'reasoning-delta':
        return items.reason(event.text)
      case 'reasoning-end':
        return items.endReasoning(event)
      case 'tool-call-start':
        return items.call(event.index, event)
      case 'tool-call-delta':
        return items.argue(event.index, event.arguments)
      case 'tool-call-end':
        return items.endCall(event.index)
      case 'citation':
        return items.cite(event.citation)
      case 'usage':
        usage = event.usage
        return []
      case 'finish':
        reason = event.reason
        return []
    }
  }

  return {
    encode: (event) => begin() + write(toParts(event)),
    end(extension) {
      const end = toStatus(reason, hasRefusal)
      const head = begin() + write(items.endAll(end.status === 'completed'))
      const response = snapshot({ ...end, output: items.output(), usage })
      const strata = extension === undefined ? {} : { strata: extension }
      return head + write([{ type: `response.${end.status}`, response, ...strata }])
    },
    fail(error) {
      const message = toMessage(error)
      const told = write([{ type: 'error', code: error.code, message, param: error.param ?? null }])
      if (!hasBegun) return told
      const code = error.status === 429 ? 'rate_limit_exceeded' : 'server_error'
      const response = snapshot({ status: 'failed', output: items.output(), usage, error: { code, message } })
      return told + write([{ type: 'response.failed', response }])
    },
  }
}
