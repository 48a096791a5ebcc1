import type { Chat, Message, Part } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { JsonObject, JsonValue } from '../../../core/json.ts'

/** A chat whose every text has gone through `mask`. Throws PERSONAL_DATA_REFUSED for a part that cannot be read. */
export function maskChat(chat: Chat, mask: (text: string) => string): Chat {
  return {
    ...chat,
    messages: chat.messages.map((message, index) => maskMessage(message, mask, `messages[${index}]`)),
    tools: chat.tools.map((tool) => ({
      ...tool,
      description: tool.description === undefined ? undefined : mask(tool.description),
      parameters: maskObject(tool.parameters, mask),
    })),
    stop: chat.stop.map(mask),
    user: chat.user === undefined ? undefined : mask(chat.user),
    extra: chat.extra === undefined ? undefined : { ...chat.extra, fields: maskObject(chat.extra.fields, mask) },
  }
}

/** Every text of a chat, in the order of the chat. Parts that cannot be read are counted, not refused. */
export function readTexts(chat: Chat): { readonly texts: readonly string[]; readonly unreadable: number } {
  const texts: string[] = []
  const keep = (text: string): string => {
    texts.push(text)
    return text
  }
  const readable = chat.messages.map((message) => ({ ...message, parts: message.parts.filter(isReadable) }))
  maskChat({ ...chat, messages: readable }, keep)
  const unreadable = chat.messages.flatMap(({ parts }) => parts).filter((part) => !isReadable(part)).length
  return { texts, unreadable }
}

function isReadable(part: Part): boolean {
  if (part.type === 'tool-result') return part.parts.every(isReadable)
  return part.type !== 'image' && part.type !== 'audio' && part.type !== 'file'
}

function maskMessage(message: Message, mask: (text: string) => string, place: string): Message {
  return { ...message, parts: message.parts.map((part, index) => maskPart(part, mask, `${place}.content[${index}]`)) }
}

function maskPart(part: Part, mask: (text: string) => string, place: string): Part {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      return { ...part, text: mask(part.text) }
    case 'tool-call':
      return { ...part, arguments: maskJsonText(part.arguments, mask) }
    case 'tool-result':
      return { ...part, parts: part.parts.map((each, index) => maskPart(each, mask, `${place}.content[${index}]`)) }
    case 'image':
    case 'audio':
    case 'file':
      throw new PlatformError(
        'PERSONAL_DATA_REFUSED',
        `${place} is of type ${part.type}: personal data in it could not be masked`,
        { param: place, details: { sent: false } },
      )
  }
}

/** Texts in JSON are masked as they read, not as they are escaped. Names of members stay: they are the tool's, not a person's. */
function maskJsonText(text: string, mask: (text: string) => string): string {
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue // what JSON.parse gives is JSON
  } catch {
    return mask(text)
  }
  const masked = maskValue(value, mask)
  return JSON.stringify(masked) === JSON.stringify(value) ? text : JSON.stringify(masked)
}

function maskObject(object: JsonObject, mask: (text: string) => string): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, value === undefined ? undefined : maskValue(value, mask)]),
  )
}

function maskValue(value: JsonValue, mask: (text: string) => string): JsonValue {
  if (typeof value === 'string') return mask(value)
  if (typeof value === 'number') return maskNumber(value, mask)
  if (typeof value !== 'object' || value === null) return value
  return isList(value) ? value.map((each) => maskValue(each, mask)) : maskObject(value, mask)
}

/** A number may be somebody's telephone; where it is, it becomes a text. */
function maskNumber(value: number, mask: (text: string) => string): JsonValue {
  const text = String(value)
  const masked = mask(text)
  return masked === text ? value : masked
}

function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value)
}
