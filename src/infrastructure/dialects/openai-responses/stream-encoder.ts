import type { AnswerEvent, FinishReason } from '../../../core/chat.ts'
import type { PlatformError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Usage } from '../../../core/usage.ts'
import type { AnswerMeta, StreamEncoder } from '../dialect.ts'
import { toMessage } from '../shared/index.ts'
import { toSse } from '../sse/index.ts'
import { createItemWriter, type ItemWriter, type StreamPart } from './item-writer.ts'
import { encodeResponse, type ResponseState, toStatus } from './response.ts'

/**
 * A response stream: created, in progress, then each item from added to done, and the whole response at the end, every
 * event numbered. A stream that fails ends in `error`, which the official client throws, and `response.failed`.
 */
export function createStreamEncoder(meta: AnswerMeta): StreamEncoder {
  return new ResponseEncoder(meta)
}

class ResponseEncoder implements StreamEncoder {
  readonly #meta: AnswerMeta
  readonly #items: ItemWriter
  #sequence = 0
  #hasBegun = false
  #hasRefusal = false
  #usage: Usage | undefined
  #reason: FinishReason = 'other'

  constructor(meta: AnswerMeta) {
    this.#meta = meta
    this.#items = createItemWriter(meta)
  }

  encode(event: AnswerEvent): string {
    return this.#begin() + this.#write(this.#toParts(event))
  }

  end(extension: JsonObject | undefined): string {
    const end = toStatus(this.#reason, this.#hasRefusal)
    const head = this.#begin() + this.#write(this.#items.endAll(end.status === 'completed'))
    const response = this.#snapshot({ ...end, output: this.#items.output() })
    const strata = extension === undefined ? {} : { strata: extension }
    return head + this.#write([{ type: `response.${end.status}`, response, ...strata }])
  }

  fail(error: PlatformError): string {
    const message = toMessage(error)
    const told = this.#write([{ type: 'error', code: error.code, message, param: error.param ?? null }])
    if (!this.#hasBegun) return told
    const code = error.status === 429 ? 'rate_limit_exceeded' : 'server_error'
    const response = this.#snapshot({ status: 'failed', output: this.#items.output(), error: { code, message } })
    return told + this.#write([{ type: 'response.failed', response }])
  }

  #toParts(event: AnswerEvent): readonly StreamPart[] {
    const items = this.#items
    switch (event.type) {
      case 'text-delta':
        return items.text('output_text', event.text)
      case 'refusal-delta':
        this.#hasRefusal = true
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
        this.#usage = event.usage
        return []
      case 'finish':
        this.#reason = event.reason
        return []
      case 'unsupported':
        return []
    }
  }

  #begin(): string {
    if (this.#hasBegun) return ''
    this.#hasBegun = true
    const response = this.#snapshot({})
    return this.#write([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ])
  }

  #snapshot(state: Partial<ResponseState>): JsonObject {
    const base = { status: 'in_progress', output: [], error: null, incompleteReason: undefined } as const
    const usage = state.status === undefined ? undefined : this.#usage
    return encodeResponse(this.#meta, { ...base, usage, ...state })
  }

  #write(parts: readonly StreamPart[]): string {
    let text = ''
    for (const part of parts) text += toSse(part.type, { ...part, sequence_number: this.#sequence++ })
    return text
  }
}
