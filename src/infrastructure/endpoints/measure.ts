import type { ChatRequest, Part } from '../../core/chat.ts'
import { isJsonObject, type JsonValue } from '../../core/json.ts'
import type { SpendMeasure } from '../../core/spending.ts'
import { readTierChoice, type TierChoice } from '../../core/usage-units.ts'
import { estimateTokens, nativeDialects } from '../dialects/index.ts'
import { countAnswers, countInput } from './estimate.ts'
import { findChat } from './find-chat.ts'
import type { EndpointEntry } from './registry.ts'

/**
 * A token is at least one byte of text, so a request has no more tokens than bytes; what is not text may be more: the
 * largest that vendors publish for one picture (gpt-4o-mini, high detail, eight tiles), and pages and sound likewise.
 */
const mediaTokensMax = 48_169
/** A chat template puts marks around messages and tools that stand in no request. */
const templateTokensMax = 512

/** What a chat may use at most at an endpoint. Cost: one pass over the text; asked only where something limits the call. */
export function measureChat(entry: EndpointEntry, request: ChatRequest): SpendMeasure {
  const { config } = entry
  const media = countMedia(request)
  const context = config.contextTokens ?? Number.MAX_SAFE_INTEGER
  const bytes = countTextBytes(request, media)
  const inputTokensMax = Math.min(context, bytes + templateTokensMax + media * mediaTokensMax)
  return {
    inputTokensMax,
    inputTokens: Math.min(inputTokensMax, countInput(request)),
    outputTokensMax: request.outputTokensMax,
    outputTokensLimit: config.outputTokensMax,
    tiers: findTiers(entry, request),
    answers: countAnswers(request),
    isCountable: request.stream,
  }
}

/** What an embedding or a judgement of texts may use at most: there is no output. */
export function measureEmbedding(inputs: readonly string[]): SpendMeasure {
  const bytes = inputs.reduce((sum, text) => sum + Buffer.byteLength(text) + 8, 0)
  const tokens = inputs.reduce((sum, text) => sum + estimateTokens(text), 0)
  const none = { outputTokensMax: 0, outputTokensLimit: 0, tiers: readTierChoice(), answers: 0, isCountable: false }
  return { inputTokensMax: bytes, inputTokens: Math.min(bytes, tokens), ...none }
}

/** The service tiers that an endpoint may answer a request in: what it asks for goes only to endpoints of its own dialect. */
export function findTiers({ config }: EndpointEntry, request: ChatRequest): TierChoice {
  const { wire } = request
  const dialect = nativeDialects[config.dialect]
  if (wire !== undefined) return readTierChoice(wire.dialect === dialect ? wire.body : undefined)
  const { extra } = request.chat
  return readTierChoice(extra?.dialect === dialect ? extra?.fields : undefined)
}

/** Bytes of the request; where it can be decoded, without those of its media, which are no text. */
function countTextBytes(request: ChatRequest, media: number): number {
  const { wire } = request
  const chat = media === 0 && wire !== undefined ? undefined : findChat(request)
  if (chat !== undefined) return Buffer.byteLength(JSON.stringify(chat, withoutMedia))
  if (wire?.skim !== undefined) return wire.skim.bytes.length
  return Buffer.byteLength(wire?.text ?? '')
}

function withoutMedia(key: string, value: unknown): unknown {
  return typeof value === 'string' && (key === 'data' || value.startsWith('data:')) ? '' : value
}

/** Pictures, files and sound. Of a body that Strata cannot decode, whatever looks like one. */
function countMedia(request: ChatRequest): number {
  const chat = findChat(request)
  if (chat === undefined) return countMediaOfBody(request.wire?.body)
  return chat.messages.reduce((sum, message) => sum + countMediaOfParts(message.parts), 0)
}

function countMediaOfParts(parts: readonly Part[]): number {
  let count = 0
  for (const part of parts) {
    if (part.type === 'image' || part.type === 'file' || part.type === 'audio') count += 1
    else if (part.type === 'tool-result') count += countMediaOfParts(part.parts)
  }
  return count
}

const mediaTypes = new Set([
  'image_url',
  'image',
  'input_image',
  'file',
  'input_file',
  'document',
  'input_audio',
  'video',
])

function countMediaOfBody(value: JsonValue | undefined): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countMediaOfBody(item), 0)
  if (!isJsonObject(value)) return 0
  const { type } = value
  const own = typeof type === 'string' && mediaTypes.has(type) ? 1 : 0
  return Object.values(value).reduce<number>((sum, item) => sum + countMediaOfBody(item), own)
}
