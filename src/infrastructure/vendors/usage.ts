import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { createUsage, type Usage } from '../../core/usage.ts'

/**
 * How a vendor reports what was used. Read from the vendor's own object rather than from its package's reading, which
 * turns what is absent into zero.
 */
export interface UsageReading {
  /** The vendor's usage object in a whole body or in one chunk of a stream; `undefined` when it holds none. */
  find(body: JsonObject): JsonObject | undefined
  /** Its figures in the normal form; `undefined` when it has none. */
  read(raw: JsonObject): Usage | undefined
}

/** Input includes the cached, output the thoughts. Whoever speaks the dialect has a place of its own for the cached. */
export const openaiUsage: UsageReading = {
  find: (body) =>
    objectAt(body, 'usage') ?? objectAt(body, 'x_groq', 'usage') ?? objectAt(firstOf(body, 'choices'), 'usage'),
  read: (raw) =>
    toUsage(raw, {
      inputTotal: countAt(raw, 'prompt_tokens'),
      cacheRead:
        countAt(raw, 'prompt_tokens_details', 'cached_tokens') ??
        countAt(raw, 'prompt_token_details', 'cached_tokens') ?? // Mistral
        countAt(raw, 'num_cached_tokens') ?? // Mistral
        countAt(raw, 'prompt_cache_hit_tokens') ?? // DeepSeek
        countAt(raw, 'cached_tokens'), // Moonshot
      cacheWrite5m:
        countAt(raw, 'prompt_tokens_details', 'cache_write_tokens') ??
        countAt(raw, 'prompt_tokens_details', 'cache_creation_input_tokens'), // Alibaba
      outputTotal: countAt(raw, 'completion_tokens'),
      reasoning: countAt(raw, 'completion_tokens_details', 'reasoning_tokens'),
    }),
}

/**
 * xAI counts thoughts beside the output in one of its APIs and inside it in the other; the total tells which. Cached
 * input is inside the input unless there is more of it.
 */
export const xaiUsage: UsageReading = {
  find: (body) => objectAt(body, 'response', 'usage') ?? objectAt(body, 'usage'),
  read(raw) {
    const input = countAt(raw, 'input_tokens') ?? countAt(raw, 'prompt_tokens')
    const output = countAt(raw, 'output_tokens') ?? countAt(raw, 'completion_tokens')
    const cacheRead =
      countAt(raw, 'input_tokens_details', 'cached_tokens') ?? countAt(raw, 'prompt_tokens_details', 'cached_tokens')
    const reasoning =
      countAt(raw, 'output_tokens_details', 'reasoning_tokens') ??
      countAt(raw, 'completion_tokens_details', 'reasoning_tokens')
    const total = countAt(raw, 'total_tokens')
    const sum = (input ?? 0) + (output ?? 0) + (reasoning ?? 0)
    const isBeside = total === undefined ? raw['completion_tokens'] !== undefined : total >= sum
    return toUsage(raw, {
      inputTotal: input !== undefined && cacheRead !== undefined && cacheRead > input ? input + cacheRead : input,
      cacheRead,
      outputTotal: output !== undefined && reasoning !== undefined && isBeside ? output + reasoning : output,
      reasoning,
    })
  },
}

/**
 * Input includes the cached; output is the candidates and, beside them, the thoughts. Google leaves out figures that are
 * zero, so a missing number of candidates (a blocked answer) is what the total leaves for it.
 */
export const googleUsage: UsageReading = {
  find: (body) => objectAt(body, 'usageMetadata'),
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

/** Input leaves out the cached, as Anthropic counts. */
export const bedrockUsage: UsageReading = {
  find: (body) => objectAt(body, 'metadata', 'usage') ?? objectAt(body, 'usage'),
  read(raw) {
    const input = countAt(raw, 'inputTokens')
    const cacheRead = countAt(raw, 'cacheReadInputTokens')
    const written = countAt(raw, 'cacheWriteInputTokens')
    const details = raw['cacheDetails']
    const cacheWrite1h = Array.isArray(details) ? sumTerm(details, '1h') : undefined
    return toUsage(raw, {
      inputTotal: input === undefined ? undefined : input + (cacheRead ?? 0) + (written ?? 0),
      cacheRead,
      cacheWrite5m: written === undefined ? undefined : written - (cacheWrite1h ?? 0),
      cacheWrite1h,
      outputTotal: countAt(raw, 'outputTokens'),
    })
  },
}

/** Cohere bills fewer tokens than it counts; what is billed is what was used. */
export const cohereUsage: UsageReading = {
  find: (body) => objectAt(body, 'delta', 'usage') ?? objectAt(body, 'usage'),
  read: (raw) =>
    toUsage(raw, {
      inputTotal: countAt(raw, 'billed_units', 'input_tokens') ?? countAt(raw, 'tokens', 'input_tokens'),
      cacheRead: countAt(raw, 'cached_tokens'),
      outputTotal: countAt(raw, 'billed_units', 'output_tokens') ?? countAt(raw, 'tokens', 'output_tokens'),
    }),
}

function toUsage(raw: JsonObject, known: Partial<Usage>): Usage | undefined {
  if (known.inputTotal === undefined && known.outputTotal === undefined) return undefined
  return createUsage({ ...known, raw })
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
  return typeof found === 'number' && Number.isFinite(found) && found >= 0 ? found : undefined
}

function firstOf(body: JsonObject, key: string): unknown {
  const list = body[key]
  return Array.isArray(list) ? list[0] : undefined
}
