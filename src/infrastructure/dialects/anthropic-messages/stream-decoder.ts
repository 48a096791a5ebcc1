import type { AnswerEvent } from '../../../core/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { StreamDecoder } from '../dialect.ts'
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
  const usage = createStreamUsage()
  const blocks = new Map<JsonValue | undefined, OpenBlock>()
  let callCount = 0
  let reason: JsonValue | undefined
  let sequence: JsonValue | undefined
  let hasEnded = false

  function start(event: JsonObject): readonly AnswerEvent[] {
    const content = memberOf(event, 'content_block')
    const type = content['type']
    const callIndex = type === 'tool_use' ? callCount++ : -1
    blocks.set(event['index'], {
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

  function delta(event: JsonObject): readonly AnswerEvent[] {
    const change = memberOf(event, 'delta')
    const block = blocks.get(event['index'])
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

  function stop(event: JsonObject): readonly AnswerEvent[] {
    const block = blocks.get(event['index'])
    blocks.delete(event['index'])
    if (block?.type === 'thinking' || block?.type === 'redacted_thinking') return [toReasoningEnd(block)]
    if (block === undefined || block.callIndex === -1) return []
    const index = block.callIndex
    const rest: readonly AnswerEvent[] = block.hasArguments
      ? []
      : [{ type: 'tool-call-delta', index, arguments: JSON.stringify(block.input) }]
    return [...rest, { type: 'tool-call-end', index }]
  }

  function takeUsage(event: JsonObject): readonly AnswerEvent[] {
    const taken = usage.take(event)
    return taken === undefined ? [] : [{ type: 'usage', usage: taken }]
  }

  return {
    decode({ data }) {
      const event = parse(data)
      const failed = findInBandError(event)
      if (failed !== undefined) throw failed
      switch (event['type']) {
        case 'message_start':
          return takeUsage(event)
        case 'content_block_start':
          return start(event)
        case 'content_block_delta':
          return delta(event)
        case 'content_block_stop':
          return stop(event)
        case 'message_delta': {
          const change = memberOf(event, 'delta')
          reason = change['stop_reason'] ?? reason
          sequence = change['stop_sequence'] ?? sequence
          return takeUsage(event)
        }
        case 'message_stop':
          hasEnded = true
          return [toFinish({ reason, sequence, hasToolCalls: callCount > 0 })]
        default:
          return []
      }
    },
    end() {
      if (!hasEnded) throw cut()
      return []
    },
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
