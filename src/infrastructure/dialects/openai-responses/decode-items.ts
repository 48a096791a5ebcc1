import type { MediaSource, Message, Part, Role } from '../../../core/chat.ts'
import {
  type AnnouncedCalls,
  createAnnouncedCalls,
  invalid,
  isArray,
  type Located,
  pathOf,
  readObjects,
  readString,
  readValue,
  requireString,
  toMediaSource,
  unsupported,
} from '../shared/index.ts'
import { readProof } from './proofs.ts'

/**
 * `instructions` and the input items as messages. Items of the assistant that stand together (reasoning, words, calls)
 * are one message; each output of a call is one of its own.
 */
export function decodeInput(place: Located): readonly Message[] {
  const instructions = readString(place, 'instructions')
  const system: readonly Message[] =
    instructions === undefined || instructions === ''
      ? []
      : [{ role: 'system', parts: [{ type: 'text', text: instructions }] }]
  const input = readValue(place, 'input')
  if (typeof input === 'string') {
    if (input === '') throw invalid('input', 'a string that is not empty, or an array of items')
    return [...system, { role: 'user', parts: [{ type: 'text', text: input }] }]
  }
  const items = readObjects(place, 'input')
  const continues = ['previous_response_id', 'conversation', 'prompt'].some(
    (key) => readValue(place, key) !== undefined,
  )
  if (items.length === 0 && !continues) throw invalid('input', 'a string or an array of at least one item')
  const known = createAnnouncedCalls()
  // A response that goes on from a stored one may answer calls that only the vendor knows.
  const calls: AnnouncedCalls = continues ? { ...known, require: () => undefined } : known
  const messages: { role: Role; parts: Part[] }[] = []
  for (const item of items) {
    const { role, parts } = decodeItem(item, calls)
    const last = messages.at(-1)
    if (role === 'assistant' && last?.role === 'assistant') last.parts.push(...parts)
    else messages.push({ role, parts: [...parts] })
  }
  return [...system, ...messages]
}

function decodeItem(item: Located, calls: AnnouncedCalls): Message {
  const type = readString(item, 'type') ?? 'message'
  switch (type) {
    case 'message':
      return decodeMessage(item)
    case 'function_call': {
      const id = requireString(item, 'call_id')
      calls.announce(id)
      const name = requireString(item, 'name')
      const written = readString(item, 'arguments') ?? '{}'
      return { role: 'assistant', parts: [{ type: 'tool-call', id, name, arguments: written }] }
    }
    case 'function_call_output': {
      const callId = requireString(item, 'call_id')
      calls.require(callId, pathOf(item, 'call_id'))
      const parts = decodeContent(item, 'output')
      return { role: 'tool', parts: [{ type: 'tool-result', callId, parts, isError: false }] }
    }
    case 'reasoning':
      return { role: 'assistant', parts: [decodeReasoning(item)] }
    case 'item_reference':
      // Vercel's client sends these unless it is told `store: false`.
      throw unsupported(
        pathOf(item, 'type'),
        'item_reference names what only the vendor holds; send the item itself (clients: store: false)',
      )
    default:
      throw unsupported(
        pathOf(item, 'type'),
        `${type} works only with a model that is one endpoint speaking openai-responses`,
      )
  }
}

function decodeMessage(item: Located): Message {
  const role = item.object['role']
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', parts: decodeContent(item, 'content') }
    case 'user':
    case 'assistant':
      return { role, parts: decodeContent(item, 'content') }
    default:
      throw invalid(pathOf(item, 'role'), 'one of user, assistant, system, developer')
  }
}

function decodeContent(item: Located, key: string): readonly Part[] {
  const content = readValue(item, key)
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  if (!isArray(content)) throw invalid(pathOf(item, key), 'a string or an array of parts')
  return readObjects(item, key).map(decodePart)
}

function decodePart(part: Located): Part {
  const type = requireString(part, 'type')
  switch (type) {
    case 'input_text':
    case 'output_text': {
      const text = readString(part, 'text')
      if (text === undefined) throw invalid(pathOf(part, 'text'), 'a string')
      return { type: 'text', text }
    }
    case 'refusal':
      return { type, text: requireString(part, 'refusal') }
    case 'input_image': {
      const detail = readString(part, 'detail')
      const id = readString(part, 'file_id')
      const source: MediaSource =
        id === undefined ? toMediaSource(requireString(part, 'image_url')) : { type: 'id', id }
      return { type: 'image', source, detail: detail === 'auto' ? undefined : detail }
    }
    case 'input_file':
      return { type: 'file', source: decodeFileSource(part), name: readString(part, 'filename') }
    default:
      throw unsupported(pathOf(part, 'type'), 'is not one of input_text, input_image, input_file, output_text, refusal')
  }
}

function decodeFileSource(part: Located): MediaSource {
  const id = readString(part, 'file_id')
  if (id !== undefined) return { type: 'id', id }
  const url = readString(part, 'file_url')
  if (url !== undefined) return { type: 'url', url }
  const source = toMediaSource(requireString(part, 'file_data'))
  if (source.type !== 'base64') throw invalid(pathOf(part, 'file_data'), 'a base64 data URL')
  return source
}

function decodeReasoning(item: Located): Part {
  const parts = [...readObjects(item, 'content'), ...readObjects(item, 'summary')]
  const text = parts.map((part) => readString(part, 'text') ?? '').join('\n\n')
  return { type: 'reasoning', text, ...readProof(item.object) }
}
