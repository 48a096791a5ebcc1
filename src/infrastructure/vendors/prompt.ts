import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4ToolResultPart,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider'
import type { MediaSource, Message, Part } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonValue } from '../../core/json.ts'
import { openProof, splitToolCallId, toProofOptions } from './signature.ts'
import type { VendorWays } from './ways.ts'

type ToolResultOutput = LanguageModelV4ToolResultPart['output']
type AssistantContent = Extract<LanguageModelV4Message, { role: 'assistant' }>['content']
type UserPart = Extract<LanguageModelV4Message, { role: 'user' }>['content'][number]

/** The messages of a chat as the vendors' packages take them. Throws UNSUPPORTED_PARAMETER for what they cannot carry. */
export function toPrompt(messages: readonly Message[], ways: VendorWays): LanguageModelV4Message[] {
  const writing = { ways, toolNames: new Map<string, string>() }
  return joinToolMessages(inOrder(messages, ways).flatMap((message) => writeMessage(message, writing)))
}

function inOrder(messages: readonly Message[], { isSystemFirst }: VendorWays): readonly Message[] {
  if (isSystemFirst !== true) return messages
  const isSystem = (message: Message): boolean => message.role === 'system'
  return [...messages.filter(isSystem), ...messages.filter((message) => !isSystem(message))]
}

/** Results of calls that were made together are one turn: Gemini refuses a turn that answers only some of them. */
function joinToolMessages(prompt: readonly LanguageModelV4Message[]): LanguageModelV4Message[] {
  const joined: LanguageModelV4Message[] = []
  for (const message of prompt) {
    const last = joined.at(-1)
    if (message.role !== 'tool' || last?.role !== 'tool') joined.push(message)
    else joined[joined.length - 1] = { ...last, content: [...last.content, ...message.content] }
  }
  return joined
}

/** What the parts of one prompt have in common. */
interface Writing {
  readonly ways: VendorWays
  /** Names of the tools called so far, by the ids that the client knows the calls by. */
  readonly toolNames: Map<string, string>
}

/** None for a message of which nothing is left. */
function writeMessage(message: Message, writing: Writing): readonly LanguageModelV4Message[] {
  switch (message.role) {
    case 'system': {
      const controls = message.parts.map((part) => (part.type === 'text' ? part.cacheControl : undefined))
      const control = controls.findLast((each) => each !== undefined)
      return [
        { role: 'system', content: message.parts.map(textOf).join('\n\n'), ...cacheOptions(control, writing.ways) },
      ]
    }
    case 'user':
      return [{ role: 'user', content: message.parts.map((part) => toUserPart(part, writing.ways)) }]
    case 'assistant': {
      const content = message.parts.flatMap((part) => toAssistantPart(part, writing))
      return content.length === 0 ? [] : writeAssistant(content, writing.ways)
    }
    case 'tool':
      return [{ role: 'tool', content: message.parts.map((part) => toToolPart(part, writing)) }]
  }
}

/** Words beside calls are a message of their own where the package would leave them out; `amend` puts them in their place. */
function writeAssistant(content: AssistantContent, { amend }: VendorWays): readonly LanguageModelV4Message[] {
  const calls = content.filter(({ type }) => type === 'tool-call')
  const words = content.filter(({ type }) => type !== 'tool-call')
  const isOne = amend === undefined || calls.length === 0 || words.length === 0
  const contents = isOne ? [content] : [words, calls]
  return contents.map((each) => ({ role: 'assistant', content: each }))
}

function toUserPart(part: Part, ways: VendorWays): UserPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text, ...cacheOptions(part.cacheControl, ways) }
    case 'image':
      return { ...toFilePart(part.source, 'image/*'), ...cacheOptions(part.cacheControl, ways) }
    case 'audio':
      return toFilePart(part.source, 'audio/*')
    case 'file': {
      const file = { ...toFilePart(part.source, 'application/octet-stream'), ...cacheOptions(part.cacheControl, ways) }
      return part.name === undefined ? file : { ...file, filename: part.name }
    }
    case 'reasoning':
    case 'refusal':
    case 'tool-call':
    case 'tool-result':
      throw unsupported(`a ${part.type} part in a user message`)
  }
}

function toAssistantPart(part: Part, { ways, toolNames }: Writing): AssistantContent {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }]
    case 'tool-call': {
      const { id, proof } = splitToolCallId(part.id, ways.proofs)
      toolNames.set(part.id, part.name)
      const isSigned = ways.proofs !== undefined && proof !== undefined
      const options = isSigned ? { providerOptions: toProofOptions(ways.proofs, proof) } : {}
      const input = parseArguments(part.arguments)
      return [{ type: 'tool-call', toolCallId: toCallId(id, ways), toolName: part.name, input, ...options }]
    }
    case 'reasoning':
      return toThought(part, ways)
    case 'image':
    case 'audio':
    case 'file':
    case 'tool-result':
      throw unsupported(`a ${part.type} part in an assistant message`)
  }
}

/** A thought goes back to the vendor that signed it; one that nobody signed, to vendors that sign none. */
function toThought(part: Extract<Part, { type: 'reasoning' }>, ways: VendorWays): AssistantContent {
  const proof = openProof(ways.proofs, part.signature)
  if (ways.proofs !== undefined && proof !== undefined) {
    return [{ type: 'reasoning', text: part.text, providerOptions: toProofOptions(ways.proofs, proof) }]
  }
  const isPlain = part.signature === undefined && part.text !== ''
  return isPlain && ways.takesPlainThoughts === true ? [{ type: 'reasoning', text: part.text }] : []
}

function toToolPart(part: Part, { ways, toolNames }: Writing): LanguageModelV4ToolResultPart {
  if (part.type !== 'tool-result') throw unsupported(`a ${part.type} part in a tool message`)
  const toolName = toolNames.get(part.callId)
  if (toolName === undefined) {
    throw new PlatformError('INVALID_REQUEST', 'a tool result answers no tool call of this chat', { param: 'messages' })
  }
  const toolCallId = toCallId(splitToolCallId(part.callId, ways.proofs).id, ways)
  const options = cacheOptions(part.cacheControl, ways)
  return { type: 'tool-result', toolCallId, toolName, output: toOutput(part, ways), ...options }
}

function toOutput(part: Extract<Part, { type: 'tool-result' }>, ways: VendorWays): ToolResultOutput {
  if (part.parts.every((each) => each.type === 'text')) {
    const value = part.parts.map((each) => each.text).join('\n')
    return part.isError ? { type: 'error-text', value } : { type: 'text', value }
  }
  const value = part.parts.map((each) => {
    const user = toUserPart(each, ways)
    return user.type === 'text' ? user : { type: 'file' as const, data: user.data, mediaType: user.mediaType }
  })
  return { type: 'content', value }
}

function toCallId(id: string, { toCallId: convert }: VendorWays): string {
  return convert?.(id) ?? id
}

function cacheOptions(
  control: JsonValue | undefined,
  ways: VendorWays,
): { readonly providerOptions?: SharedV4ProviderOptions } {
  const isMarked = control !== undefined && control !== null && ways.cache !== undefined
  return isMarked ? { providerOptions: ways.cache(control) } : {}
}

function textOf(part: Part): string {
  if (part.type === 'text') return part.text
  throw unsupported(`a ${part.type} part in a system message`)
}

/** Addresses are handed on for the vendor to fetch; nothing here ever fetches one. */
function toFilePart(source: MediaSource, mediaType: string): LanguageModelV4FilePart {
  switch (source.type) {
    case 'url': {
      const url = toUrl(source.url)
      return { type: 'file', mediaType: mediaTypeOf(url) ?? mediaType, data: { type: 'url', url } }
    }
    case 'base64': {
      // Of a text some packages take the bytes only.
      const isText = source.mediaType.startsWith('text/')
      const data = isText ? Uint8Array.from(Buffer.from(source.data, 'base64')) : source.data
      return { type: 'file', mediaType: source.mediaType, data: { type: 'data', data } }
    }
    case 'id':
      throw unsupported('a file that was uploaded to another vendor')
  }
}

function toUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^(https?|gs|s3):$/.test(url.protocol)) return url
  throw new PlatformError('INVALID_REQUEST', 'the address of an image or file is no URL that a vendor could fetch', {
    param: 'messages',
  })
}

/** Some vendors want to be told what lies at an address. */
const mediaTypesByEnding: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  pdf: 'application/pdf',
}

function mediaTypeOf(url: URL): string | undefined {
  const ending = /\.([a-zA-Z0-9]+)$/.exec(url.pathname)?.[1]
  return ending === undefined ? undefined : mediaTypesByEnding[ending.toLowerCase()]
}

function parseArguments(text: string): unknown {
  try {
    return JSON.parse(text.trim() === '' ? '{}' : text)
  } catch {
    // The parser's own words quote the arguments.
    throw new PlatformError('INVALID_REQUEST', 'the arguments of a tool call are not JSON', { param: 'messages' })
  }
}

export function unsupported(what: string): PlatformError {
  return new PlatformError('UNSUPPORTED_PARAMETER', `${what} cannot be sent to this endpoint`, { param: what })
}
