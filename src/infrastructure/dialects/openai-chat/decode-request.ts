import type { Chat, Message, ResponseFormat, Tool, ToolChoice } from '../../../core/chat.ts'
import type { JsonObject } from '../../../core/json.ts'
import {
  type AnnouncedCalls,
  createAnnouncedCalls,
  invalid,
  type Located,
  pathOf,
  pickUnknown,
  readArray,
  readBoolean,
  readInteger,
  readNumber,
  readObject,
  readObjects,
  readString,
  readStrings,
  readValue,
  readWord,
  reasoningEfforts,
  requireObject,
  requireString,
  unsupported,
} from '../shared/index.ts'
import { decodeParts, decodeToolCalls } from './decode-parts.ts'

/**
 * Fields with a place in the normal form, and those the endpoint's side writes itself. `max_completion_tokens` is not
 * among them: it is kept beside `outputTokensMax`, so that a client who knows the newer name gets it used.
 */
const known: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'strata',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'reasoning_effort',
  'user',
  'n',
  'logprobs',
  'modalities',
])

/** The client's body as a chat. Throws INVALID_REQUEST or UNSUPPORTED_PARAMETER with the path of the fault. */
export function decodeRequest(body: JsonObject): Chat {
  const place: Located = { object: body, path: '' }
  refuseWhatAnswersCannotHold(place)
  const fields = pickUnknown(body, known)
  return {
    messages: decodeMessages(place),
    tools: readObjects(place, 'tools').map(decodeTool),
    toolChoice: decodeToolChoice(place),
    parallelToolCalls: readBoolean(place, 'parallel_tool_calls'),
    responseFormat: decodeResponseFormat(place),
    temperature: readNumber(place, 'temperature'),
    topP: readNumber(place, 'top_p'),
    topK: readInteger(place, 'top_k'),
    outputTokensMax: readInteger(place, 'max_completion_tokens', 1) ?? readInteger(place, 'max_tokens', 1),
    stop: readStrings(place, 'stop'),
    seed: readInteger(place, 'seed'),
    frequencyPenalty: readNumber(place, 'frequency_penalty'),
    presencePenalty: readNumber(place, 'presence_penalty'),
    reasoningEffort: readWord(place, 'reasoning_effort', reasoningEfforts),
    reasoningTokensMax: undefined,
    user: readString(place, 'user'),
    extra: fields === undefined ? undefined : { dialect: 'openai-chat', fields },
  }
}

/** Answers in the normal form have one choice, of text, without probabilities. */
function refuseWhatAnswersCannotHold(place: Located): void {
  const why = 'works only with a model that is one endpoint speaking openai-chat'
  if ((readInteger(place, 'n', 1) ?? 1) > 1) throw unsupported('n', `above 1 ${why}`)
  if (readBoolean(place, 'logprobs') === true) throw unsupported('logprobs', why)
  const modalities = readArray(place, 'modalities') ?? []
  if (modalities.some((modality) => modality !== 'text')) throw unsupported('modalities', `other than text ${why}`)
  for (const key of ['functions', 'function_call']) {
    if (readValue(place, key) !== undefined) throw unsupported(key, 'is gone from the API: use tools and tool_choice')
  }
}

function decodeMessages(place: Located): readonly Message[] {
  const messages = readObjects(place, 'messages')
  if (messages.length === 0) throw invalid('messages', 'an array of at least one message')
  const calls = createAnnouncedCalls()
  return messages.map((message) => decodeMessage(message, calls))
}

function decodeMessage(message: Located, calls: AnnouncedCalls): Message {
  const role = message.object['role']
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', parts: decodeParts(message, 'content', 'system') }
    case 'user':
      return { role, parts: decodeParts(message, 'content', 'user') }
    case 'assistant':
      return decodeAssistant(message, calls)
    case 'tool': {
      const callId = requireString(message, 'tool_call_id')
      calls.require(callId, pathOf(message, 'tool_call_id'))
      const parts = decodeParts(message, 'content', 'tool')
      return { role, parts: [{ type: 'tool-result', callId, parts, isError: false }] }
    }
    case 'function':
      throw unsupported(pathOf(message, 'role'), 'function is gone from the API: use tool')
    default:
      throw invalid(pathOf(message, 'role'), 'one of system, developer, user, assistant, tool')
  }
}

function decodeAssistant(message: Located, calls: AnnouncedCalls): Message {
  if (readValue(message, 'function_call') !== undefined) {
    throw unsupported(pathOf(message, 'function_call'), 'is gone from the API: use tool_calls')
  }
  if (readValue(message, 'audio') !== undefined) {
    throw unsupported(pathOf(message, 'audio'), 'works only with a model that is one endpoint speaking openai-chat')
  }
  const reasoning = readString(message, 'reasoning_content') ?? readString(message, 'reasoning') ?? ''
  const refusal = readString(message, 'refusal') ?? ''
  const toolCalls = decodeToolCalls(message, calls)
  return {
    role: 'assistant',
    parts: [
      ...(reasoning === ''
        ? []
        : [{ type: 'reasoning', text: reasoning, signature: undefined, redacted: false } as const]),
      ...decodeParts(message, 'content', 'assistant'),
      ...(refusal === '' ? [] : [{ type: 'refusal', text: refusal } as const]),
      ...toolCalls,
    ],
  }
}

function decodeTool(tool: Located): Tool {
  const type = requireString(tool, 'type')
  if (type !== 'function') throw unsupported(pathOf(tool, 'type'), 'other than function is not supported')
  const named = requireObject(tool, 'function')
  return {
    name: requireString(named, 'name'),
    description: readString(named, 'description'),
    parameters: readObject(named, 'parameters')?.object ?? { type: 'object', properties: {} },
    strict: readBoolean(named, 'strict'),
  }
}

function decodeToolChoice(place: Located): ToolChoice | undefined {
  const choice = readValue(place, 'tool_choice')
  if (choice === undefined) return undefined
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice }
  if (typeof choice === 'string')
    throw invalid('tool_choice', 'auto, none, required or an object that names a function')
  const named = requireObject(place, 'tool_choice')
  if (requireString(named, 'type') !== 'function') {
    throw unsupported('tool_choice.type', 'other than function is not supported')
  }
  return { type: 'tool', name: requireString(requireObject(named, 'function'), 'name') }
}

function decodeResponseFormat(place: Located): ResponseFormat | undefined {
  const format = readObject(place, 'response_format')
  if (format === undefined) return undefined
  const type = readWord(format, 'type', ['text', 'json_object', 'json_schema'])
  if (type === undefined) throw invalid(pathOf(format, 'type'), 'one of text, json_object, json_schema')
  if (type === 'text') return { type }
  if (type === 'json_object') return { type: 'json' }
  const named = requireObject(format, 'json_schema')
  return {
    type: 'json-schema',
    name: requireString(named, 'name'),
    description: readString(named, 'description'),
    schema: requireObject(named, 'schema').object,
    strict: readBoolean(named, 'strict'),
  }
}
