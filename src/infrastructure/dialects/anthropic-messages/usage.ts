import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { countAnthropic, isCompacted } from '../../../core/usage-steps.ts'
import type { Usage } from '../../../core/usage.ts'
import { estimateBodyTokens, estimateTokensOfLength, memberOf, toUsageOf } from '../shared/index.ts'

/** The usage of a whole message; `undefined` when it reports none. */
export function readUsage(body: JsonObject): Usage | undefined {
  const raw = body['usage']
  return isJsonObject(raw) ? toAnthropicUsage(raw) : undefined
}

export function toAnthropicUsage(raw: JsonObject): Usage {
  return toUsageOf(raw, countAnthropic(raw))
}

/** The usage of a stream, whose parts come in several events. */
export interface StreamUsage {
  /** Takes one event's usage; `undefined` when the event has none. Answers with all that is known by then. */
  take(event: JsonObject): Usage | undefined
  readonly usage: Usage | undefined
}

/**
 * Counters are whole-message totals, set and never added; one that a later event leaves out, or sends smaller, stands.
 * Not so where that event says that the conversation was shortened first: the message began with that step alone.
 * The output of `message_start` is the few tokens made by then, so output is unknown until `message_delta` tells.
 */
export function createStreamUsage(): StreamUsage {
  let raw: JsonObject | undefined
  let usage: Usage | undefined
  return {
    get usage() {
      return usage
    },
    take(event) {
      const isStart = event['type'] === 'message_start'
      const told = isStart ? memberOf(event, 'message')['usage'] : event['usage']
      if (!isJsonObject(told)) return undefined
      raw = merge(raw ?? {}, isStart ? withoutGuesses(told) : told)
      usage = toAnthropicUsage(raw)
      return usage
    },
  }
}

/**
 * What a start can know. Its output is what happened to be made by then; an input of nothing, which no request has, is
 * what translators say that do not know yet.
 */
function withoutGuesses(told: JsonObject): JsonObject {
  const { output_tokens: _, ...start } = told
  return toAnthropicUsage(start).inputTotal === 0 ? { ...start, input_tokens: undefined } : start
}

function merge(known: JsonObject, told: JsonObject): JsonObject {
  const merged: Record<string, JsonValue | undefined> = isCompacted(told) ? withoutCounts(known) : { ...known }
  for (const [key, value] of Object.entries(told)) {
    const before = merged[key]
    if (value === null && before !== undefined) continue
    if (typeof value === 'number' && typeof before === 'number' && value < before) continue
    if (value !== undefined) merged[key] = value
  }
  return merged
}

/** The words of a usage: its service tier, its place. */
function withoutCounts(known: JsonObject): Record<string, JsonValue | undefined> {
  return Object.fromEntries(Object.entries(known).filter(([, value]) => typeof value === 'string'))
}

/** What is put where the dialect demands a number and nobody counted. */
export interface UsageBasis {
  readonly usage: Usage | undefined
  /** The client's request. */
  readonly body: JsonObject
  /** Length of the answer written. */
  readonly written: { readonly units: number; readonly wide: number }
}

/** The usage object of a finished message. Totals nobody reported are estimates by length; parts nobody reported are null. */
export function encodeUsage(basis: UsageBasis): JsonObject {
  const { usage } = basis
  const write5m = usage?.cacheWrite5m
  const write1h = usage?.cacheWrite1h
  const isWritten = write5m !== undefined || write1h !== undefined
  const written = (write5m ?? 0) + (write1h ?? 0)
  const input = usage?.inputTotal ?? estimateBodyTokens(basis.body)
  return {
    input_tokens: Math.max(0, input - (usage?.cacheRead ?? 0) - written),
    cache_creation_input_tokens: isWritten ? written : null,
    cache_read_input_tokens: usage?.cacheRead ?? null,
    cache_creation: isWritten
      ? { ephemeral_5m_input_tokens: write5m ?? 0, ephemeral_1h_input_tokens: write1h ?? 0 }
      : null,
    output_tokens: usage?.outputTotal ?? estimateTokensOfLength(basis.written),
    output_tokens_details: usage?.reasoning === undefined ? null : { thinking_tokens: usage.reasoning },
    server_tool_use: null,
    service_tier: null,
  }
}
