import type { Chat, Message, Part, ResponseFormat, Tool } from '../../../core/chat.ts'
import type { JsonObject, JsonValue } from '../../../core/json.ts'
import type { RequestTarget } from '../dialect.ts'
import { isOpenaiReasoningModel, openCallId, takeExtra, toDataUrl, toEffort, unsupported } from '../shared/index.ts'

/**
 * A chat for an endpoint that speaks OpenAI chat. Throws UNSUPPORTED_PARAMETER for what the dialect cannot say. The bound
 * on output is `max_completion_tokens` where the client said so or the model refuses the older name, else `max_tokens`,
 * which is all that many servers know.
 */
export function encodeRequest(chat: Chat, target: RequestTarget): JsonObject {
  const { max_completion_tokens: newerName, ...extra } = takeExtra(chat, 'openai-chat')
  const usesNewerName = newerName !== undefined || isOpenaiReasoningModel(target.model)
  const tools = chat.tools.map(encodeTool)
  return {
    ...extra,
    model: target.model,
    messages: chat.messages.flatMap(encodeMessage),
    ...(target.stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    tools: tools.length === 0 ? undefined : tools,
    tool_choice: encodeToolChoice(chat),
    parallel_tool_calls: chat.parallelToolCalls,
    response_format: encodeResponseFormat(chat.responseFormat),
    temperature: chat.temperature,
    top_p: chat.topP,
    top_k: chat.topK,
    [usesNewerName ? 'max_completion_tokens' : 'max_tokens']: chat.outputTokensMax,
    stop: chat.stop.length === 0 ? undefined : chat.stop,
    seed: chat.seed,
    frequency_penalty: chat.frequencyPenalty,
    presence_penalty: chat.presencePenalty,
    reasoning_effort: toEffort(chat),
    user: chat.user,
  }
}

function encodeMessage(message: Message, index: number): readonly JsonObject[] {
  const path = `messages[${index}]`
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: encodeContent(message.parts, path) }]
    case 'user':
      return [{ role: 'user', content: encodeContent(message.parts, path) }]
    case 'assistant':
      return [encodeAssistant(message.parts, path)]
    case 'tool':
      return message.parts.map((part) => {
        if (part.type !== 'tool-result') throw unsupported(path, 'of role tool can hold tool results only')
        if (part.parts.some((inner) => inner.type !== 'text')) {
          throw unsupported(path, 'holds a tool result that is not text, which openai-chat cannot say')
        }
        return { role: 'tool', tool_call_id: openCallId(part.callId).id, content: encodeContent(part.parts, path) }
      })
  }
}

/** One text is a string, as every server understands; more is an array. */
function encodeContent(parts: readonly Part[], path: string): JsonValue {
  const [first] = parts
  if (first === undefined) return ''
  if (parts.length === 1 && first.type === 'text') return first.text
  return parts.map((part) => encodePart(part, path))
}

function encodePart(part: Part, path: string): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image': {
      const { source } = part
      if (source.type === 'id') throw unsupported(path, 'names an image by id, which openai-chat cannot say')
      const url = source.type === 'url' ? source.url : toDataUrl(source)
      return { type: 'image_url', image_url: { url, detail: part.detail } }
    }
    case 'audio': {
      const { source } = part
      if (source.type !== 'base64') throw unsupported(path, 'holds audio that is not base64, which openai-chat needs')
      return { type: 'input_audio', input_audio: { data: source.data, format: toAudioFormat(source.mediaType) } }
    }
    case 'file': {
      const { source } = part
      if (source.type === 'url') throw unsupported(path, 'names a file by URL, which openai-chat cannot say')
      const held = source.type === 'id' ? { file_id: source.id } : { file_data: toDataUrl(source) }
      return { type: 'file', file: { filename: part.name, ...held } }
    }
    case 'refusal':
      return { type: 'refusal', refusal: part.text }
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
      throw unsupported(path, `holds a ${part.type} where openai-chat has no place for one`)
  }
}

function toAudioFormat(mediaType: string): string {
  return mediaType === 'audio/mpeg' ? 'mp3' : mediaType.replace(/^audio\/(?:x-)?/, '')
}

/**
 * Reasoning without a signature came as plain text from a server of this kind and goes back as such: DeepSeek demands it
 * in tool loops. Signed reasoning is another vendor's, and stays out.
 */
function encodeAssistant(parts: readonly Part[], path: string): JsonObject {
  const content: Part[] = []
  const toolCalls: JsonObject[] = []
  let reasoning = ''
  let refusal: string | undefined
  for (const part of parts) {
    if (part.type === 'tool-call') {
      toolCalls.push({
        id: openCallId(part.id).id,
        type: 'function',
        function: { name: part.name, arguments: part.arguments },
      })
    } else if (part.type === 'reasoning') {
      if (part.signature === undefined) reasoning += part.text
    } else if (part.type === 'refusal') refusal = (refusal ?? '') + part.text
    else content.push(part)
  }
  return {
    role: 'assistant',
    content:
      content.length === 0
        ? toolCalls.length === 0 && refusal === undefined
          ? ''
          : null
        : encodeContent(content, path),
    reasoning_content: reasoning === '' ? undefined : reasoning,
    refusal,
    tool_calls: toolCalls.length === 0 ? undefined : toolCalls,
  }
}

function encodeTool(tool: Tool): JsonObject {
  const { name, description, parameters, strict } = tool
  return { type: 'function', function: { name, description, parameters, strict } }
}

function encodeToolChoice(chat: Chat): JsonValue | undefined {
  const choice = chat.toolChoice
  if (choice === undefined) return undefined
  return choice.type === 'tool' ? { type: 'function', function: { name: choice.name } } : choice.type
}

function encodeResponseFormat(format: ResponseFormat | undefined): JsonObject | undefined {
  if (format === undefined) return undefined
  if (format.type === 'text') return { type: 'text' }
  if (format.type === 'json') return { type: 'json_object' }
  const { name, description, schema, strict } = format
  return { type: 'json_schema', json_schema: { name, description, schema, strict } }
}
