import type { GuardPlace } from '../../config/index.ts'
import { withChat, type Chat, type ChatRequest, type Message, type Part } from '../../core/chat.ts'
import { isJsonObject, mapJsonTexts, type JsonValue } from '../../core/json.ts'

/** One text of a request. */
export interface PlacedText {
  readonly place: GuardPlace
  readonly text: string
  /** It belongs to what is new since the model last spoke. */
  readonly isNew: boolean
}

/**
 * Every text of a request that can be read, in the order of its chat, and then the variables that fill its prompts. Pictures,
 * sound and files are not seen.
 */
export function listTexts(request: ChatRequest): readonly PlacedText[] {
  const texts: PlacedText[] = []
  const lastSaid = request.chat.messages.findLastIndex(({ role }) => role === 'assistant')
  mapTexts(request, (place, text, turn) => {
    texts.push({ place, text, isNew: turn > lastSaid || place === 'system' })
    return text
  })
  return texts
}

/** The same request with these texts, in the order of `listTexts`; the client's own bytes are none of it any more. */
export function replaceTexts(request: ChatRequest, texts: readonly string[]): ChatRequest {
  let next = 0
  const { chat, aside } = mapTexts(request, (_place, text) => texts[next++] ?? text)
  return { ...withChat(request, chat), aside }
}

type MapText = (place: GuardPlace, text: string, turn: number) => string

function mapTexts({ chat, aside }: ChatRequest, map: MapText): Pick<ChatRequest, 'chat' | 'aside'> {
  const mapped = mapMessages(chat, map)
  if (aside?.variables === undefined) return { chat: mapped, aside }
  const variables = mapJsonTexts(aside.variables, (text) => map('input', text, Infinity))
  return { chat: mapped, aside: { ...aside, variables } }
}

function mapMessages(chat: Chat, map: MapText): Chat {
  const messages = chat.messages.map((message, turn) => mapMessage(message, map, turn))
  const say = (text: string): string => map('system', text, 0)
  const tools = chat.tools.map((tool) => ({
    ...mapDescription(tool, say),
    parameters: mapSchema(tool.parameters, say),
  }))
  const format = chat.responseFormat
  if (format?.type !== 'json-schema') return { ...chat, messages, tools }
  return {
    ...chat,
    messages,
    tools,
    responseFormat: { ...mapDescription(format, say), schema: mapSchema(format.schema, say) },
  }
}

function mapDescription<T extends { readonly description: string | undefined }>(
  of: T,
  say: (text: string) => string,
): T {
  return of.description === undefined ? of : { ...of, description: say(of.description) }
}

/** A JSON Schema with what it says to whoever reads it: the other texts in it are what values have to be. */
function mapSchema<T extends JsonValue>(schema: T, say: (text: string) => string): T
function mapSchema(schema: JsonValue, say: (text: string) => string): JsonValue {
  if (Array.isArray(schema)) return schema.map((each: JsonValue) => mapSchema(each, say))
  if (!isJsonObject(schema)) return schema
  const members = Object.entries(schema).flatMap(([name, value]) => {
    if (value === undefined) return []
    const isSaid = typeof value === 'string' && (name === 'description' || name === 'title')
    return [[name, isSaid ? say(value) : mapSchema(value, say)] as const]
  })
  return Object.fromEntries(members)
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
