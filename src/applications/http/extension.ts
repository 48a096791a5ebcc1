import { z } from 'zod'
import type { Call, CallFacts, PolicyLabel } from '../../core/call.ts'
import type { Citation } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { toDollars } from '../../core/money.ts'
import { sumDispatches } from '../../core/totals.ts'
import type { Usage } from '../../core/usage.ts'

/** The `strata` field of a request body. */
export const requestExtensionSchema = z
  .strictObject({
    regions: z
      .array(z.string().min(1))
      .max(64)
      .optional()
      .describe('Regions this request may be processed and stored in; narrows what the key allows.'),
    useCase: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('The declared use case the request belongs to; only for keys that stand for none.'),
    report: z.boolean().default(true).describe('Whether the answer carries the `strata` field.'),
  })
  .describe('What a request may ask of Strata itself.')

export type RequestExtension = z.infer<typeof requestExtensionSchema>

/** Reads the extension of a body; `undefined` when it has none. Throws INVALID_REQUEST. */
export function readRequestExtension(body: JsonObject): RequestExtension | undefined {
  const given = body['strata']
  if (given === undefined) return undefined
  const parsed = requestExtensionSchema.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = ['strata', ...(issue?.path ?? [])].join('.')
  throw new PlatformError('INVALID_REQUEST', `${path}: ${issue?.message ?? 'is not understood'}`, { param: path })
}

/** What Strata says of an answer: the route taken, where it was processed, what it used and cost, and its evidence. */
export function toAnswerExtension(
  { id, facts, labels }: Pick<Call, 'id' | 'facts' | 'labels'>,
  citations: readonly Citation[],
): JsonObject {
  const totals = sumDispatches(facts)
  const last = facts.findLast((fact) => fact.kind === 'dispatch' && fact.status === 'ok')
  return {
    call: id,
    route: toRoute(facts),
    endpoint: last?.name ?? null,
    regions: last?.regions ?? null,
    usage: toUsageJson(totals.usage),
    cost: totals.cost === undefined ? null : { usd: toDollars(totals.cost), picodollars: totals.cost.toString() },
    ...(labels.policy === undefined ? {} : { policy: toPolicyJson(labels.policy) }),
    ...toBounds(facts),
    ...(citations.length === 0 ? {} : { citations: citations.map(toCitationJson) }),
  }
}

/** Under which use case the request was admitted, and what that obliges whoever shows the answer to. */
function toPolicyJson({ useCase, decision, obligations }: PolicyLabel): JsonObject {
  return { use_case: useCase ?? null, decision, obligations }
}

/** What budgets did to the answer: that money ended it, that its length was bounded by what could be paid for. */
function toBounds(facts: readonly CallFacts[]): JsonObject {
  const bounds: { stopped?: JsonValue; output_tokens_cap?: JsonValue } = {}
  for (const { charges, detail } of facts) {
    if (charges === undefined || detail === undefined) continue
    if (detail['stopped'] !== undefined) bounds.stopped = detail['stopped']
    if (detail['outputTokensCap'] !== undefined) bounds.output_tokens_cap = detail['outputTokensCap']
  }
  return bounds
}

// A type rather than an interface, so that it counts as JSON.
export type RouteStep = {
  readonly kind: CallFacts['kind']
  readonly name: string
  readonly status: CallFacts['status']
  readonly error?: string
}

/** The nodes that ran, in the order they began, each with how it ended. */
export function toRoute(facts: readonly CallFacts[]): readonly RouteStep[] {
  return facts
    .filter((fact) => fact.kind !== 'request')
    .toSorted(
      (left, right) =>
        left.startedAtMs - right.startedAtMs || left.id.length - right.id.length || (left.id < right.id ? -1 : 1),
    )
    .map((fact) => ({
      kind: fact.kind,
      name: fact.name,
      status: fact.status,
      ...(fact.errorCode === undefined ? {} : { error: fact.errorCode }),
    }))
}

export function toUsageJson(usage: Usage | undefined): JsonValue {
  if (usage === undefined) return null
  return {
    input_total: usage.inputTotal ?? null,
    cache_read: usage.cacheRead ?? null,
    cache_write_5m: usage.cacheWrite5m ?? null,
    cache_write_1h: usage.cacheWrite1h ?? null,
    output_total: usage.outputTotal ?? null,
    reasoning: usage.reasoning ?? null,
    source: usage.source,
  }
}

function toCitationJson(citation: Citation): JsonObject {
  return {
    collection: citation.collection,
    document: citation.document,
    source: citation.source,
    version: citation.version,
    start: citation.start,
    end: citation.end,
    text: citation.text,
    answer_start: citation.answerStart ?? null,
    answer_end: citation.answerEnd ?? null,
  }
}

/**
 * Milliseconds of a finished request that were not spent waiting for endpoints: its whole time less the time during
 * which at least one dispatch ran. `undefined` before anything was dispatched.
 */
export function overheadMs(startedMonotonicMs: number, nowMonotonicMs: number, facts: readonly CallFacts[]): number {
  const totalMs = nowMonotonicMs - startedMonotonicMs
  const only = onlyDispatch(facts)
  if (only !== undefined) return Math.max(0, totalMs - only.durationMs)
  let waitedMs = 0
  let coveredUntilMs = 0
  for (const fact of facts
    .filter((each) => each.kind === 'dispatch')
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs)) {
    const endMs = fact.startedAtMs + fact.durationMs
    const fromMs = Math.max(fact.startedAtMs, coveredUntilMs)
    if (endMs > fromMs) waitedMs += endMs - fromMs
    coveredUntilMs = Math.max(coveredUntilMs, endMs)
  }
  return Math.max(0, totalMs - waitedMs)
}

/** The one dispatch of a call tree; `undefined` when there is another number of them. */
function onlyDispatch(facts: readonly CallFacts[]): CallFacts | undefined {
  let found: CallFacts | undefined
  for (const fact of facts) {
    if (fact.kind !== 'dispatch') continue
    if (found !== undefined) return undefined
    found = fact
  }
  return found
}
