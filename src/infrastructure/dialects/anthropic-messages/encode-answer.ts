import type { CompleteAnswer } from '../../../core/answer.ts'
import type { Citation } from '../../../core/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { AnswerMeta } from '../dialect.ts'
import { emptySeal, openSignature, toDialectId } from '../shared/index.ts'
import { toStopWord } from './stop-reason.ts'
import { encodeUsage } from './usage.ts'

/** A whole answer as a message. A refusal in words is a text block, as Anthropic's own are. */
export function encodeAnswer(answer: CompleteAnswer, meta: AnswerMeta): JsonObject {
  const written = measure(answer)
  const text = answer.text + (answer.refusal ?? '')
  const documents: string[] = []
  const citations = answer.citations.map((citation) => encodeCitation(citation, documents))
  return {
    ...encodeHead(meta),
    content: [
      ...answer.reasoning.flatMap(encodeReasoning),
      ...(text === '' ? [] : [{ type: 'text', text, citations: citations.length === 0 ? null : citations }]),
      ...answer.toolCalls.map((call) => ({
        type: 'tool_use',
        id: call.id,
        name: call.name,
        input: toInput(call.arguments),
        caller: { type: 'direct' },
      })),
    ],
    stop_reason: toStopWord(answer.reason, answer.stopSequence),
    stop_sequence: answer.stopSequence ?? null,
    usage: encodeUsage({ usage: answer.usage, body: meta.body, written }),
  }
}

export function encodeHead(meta: AnswerMeta): JsonObject {
  return { id: toDialectId('msg_', meta.callId), type: 'message', role: 'assistant', model: meta.model }
}

/** Reasoning without text and without a proof of ours would say nothing to the client. */
function encodeReasoning(part: CompleteAnswer['reasoning'][number]): readonly JsonObject[] {
  if (part.redacted !== undefined) return [{ type: 'redacted_thinking', data: toOwnSignature(part.redacted) }]
  if (part.text === '' && part.signature === undefined) return []
  return [{ type: 'thinking', thinking: part.text, signature: toOwnSignature(part.signature) }]
}

/** Anthropic's own proof as it was; another vendor's with its seal, so that it finds its way back; else the empty seal. */
export function toOwnSignature(sealed: string | undefined): string {
  return openSignature('anthropic-messages', sealed) ?? sealed ?? emptySeal
}

/** Anthropic's citation of characters in a document; `documents` numbers the documents in order of first citation. */
export function encodeCitation(citation: Citation, documents: string[]): JsonObject {
  const key = `${citation.collection}/${citation.document}`
  let index = documents.indexOf(key)
  if (index === -1) index = documents.push(key) - 1
  return {
    type: 'char_location',
    cited_text: citation.text,
    document_index: index,
    document_title: citation.source,
    start_char_index: citation.start,
    end_char_index: citation.end,
    file_id: null,
  }
}

/** A model may write arguments that are no JSON; the client then sees what was written under one key. */
function toInput(text: string): JsonValue {
  try {
    const parsed: unknown = JSON.parse(text)
    if (isJsonObject(parsed)) return parsed
  } catch {
    // not JSON: handed on as it is
  }
  return text.trim() === '' ? {} : { raw: text }
}

function measure(answer: CompleteAnswer): { readonly units: number; readonly wide: number } {
  let units = 0
  let wide = 0
  const add = (text: string): void => {
    units += text.length
    wide += countWide(text)
  }
  add(answer.text)
  add(answer.refusal ?? '')
  for (const part of answer.reasoning) add(part.text)
  for (const call of answer.toolCalls) add(call.name + call.arguments)
  return { units, wide }
}

/** Units of scripts above U+3000. */
export function countWide(text: string): number {
  let wide = 0
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= 0x3000) wide++
  return wide
}
