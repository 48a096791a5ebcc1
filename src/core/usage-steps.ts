import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import { memberOf, readServiceTier, toCount } from './usage-units.ts'
import { createUsage, type Usage } from './usage.ts'

/** The figures of a usage in the normal form, without where they come from. */
export type UsageCounts = Omit<Usage, 'raw' | 'source' | 'fault'>

/**
 * What a usage object of Anthropic's counts. Steps that shortened the conversation before it was answered are charged as the
 * answer is, and left out of its totals (compaction, "understanding usage"). Advice of another model is no part of it.
 */
export function countAnthropic(raw: JsonObject): UsageCounts {
  const steps = listSteps(raw)
  if (steps.length === 0) return countsOf(raw)
  return steps.filter(isCompaction).map(countsOf).reduce(addCounts, countsOf(raw))
}

/** Whether the conversation was shortened before it was answered. */
export function isCompacted(raw: JsonObject): boolean {
  return listSteps(raw).some(isCompaction)
}

/**
 * What other models used that were asked for advice inside one answer (Anthropic's advisor): each has the price of its own
 * model, in the service tier of the answer.
 */
export function readAdvice(raw: JsonValue | undefined): readonly Advice[] {
  if (!isJsonObject(raw)) return []
  return listSteps(raw).flatMap((step) => {
    if (step['type'] !== 'advisor_message') return []
    const { model } = step
    const own = { ...step, service_tier: readServiceTier(raw) }
    const usage = createUsage({ ...countsOf(step), raw: own })
    return [{ model: typeof model === 'string' ? model : undefined, usage }]
  })
}

/** Tokens of models whose advice was asked inside an answer, which stand in no total of its own. What is not told of them counts as none. */
export function countAdvice(raw: JsonValue | undefined): number {
  return readAdvice(raw).reduce((sum, { usage }) => sum + (usage.inputTotal ?? 0) + (usage.outputTotal ?? 0), 0)
}

export interface Advice {
  /** `undefined` when the vendor does not name it. */
  readonly model: string | undefined
  readonly usage: Usage
}

function listSteps({ iterations }: JsonObject): readonly JsonObject[] {
  return Array.isArray(iterations) ? iterations.filter(isJsonObject) : []
}

function isCompaction(step: JsonObject): boolean {
  return step['type'] === 'compaction'
}

/** `input_tokens` leaves out what was read from and written to the cache, so all three make the input. */
function countsOf(raw: JsonObject): UsageCounts {
  const input = toCount(raw['input_tokens'])
  const read = toCount(raw['cache_read_input_tokens'])
  const created = toCount(raw['cache_creation_input_tokens'])
  const terms = memberOf(raw, 'cache_creation')
  const hour = toCount(terms['ephemeral_1h_input_tokens'])
  const told = toCount(terms['ephemeral_5m_input_tokens'])
  // What is written for a term that nobody names is written for the usual five minutes.
  const minutes = created === undefined ? told : Math.max(told ?? 0, created - (hour ?? 0))
  const written = (minutes ?? 0) + (hour ?? 0)
  return {
    inputTotal: input === undefined ? undefined : input + (read ?? 0) + written,
    cacheRead: read,
    cacheWrite5m: minutes,
    cacheWrite1h: hour,
    outputTotal: toCount(raw['output_tokens']),
    reasoning: toCount(memberOf(raw, 'output_tokens_details')['thinking_tokens']),
  }
}

/** A total that one of them does not tell is not known; a part that one of them does not tell is the other's. */
function addCounts(left: UsageCounts, right: UsageCounts): UsageCounts {
  return {
    inputTotal: addTotals(left.inputTotal, right.inputTotal),
    cacheRead: addParts(left.cacheRead, right.cacheRead),
    cacheWrite5m: addParts(left.cacheWrite5m, right.cacheWrite5m),
    cacheWrite1h: addParts(left.cacheWrite1h, right.cacheWrite1h),
    outputTotal: addTotals(left.outputTotal, right.outputTotal),
    reasoning: addParts(left.reasoning, right.reasoning),
  }
}

function addTotals(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : left + right
}

function addParts(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined && right === undefined ? undefined : (left ?? 0) + (right ?? 0)
}
