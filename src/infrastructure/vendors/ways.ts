import { createHash } from 'node:crypto'
import type { LanguageModelV4FinishReason, SharedV4ProviderOptions } from '@ai-sdk/provider'
import type { Chat } from '../../core/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { toEffort } from '../dialects/index.ts'
import type { ProofForm } from './signature.ts'
import { bedrockUsage, cohereUsage, googleUsage, openaiUsage, xaiUsage, type UsageReading } from './usage.ts'

/** What is particular to a vendor beyond its package: what it takes, what it signs, how it counts. */
export interface VendorWays {
  readonly usage: UsageReading
  /** Why a whole answer ended, where its package does not read that; `undefined` when the package has it right. */
  readonly end?: (body: JsonObject) => LanguageModelV4FinishReason | undefined
  readonly proofs?: ProofForm
  /** Wants system messages before all others: those that stand later are promoted. */
  readonly isSystemFirst?: boolean
  /** Takes thoughts back that it did not sign, and demands them in tool loops. */
  readonly takesPlainThoughts?: boolean
  /** Text in a whole body or in one chunk of a stream that its package leaves out; it precedes what the package reads. */
  readonly words?: (body: JsonObject) => string | undefined
  /** Puts into a request what its package has no place for. Gets words beside tool calls as the message before the calls. */
  readonly amend?: (body: JsonObject) => JsonObject
  /** Settings it has no words for: a request that uses one is refused rather than answered otherwise than asked. */
  readonly lacks: readonly Setting[]
  /** Settings that only its own options can say. */
  readonly options?: (chat: Chat) => SharedV4ProviderOptions
  /** Marks the end of what is to be cached. */
  readonly cache?: (control: JsonValue) => SharedV4ProviderOptions
  /** How long its vectors shall be; absent where they have one length. */
  readonly dimensions?: (count: number) => SharedV4ProviderOptions
  /** Where its own settings of embeddings stand; absent where none of them says what the texts are. */
  readonly embedding?: string
  /** An id of a tool call as it takes it, whoever made it. */
  readonly toCallId?: (id: string) => string
}

export type Setting = 'top_k' | 'stop' | 'frequency_penalty' | 'presence_penalty' | 'parallel_tool_calls'

export const googleWays: VendorWays = {
  usage: googleUsage,
  proofs: { origin: 'google', namespace: 'google', fields: ['thoughtSignature'] },
  isSystemFirst: true,
  lacks: ['parallel_tool_calls'],
  options(chat) {
    const effort = toEffort(chat)
    // Thoughts are made and billed either way; whoever asks for them sees them.
    return effort === undefined || effort === 'none' ? {} : { google: { thinkingConfig: { includeThoughts: true } } }
  },
  embedding: 'google',
  dimensions: (count) => ({ google: { outputDimensionality: count } }),
}

export const bedrockWays: VendorWays = {
  usage: bedrockUsage,
  proofs: { origin: 'bedrock', namespace: 'bedrock', fields: ['signature', 'redactedData', 'redactedContent'] },
  isSystemFirst: true,
  lacks: ['frequency_penalty', 'presence_penalty'],
  options: ({ parallelToolCalls }) =>
    parallelToolCalls === undefined ? {} : { anthropic: { disableParallelToolUse: !parallelToolCalls } },
  cache: (control) => ({ bedrock: { cachePoint: { type: 'default', ...termOf(control) } } }),
  embedding: 'bedrock',
  // Titan, Nova and Cohere each have a name of their own for it; a model reads only its own.
  dimensions: (count) => ({ bedrock: { dimensions: count, embeddingDimension: count, outputDimension: count } }),
}

export const azureWays: VendorWays = {
  usage: openaiUsage,
  lacks: ['top_k'],
  options: (chat) => ({ openai: { ...openaiOptions(chat), ...(chat.user === undefined ? {} : { user: chat.user }) } }),
  dimensions: (count) => ({ openai: { dimensions: count } }),
}

export const mistralWays: VendorWays = {
  usage: openaiUsage,
  takesPlainThoughts: true,
  lacks: ['top_k'],
  options: (chat) => ({ mistral: openaiOptions(chat) }),
  dimensions: (count) => ({ mistral: { outputDimension: count } }),
  toCallId: (id) => (/^[a-zA-Z0-9]{9}$/.test(id) ? id : toNineCharacters(id)),
}

export const cohereWays: VendorWays = {
  usage: cohereUsage,
  words: findPlan,
  amend: takePlans,
  lacks: ['parallel_tool_calls'],
  embedding: 'cohere',
  dimensions: (count) => ({ cohere: { outputDimension: count } }),
}

export const groqWays: VendorWays = {
  usage: openaiUsage,
  takesPlainThoughts: true,
  lacks: ['top_k'],
  options: (chat) => ({ groq: openaiOptions(chat) }),
}

export const deepseekWays: VendorWays = {
  usage: openaiUsage,
  takesPlainThoughts: true,
  lacks: ['top_k', 'parallel_tool_calls'],
}

export const xaiWays: VendorWays = {
  usage: xaiUsage,
  end: findXaiEnd,
  proofs: { origin: 'xai', namespace: 'xai', fields: ['itemId', 'reasoningEncryptedContent'] },
  lacks: ['stop', 'frequency_penalty', 'presence_penalty'],
  // Without `store: false` the vendor keeps every answer for thirty days.
  options: ({ parallelToolCalls }) => ({
    xai: { store: false, ...(parallelToolCalls === undefined ? {} : { parallelToolCalls }) },
  }),
}

export const alibabaWays: VendorWays = {
  usage: openaiUsage,
  takesPlainThoughts: true,
  lacks: ['frequency_penalty'],
  options: ({ parallelToolCalls }) => (parallelToolCalls === undefined ? {} : { alibaba: { parallelToolCalls } }),
  cache: () => ({ alibaba: { cacheControl: { type: 'ephemeral' } } }),
  embedding: 'alibaba',
  dimensions: (count) => ({ alibaba: { dimension: count } }),
}

export const moonshotWays: VendorWays = {
  usage: openaiUsage,
  takesPlainThoughts: true,
  lacks: ['top_k', 'parallel_tool_calls'],
  options: (chat) => ({ moonshotai: strictnessOf(chat) }),
}

function openaiOptions(chat: Chat): Switches {
  const { parallelToolCalls } = chat
  return { ...(parallelToolCalls === undefined ? {} : { parallelToolCalls }), ...strictnessOf(chat) }
}

type Switches = Readonly<Record<string, boolean>>

/** The packages would hold every answer to its schema by the letter, which a schema that was not written so cannot stand. */
function strictnessOf({ responseFormat: format }: Chat): Switches {
  return format?.type === 'json-schema' ? { strictJsonSchema: format.strict ?? false } : {}
}

/** Anthropic's word for how long something stays cached. */
function termOf(control: JsonValue): { readonly ttl?: string } {
  const ttl = isJsonObject(control) ? control['ttl'] : undefined
  return ttl === '1h' || ttl === '5m' ? { ttl } : {}
}

/** What was said beside tool calls is the plan of them: an assistant message has either content or calls. */
function takePlans(body: JsonObject): JsonObject {
  const given = body['messages']
  if (!Array.isArray(given)) return body
  const messages: JsonValue[] = []
  for (const message of given as readonly JsonValue[]) {
    // what was parsed as JSON is JSON
    const before = messages.at(-1)
    const isPlanned = isAssistant(message) && message['tool_calls'] !== undefined
    const isPlan = isAssistant(before) && typeof before['content'] === 'string'
    if (isPlanned && isPlan) messages[messages.length - 1] = { ...message, tool_plan: before['content'] ?? null }
    else messages.push(message)
  }
  return { ...body, messages }
}

/** In a whole body, or in a `tool-plan-delta`. */
function findPlan({ message, delta }: JsonObject): string | undefined {
  const within = isJsonObject(delta) ? delta['message'] : message
  const plan = isJsonObject(within) ? within['tool_plan'] : undefined
  return typeof plan === 'string' ? plan : undefined
}

function isAssistant(message: JsonValue | undefined): message is JsonObject {
  return isJsonObject(message) && message['role'] === 'assistant'
}

/** The package takes no answer for cut short: it reads the status of a whole one alone. */
function findXaiEnd({ status, incomplete_details: details }: JsonObject): LanguageModelV4FinishReason | undefined {
  if (status === 'failed') return { unified: 'error', raw: status }
  if (status !== 'incomplete') return undefined
  const reason = isJsonObject(details) ? details['reason'] : undefined
  if (reason === 'max_output_tokens') return { unified: 'length', raw: reason }
  return reason === 'content_filter' ? { unified: 'content-filter', raw: reason } : { unified: 'other', raw: status }
}

/** Mistral takes nine letters and digits; the same id becomes the same nine, so that calls and results still meet. */
function toNineCharacters(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 9)
}
