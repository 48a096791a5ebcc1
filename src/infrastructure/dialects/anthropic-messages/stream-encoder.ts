import type { AnswerEvent, FinishReason } from '../../../core/chat.ts'
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
  const blocks = createBlockWriter()
  const documents: string[] = []
  const written = { units: 0, wide: 0 }
  let hasBegun = false
  let usage: Usage | undefined
  let reason: FinishReason = 'other'
  let stopSequence: string | undefined

  function begin(): string {
    if (hasBegun) return ''
    hasBegun = true
    const known = encodeUsage({ usage, body: meta.body, written })
    const counts = usage?.inputTotal === undefined ? { ...known, input_tokens: 0 } : known
    const message = {
      ...encodeHead(meta),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...counts, output_tokens: 0, output_tokens_details: null },
    }
    return toSse('message_start', { type: 'message_start', message })
  }

  function count(text: string): void {
    written.units += text.length
    written.wide += countWide(text)
  }

  function encodeDelta(event: AnswerEvent): string {
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
        count(event.text)
        return begin() + blocks.write('text', textStart, { type: 'text_delta', text: event.text })
      case 'reasoning-delta':
        count(event.text)
        return begin() + blocks.write('thinking', thinkingStart, { type: 'thinking_delta', thinking: event.text })
      case 'reasoning-end':
        return begin() + endReasoning(event)
      case 'tool-call-start': {
        const { index, id, name } = event
        count(name)
        return (
          begin() +
          blocks.write(index, { type: 'tool_use', id, name, input: {}, caller: { type: 'direct' } }, undefined)
        )
      }
      case 'tool-call-delta': {
        count(event.arguments)
        const delta = { type: 'input_json_delta', partial_json: event.arguments }
        return blocks.write(event.index, {}, delta)
      }
      case 'tool-call-end':
        return blocks.end(event.index)
      case 'citation': {
        const citation = encodeCitation(event.citation, documents)
        return begin() + blocks.write('text', textStart, { type: 'citations_delta', citation })
      }
      case 'usage':
        usage = event.usage
        return ''
      case 'finish':
        reason = event.reason
        stopSequence = event.stopSequence
        return ''
    }
  }

  function endReasoning(event: Extract<AnswerEvent, { readonly type: 'reasoning-end' }>): string {
    if (event.redacted !== undefined) {
      const start = { type: 'redacted_thinking', data: toOwnSignature(event.redacted) }
      return blocks.end('thinking') + blocks.write('redacted', start, undefined) + blocks.end('redacted')
    }
    const signature = toOwnSignature(event.signature)
    const signed =
      signature === '' ? '' : blocks.write('thinking', thinkingStart, { type: 'signature_delta', signature })
    return signed + blocks.end('thinking')
  }

  return {
    encode: encodeDelta,
    end(extension) {
      const delta = { stop_reason: toStopWord(reason, stopSequence), stop_sequence: stopSequence ?? null }
      const counts = encodeUsage({ usage, body: meta.body, written })
      return (
        begin() +
        blocks.endAll() +
        toSse('message_delta', { type: 'message_delta', delta, usage: counts }) +
        toSse('message_stop', { type: 'message_stop', ...(extension === undefined ? {} : { strata: extension }) })
      )
    },
    fail: (error) => toSse('error', encodeError(error)),
  }
}
