import type { AnswerEvent, Citation } from '../../../core/chat.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { AnswerMeta } from '../dialect.ts'
import { createItemIds, encodeCall, toReasoningItem, toTextPart } from './encode-answer.ts'
import { madeHere } from './proofs.ts'
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
  open: OpenPart | undefined
}

interface OpenPart {
  readonly type: 'output_text' | 'refusal'
  text: string
  readonly annotations: JsonObject[]
}

interface ReasoningItem {
  readonly index: number
  readonly itemId: string
  text: string
}

type Proof = Pick<Extract<AnswerEvent, { readonly type: 'reasoning-end' }>, 'signature' | 'redacted'>

/** Builds the output items of a streamed response and the events that tell of them. */
export interface ItemWriter {
  text(type: 'output_text' | 'refusal', delta: string): readonly StreamPart[]
  cite(citation: Citation): readonly StreamPart[]
  reason(delta: string): readonly StreamPart[]
  endReasoning(proof: Proof): readonly StreamPart[]
  call(index: number, call: { readonly id: string; readonly name: string }): readonly StreamPart[]
  argue(index: number, delta: string): readonly StreamPart[]
  endCall(index: number): readonly StreamPart[]
  /** Ends what is under way, as cut short when `isComplete` is false. */
  endAll(isComplete: boolean): readonly StreamPart[]
  /** The items so far, in order. */
  output(): readonly JsonObject[]
}

export function createItemWriter(meta: AnswerMeta): ItemWriter {
  return new OrderedItemWriter(meta)
}

/** One message or one reasoning at a time; calls may be under way together. */
class OrderedItemWriter implements ItemWriter {
  readonly #ids: ReturnType<typeof createItemIds>
  readonly #done: JsonObject[] = []
  readonly #calls = new Map<number, CallItem>()
  #count = 0
  #message: MessageItem | undefined
  #reasoning: ReasoningItem | undefined

  constructor(meta: AnswerMeta) {
    this.#ids = createItemIds(meta)
  }

  text(type: 'output_text' | 'refusal', delta: string): readonly StreamPart[] {
    const { before, message, open } = this.#openPart(type)
    open.text += delta
    const place = placeOf(message)
    return type === 'output_text'
      ? [...before, { type: 'response.output_text.delta', ...place, delta, logprobs: [] }]
      : [...before, { type: 'response.refusal.delta', ...place, delta }]
  }

  cite(citation: Citation): readonly StreamPart[] {
    const { before, message, open } = this.#openPart('output_text')
    const annotation = encodeCitation(citation, open.text.length)
    const place = { ...placeOf(message), annotation_index: open.annotations.push(annotation) - 1 }
    return [...before, { type: 'response.output_text.annotation.added', ...place, annotation }]
  }

  reason(delta: string): readonly StreamPart[] {
    const { before, reasoning } = this.#openReasoning()
    const place = { item_id: reasoning.itemId, output_index: reasoning.index, summary_index: 0 }
    const part = { type: 'summary_text', text: '' }
    const begun: readonly StreamPart[] =
      reasoning.text === '' ? [{ type: 'response.reasoning_summary_part.added', ...place, part }] : []
    reasoning.text += delta
    return [...before, ...begun, { type: 'response.reasoning_summary_text.delta', ...place, delta }]
  }

  endReasoning(proof: Proof): readonly StreamPart[] {
    const { before, reasoning } = this.#openReasoning()
    this.#reasoning = undefined
    const { itemId, index, text } = reasoning
    const place = { item_id: itemId, output_index: index, summary_index: 0 }
    const told: readonly StreamPart[] =
      text === ''
        ? []
        : [
            { type: 'response.reasoning_summary_text.done', ...place, text },
            { type: 'response.reasoning_summary_part.done', ...place, part: { type: 'summary_text', text } },
          ]
    return [...before, ...told, this.#finish(index, toReasoningItem({ text, ...proof }, itemId))]
  }

  call(index: number, call: { readonly id: string; readonly name: string }): readonly StreamPart[] {
    const { id, name } = call
    const before = [...this.#endOpenReasoning(), ...this.#endMessage('completed')]
    const item: CallItem = { index: this.#count++, itemId: this.#ids.next('fc_'), id, name, written: '' }
    this.#calls.set(index, item)
    const added = encodeCall({ id, name, arguments: '' }, { id: item.itemId, status: 'in_progress' })
    return [...before, { type: 'response.output_item.added', output_index: item.index, item: added }]
  }

  argue(index: number, delta: string): readonly StreamPart[] {
    const call = this.#calls.get(index)
    if (call === undefined) return []
    call.written += delta
    const place = { item_id: call.itemId, output_index: call.index }
    return [{ type: 'response.function_call_arguments.delta', ...place, delta }]
  }

  endCall(index: number): readonly StreamPart[] {
    return this.#endCall(index, 'completed')
  }

  endAll(isComplete: boolean): readonly StreamPart[] {
    const status = isComplete ? 'completed' : 'incomplete'
    const calls = [...this.#calls.keys()].flatMap((index) => this.#endCall(index, status))
    return [...this.#endOpenReasoning(), ...this.#endMessage(status), ...calls]
  }

  output(): readonly JsonObject[] {
    return this.#done.filter((item) => item !== undefined)
  }

  /** The message's part of that type, begun when it is not under way. */
  #openPart(type: 'output_text' | 'refusal'): {
    readonly before: readonly StreamPart[]
    readonly message: MessageItem
    readonly open: OpenPart
  } {
    const before: StreamPart[] = [...this.#endOpenReasoning()]
    let message = this.#message
    if (message === undefined) {
      const itemId = this.#ids.next('msg_')
      message = { index: this.#count++, itemId, content: [], open: undefined }
      this.#message = message
      const item = { id: itemId, type: 'message', role: 'assistant', status: 'in_progress', content: [] }
      before.push({ type: 'response.output_item.added', output_index: message.index, item })
    }
    if (message.open?.type === type) return { before, message, open: message.open }
    before.push(...endPart(message))
    const open: OpenPart = { type, text: '', annotations: [] }
    message.open = open
    const part = type === 'output_text' ? toTextPart('', []) : { type, refusal: '' }
    before.push({ type: 'response.content_part.added', ...placeOf(message), part })
    return { before, message, open }
  }

  #openReasoning(): { readonly before: readonly StreamPart[]; readonly reasoning: ReasoningItem } {
    if (this.#reasoning !== undefined) return { before: [], reasoning: this.#reasoning }
    const before = this.#endMessage('completed')
    const reasoning: ReasoningItem = { index: this.#count++, itemId: this.#ids.next(madeHere), text: '' }
    this.#reasoning = reasoning
    const item = { id: reasoning.itemId, type: 'reasoning', summary: [] }
    const added = { type: 'response.output_item.added', output_index: reasoning.index, item }
    return { before: [...before, added], reasoning }
  }

  #endOpenReasoning(): readonly StreamPart[] {
    if (this.#reasoning === undefined) return []
    return this.endReasoning({ signature: undefined, redacted: undefined })
  }

  #endMessage(status: string): readonly StreamPart[] {
    const message = this.#message
    if (message === undefined) return []
    this.#message = undefined
    const parts = endPart(message)
    const item = { id: message.itemId, type: 'message', role: 'assistant', status, content: message.content }
    return [...parts, this.#finish(message.index, item)]
  }

  #endCall(index: number, status: string): readonly StreamPart[] {
    const call = this.#calls.get(index)
    if (call === undefined) return []
    this.#calls.delete(index)
    const { id, name, written, itemId } = call
    const place = { item_id: itemId, output_index: call.index }
    return [
      { type: 'response.function_call_arguments.done', ...place, name, arguments: written },
      this.#finish(call.index, encodeCall({ id, name, arguments: written }, { id: itemId, status })),
    ]
  }

  #finish(index: number, item: JsonObject): StreamPart {
    this.#done[index] = item
    return { type: 'response.output_item.done', output_index: index, item }
  }
}

/** Ends the part under way, if any. */
function endPart(message: MessageItem): readonly StreamPart[] {
  const { open } = message
  if (open === undefined) return []
  const place = placeOf(message)
  const isText = open.type === 'output_text'
  const part = isText ? toTextPart(open.text, open.annotations) : { type: 'refusal', refusal: open.text }
  message.content.push(part)
  message.open = undefined
  const told: StreamPart = isText
    ? { type: 'response.output_text.done', ...place, text: open.text, logprobs: [] }
    : { type: 'response.refusal.done', ...place, refusal: open.text }
  return [told, { type: 'response.content_part.done', ...place, part }]
}

function placeOf(message: MessageItem): JsonObject {
  return { item_id: message.itemId, output_index: message.index, content_index: message.content.length }
}
