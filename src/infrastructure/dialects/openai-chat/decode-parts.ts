import type { Part } from '../../../core/chat.ts'
import {
  type AnnouncedCalls,
  invalid,
  type Located,
  pathOf,
  readArray,
  readObjects,
  readString,
  readValue,
  requireObject,
  requireString,
  toMediaSource,
  unsupported,
} from '../shared/index.ts'

/** The content of a message: a string, an array of parts, or nothing. */
export function decodeParts(
  message: Located,
  key: string,
  role: 'system' | 'user' | 'assistant' | 'tool',
): readonly Part[] {
  const content = readValue(message, key)
  if (content === undefined) {
    if (role === 'assistant') return []
    throw invalid(pathOf(message, key), 'a string or an array of parts')
  }
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  readArray(message, key)
  return readObjects(message, key).map((part) => decodePart(part, role))
}

function decodePart(part: Located, role: string): Part {
  const type = requireString(part, 'type')
  if (type === 'text') return decodeText(part)
  if (type === 'refusal' && role === 'assistant') return { type, text: requireString(part, 'refusal') }
  if (role === 'user') {
    const media = decodeMedia(part, type)
    if (media !== undefined) return media
  }
  const words = role === 'user' ? 'one of text, image_url, input_audio, file' : 'text'
  throw unsupported(pathOf(part, 'type'), `of a part is not ${words}`)
}

function decodeText(part: Located): Part {
  const text = readString(part, 'text')
  if (text === undefined) throw invalid(pathOf(part, 'text'), 'a string')
  const cacheControl = readValue(part, 'cache_control')
  return cacheControl === undefined ? { type: 'text', text } : { type: 'text', text, cacheControl }
}

function decodeMedia(part: Located, type: string): Part | undefined {
  if (type === 'image_url') {
    const image = requireObject(part, 'image_url')
    return { type: 'image', source: toMediaSource(requireString(image, 'url')), detail: readString(image, 'detail') }
  }
  if (type === 'input_audio') {
    const audio = requireObject(part, 'input_audio')
    const format = requireString(audio, 'format')
    return {
      type: 'audio',
      source: { type: 'base64', mediaType: toAudioType(format), data: requireString(audio, 'data') },
    }
  }
  if (type !== 'file') return undefined
  const file = requireObject(part, 'file')
  const name = readString(file, 'filename')
  const id = readString(file, 'file_id')
  if (id !== undefined) return { type: 'file', source: { type: 'id', id }, name }
  const source = toMediaSource(requireString(file, 'file_data'))
  if (source.type !== 'base64') throw invalid(pathOf(file, 'file_data'), 'a base64 data URL')
  return { type: 'file', source, name }
}

/** The media type of one of OpenAI's words for an audio format. */
function toAudioType(format: string): string {
  return format === 'mp3' ? 'audio/mpeg' : `audio/${format}`
}

/** The tool calls of an assistant message; each is announced for the results that follow. */
export function decodeToolCalls(message: Located, calls: AnnouncedCalls): readonly Part[] {
  return readObjects(message, 'tool_calls').map((call) => {
    const type = readString(call, 'type') ?? 'function'
    if (type !== 'function') throw unsupported(pathOf(call, 'type'), 'other than function is not supported')
    const id = requireString(call, 'id')
    const named = requireObject(call, 'function')
    calls.announce(id)
    return {
      type: 'tool-call',
      id,
      name: requireString(named, 'name'),
      arguments: readString(named, 'arguments') ?? '{}',
    }
  })
}
