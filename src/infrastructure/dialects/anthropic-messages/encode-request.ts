import type { Chat, Message, ResponseFormat, Tool } from '../../../core/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { RequestTarget } from '../dialect.ts'
import { invalid, takeExtra, unsupported } from '../shared/index.ts'
import { encodeBlocks, encodeText, isBlank } from './encode-blocks.ts'
import { encodeThinking } from './thinking.ts'

/**
 * A chat for an endpoint that speaks Anthropic messages: system parts promoted to the top from wherever they stand, turns
 * of one role joined, results before anything else of their turn, blank texts left out. `seed` is a hint and dropped.
 */
export function encodeRequest(chat: Chat, target: RequestTarget): JsonObject {
  refuseUnsayable(chat)
  const { thinking: ownThinking, output_config: ownConfig, ...extra } = takeExtra(chat, 'anthropic-messages')
  const isOwn = ownThinking !== undefined || isJsonObject(ownConfig)
  const { maxTokens, thinking, effort } = encodeThinking(isOwn ? withoutReasoning(chat) : chat, target)
  const config = {
    ...(isJsonObject(ownConfig) ? ownConfig : {}),
    ...(effort === undefined ? {} : { effort }),
    ...encodeFormat(chat.responseFormat),
  }
  const tools = chat.tools.map(encodeTool)
  return {
    ...extra,
    model: target.model,
    max_tokens: maxTokens,
    system: encodeSystem(chat.messages),
    messages: encodeTurns(chat.messages),
    ...(target.stream ? { stream: true } : {}),
    tools: tools.length === 0 ? undefined : tools,
    tool_choice: tools.length === 0 ? undefined : encodeToolChoice(chat),
    temperature: chat.temperature,
    top_p: chat.topP,
    top_k: chat.topK,
    stop_sequences: chat.stop.length === 0 ? undefined : chat.stop,
    metadata: chat.user === undefined ? undefined : { user_id: chat.user },
    thinking: ownThinking ?? thinking,
    output_config: Object.keys(config).length === 0 ? undefined : config,
  }
}

/** Thinking said in the client's own words is not said again in ours. */
function withoutReasoning(chat: Chat): Chat {
  return { ...chat, reasoningEffort: undefined, reasoningTokensMax: undefined }
}

function refuseUnsayable(chat: Chat): void {
  const why = 'cannot be said to an endpoint that speaks anthropic-messages'
  if ((chat.frequencyPenalty ?? 0) !== 0) throw unsupported('frequency_penalty', why)
  if ((chat.presencePenalty ?? 0) !== 0) throw unsupported('presence_penalty', why)
  if ((chat.temperature ?? 0) > 1) throw unsupported('temperature', `above 1 ${why}`)
  if (chat.responseFormat?.type === 'json') {
    throw unsupported('response_format', `without a schema ${why}; give a json_schema`)
  }
}

function encodeFormat(format: ResponseFormat | undefined): JsonObject {
  return format?.type === 'json-schema' ? { format: { type: 'json_schema', schema: format.schema } } : {}
}

function encodeSystem(messages: readonly Message[]): JsonValue | undefined {
  const parts = messages.filter((message) => message.role === 'system').flatMap((message) => message.parts)
  const blocks = parts
    .filter((part) => !isBlank(part))
    .map((part) => {
      if (part.type === 'text') return encodeText(part)
      throw unsupported('messages', `has a ${part.type} in a system message, where only text can be`)
    })
  return simplify(blocks)
}

interface Turn {
  readonly role: 'user' | 'assistant'
  /** Results stand first in a turn, or Anthropic refuses it. */
  readonly results: JsonObject[]
  readonly blocks: JsonObject[]
}

function encodeTurns(messages: readonly Message[]): readonly JsonObject[] {
  const turns: Turn[] = []
  messages.forEach((message, index) => {
    if (message.role === 'system') return
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const blocks = encodeBlocks(message.parts, `messages[${index}]`)
    if (blocks.length === 0) return
    let turn = turns.at(-1)
    if (turn?.role !== role) {
      turn = { role, results: [], blocks: [] }
      turns.push(turn)
    }
    if (message.role === 'tool') turn.results.push(...blocks)
    else turn.blocks.push(...blocks)
  })
  if (turns.length === 0) throw invalid('messages', 'an array with at least one message that is not of the system')
  return turns.map((turn) => ({ role: turn.role, content: simplify([...turn.results, ...turn.blocks]) ?? '' }))
}

/** One plain text is a string. */
function simplify(blocks: readonly JsonObject[]): JsonValue | undefined {
  const [first] = blocks
  if (first === undefined) return undefined
  const isPlain = blocks.length === 1 && first['type'] === 'text' && first['cache_control'] === undefined
  return isPlain ? first['text'] : blocks
}

function encodeTool(tool: Tool): JsonObject {
  return {
    name: tool.name,
    description: tool.description,
    // OpenAI takes {} for a tool without parameters; here an object has to be called one.
    input_schema: Object.keys(tool.parameters).length === 0 ? { type: 'object', properties: {} } : tool.parameters,
    strict: tool.strict,
    cache_control: tool.cacheControl,
  }
}

function encodeToolChoice(chat: Chat): JsonObject | undefined {
  const { toolChoice, parallelToolCalls } = chat
  const disable = parallelToolCalls === undefined ? {} : { disable_parallel_tool_use: !parallelToolCalls }
  if (toolChoice === undefined) return parallelToolCalls === undefined ? undefined : { type: 'auto', ...disable }
  switch (toolChoice.type) {
    case 'none':
      return { type: 'none' }
    case 'auto':
      return { type: 'auto', ...disable }
    case 'required':
      return { type: 'any', ...disable }
    case 'tool':
      return { type: 'tool', name: toolChoice.name, ...disable }
  }
}
