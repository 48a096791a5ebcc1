import type { MediaSource, Part } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import { openCallId, openSignature, unsupported } from '../shared/index.ts'

/** Parts as content blocks. `path` names the message for refusals. */
export function encodeBlocks(parts: readonly Part[], path: string): readonly JsonObject[] {
  return parts.filter((part) => !isBlank(part)).flatMap((part) => encodePart(part, path))
}

/** Anthropic refuses a text block that is empty or only white. */
export function isBlank(part: Part): boolean {
  return (part.type === 'text' || part.type === 'refusal') && part.text.trim() === ''
}

export function encodeText(part: Extract<Part, { readonly type: 'text' }>): JsonObject {
  return { type: 'text', text: part.text, cache_control: part.cacheControl }
}

function encodePart(part: Part, path: string): readonly JsonObject[] {
  switch (part.type) {
    case 'text':
      return [encodeText(part)]
    case 'refusal':
      return [{ type: 'text', text: part.text }]
    case 'image':
      return [{ type: 'image', source: encodeSource(part.source, path), cache_control: part.cacheControl }]
    case 'file':
      return [encodeFile(part, path)]
    case 'audio':
      throw unsupported(path, 'holds audio, which anthropic-messages cannot say')
    case 'reasoning':
      return encodeReasoning(part)
    case 'tool-call': {
      const input = toInput(part.arguments, path)
      return [{ type: 'tool_use', id: toCallId(part.id), name: part.name, input }]
    }
    case 'tool-result': {
      const content = encodeBlocks(part.parts, path)
      const [first] = content
      const isPlain = content.length === 1 && first?.['type'] === 'text' && first['cache_control'] === undefined
      return [
        {
          type: 'tool_result',
          tool_use_id: toCallId(part.callId),
          content: content.length === 0 ? undefined : isPlain ? first['text'] : content,
          is_error: part.isError ? true : undefined,
          cache_control: part.cacheControl,
        },
      ]
    }
  }
}

/** Reasoning goes back only to the vendor that signed it; text and signature both, or nothing. */
function encodeReasoning(part: Extract<Part, { readonly type: 'reasoning' }>): readonly JsonObject[] {
  const signature = openSignature('anthropic-messages', part.signature)
  if (signature === undefined) return []
  if (part.redacted) return [{ type: 'redacted_thinking', data: signature }]
  return [{ type: 'thinking', thinking: part.text, signature }]
}

function encodeSource(source: MediaSource, path: string): JsonObject {
  switch (source.type) {
    case 'url':
      if (source.url.startsWith('data:')) throw unsupported(path, 'holds a data URL that is not base64')
      return { type: 'url', url: source.url }
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data }
    case 'id':
      return { type: 'file', file_id: source.id }
  }
}

/** Documents are PDF or plain text. */
function encodeFile(part: Extract<Part, { readonly type: 'file' }>, path: string): JsonObject {
  const { source } = part
  const rest = { title: part.name, cache_control: part.cacheControl }
  if (source.type === 'base64' && source.mediaType.startsWith('text/plain')) {
    const data = Buffer.from(source.data, 'base64').toString('utf8')
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data }, ...rest }
  }
  if (source.type === 'base64' && source.mediaType !== 'application/pdf') {
    throw unsupported(path, `holds a file of type ${source.mediaType}; anthropic-messages takes PDF and plain text`)
  }
  return { type: 'document', source: encodeSource(source, path), ...rest }
}

/** Anthropic takes letters, digits, underscore and dash in the id of a call. A proof in the id is another vendor's. */
function toCallId(id: string): string {
  return openCallId(id).id.replaceAll(/[^A-Za-z0-9_-]/g, '_')
}

/** A call's arguments as the object Anthropic wants; none at all are the empty object. */
function toInput(text: string, path: string): JsonObject {
  if (text.trim() === '') return {}
  try {
    const parsed: unknown = JSON.parse(text)
    if (isJsonObject(parsed)) return parsed
  } catch {
    // told below: the parser's own words quote the arguments
  }
  throw new PlatformError('INVALID_REQUEST', `${path} has a tool call whose arguments are not a JSON object`, {
    param: path,
  })
}
