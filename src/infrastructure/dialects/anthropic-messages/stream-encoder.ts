import type { AnswerEvent, FinishReason } from '../../../core/chat.ts'
import type { PlatformError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Usage } from '../../../core/usage.ts'
import type { AnswerMeta, StreamEncoder } from '../dialect.ts'
import { toSse } from '../sse/index.ts'
import { createBlockWriter } from './block-writer.ts'
import { countWide, encodeCitation, encodeHead, toOwnSignature } from './encode-answer.ts'
import { encodeError } from './errors.ts'
import { toStopWord } from './stop-reason.ts'
import { encodeUsage } from './usage.ts'

const textStart = { type: 'text', text: '', citations: null }
const thinkingStart = { type: 'thinking', thinking: '', signature: '' }

/**
 * A message stream. `message_start` demands numbers before anybody can know them: it says the input when the usage is
 * known by then, else 0, which is what clients that add up both ends need; `message_delta` says the whole message's.
 */
export function createStreamEncoder(meta: AnswerMeta): StreamEncoder {
  return new MessageEncoder(meta)
}

class MessageEncoder implements StreamEncoder {
  readonly #meta: AnswerMeta
  readonly #blocks = createBlockWriter()
  readonly #documents: string[] = []
  readonly #written = { units: 0, wide: 0 }
  #hasBegun = false
  #usage: Usage | undefined
  #reason: FinishReason = 'other'
  #stopSequence: string | undefined

  constructor(meta: AnswerMeta) {
    this.#meta = meta
  }

  encode(event: AnswerEvent): string {
    const blocks = this.#blocks
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
        this.#count(event.text)
        return this.#begin() + blocks.write('text', textStart, { type: 'text_delta', text: event.text })
      case 'reasoning-delta':
        this.#count(event.text)
        return this.#begin() + blocks.write('thinking', thinkingStart, { type: 'thinking_delta', thinking: event.text })
      case 'reasoning-end':
        return this.#begin() + this.#endReasoning(event)
      case 'tool-call-start': {
        const { index, id, name } = event
        this.#count(name)
        const start = { type: 'tool_use', id, name, input: {}, caller: { type: 'direct' } }
        return this.#begin() + blocks.write(index, start, undefined)
      }
      case 'tool-call-delta': {
        this.#count(event.arguments)
        return blocks.write(event.index, {}, { type: 'input_json_delta', partial_json: event.arguments })
      }
      case 'tool-call-end':
        return blocks.end(event.index)
      case 'citation': {
        const citation = encodeCitation(event.citation, this.#documents)
        return this.#begin() + blocks.write('text', textStart, { type: 'citations_delta', citation })
      }
      case 'unsupported':
        return ''
      case 'usage':
        this.#usage = event.usage
        return ''
      case 'finish':
        this.#reason = event.reason
        this.#stopSequence = event.stopSequence
        return ''
    }
  }

  end(extension: JsonObject | undefined): string {
    const sequence = this.#stopSequence
    const delta = { stop_reason: toStopWord(this.#reason, sequence), stop_sequence: sequence ?? null }
    return (
      this.#begin() +
      this.#blocks.endAll() +
      toSse('message_delta', { type: 'message_delta', delta, usage: this.#encodeUsage() }) +
      toSse('message_stop', { type: 'message_stop', ...(extension === undefined ? {} : { strata: extension }) })
    )
  }

  fail(error: PlatformError): string {
    return toSse('error', encodeError(error))
  }

  #begin(): string {
    if (this.#hasBegun) return ''
    this.#hasBegun = true
    const known = this.#encodeUsage()
    const counts = this.#usage?.inputTotal === undefined ? { ...known, input_tokens: 0 } : known
    const message = {
      ...encodeHead(this.#meta),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...counts, output_tokens: 0, output_tokens_details: null },
    }
    return toSse('message_start', { type: 'message_start', message })
  }

  #endReasoning(event: Extract<AnswerEvent, { readonly type: 'reasoning-end' }>): string {
    const blocks = this.#blocks
    if (event.redacted !== undefined) {
      const start = { type: 'redacted_thinking', data: toOwnSignature(event.redacted) }
      return blocks.end('thinking') + blocks.write('redacted', start, undefined) + blocks.end('redacted')
    }
    const signature = toOwnSignature(event.signature)
    return blocks.write('thinking', thinkingStart, { type: 'signature_delta', signature }) + blocks.end('thinking')
  }

  #encodeUsage(): JsonObject {
    return encodeUsage({ usage: this.#usage, body: this.#meta.body, written: this.#written })
  }

  #count(text: string): void {
    this.#written.units += text.length
    this.#written.wide += countWide(text)
  }
}
