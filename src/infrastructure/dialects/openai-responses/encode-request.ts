import type { Chat, Message, ResponseFormat, Tool } from '../../../core/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { RequestTarget } from '../dialect.ts'
import { isOpenaiReasoningModel, takeExtra, toEffort, unsupported } from '../shared/index.ts'
import { encodeItems } from './encode-items.ts'

/**
 * A chat for an endpoint that speaks OpenAI Responses. Throws UNSUPPORTED_PARAMETER for what the dialect cannot say;
 * `seed` is a hint and dropped. A request that did not come in this dialect asks the vendor to store nothing.
 */
export function encodeRequest(chat: Chat, target: RequestTarget): JsonObject {
  refuseUnsayable(chat)
  const { text, reasoning, ...extra } = takeExtra(chat, 'openai-responses')
  const { instructions, rest } = splitInstructions(chat.messages)
  const effort = toEffort(chat)
  const tools = chat.tools.map(encodeTool)
  return {
    ...(chat.extra?.dialect === 'openai-responses' ? {} : keepNothing(target.model)),
    ...extra,
    model: target.model,
    instructions,
    input: rest.flatMap(({ message, index }) => encodeItems(message, index)),
    ...(target.stream ? { stream: true } : {}),
    tools: tools.length === 0 ? undefined : tools,
    tool_choice: encodeToolChoice(chat),
    parallel_tool_calls: chat.parallelToolCalls,
    text: join(text, chat.responseFormat === undefined ? undefined : { format: encodeFormat(chat.responseFormat) }),
    reasoning: join(reasoning, effort === undefined ? undefined : { effort }),
    temperature: chat.temperature,
    top_p: chat.topP,
    max_output_tokens: chat.outputTokensMax,
    user: chat.user,
  }
}

/** Without the vendor's store, reasoning comes back only if it is asked for in sealed form. */
function keepNothing(model: string): JsonObject {
  return { store: false, ...(isOpenaiReasoningModel(model) ? { include: ['reasoning.encrypted_content'] } : {}) }
}

function refuseUnsayable(chat: Chat): void {
  const why = 'cannot be said to an endpoint that speaks openai-responses'
  if (chat.stop.length > 0) throw unsupported('stop', why)
  if (chat.topK !== undefined) throw unsupported('top_k', why)
  if ((chat.frequencyPenalty ?? 0) !== 0) throw unsupported('frequency_penalty', why)
  if ((chat.presencePenalty ?? 0) !== 0) throw unsupported('presence_penalty', why)
}

interface SplitMessages {
  readonly instructions: string | undefined
  readonly rest: readonly { readonly message: Message; readonly index: number }[]
}

/** A leading system message that is one text becomes `instructions`. */
function splitInstructions(messages: readonly Message[]): SplitMessages {
  const numbered = messages.map((message, index) => ({ message, index }))
  const [first] = messages
  const [part] = first?.parts ?? []
  if (first?.role !== 'system' || first.parts.length !== 1 || part?.type !== 'text') {
    return { instructions: undefined, rest: numbered }
  }
  return { instructions: part.text, rest: numbered.slice(1) }
}

function join(own: JsonValue | undefined, more: JsonObject | undefined): JsonObject | undefined {
  if (own === undefined && more === undefined) return undefined
  return { ...(isJsonObject(own) ? own : {}), ...more }
}

/** Without a word the dialect makes schemas strict, which alters them; other dialects do not, so it is always said. */
function encodeTool(tool: Tool): JsonObject {
  const { name, description, parameters } = tool
  return { type: 'function', name, description, parameters, strict: tool.strict ?? false }
}

function encodeToolChoice(chat: Chat): JsonValue | undefined {
  const choice = chat.toolChoice
  if (choice === undefined) return undefined
  return choice.type === 'tool' ? { type: 'function', name: choice.name } : choice.type
}

function encodeFormat(format: ResponseFormat): JsonObject {
  if (format.type === 'text') return { type: 'text' }
  if (format.type === 'json') return { type: 'json_object' }
  const { name, description, schema, strict } = format
  return { type: 'json_schema', name, description, schema, strict }
}
