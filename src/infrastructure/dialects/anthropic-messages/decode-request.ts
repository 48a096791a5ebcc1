import type { Chat, Message, ReasoningEffort, ResponseFormat, Tool, ToolChoice } from '../../../core/chat.ts'
import type { JsonObject, JsonValue } from '../../../core/json.ts'
import {
  type AnnouncedCalls,
  createAnnouncedCalls,
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
  readStrings,
  readValue,
  readWord,
  reasoningEfforts,
  requireObject,
  requireString,
  unsupported,
} from '../shared/index.ts'
import { decodeMessage, decodeTexts } from './decode-blocks.ts'

const known: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'stream',
  'strata',
  'max_tokens',
  'tools',
  'tool_choice',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata',
  'thinking',
  'output_config',
  'output_format',
])

/** The client's body as a chat. Throws INVALID_REQUEST or UNSUPPORTED_PARAMETER with the path of the fault. */
export function decodeRequest(body: JsonObject): Chat {
  const place: Located = { object: body, path: '' }
  const reasoning = decodeReasoning(place)
  const fields = { ...pickUnknown(body, known), ...reasoning.rest }
  return {
    messages: decodeMessages(place),
    tools: readObjects(place, 'tools').map(decodeTool),
    ...decodeToolChoice(place),
    responseFormat: decodeFormat(place),
    temperature: readNumber(place, 'temperature'),
    topP: readNumber(place, 'top_p'),
    topK: readInteger(place, 'top_k'),
    outputTokensMax: readInteger(place, 'max_tokens', 1),
    stop: readStrings(place, 'stop_sequences'),
    seed: undefined,
    frequencyPenalty: undefined,
    presencePenalty: undefined,
    reasoningEffort: reasoning.effort,
    reasoningTokensMax: reasoning.tokensMax,
    user: readUser(place),
    extra: Object.keys(fields).length === 0 ? undefined : { dialect: 'anthropic-messages', fields },
  }
}

function decodeMessages(place: Located): readonly Message[] {
  const known = createAnnouncedCalls()
  // A turn that goes on from a thread may answer calls that only the vendor knows.
  const continues = readObject(place, 'thread')?.object['type'] === 'continue'
  const calls: AnnouncedCalls = continues ? { ...known, require: () => undefined } : known
  const messages = readObjects(place, 'messages').flatMap((message) => decodeMessage(message, calls))
  if (readObjects(place, 'messages').length === 0) throw invalid('messages', 'an array of at least one message')
  const system = readValue(place, 'system') === undefined ? [] : decodeTexts(place, 'system')
  return system.length === 0 ? messages : [{ role: 'system', parts: system }, ...messages]
}

function readUser(place: Located): string | undefined {
  const metadata = readObject(place, 'metadata')
  return metadata === undefined ? undefined : readString(metadata, 'user_id')
}

function decodeTool(tool: Located): Tool {
  const type = readString(tool, 'type') ?? 'custom'
  if (type !== 'custom') {
    throw unsupported(
      pathOf(tool, 'type'),
      'other than custom works only with an endpoint that speaks anthropic-messages',
    )
  }
  const cacheControl = readValue(tool, 'cache_control')
  return {
    name: requireString(tool, 'name'),
    description: readString(tool, 'description'),
    parameters: requireObject(tool, 'input_schema').object,
    strict: readBoolean(tool, 'strict'),
    ...(cacheControl === undefined ? {} : { cacheControl }),
  }
}

function decodeToolChoice(place: Located): Pick<Chat, 'toolChoice' | 'parallelToolCalls'> {
  const choice = readObject(place, 'tool_choice')
  if (choice === undefined) return { toolChoice: undefined, parallelToolCalls: undefined }
  const disabled = readBoolean(choice, 'disable_parallel_tool_use')
  const parallelToolCalls = disabled === undefined ? undefined : !disabled
  return { toolChoice: toToolChoice(choice), parallelToolCalls }
}

function toToolChoice(choice: Located): ToolChoice {
  const type = readWord(choice, 'type', ['auto', 'any', 'tool', 'none'])
  if (type === undefined) throw invalid(pathOf(choice, 'type'), 'one of auto, any, tool, none')
  if (type === 'tool') return { type, name: requireString(choice, 'name') }
  return { type: type === 'any' ? 'required' : type }
}

/** `output_config.format`, or `output_format` as it was called at first. Anthropic has no name for a schema. */
function decodeFormat(place: Located): ResponseFormat | undefined {
  const config = readObject(place, 'output_config')
  const format = (config === undefined ? undefined : readObject(config, 'format')) ?? readObject(place, 'output_format')
  if (format === undefined) return undefined
  readWord(format, 'type', ['json_schema'])
  const schema = requireObject(format, 'schema').object
  return { type: 'json-schema', name: 'response', description: undefined, schema, strict: true }
}

interface Reasoning {
  readonly effort: ReasoningEffort | undefined
  readonly tokensMax: number | undefined
  /** What of `thinking` and `output_config` only this dialect can say again. */
  readonly rest: JsonObject
}

/**
 * Thinking and effort in the normal form. The plain forms (a budget; disabled; adaptive with an effort) are fully held
 * by it; any other is kept verbatim beside it, for an endpoint of this dialect.
 */
function decodeReasoning(place: Located): Reasoning {
  const thinking = readObject(place, 'thinking')
  const config = readObject(place, 'output_config')
  const effort = config === undefined ? undefined : readWord(config, 'effort', reasoningEfforts)
  const { format: _, ...settings } = config?.object ?? {}
  const hasMore = Object.keys(settings).some((key) => key !== 'effort')
  const type = thinking === undefined ? undefined : requireString(thinking, 'type')
  const keyCount = Object.keys(thinking?.object ?? {}).length
  const tokensMax = thinking !== undefined && type === 'enabled' ? readInteger(thinking, 'budget_tokens', 1) : undefined
  const isPlain =
    !hasMore &&
    ((thinking === undefined && effort === undefined) ||
      (type === 'adaptive' && keyCount === 1 && effort !== undefined) ||
      (type === 'disabled' && keyCount === 1 && effort === undefined) ||
      (type === 'enabled' && keyCount === 2 && tokensMax !== undefined && effort === undefined))
  const rest: Record<string, JsonValue> = {}
  if (!isPlain && thinking !== undefined) rest['thinking'] = thinking.object
  if (!isPlain && Object.keys(settings).length > 0) rest['output_config'] = settings
  return { effort: type === 'disabled' ? 'none' : effort, tokensMax, rest }
}
