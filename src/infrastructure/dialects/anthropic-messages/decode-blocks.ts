import type { MediaSource, Message, Part } from '../../../core/chat.ts'
import type { JsonValue } from '../../../core/json.ts'
import {
  type AnnouncedCalls,
  emptySeal,
  invalid,
  isSealed,
  type Located,
  pathOf,
  readBoolean,
  readObject,
  readObjects,
  readString,
  readValue,
  requireObject,
  requireString,
  sealSignature,
  unsupported,
} from '../shared/index.ts'

/** One message of the client as messages of the normal form: each tool result is one of its own, in the order given. */
export function decodeMessage(message: Located, calls: AnnouncedCalls): readonly Message[] {
  const role = message.object['role']
  switch (role) {
    case 'system':
      return [{ role, parts: decodeTexts(message, 'content') }]
    case 'assistant':
      return [{ role, parts: decodeContent(message, (block) => decodeAssistantBlock(block, calls)) }]
    case 'user':
      return splitResults(decodeContent(message, (block) => decodeUserBlock(block, calls)))
    default:
      throw invalid(pathOf(message, 'role'), 'one of user, assistant, system')
  }
}

function splitResults(parts: readonly Part[]): readonly Message[] {
  const messages: { role: 'user' | 'tool'; parts: Part[] }[] = []
  for (const part of parts) {
    const last = messages.at(-1)
    if (part.type === 'tool-result') messages.push({ role: 'tool', parts: [part] })
    else if (last?.role === 'user') last.parts.push(part)
    else messages.push({ role: 'user', parts: [part] })
  }
  return messages.length === 0 ? [{ role: 'user', parts: [] }] : messages
}

function decodeContent(message: Located, decode: (block: Located) => Part): readonly Part[] {
  const content = readValue(message, 'content')
  if (content === undefined) throw invalid(pathOf(message, 'content'), 'a string or an array of blocks')
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return readObjects(message, 'content').map(decode)
}

/** A string or an array of text blocks. */
export function decodeTexts(place: Located, key: string): readonly Part[] {
  const content = readValue(place, key)
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return readObjects(place, key).map((block) => {
    const type = requireString(block, 'type')
    if (type !== 'text') throw unsupported(pathOf(block, 'type'), 'of a block is not text')
    return decodeText(block)
  })
}

function decodeText(block: Located): Part {
  const text = readString(block, 'text')
  if (text === undefined) throw invalid(pathOf(block, 'text'), 'a string')
  return { type: 'text', text, ...cacheControlOf(block) }
}

function cacheControlOf(block: Located): { readonly cacheControl?: JsonValue } {
  const cacheControl = readValue(block, 'cache_control')
  return cacheControl === undefined ? {} : { cacheControl }
}

function decodeUserBlock(block: Located, calls: AnnouncedCalls): Part {
  const type = requireString(block, 'type')
  if (type !== 'tool_result') return decodePlainBlock(block, type)
  const callId = requireString(block, 'tool_use_id')
  calls.require(callId, pathOf(block, 'tool_use_id'))
  return {
    type: 'tool-result',
    callId,
    parts: readValue(block, 'content') === undefined ? [] : decodeContent(block, decodeResultBlock),
    isError: readBoolean(block, 'is_error') ?? false,
    ...cacheControlOf(block),
  }
}

function decodeResultBlock(block: Located): Part {
  return decodePlainBlock(block, requireString(block, 'type'))
}

function decodePlainBlock(block: Located, type: string): Part {
  switch (type) {
    case 'text':
      return decodeText(block)
    case 'image':
      return { type, source: decodeSource(block), detail: undefined, ...cacheControlOf(block) }
    case 'document':
      return decodeDocument(block)
    default:
      throw unsupported(
        pathOf(block, 'type'),
        `${type} works only with a model that is one endpoint speaking anthropic-messages`,
      )
  }
}

function decodeDocument(block: Located): Part {
  const citations = readObject(block, 'citations')
  if (citations !== undefined && readBoolean(citations, 'enabled') === true) {
    throw unsupported(
      pathOf(block, 'citations'),
      'works only with a model that is one endpoint speaking anthropic-messages',
    )
  }
  const name = readString(block, 'title')
  return { type: 'file', source: decodeSource(block), name, ...cacheControlOf(block) }
}

function decodeSource(block: Located): MediaSource {
  const source = requireObject(block, 'source')
  const type = requireString(source, 'type')
  switch (type) {
    case 'base64':
      return { type, mediaType: requireString(source, 'media_type'), data: requireString(source, 'data') }
    case 'url':
      return { type, url: requireString(source, 'url') }
    case 'file':
      return { type: 'id', id: requireString(source, 'file_id') }
    case 'text':
      return {
        type: 'base64',
        mediaType: 'text/plain',
        data: Buffer.from(requireString(source, 'data')).toString('base64'),
      }
    default:
      throw unsupported(pathOf(source, 'type'), 'is not one of base64, url, file, text')
  }
}

function decodeAssistantBlock(block: Located, calls: AnnouncedCalls): Part {
  const type = requireString(block, 'type')
  switch (type) {
    case 'text':
      return decodeText(block)
    case 'thinking': {
      const signature = readString(block, 'signature') ?? ''
      const text = readString(block, 'thinking') ?? ''
      return { type: 'reasoning', text, signature: seal(signature), redacted: false }
    }
    case 'redacted_thinking':
      return { type: 'reasoning', text: '', signature: seal(requireString(block, 'data')), redacted: true }
    case 'tool_use': {
      const id = requireString(block, 'id')
      calls.announce(id)
      const input = requireObject(block, 'input').object
      return { type: 'tool-call', id, name: requireString(block, 'name'), arguments: JSON.stringify(input) }
    }
    default:
      throw unsupported(
        pathOf(block, 'type'),
        `${type} works only with a model that is one endpoint speaking anthropic-messages`,
      )
  }
}

/** What comes back without a seal was relayed from Anthropic as it was. */
function seal(signature: string): string | undefined {
  if (signature === '' || signature === emptySeal) return undefined
  return isSealed(signature) ? signature : sealSignature('anthropic-messages', signature)
}
