import type { Citation } from '../../../core/chat.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { AnswerMeta } from '../dialect.ts'
import { createItemIds, encodeCall, encodeReasoning, toTextPart } from './encode-answer.ts'
import { encodeCitation } from './response.ts'

/** One event of the stream, without its sequence number. */
export type StreamPart = JsonObject & { readonly type: string }

interface CallItem {
  readonly index: number
  readonly itemId: string
  readonly id: string
  readonly name: string
  written: string
}

interface MessageItem {
  readonly index: number
  readonly itemId: string
  readonly content: JsonObject[]
  /** The part under way. */
  open: { readonly type: 'output_text' | 'refusal'; text: string; readonly annotations: JsonObject[] } | undefined
}

interface ReasoningItem {
  readonly index: number
  readonly itemId: string
  text: string
}

/** Builds the output items of a streamed response and the events that tell of them. */
export interface ItemWriter {
  text(type: 'output_text' | 'refusal', delta: string): readonly StreamPart[]
  cite(citation: Citation): readonly StreamPart[]
  reason(delta: string): readonly StreamPart[]
  endReasoning(proof: {
    readonly signature: string | undefined
    readonly redacted: string | undefined
  }): readonly StreamPart[]
  call(index: number, call: { readonly id: string; readonly name: string }): readonly StreamPart[]
  argue(index: number, delta: string): readonly StreamPart[]
  endCall(index: number): readonly StreamPart[]
  /** Ends what is under way, as cut short when `isComplete` is false. */
  endAll(isComplete: boolean): readonly StreamPart[]
  /** The items so far, in order. */
  output(): readonly JsonObject[]
}

export function createItemWriter(meta: AnswerMeta): ItemWriter {
  const ids = createItemIds(meta)
  const done: JsonObject[] = []
  const calls = new Map<number, CallItem>()
  let count = 0
  let message: MessageItem | undefined
  let reasoning: ReasoningItem | undefined

  function finishItem(index: number, item: JsonObject): StreamPart {
    done[index] = item
    return { type: 'response.output_item.done', output_index: index, item }
  }

  function endPart(): readonly StreamPart[] {
    if (message?.open === undefined) return []
    const { open, content, itemId, index } = message
    const place = { item_id: itemId, output_index: index, content_index: content.length }
    const isText = open.type === 'output_text'
    const part = isText ? toTextPart(open.text, open.annotations) : { type: 'refusal', refusal: open.text }
    content.push(part)
    message.open = undefined
    const told: StreamPart = isText
      ? { type: 'response.output_text.done', ...place, text: open.text, logprobs: [] }
      : { type: 'response.refusal.done', ...place, refusal: open.text }
    return [told, { type: 'response.content_part.done', ...place, part }]
  }

  function endMessage(status: string): readonly StreamPart[] {
    if (message === undefined) return []
    const { index, itemId, content } = message
    const parts = endPart()
    message = undefined
    return [...parts, finishItem(index, { id: itemId, type: 'message', role: 'assistant', status, content })]
  }

  function beginPart(type: 'output_text' | 'refusal'): readonly StreamPart[] {
    const before: StreamPart[] = []
    if (message === undefined) {
      const itemId = ids.next('msg_')
      message = { index: count++, itemId, content: [], open: undefined }
      const item = { id: itemId, type: 'message', role: 'assistant', status: 'in_progress', content: [] }
      before.push({ type: 'response.output_item.added', output_index: message.index, item })
    }
    if (message.open?.type === type) return before
    before.push(...endPart())
    message.open = { type, text: '', annotations: [] }
    const part = type === 'output_text' ? toTextPart('', []) : { type, refusal: '' }
    return [...before, { type: 'response.content_part.added', ...placeOf(message), part }]
  }

  function endReasoning(proof: Parameters<ItemWriter['endReasoning']>[0]): readonly StreamPart[] {
    const before = reasoning === undefined ? [...endMessage('completed'), ...beginReasoning()] : []
    const open = reasoning
    if (open === undefined) return before
    reasoning = undefined
    const place = { item_id: open.itemId, output_index: open.index, summary_index: 0 }
    const { text } = open
    const told: readonly StreamPart[] =
      text === ''
        ? []
        : [
            { type: 'response.reasoning_summary_text.done', ...place, text },
            { type: 'response.reasoning_summary_part.done', ...place, part: { type: 'summary_text', text } },
          ]
    return [...before, ...told, finishItem(open.index, encodeReasoning({ text, ...proof }, open.itemId))]
  }

  function beginReasoning(): readonly StreamPart[] {
    const itemId = ids.next('rs_')
    reasoning = { index: count++, itemId, text: '' }
    const item = { id: itemId, type: 'reasoning', summary: [] }
    return [{ type: 'response.output_item.added', output_index: reasoning.index, item }]
  }

  function endOpenReasoning(): readonly StreamPart[] {
    return reasoning === undefined ? [] : endReasoning({ signature: undefined, redacted: undefined })
  }

  function endCall(index: number, status: string): readonly StreamPart[] {
    const call = calls.get(index)
    if (call === undefined) return []
    calls.delete(index)
    const place = { item_id: call.itemId, output_index: call.index }
    const item = encodeCall({ id: call.id, name: call.name, arguments: call.written }, { id: call.itemId, status })
    return [
      { type: 'response.function_call_arguments.done', ...place, name: call.name, arguments: call.written },
      finishItem(call.index, item),
    ]
  }

  return {
    text(type, delta) {
      const before = [...endOpenReasoning(), ...beginPart(type)]
      if (message?.open === undefined) return before
      message.open.text += delta
      const place = placeOf(message)
      return type === 'output_text'
        ? [...before, { type: 'response.output_text.delta', ...place, delta, logprobs: [] }]
        : [...before, { type: 'response.refusal.delta', ...place, delta }]
    },
    cite(citation) {
      const before = beginPart('output_text')
      if (message?.open === undefined) return before
      const { open } = message
      const annotation = encodeCitation(citation, open.text.length)
      const place = { ...placeOf(message), annotation_index: open.annotations.push(annotation) - 1 }
      return [...before, { type: 'response.output_text.annotation.added', ...place, annotation }]
    },
    reason(delta) {
      const before = reasoning === undefined ? [...endMessage('completed'), ...beginReasoning()] : []
      if (reasoning === undefined) return before
      const place = { item_id: reasoning.itemId, output_index: reasoning.index, summary_index: 0 }
      const part = { type: 'summary_text', text: '' }
      const begun: readonly StreamPart[] =
        reasoning.text === '' ? [{ type: 'response.reasoning_summary_part.added', ...place, part }] : []
      reasoning.text += delta
      return [...before, ...begun, { type: 'response.reasoning_summary_text.delta', ...place, delta }]
    },
    endReasoning,
    call(index, { id, name }) {
      const before = [...endOpenReasoning(), ...endMessage('completed')]
      const call: CallItem = { index: count++, itemId: ids.next('fc_'), id, name, written: '' }
      calls.set(index, call)
      const item = encodeCall({ id, name, arguments: '' }, { id: call.itemId, status: 'in_progress' })
      return [...before, { type: 'response.output_item.added', output_index: call.index, item }]
    },
    argue(index, delta) {
      const call = calls.get(index)
      if (call === undefined) return []
      call.written += delta
      const place = { item_id: call.itemId, output_index: call.index }
      return [{ type: 'response.function_call_arguments.delta', ...place, delta }]
    },
    endCall: (index) => endCall(index, 'completed'),
    endAll(isComplete) {
      const status = isComplete ? 'completed' : 'incomplete'
      const open = [...calls.keys()].flatMap((index) => endCall(index, status))
      return [...endOpenReasoning(), ...endMessage(status), ...open]
    },
    output: () => done.filter((item) => item !== undefined),
  }
}

function placeOf(message: MessageItem): JsonObject {
  return { item_id: message.itemId, output_index: message.index, content_index: message.content.length }
}
