import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { readUnits } from '../../core/usage-units.ts'
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

/**
 * Input includes the cached, output the thoughts. Whoever speaks the dialect has a place of its own for the cached. Pages
 * that were read stand in a place of their own (Mistral).
 */
export const openaiUsage: UsageReading = {
  find: (body) => withTierOf(findOpenaiUsage(body) ?? objectAt(body, 'usage_info'), body),
  read: (raw) => orNothing(toOpenaiUsage(raw)),
}

/**
 * xAI counts thoughts beside the output in one of its APIs and inside it in the other; the total tells which.
 */
export const xaiUsage: UsageReading = {
  find: (body) => objectAt(body, 'response', 'usage') ?? objectAt(body, 'usage'),
  read(raw) {
    const usage = toOpenaiUsage(raw)
    const { outputTotal, reasoning } = usage
    const isOldForm = raw['total_tokens'] === undefined && raw['completion_tokens'] !== undefined
    const isUncounted = isOldForm && outputTotal === countAt(raw, 'completion_tokens')
    return orNothing({
      ...usage,
      outputTotal: isUncounted && outputTotal !== undefined ? outputTotal + (reasoning ?? 0) : outputTotal,
    })
  },
}

/**
 * Input includes the cached; output is the candidates and, beside them, the thoughts. Google leaves out figures that are
 * zero, so a missing number of candidates (a blocked answer) is what the total leaves for it.
 */
export const googleUsage: UsageReading = {
  find(body) {
    const interaction = objectAt(body, 'interaction') ?? body
    return (
      objectAt(body, 'usageMetadata') ??
      objectAt(body, 'response', 'usageMetadata') ??
      withTierOf(objectAt(interaction, 'usage'), interaction)
    )
  },
  join: (known, told) => ({ ...known, ...told }),
  read(raw) {
    if (raw['total_input_tokens'] !== undefined) return readInteraction(raw)
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

/** Google's Interactions API, which names every figure otherwise: the parts make the total, none is inside another. */
function readInteraction(raw: JsonObject): Usage | undefined {
  const output = countAt(raw, 'total_output_tokens')
  const reasoning = countAt(raw, 'total_thought_tokens')
  return toUsage(raw, {
    inputTotal: add(countAt(raw, 'total_input_tokens'), countAt(raw, 'total_tool_use_tokens')),
    cacheRead: countAt(raw, 'total_cached_tokens'),
    outputTotal: add(output, reasoning),
    reasoning,
  })
}

/** Input leaves out the cached, as Anthropic counts. A model may also be asked in its maker's own dialect. */
export const bedrockUsage: UsageReading = {
  find(body) {
    const { metadata } = body
    const metrics = objectAt(body, 'amazon-bedrock-invocationMetrics')
    const told = objectAt(metadata, 'usage') ?? metrics ?? objectAt(body, 'usage') ?? objectAt(body, 'message', 'usage')
    const tier = isJsonObject(metadata) ? metadata['serviceTier'] : (body['serviceTier'] ?? body['service_tier'])
    return told === undefined ? (titanOf(body) ?? llamaOf(body)) : withTier(told, tier)
  },
  // Titan and Llama tell the input at the start of a stream, and the output as it grows.
  join: (known, told) =>
    told['totalOutputTextTokenCount'] === undefined && told['generation_token_count'] === undefined
      ? told
      : { ...known, ...told },
  read(raw) {
    if (raw['input_tokens'] !== undefined) return orNothing(toAnthropicUsage(raw))
    if (raw['inputTextTokenCount'] !== undefined) {
      return toUsage(raw, { inputTotal: countAt(raw, 'inputTextTokenCount'), outputTotal: readTitanOutput(raw) })
    }
    if (raw['generation_token_count'] !== undefined) {
      return toUsage(raw, {
        inputTotal: countAt(raw, 'prompt_token_count'),
        outputTotal: countAt(raw, 'generation_token_count'),
      })
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

/**
 * Cohere bills fewer tokens than it counts; what is billed is what was used. What was cached, and what was thought, are of
 * those it counts (its own words around the prompt among them), so they are told only where they fit into those it bills.
 */
export const cohereUsage: UsageReading = {
  find: (body) =>
    objectAt(body, 'delta', 'usage') ??
    objectAt(body, 'usage') ??
    objectAt(body, 'response', 'meta') ??
    objectAt(body, 'meta'),
  read(raw) {
    const inputTotal = countAt(raw, 'billed_units', 'input_tokens') ?? countAt(raw, 'tokens', 'input_tokens')
    const outputTotal = countAt(raw, 'billed_units', 'output_tokens') ?? countAt(raw, 'tokens', 'output_tokens')
    return toUsage(raw, {
      inputTotal,
      cacheRead: within(inputTotal, countAt(raw, 'cached_tokens')),
      outputTotal,
      reasoning: within(outputTotal, countAt(raw, 'tokens', 'reasoning_tokens')),
    })
  },
}

function within(total: number | undefined, part: number | undefined): number | undefined {
  return total !== undefined && part !== undefined && part > total ? undefined : part
}

function add(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined && right === undefined ? undefined : (left ?? 0) + (right ?? 0)
}

/** Titan tells its tokens beside the text or the vector, which are no part of usage. */
function titanOf(body: JsonObject): JsonObject | undefined {
  const { inputTextTokenCount, totalOutputTextTokenCount, results } = body
  if (inputTextTokenCount === undefined) return undefined
  if (totalOutputTextTokenCount !== undefined) return { inputTextTokenCount, totalOutputTextTokenCount }
  if (!Array.isArray(results)) return { inputTextTokenCount }
  return {
    inputTextTokenCount,
    results: results.map((each: JsonValue) => (isJsonObject(each) ? { tokenCount: each['tokenCount'] } : {})),
  }
}

/** A vector is no output. */
function readTitanOutput(raw: JsonObject): number | undefined {
  const { totalOutputTextTokenCount: total, results } = raw
  if (total !== undefined) return countAt(raw, 'totalOutputTextTokenCount')
  return Array.isArray(results) ? sumOf(results, 'tokenCount') : 0
}

/** Llama's tokens stand beside its text; those of the prompt are told once in a stream. */
function llamaOf(body: JsonObject): JsonObject | undefined {
  const { prompt_token_count: input, generation_token_count: output } = body
  if (output === undefined) return undefined
  return { ...(typeof input === 'number' ? { prompt_token_count: input } : {}), generation_token_count: output }
}

/** `undefined` when there is none, or when one of them does not tell it. */
function sumOf(items: readonly JsonValue[], name: string): number | undefined {
  const counts = items.map((item) => countAt(item, name)).filter((count) => count !== undefined)
  if (counts.length === 0 || counts.length < items.length) return undefined
  return counts.reduce((sum, count) => sum + count, 0)
}

function withTierOf(raw: JsonObject | undefined, body: JsonObject): JsonObject | undefined {
  return raw === undefined ? undefined : withTier(raw, body['service_tier'])
}

function toUsage(raw: JsonObject, known: Partial<Usage>): Usage | undefined {
  return orNothing(toUsageOf(raw, known))
}

/** An object without either total is no usage, unless it counts pages or rankings instead, or tries to be one and fails. */
function orNothing(usage: Usage): Usage | undefined {
  if (usage.inputTotal !== undefined || usage.outputTotal !== undefined || usage.fault !== undefined) return usage
  const { pages, rankings } = readUnits(usage.raw)
  return pages === undefined && rankings === undefined ? undefined : usage
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
