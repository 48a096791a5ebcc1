import type { AnswerEvent } from '../../../core/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { SseEvent, StreamDecoder } from '../dialect.ts'
import { cut, findInBandError, memberOf, notJson } from '../shared/index.ts'
import { textOf, toFinish, toReasoningEnd } from './decode-answer.ts'
import { createStreamUsage } from './usage.ts'

interface OpenBlock {
  readonly type: JsonValue | undefined
  /** Index of the tool call; blocks count text too, calls count only calls. */
  readonly callIndex: number
  signature: string
  readonly data: string
  /** Input that came whole with the start of the block. */
  readonly input: JsonObject
  hasArguments: boolean
}

/** Events of a message stream. The end is `message_stop`, nothing less. */
export function createStreamDecoder(): StreamDecoder {
  return new MessageDecoder()
}

class MessageDecoder implements StreamDecoder {
  readonly #usage = createStreamUsage()
  readonly #blocks = new Map<JsonValue | undefined, OpenBlock>()
  #callCount = 0
  #reason: JsonValue | undefined
  #sequence: JsonValue | undefined
  #hasEnded = false

  decode({ data }: SseEvent): readonly AnswerEvent[] {
    if (data === '' || data.startsWith('[DONE]')) return [] // keeps alive; OpenAI's end mark, which some servers add
    const event = parse(data)
    const failed = findInBandError(event)
    if (failed !== undefined) throw failed
    switch (event['type']) {
      case 'message_start':
        return this.#takeUsage(event)
      case 'content_block_start':
        return this.#start(event)
      case 'content_block_delta':
        return this.#delta(event)
      case 'content_block_stop':
        return this.#stop(event)
      case 'message_delta': {
        const change = memberOf(event, 'delta')
        this.#reason = change['stop_reason'] ?? this.#reason
        this.#sequence = change['stop_sequence'] ?? this.#sequence
        return this.#takeUsage(event)
      }
      case 'message_stop':
        this.#hasEnded = true
        return [toFinish({ reason: this.#reason, sequence: this.#sequence, hasToolCalls: this.#callCount > 0 })]
      default:
        return []
    }
  }

  end(): readonly AnswerEvent[] {
    if (!this.#hasEnded) throw cut()
    return []
  }

  #takeUsage(event: JsonObject): readonly AnswerEvent[] {
    const usage = this.#usage.take(event)
    return usage === undefined ? [] : [{ type: 'usage', usage }]
  }

  #start(event: JsonObject): readonly AnswerEvent[] {
    const content = memberOf(event, 'content_block')
    const type = content['type']
    const callIndex = type === 'tool_use' ? this.#callCount++ : -1
    this.#blocks.set(event['index'], {
      type,
      callIndex,
      signature: textOf(content['signature']),
      data: textOf(content['data']),
      input: memberOf(content, 'input'),
      hasArguments: false,
    })
    if (type === 'tool_use') {
      return [{ type: 'tool-call-start', index: callIndex, id: textOf(content['id']), name: textOf(content['name']) }]
    }
    if (type === 'text') return toText(textOf(content['text']))
    return type === 'thinking' ? toReasoning(textOf(content['thinking'])) : []
  }

  #delta(event: JsonObject): readonly AnswerEvent[] {
    const change = memberOf(event, 'delta')
    const block = this.#blocks.get(event['index'])
    switch (change['type']) {
      case 'text_delta':
        return toText(textOf(change['text']))
      case 'thinking_delta':
        return toReasoning(textOf(change['thinking']))
      case 'signature_delta':
        if (block !== undefined) block.signature = textOf(change['signature'])
        return []
      case 'input_json_delta': {
        const json = textOf(change['partial_json'])
        if (json === '' || block === undefined || block.callIndex === -1) return []
        block.hasArguments = true
        return [{ type: 'tool-call-delta', index: block.callIndex, arguments: json }]
      }
      default:
        return []
    }
  }

  #stop(event: JsonObject): readonly AnswerEvent[] {
    const block = this.#blocks.get(event['index'])
    this.#blocks.delete(event['index'])
    if (block?.type === 'thinking' || block?.type === 'redacted_thinking') return [toReasoningEnd(block)]
    if (block === undefined || block.callIndex === -1) return []
    const index = block.callIndex
    const rest: readonly AnswerEvent[] = block.hasArguments
      ? []
      : [{ type: 'tool-call-delta', index, arguments: JSON.stringify(block.input) }]
    return [...rest, { type: 'tool-call-end', index }]
  }
}

function toText(text: string): readonly AnswerEvent[] {
  return text === '' ? [] : [{ type: 'text-delta', text }]
}

function toReasoning(text: string): readonly AnswerEvent[] {
  return text === '' ? [] : [{ type: 'reasoning-delta', text }]
}

function parse(data: string): JsonObject {
  try {
    const event: unknown = JSON.parse(data)
    if (isJsonObject(event)) return event
  } catch (thrown) {
    throw notJson(thrown)
  }
  throw notJson()
}
