import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4ToolResultPart,
} from '@ai-sdk/provider'
import type { Chat, MediaSource, Message, Part } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { splitToolCallId } from './signature.ts'

type ToolResultOutput = LanguageModelV4ToolResultPart['output']
type AssistantContent = Extract<LanguageModelV4Message, { role: 'assistant' }>['content']

/** A chat as the vendors' packages take it. Throws UNSUPPORTED_PARAMETER for what they cannot carry. */
export function toCallOptions(chat: Chat, outputTokensMax: number | undefined): LanguageModelV4CallOptions {
  refuseExtras(chat)
  const tokensMax = chat.outputTokensMax ?? outputTokensMax
  return {
    prompt: toPrompt(chat.messages),
    ...(tokensMax === undefined ? {} : { maxOutputTokens: tokensMax }),
    ...(chat.temperature === undefined ? {} : { temperature: chat.temperature }),
    ...(chat.topP === undefined ? {} : { topP: chat.topP }),
    ...(chat.topK === undefined ? {} : { topK: chat.topK }),
    ...(chat.seed === undefined ? {} : { seed: chat.seed }),
    ...(chat.presencePenalty === undefined ? {} : { presencePenalty: chat.presencePenalty }),
    ...(chat.frequencyPenalty === undefined ? {} : { frequencyPenalty: chat.frequencyPenalty }),
    ...(chat.stop.length === 0 ? {} : { stopSequences: [...chat.stop] }),
    ...(chat.reasoningEffort === undefined ? {} : { reasoning: chat.reasoningEffort }),
    ...toResponseFormat(chat),
    ...toTools(chat),
  }
}

/** Fields of the client's own dialect whose loss would change the answer. */
const meaningfulExtras = [
  'n',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'audio',
  'modalities',
  'prediction',
  'previous_response_id',
] as const

function refuseExtras(chat: Chat): void {
  for (const name of meaningfulExtras) {
    const value = chat.extra?.fields[name]
    if (value === undefined || value === null || value === false || (name === 'n' && value === 1)) continue
    throw unsupported(name)
  }
}

function toResponseFormat({ responseFormat: format }: Chat): Pick<LanguageModelV4CallOptions, 'responseFormat'> {
  if (format === undefined || format.type === 'text') return {}
  if (format.type === 'json') return { responseFormat: { type: 'json' } }
  const description = format.description === undefined ? {} : { description: format.description }
  return { responseFormat: { type: 'json', schema: { ...format.schema }, name: format.name, ...description } }
}

function toTools({ tools, toolChoice }: Chat): Pick<LanguageModelV4CallOptions, 'tools' | 'toolChoice'> {
  if (tools.length === 0) return {}
  return {
    tools: tools.map((tool) => ({
      type: 'function' as const,
      name: tool.name,
      inputSchema: { ...tool.parameters },
      ...(tool.description === undefined ? {} : { description: tool.description }),
      ...(tool.strict === undefined ? {} : { strict: tool.strict }),
    })),
    ...(toolChoice === undefined
      ? {}
      : {
          toolChoice:
            toolChoice.type === 'tool'
              ? { type: 'tool' as const, toolName: toolChoice.name }
              : { type: toolChoice.type },
        }),
  }
}

function toPrompt(messages: readonly Message[]): LanguageModelV4Message[] {
  const toolNames = new Map<string, string>()
  return messages.map((message) => {
    switch (message.role) {
      case 'system':
        return { role: 'system', content: message.parts.map(textOf).join('\n\n') }
      case 'user':
        return { role: 'user', content: message.parts.map(toUserPart) }
      case 'assistant':
        return { role: 'assistant', content: message.parts.flatMap((part) => toAssistantPart(part, toolNames)) }
      case 'tool':
        return { role: 'tool', content: message.parts.map((part) => toToolPart(part, toolNames)) }
    }
  })
}

function textOf(part: Part): string {
  if (part.type === 'text') return part.text
  throw unsupported(`a ${part.type} part in a system message`)
}

function toUserPart(part: Part): { type: 'text'; text: string } | LanguageModelV4FilePart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image':
      return toFilePart(part.source, 'image/*')
    case 'audio':
      return toFilePart(part.source, 'audio/*')
    case 'file': {
      const file = toFilePart(part.source, 'application/octet-stream')
      return part.name === undefined ? file : { ...file, filename: part.name }
    }
    case 'reasoning':
    case 'refusal':
    case 'tool-call':
    case 'tool-result':
      throw unsupported(`a ${part.type} part in a user message`)
  }
}

function toFilePart(source: MediaSource, mediaType: string): LanguageModelV4FilePart {
  switch (source.type) {
    case 'url':
      return { type: 'file', mediaType, data: { type: 'url', url: toUrl(source.url) } }
    case 'base64':
      return { type: 'file', mediaType: source.mediaType, data: { type: 'data', data: source.data } }
    case 'id':
      throw unsupported('a file that was uploaded to another vendor')
  }
}

function toUrl(text: string): URL {
  if (URL.canParse(text)) return new URL(text)
  throw new PlatformError('INVALID_REQUEST', 'the address of an image or file is not a URL')
}

/** Thoughts are left out: their signatures are good only for the vendor that made them, and this form does not say which. */
function toAssistantPart(part: Part, toolNames: Map<string, string>): AssistantContent {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }]
    case 'tool-call': {
      const { id, providerMetadata } = splitToolCallId(part.id)
      toolNames.set(part.id, part.name)
      const options = providerMetadata === undefined ? {} : { providerOptions: providerMetadata }
      return [
        { type: 'tool-call', toolCallId: id, toolName: part.name, input: parseArguments(part.arguments), ...options },
      ]
    }
    case 'reasoning':
      return []
    case 'image':
    case 'audio':
    case 'file':
    case 'tool-result':
      throw unsupported(`a ${part.type} part in an assistant message`)
  }
}

function toToolPart(part: Part, toolNames: ReadonlyMap<string, string>): LanguageModelV4ToolResultPart {
  if (part.type !== 'tool-result') throw unsupported(`a ${part.type} part in a tool message`)
  const toolName = toolNames.get(part.callId)
  if (toolName === undefined)
    throw new PlatformError('INVALID_REQUEST', 'a tool result answers no tool call of this chat')
  return { type: 'tool-result', toolCallId: splitToolCallId(part.callId).id, toolName, output: toOutput(part) }
}

function toOutput(part: Extract<Part, { type: 'tool-result' }>): ToolResultOutput {
  if (part.parts.every((each) => each.type === 'text')) {
    const value = part.parts.map((each) => each.text).join('\n')
    return part.isError ? { type: 'error-text', value } : { type: 'text', value }
  }
  return {
    type: 'content',
    value: part.parts.map((each) => {
      const user = toUserPart(each)
      return user.type === 'text' ? user : { type: 'file' as const, data: user.data, mediaType: user.mediaType }
    }),
  }
}

function parseArguments(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text)
  } catch (cause) {
    throw new PlatformError('INVALID_REQUEST', 'the arguments of a tool call are not JSON', { cause })
  }
}

function unsupported(what: string): PlatformError {
  return new PlatformError('UNSUPPORTED_PARAMETER', `${what} cannot be sent to this endpoint`, { param: what })
}
