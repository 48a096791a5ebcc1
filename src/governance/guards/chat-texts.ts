import type { GuardPlace } from '../../config/index.ts'
import type { Chat, Message, Part } from '../../core/chat.ts'

/** One text of a chat. */
export interface PlacedText {
  readonly place: GuardPlace
  readonly text: string
  /** It belongs to what is new since the model last spoke. */
  readonly isNew: boolean
}

/** Every text of a chat that can be read, in the order of the chat. Pictures, sound and files are not seen. */
export function listTexts(chat: Chat): readonly PlacedText[] {
  const texts: PlacedText[] = []
  const lastSaid = chat.messages.findLastIndex(({ role }) => role === 'assistant')
  let turn = -1
  mapMessages(chat, (place, text, index) => {
    turn = index
    texts.push({ place, text, isNew: turn > lastSaid || place === 'system' })
    return text
  })
  return texts
}

/** The same chat with these texts, in the order of `listTexts`. */
export function replaceTexts(chat: Chat, texts: readonly string[]): Chat {
  let next = 0
  return mapMessages(chat, (_place, text) => texts[next++] ?? text)
}

type MapText = (place: GuardPlace, text: string, turn: number) => string

function mapMessages(chat: Chat, map: MapText): Chat {
  const messages = chat.messages.map((message, turn) => mapMessage(message, map, turn))
  const tools = chat.tools.map((tool) =>
    tool.description === undefined ? tool : { ...tool, description: map('system', tool.description, 0) },
  )
  return { ...chat, messages, tools }
}

function mapMessage(message: Message, map: MapText, turn: number): Message {
  const place: GuardPlace = message.role === 'system' ? 'system' : message.role === 'tool' ? 'tools' : 'input'
  return { ...message, parts: message.parts.map((part) => mapPart(part, place, (at, text) => map(at, text, turn))) }
}

function mapPart(part: Part, place: GuardPlace, map: (place: GuardPlace, text: string) => string): Part {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { ...part, text: map(place, part.text) }
    case 'tool-call':
      return { ...part, arguments: map(place, part.arguments) }
    case 'tool-result':
      return { ...part, parts: part.parts.map((each) => mapPart(each, 'tools', map)) }
    // Reasoning carries a signature over its text; it was the model's, and is looked at when it comes.
    case 'reasoning':
    case 'image':
    case 'audio':
    case 'file':
      return part
  }
}
