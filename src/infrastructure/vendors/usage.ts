import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { findOpenaiUsage, toAnthropicUsage, toCount, toOpenaiUsage, toUsageOf, withTier } from '../dialects/index.ts'

/**
 * How a vendor reports what was used. Read from the vendor's own object rather than from its package's reading, which
 * turns what is absent into zero.
 */
export interface UsageReading {
  /** The vendor's usage object in a whole body or in one chunk of a stream; `undefined` when it holds none. */
  find(body: JsonObject): JsonObject | undefined
  /** What is known after a further chunk of a stream has told; the last chunk alone where absent. */
  readonly join?: (known: JsonObject, told: JsonObject) => JsonObject
  /** Its figures in the normal form; `undefined` when it has none. */
  read(raw: JsonObject): Usage | undefined
}

/** Input includes the cached, output the thoughts. Whoever speaks the dialect has a place of its own for the cached. */
export const openaiUsage: UsageReading = {
  find: (body) => withTierOf(findOpenaiUsage(body), body),
  read: (raw) => orNothing(toOpenaiUsage(raw)),
}

/**
 * xAI counts thoughts beside the output in one of its APIs and inside it in the other; the total tells which. Cached
 * input is inside the input unless there is more of it.
 */
export const xaiUsage: UsageReading = {
  find: (body) => objectAt(body, 'response', 'usage') ?? objectAt(body, 'usage'),
  read(raw) {
    const usage = toOpenaiUsage(raw)
    const { inputTotal, cacheRead, outputTotal, reasoning } = usage
    const isApart = inputTotal !== undefined && cacheRead !== undefined && cacheRead > inputTotal
    const isOldForm = raw['total_tokens'] === undefined && raw['completion_tokens'] !== undefined
    const isUncounted = isOldForm && outputTotal === countAt(raw, 'completion_tokens')
    return orNothing({
      ...usage,
      inputTotal: isApart ? inputTotal + cacheRead : inputTotal,
      outputTotal: isUncounted && outputTotal !== undefined ? outputTotal + (reasoning ?? 0) : outputTotal,
    })
  },
}

/**
 * Input includes the cached; output is the candidates and, beside them, the thoughts. Google leaves out figures that are
 * zero, so a missing number of candidates (a blocked answer) is what the total leaves for it.
 */
export const googleUsage: UsageReading = {
  find: (body) => objectAt(body, 'usageMetadata') ?? objectAt(body, 'response', 'usageMetadata'),
  join: (known, told) => ({ ...known, ...told }),
  read(raw) {
    const prompt = countAt(raw, 'promptTokenCount')
    const forTools = countAt(raw, 'toolUsePromptTokenCount') ?? 0
    const candidates = countAt(raw, 'candidatesTokenCount')
    const reasoning = countAt(raw, 'thoughtsTokenCount')
    const total = countAt(raw, 'totalTokenCount')
    const left = total === undefined || prompt === undefined ? undefined : Math.max(0, total - prompt - forTools)
    return toUsage(raw, {
      inputTotal: prompt === undefined ? undefined : prompt + forTools,
      cacheRead: countAt(raw, 'cachedContentTokenCount'),
      outputTotal: candidates === undefined ? (left ?? reasoning) : candidates + (reasoning ?? 0),
      reasoning,
    })
  },
}

/** Input leaves out the cached, as Anthropic counts. A model may also be asked in its maker's own dialect. */
export const bedrockUsage: UsageReading = {
  find: (body) =>
    objectAt(body, 'metadata', 'usage') ??
    objectAt(body, 'amazon-bedrock-invocationMetrics') ??
    objectAt(body, 'usage') ??
    objectAt(body, 'message', 'usage') ??
    titanOf(body),
  read(raw) {
    if (raw['input_tokens'] !== undefined) return orNothing(toAnthropicUsage(raw))
    if (raw['inputTextTokenCount'] !== undefined) {
      return toUsage(raw, { inputTotal: countAt(raw, 'inputTextTokenCount'), outputTotal: 0 })
    }
    if (raw['prompt_tokens'] !== undefined) return orNothing(toOpenaiUsage(raw))
    const input = countAt(raw, 'inputTokens') ?? countAt(raw, 'inputTokenCount')
    const cacheRead =
      countAt(raw, 'cacheReadInputTokens') ??
      countAt(raw, 'cacheReadInputTokenCount') ??
      countAt(raw, 'cacheReadInputTokensCount')
    const written =
      countAt(raw, 'cacheWriteInputTokens') ??
      countAt(raw, 'cacheWriteInputTokenCount') ??
      countAt(raw, 'cacheWriteInputTokensCount')
    const details = raw['cacheDetails']
    const cacheWrite1h = Array.isArray(details) ? sumTerm(details, '1h') : undefined
    return toUsage(raw, {
      inputTotal: input === undefined ? undefined : input + (cacheRead ?? 0) + (written ?? 0),
      cacheRead,
      cacheWrite5m: written === undefined ? undefined : Math.max(0, written - (cacheWrite1h ?? 0)),
      cacheWrite1h,
      outputTotal: countAt(raw, 'outputTokens') ?? countAt(raw, 'outputTokenCount'),
    })
  },
}

/** Cohere bills fewer tokens than it counts; what is billed is what was used. */
export const cohereUsage: UsageReading = {
  find: (body) =>
    objectAt(body, 'delta', 'usage') ??
    objectAt(body, 'usage') ??
    objectAt(body, 'response', 'meta') ??
    objectAt(body, 'meta'),
  read: (raw) =>
    toUsage(raw, {
      inputTotal: countAt(raw, 'billed_units', 'input_tokens') ?? countAt(raw, 'tokens', 'input_tokens'),
      cacheRead: countAt(raw, 'cached_tokens'),
      outputTotal: countAt(raw, 'billed_units', 'output_tokens') ?? countAt(raw, 'tokens', 'output_tokens'),
    }),
}

/** Titan's embeddings tell their tokens beside the vector, which is no part of usage. */
function titanOf(body: JsonObject): JsonObject | undefined {
  const count = body['inputTextTokenCount']
  return count === undefined ? undefined : { inputTextTokenCount: count }
}

function withTierOf(raw: JsonObject | undefined, body: JsonObject): JsonObject | undefined {
  return raw === undefined ? undefined : withTier(raw, body['service_tier'])
}

function toUsage(raw: JsonObject, known: Partial<Usage>): Usage | undefined {
  return orNothing(toUsageOf(raw, known))
}

/** An object without either total is no usage, unless it tries to be one and fails. */
function orNothing(usage: Usage): Usage | undefined {
  const isNothing = usage.inputTotal === undefined && usage.outputTotal === undefined && usage.fault === undefined
  return isNothing ? undefined : usage
}

function sumTerm(details: readonly JsonValue[], term: string): number | undefined {
  const counts = details.filter((detail) => isJsonObject(detail) && detail['ttl'] === term)
  if (counts.length === 0) return undefined
  return counts.reduce<number>((sum, detail) => sum + (countAt(detail, 'inputTokens') ?? 0), 0)
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isJsonObject(inner) ? inner[key] : undefined), value)
}

function objectAt(value: unknown, ...path: readonly string[]): JsonObject | undefined {
  const found = valueAt(value, path)
  return isJsonObject(found) ? found : undefined
}

function countAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, path)
  return typeof found === 'number' ? toCount(found) : undefined
}
