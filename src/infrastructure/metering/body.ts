import type { EndpointDialect } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import { createAnthropicStreamUsage, dialects, findInBandError, toCount, toUsageOf } from '../dialects/index.ts'
import { usageReadingOf } from '../vendors/index.ts'
import { cutBody, type Chunks } from './chunks.ts'

/** The dialects a body can be of; the local ones answer in OpenAI's. */
export type BodyDialect = Exclude<EndpointDialect, 'llama' | 'onnx' | 'extract'>

/** What a recorded body says of what it used. */
export interface BodyReading {
  readonly form: Chunks['form']
  /** The vendor's model as the body names it. */
  readonly model: string | undefined
  /** `undefined` when the body reports none. */
  readonly usage: Usage | undefined
  /** Whether the answer has come to its own end. */
  readonly isComplete: boolean
  /** Code and message of the error the body holds. */
  readonly error: string | undefined
}

/**
 * Reads usage from the bytes of one response body, whole or streamed, in whichever form its dialect sends it. A stream
 * that was cut gives what had been reported by then. Throws INVALID_JSON, INVALID_ENCODING or UPSTREAM_INVALID with place
 * and reason when the bytes are no such body, and INVALID_REQUEST when they are one of another dialect.
 */
export function readBody(bytes: Buffer, dialect: BodyDialect): BodyReading {
  const chunks = cutBody(bytes)
  for (const object of chunks.objects) checkDialect(object, dialect)
  const reader = createReader(dialect, chunks.form === 'json')
  let model: string | undefined
  let error: string | undefined
  let isComplete = chunks.form === 'json' || chunks.hasEndMark
  for (const object of chunks.objects) {
    model = modelOf(object) ?? model
    error = errorOf(object) ?? error
    if (isEnd(object)) isComplete = true
    reader.take(object)
  }
  const { usage } = reader
  if (usage?.fault !== undefined) throw faulty(usage.raw, usage.fault)
  return { form: chunks.form, model, usage, isComplete: isComplete && !chunks.isCut && error === undefined, error }
}

interface Reader {
  readonly usage: Usage | undefined
  take(object: JsonObject): void
}

function createReader(dialect: BodyDialect, isWhole: boolean): Reader {
  if (dialect === 'anthropic')
    return isWhole ? lastOf((object) => dialects['anthropic-messages'].readUsage(object)) : anthropicStream()
  if (dialect === 'openai' || dialect === 'openai-responses' || dialect === 'azure') return lastOf(readOpenai)
  return vendorReader(dialect)
}

/** Chat completions and responses, each told by itself: servers of one family often speak both. */
function readOpenai(object: JsonObject): Usage | undefined {
  const response = object['response']
  if (isJsonObject(response)) return dialects['openai-responses'].readUsage(response)
  if (object['object'] === 'response') return dialects['openai-responses'].readUsage(object)
  return dialects['openai-chat'].readUsage(object) ?? readLocal(object) ?? countImages(object)
}

/** Servers of the own machine in their own words (Ollama, llama.cpp), whose counts stand beside the text. */
function readLocal(object: JsonObject): Usage | undefined {
  for (const [inputName, outputName] of localNames) {
    const { [inputName]: input, [outputName]: output } = object
    if (typeof input !== 'number' && typeof output !== 'number') continue
    const raw = { [inputName]: input, [outputName]: output }
    return toUsageOf(raw, { inputTotal: toCount(input), outputTotal: toCount(output) })
  }
  return undefined
}

const localNames = [
  ['prompt_eval_count', 'eval_count'],
  ['tokens_evaluated', 'tokens_predicted'],
] as const

/** Pictures that come without usage are charged by their number. */
function countImages(object: JsonObject): Usage | undefined {
  const { data } = object
  if (!Array.isArray(data) || object['created'] === undefined) return undefined
  const images = data.filter((each) => isJsonObject(each) && (each['b64_json'] ?? each['url']) !== undefined).length
  return images === 0 ? undefined : createUsage({ raw: { strata: { images } } })
}

/** Running totals: the last one stands, unless it takes back what was counted before. */
function lastOf(read: (object: JsonObject) => Usage | undefined): Reader {
  let usage: Usage | undefined
  return {
    get usage() {
      return usage
    },
    take(object) {
      const told = read(object)
      if (told === undefined) return
      const isEmpty = (told.inputTotal ?? 0) === 0 && (told.outputTotal ?? 0) === 0 && told.fault === undefined
      if (usage === undefined || !isEmpty) usage = told
    },
  }
}

function anthropicStream(): Reader {
  const stream = createAnthropicStreamUsage()
  return {
    get usage() {
      return stream.usage
    },
    take: (event) => void stream.take(event),
  }
}

function vendorReader(dialect: BodyDialect): Reader {
  const reading = usageReadingOf(dialect)
  if (reading === undefined) throw new PlatformError('INVALID_REQUEST', `there is no reader for the dialect ${dialect}`)
  let raw: JsonObject | undefined
  const anthropic = createAnthropicStreamUsage()
  return {
    get usage() {
      if (anthropic.usage !== undefined) return anthropic.usage
      return raw === undefined ? undefined : reading.read(raw)
    },
    take(object) {
      // Makers' own dialects on somebody else's service come with its usual events.
      const { type } = object
      if (dialect === 'bedrock' && (type === 'message_start' || type === 'message_delta')) {
        anthropic.take(object)
        return
      }
      const told = reading.find(object)
      if (told === undefined) return
      raw = raw === undefined || reading.join === undefined ? told : reading.join(raw, told)
    },
  }
}

/** The vendor's model: at the top, in the message that a stream starts with, in the response that it is about. */
function modelOf(object: JsonObject): string | undefined {
  const places = [object, object['message'], object['response']]
  for (const place of places) {
    if (!isJsonObject(place)) continue
    const model = place['model'] ?? place['modelVersion']
    if (typeof model === 'string' && model !== '') return model
  }
  return undefined
}

const endTypes: ReadonlySet<unknown> = new Set([
  'message_stop',
  'message-end',
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.done',
])

/** By the word of its dialect; Bedrock's figures of an invocation, and Ollama's `done`, come with the last event only. */
function isEnd(object: JsonObject): boolean {
  if (endTypes.has(object['type']) || object['event_type'] === 'interaction.completed') return true
  if (object['done'] === true || object['amazon-bedrock-invocationMetrics'] !== undefined) return true
  const { output, response } = object
  const ends = [
    object,
    object['messageStop'],
    firstOf(object['choices']),
    firstOf(object['candidates']),
    output,
    isJsonObject(output) ? firstOf(output['choices']) : undefined, // Alibaba's own
    isJsonObject(response) ? firstOf(response['candidates']) : undefined,
  ]
  return ends.some((each) => isJsonObject(each) && endNames.some((name) => isReason(each[name])))
}

const endNames = ['finish_reason', 'finishReason', 'stopReason', 'stop_reason', 'completionReason'] as const

/** Google may tell it by number; Alibaba says "null" while there is none. */
function isReason(value: JsonValue | undefined): boolean {
  return (typeof value === 'string' && value !== '' && value !== 'null') || (typeof value === 'number' && value > 0)
}

function errorOf(object: JsonObject): string | undefined {
  const response = object['response']
  const failed = findInBandError(object) ?? (isJsonObject(response) ? findInBandError(response) : undefined)
  return failed === undefined ? undefined : `${failed.code}: ${failed.message}`
}

function firstOf(list: JsonValue | undefined): JsonValue | undefined {
  return Array.isArray(list) ? list[0] : undefined
}

/** Refuses what is plainly another dialect's, and usage objects that are none. */
function checkDialect(object: JsonObject, dialect: BodyDialect): void {
  const found = dialectOf(object)
  if (found !== undefined && !familyOf(dialect).includes(found)) {
    throw new PlatformError('INVALID_REQUEST', `the body is of the dialect ${found}, not ${dialect}`, {
      param: 'dialect',
    })
  }
  for (const key of ['usage', 'usageMetadata']) {
    const usage = object[key]
    if (usage !== undefined && usage !== null && !isJsonObject(usage)) {
      throw new PlatformError('INVALID_REQUEST', `${key} of the body is not an object`, { param: key })
    }
  }
}

type Family = 'openai' | 'anthropic' | 'google' | 'bedrock' | 'cohere'

/** By marks that no other dialect has; `undefined` when it has none of them. */
function dialectOf(object: JsonObject): Family | undefined {
  const type = typeof object['type'] === 'string' ? object['type'] : ''
  if (object['usageMetadata'] !== undefined || object['candidates'] !== undefined) return 'google'
  if (object['object'] === 'interaction' || isJsonObject(object['interaction'])) return 'google'
  if (
    (type === 'message' && object['role'] === 'assistant' && object['stop_reason'] !== undefined) ||
    anthropicTypes.has(type)
  )
    return 'anthropic'
  if (type.startsWith('response.') || object['object'] === 'response') return 'openai'
  if (typeof object['object'] === 'string' && /^(chat|text)[._]completion/.test(object['object'])) return 'openai'
  const usage = object['usage']
  if (!isJsonObject(usage)) return undefined
  if (usage['billed_units'] !== undefined) return 'cohere'
  if (usage['inputTokens'] !== undefined) return 'bedrock'
  if (usage['prompt_tokens'] !== undefined) return 'openai'
  if (usage['cache_creation_input_tokens'] !== undefined) return 'anthropic'
  return undefined
}

const anthropicTypes: ReadonlySet<string> = new Set(['message_start', 'message_delta', 'message_stop'])

function familyOf(dialect: BodyDialect): readonly Family[] {
  if (dialect === 'bedrock') return ['bedrock', 'anthropic', 'openai', 'cohere']
  if (dialect === 'anthropic' || dialect === 'google' || dialect === 'cohere') return [dialect]
  return ['openai']
}

/** Where the figure stands in the body, and what it is. */
function faulty(raw: JsonValue | undefined, path: string): PlatformError {
  const value = path.split('.').reduce<JsonValue | undefined>((inner, key) => {
    if (Array.isArray(inner)) return (inner as readonly JsonValue[])[Number(key)] // a path that was found there
    return isJsonObject(inner) ? inner[key] : undefined
  }, raw)
  const shown = JSON.stringify(value)?.slice(0, 40) ?? 'nothing'
  return new PlatformError('INVALID_REQUEST', `the usage of the body has ${path} = ${shown}, which is no count`, {
    param: `usage.${path}`,
  })
}
