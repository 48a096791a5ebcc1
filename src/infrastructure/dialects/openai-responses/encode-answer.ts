import type { CompleteAnswer } from '../../../core/answer.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { AnswerMeta } from '../dialect.ts'
import { toDialectId } from '../shared/index.ts'
import { madeHere, openProof, toEncryptedContent } from './proofs.ts'
import { encodeCitation, encodeResponse, toStatus } from './response.ts'

/** A whole answer as a response. */
export function encodeAnswer(answer: CompleteAnswer, meta: AnswerMeta): JsonObject {
  const ids = createItemIds(meta)
  const end = toStatus(answer.reason, answer.refusal !== undefined)
  const status = end.status === 'incomplete' ? 'incomplete' : 'completed'
  const output = [
    ...answer.reasoning.map((part) => encodeReasoning(part, ids.next(madeHere))),
    ...encodeMessage(answer, { id: ids.next('msg_'), status }),
    ...answer.toolCalls.map((call) => encodeCall(call, { id: ids.next('fc_'), status: 'completed' })),
  ]
  return encodeResponse(meta, { ...end, output, usage: answer.usage, error: null })
}

/** Ids of the items of one response: the call's own, numbered. */
export function createItemIds(meta: AnswerMeta): { next(prefix: string): string } {
  let count = 0
  return { next: (prefix) => `${toDialectId(prefix, meta.callId)}_${count++}` }
}

/** Reasoning of this dialect under the vendor's own id; other vendors' under one made here. */
function encodeReasoning(part: CompleteAnswer['reasoning'][number], madeId: string): JsonObject {
  const own = openProof(part.signature)
  if (own === undefined) return toReasoningItem(part, madeId)
  const encrypted = own.encrypted === '' ? null : own.encrypted
  return { type: 'reasoning', id: own.id, encrypted_content: encrypted, summary: toSummary(part.text) }
}

/** Reasoning under an id made here. In a stream all is, since the vendor's id comes when ours is already told. */
export function toReasoningItem(part: CompleteAnswer['reasoning'][number], madeId: string): JsonObject {
  return { type: 'reasoning', id: madeId, encrypted_content: toEncryptedContent(part), summary: toSummary(part.text) }
}

function toSummary(text: string): readonly JsonObject[] {
  return text === '' ? [] : [{ type: 'summary_text', text }]
}

interface ItemHead {
  readonly id: string
  readonly status: string
}

function encodeMessage(answer: CompleteAnswer, head: ItemHead): readonly JsonObject[] {
  const { text, refusal, citations } = answer
  if (text === '' && refusal === undefined && answer.toolCalls.length > 0) return []
  const annotations = citations.map((citation) => encodeCitation(citation, text.length))
  const words = text === '' && refusal !== undefined ? [] : [toTextPart(text, annotations)]
  const refused = refusal === undefined ? [] : [{ type: 'refusal', refusal }]
  return [{ ...head, type: 'message', role: 'assistant', content: [...words, ...refused] }]
}

export function toTextPart(text: string, annotations: readonly JsonObject[]): JsonObject {
  return { type: 'output_text', text, annotations, logprobs: [] }
}

export function encodeCall(call: CompleteAnswer['toolCalls'][number], head: ItemHead): JsonObject {
  return { ...head, type: 'function_call', call_id: call.id, name: call.name, arguments: call.arguments }
}
