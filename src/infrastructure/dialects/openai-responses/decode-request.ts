import type { Chat, ResponseFormat, Tool, ToolChoice } from '../../../core/chat.ts'
import type { JsonObject } from '../../../core/json.ts'
import {
  invalid,
  type Located,
  pathOf,
  pickUnknown,
  readBoolean,
  readInteger,
  readNumber,
  readObject,
  readObjects,
  readString,
  readValue,
  readWord,
  reasoningEfforts,
  requireObject,
  requireString,
  unsupported,
} from '../shared/index.ts'
import { decodeInput } from './decode-items.ts'

const known: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'strata',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'temperature',
  'top_p',
  'top_logprobs',
  'max_output_tokens',
  'user',
  'background',
])

/** The client's body as a chat. Throws INVALID_REQUEST or UNSUPPORTED_PARAMETER with the path of the fault. */
export function decodeRequest(body: JsonObject): Chat {
  const place: Located = { object: body, path: '' }
  refuseWhatAnswersCannotHold(place)
  const text = readObject(place, 'text')
  const reasoning = readObject(place, 'reasoning')
  const fields = {
    ...pickUnknown(body, known),
    ...leftover('text', text, 'format'),
    ...leftover('reasoning', reasoning, 'effort'),
  }
  return {
    messages: decodeInput(place),
    tools: readObjects(place, 'tools').map(decodeTool),
    toolChoice: decodeToolChoice(place),
    parallelToolCalls: readBoolean(place, 'parallel_tool_calls'),
    responseFormat: text === undefined ? undefined : decodeFormat(text),
    temperature: readNumber(place, 'temperature'),
    topP: readNumber(place, 'top_p'),
    topK: undefined,
    outputTokensMax: readInteger(place, 'max_output_tokens', 1),
    stop: [],
    seed: undefined,
    frequencyPenalty: undefined,
    presencePenalty: undefined,
    reasoningEffort: reasoning === undefined ? undefined : readWord(reasoning, 'effort', reasoningEfforts),
    reasoningTokensMax: undefined,
    user: readString(place, 'user'),
    extra: Object.keys(fields).length === 0 ? undefined : { dialect: 'openai-responses', fields },
  }
}

function refuseWhatAnswersCannotHold(place: Located): void {
  const why = 'works only with a model that is one endpoint speaking openai-responses'
  if (readBoolean(place, 'background') === true) throw unsupported('background', why)
  if ((readInteger(place, 'top_logprobs') ?? 0) > 0) throw unsupported('top_logprobs', why)
}

/** The object without what the normal form has a place for. */
function leftover(key: string, place: Located | undefined, taken: string): JsonObject {
  const rest = place === undefined ? undefined : pickUnknown(place.object, new Set([taken]))
  return rest === undefined ? {} : { [key]: rest }
}

function decodeTool(tool: Located): Tool {
  const type = requireString(tool, 'type')
  if (type !== 'function') {
    throw unsupported(
      pathOf(tool, 'type'),
      'other than function works only with a model that is one endpoint speaking openai-responses',
    )
  }
  return {
    name: requireString(tool, 'name'),
    description: readString(tool, 'description'),
    parameters: readObject(tool, 'parameters')?.object ?? { type: 'object', properties: {} },
    strict: readBoolean(tool, 'strict'),
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
  return { type: 'tool', name: requireString(named, 'name') }
}

function decodeFormat(text: Located): ResponseFormat | undefined {
  const format = readObject(text, 'format')
  if (format === undefined) return undefined
  const type = readWord(format, 'type', ['text', 'json_object', 'json_schema'])
  if (type === undefined) throw invalid(pathOf(format, 'type'), 'one of text, json_object, json_schema')
  if (type === 'text') return { type }
  if (type === 'json_object') return { type: 'json' }
  return {
    type: 'json-schema',
    name: requireString(format, 'name'),
    description: readString(format, 'description'),
    schema: requireObject(format, 'schema').object,
    strict: readBoolean(format, 'strict'),
  }
}
