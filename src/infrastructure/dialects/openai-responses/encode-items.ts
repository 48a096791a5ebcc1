import type { Message, Part } from '../../../core/chat.ts'
import type { JsonObject, JsonValue } from '../../../core/json.ts'
import { openCallId, toDataUrl, unsupported } from '../shared/index.ts'
import { openProof } from './proofs.ts'

/** One message as input items; `index` is its place, for refusals. */
export function encodeItems(message: Message, index: number): readonly JsonObject[] {
  const path = `messages[${index}]`
  switch (message.role) {
    case 'system':
    case 'user':
      return [{ type: 'message', role: message.role, content: encodeContent(message.parts, path) }]
    case 'assistant':
      return message.parts.flatMap((part, position) => encodeAssistantPart(part, { path, id: `${index}_${position}` }))
    case 'tool':
      return message.parts.map((part) => {
        if (part.type !== 'tool-result') throw unsupported(path, 'of role tool can hold tool results only')
        return {
          type: 'function_call_output',
          call_id: openCallId(part.callId).id,
          output: encodeContent(part.parts, path),
        }
      })
  }
}

/** One text is a string; more is an array. */
function encodeContent(parts: readonly Part[], path: string): JsonValue {
  const [first] = parts
  if (first === undefined) return ''
  if (parts.length === 1 && first.type === 'text') return first.text
  return parts.map((part) => encodePart(part, path))
}

function encodePart(part: Part, path: string): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text }
    case 'image': {
      const { source } = part
      const detail = part.detail ?? 'auto'
      if (source.type === 'id') return { type: 'input_image', file_id: source.id, detail }
      return { type: 'input_image', image_url: source.type === 'url' ? source.url : toDataUrl(source), detail }
    }
    case 'file': {
      const { source } = part
      const rest = { type: 'input_file', filename: part.name }
      if (source.type === 'id') return { ...rest, file_id: source.id }
      return source.type === 'url' ? { ...rest, file_url: source.url } : { ...rest, file_data: toDataUrl(source) }
    }
    case 'audio':
      throw unsupported(path, 'holds audio, which openai-responses cannot say')
    case 'refusal':
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
      throw unsupported(path, `holds a ${part.type} where openai-responses has no place for one`)
  }
}

/** Reasoning goes back only to the vendor that made it. */
function encodeAssistantPart(part: Part, place: { readonly path: string; readonly id: string }): readonly JsonObject[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'message', role: 'assistant', content: part.text }]
    case 'refusal': {
      const content = [{ type: 'refusal', refusal: part.text }]
      return [{ type: 'message', id: `msg_${place.id}`, status: 'completed', role: 'assistant', content }]
    }
    case 'tool-call':
      return [{ type: 'function_call', call_id: openCallId(part.id).id, name: part.name, arguments: part.arguments }]
    case 'reasoning': {
      const proof = openProof(part.signature)
      if (proof === undefined) return []
      const summary = part.text === '' ? [] : [{ type: 'summary_text', text: part.text }]
      const encrypted = proof.encrypted === '' ? {} : { encrypted_content: proof.encrypted }
      return [{ type: 'reasoning', id: proof.id, summary, ...encrypted }]
    }
    case 'image':
    case 'audio':
    case 'file':
    case 'tool-result':
      throw unsupported(place.path, `holds a ${part.type} where openai-responses has no place for one`)
  }
}
