import type { AnswerEvent } from '../../../core/chat.ts'
import type { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { SseEvent, StreamDecoder } from '../dialect.ts'
import { cut, findInBandError, memberOf, notJson } from '../shared/index.ts'
import { readReasoningText, textOf, toCallStart, toFinishReason, toReasoningEnd } from './decode-answer.ts'
import { readUsage } from './usage.ts'

interface OpenItem {
  /** Index among the calls; -1 for other items. */
  readonly callIndex: number
  /** Whether a delta of it has come. */
  hasDelta: boolean
}

/** Events of a response stream. The end is `response.completed` or `response.incomplete`. */
export function createStreamDecoder(): StreamDecoder {
  return new ResponseDecoder()
}

class ResponseDecoder implements StreamDecoder {
  readonly #items = new Map<JsonValue | undefined, OpenItem>()
  readonly #seen = { toolCalls: 0, refusal: false }
  #hasEnded = false
  /** A failure whose usage was delivered first. */
  #failure: PlatformError | undefined

  decode({ data }: SseEvent): readonly AnswerEvent[] {
    if (this.#failure !== undefined) throw this.#failure
    const event = parse(data)
    switch (event['type']) {
      case 'response.output_item.added':
        return this.#add(event)
      case 'response.output_item.done':
        return this.#finishItem(event)
      case 'response.output_text.delta':
        return toDelta('text-delta', event)
      case 'response.refusal.delta':
        this.#seen.refusal = true
        return toDelta('refusal-delta', event)
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
        this.#mark(event)
        return toDelta('reasoning-delta', event)
      case 'response.reasoning_summary_part.added':
        return (event['summary_index'] ?? 0) === 0 ? [] : [{ type: 'reasoning-delta', text: '\n\n' }]
      case 'response.function_call_arguments.delta':
        return this.#argue(event)
      case 'response.completed':
      case 'response.incomplete':
        return this.#finish(event)
      case 'response.failed':
        return this.#fail(event)
      default: {
        const failed = findInBandError(event)
        if (failed !== undefined) throw failed
        return []
      }
    }
  }

  end(): readonly AnswerEvent[] {
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#hasEnded) throw cut()
    return []
  }

  #add(event: JsonObject): readonly AnswerEvent[] {
    const item = memberOf(event, 'item')
    const isCall = item['type'] === 'function_call'
    const callIndex = isCall ? this.#seen.toolCalls++ : -1
    this.#items.set(event['output_index'], { callIndex, hasDelta: false })
    return isCall ? [toCallStart(item, callIndex)] : []
  }

  #mark(event: JsonObject): OpenItem | undefined {
    const item = this.#items.get(event['output_index'])
    if (item !== undefined) item.hasDelta = true
    return item
  }

  #argue(event: JsonObject): readonly AnswerEvent[] {
    const written = textOf(event['delta'])
    const item = written === '' ? undefined : this.#mark(event)
    if (item === undefined || item.callIndex === -1) return []
    return [{ type: 'tool-call-delta', index: item.callIndex, arguments: written }]
  }

  #finishItem(event: JsonObject): readonly AnswerEvent[] {
    const open = this.#items.get(event['output_index'])
    const item = memberOf(event, 'item')
    this.#items.delete(event['output_index'])
    if (item['type'] === 'reasoning') {
      const text = open?.hasDelta === true ? '' : readReasoningText(item)
      return [...(text === '' ? [] : [{ type: 'reasoning-delta', text } as const]), toReasoningEnd(item)]
    }
    if (open === undefined || open.callIndex === -1) return []
    const index = open.callIndex
    const written = textOf(item['arguments'])
    const rest: readonly AnswerEvent[] = open.hasDelta
      ? []
      : [{ type: 'tool-call-delta', index, arguments: written.trim() === '' ? '{}' : written }]
    return [...rest, { type: 'tool-call-end', index }]
  }

  #finish(event: JsonObject): readonly AnswerEvent[] {
    const response = memberOf(event, 'response')
    const usage = readUsage(response)
    this.#hasEnded = true
    const reported: readonly AnswerEvent[] = usage === undefined ? [] : [{ type: 'usage', usage }]
    return [...reported, { type: 'finish', reason: toFinishReason(response, this.#seen) }]
  }

  /** A failed response is charged for what it used: the usage first, the error from the next call. */
  #fail(event: JsonObject): readonly AnswerEvent[] {
    const response = memberOf(event, 'response')
    const failure = toFailure(response)
    const usage = readUsage(response)
    if (usage === undefined) throw failure
    this.#failure = failure
    return [{ type: 'usage', usage }]
  }
}

/** What a failed response says of itself. */
export function toFailure(response: JsonObject): PlatformError {
  const told = response['error'] ?? { message: '', code: 'server_error' }
  return findInBandError({ error: told }) ?? cut()
}

function toDelta(type: 'text-delta' | 'refusal-delta' | 'reasoning-delta', event: JsonObject): readonly AnswerEvent[] {
  const text = textOf(event['delta'])
  return text === '' ? [] : [{ type, text }]
}

function parse(data: string): JsonObject {
  if (data === '' || data.startsWith('[DONE]')) return {} // keeps alive; OpenAI chat's end mark, which some servers add
  try {
    const event: unknown = JSON.parse(data)
    if (isJsonObject(event)) return event
  } catch (thrown) {
    throw notJson(thrown)
  }
  throw notJson()
}
