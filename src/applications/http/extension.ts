import { z } from 'zod'
import { budgetLimitsSchema } from '../../config/index.ts'
import type { Call, CallFacts, PolicyLabel } from '../../core/call.ts'
import type { Citation, UnsupportedStatement } from '../../core/chat.ts'
import type { FilePlace } from '../../core/places.ts'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { fromDollars, toDollars, type Picodollars } from '../../core/money.ts'
import { sumDispatches, type CallTotals } from '../../core/totals.ts'
import type { Asked } from '../flow-parts.ts'
import { parseFields, refuseNul } from './faults.ts'
import { toRoute, toUsageJson } from '../shapes/index.ts'

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
    budget: budgetLimitsSchema.optional().describe('Most that this request may spend; narrows what its model may.'),
    variables: z
      .record(z.string().max(64), z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .describe('Values for the variables of a prompt.'),
    network: z
      .unknown()
      .optional()
      .describe('A model described in place, as under models in the configuration; for keys that may.'),
    review: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('The review that has let this request through; the rest of the body as it was when it was held.'),
    waitMs: z
      .int()
      .min(0)
      .max(600_000)
      .optional()
      .describe(
        'How long to wait in place when people have to decide, milliseconds; at most governance.reviews.waitMsMax.',
      ),
    report: z.boolean().default(true).describe('Whether the answer carries the `strata` field.'),
  })
  .describe('What a request may ask of Strata itself.')

export type RequestExtension = z.infer<typeof requestExtensionSchema>

/** Reads the extension of a body; `undefined` when it has none. Throws INVALID_REQUEST. */
export function readRequestExtension(body: JsonObject): RequestExtension | undefined {
  const given = body['strata']
  if (given === undefined) return undefined
  refuseNul({ strata: given })
  return parseFields(requestExtensionSchema, given, ['strata'])
}

/** What of the extension the flow decides by. */
export function toAskedOf(
  extension: RequestExtension | undefined,
  regionsHeader?: string,
): Pick<Asked<unknown>, 'regions' | 'useCase' | 'limits' | 'network'> {
  if (regionsHeader !== undefined && extension?.regions !== undefined) {
    throw new PlatformError('INVALID_REQUEST', 'regions are said in the body or in x-strata-regions, not in both', {
      param: 'strata.regions',
    })
  }
  const header = regionsHeader?.split(',').map((name) => name.trim())
  if (extension === undefined) return header === undefined ? nothingAsked : { regions: header }
  const { regions = header, useCase, budget } = extension
  const network = extension.network as JsonValue | undefined // of a body that was parsed as JSON
  if (budget === undefined) return { regions, useCase, network }
  const { usd, tokens, calls, ms } = budget
  const amounts = { usd: usd === undefined ? undefined : fromDollars(usd), tokens, calls }
  return { regions, useCase, network, limits: { amounts, ms } }
}

const nothingAsked = Object.freeze({ regions: undefined })

/** What Strata says of an answer: the route taken, where it was processed, what it used and cost, and its evidence. */
export function toAnswerExtension(
  call: Pick<Call, 'id' | 'facts' | 'labels' | 'notes'>,
  evidence: Evidence,
): JsonObject {
  const totals = sumDispatches(call.facts)
  const cost = toSpent(totals)
  const last = call.facts.findLast((fact) => fact.kind === 'dispatch' && fact.status === 'ok')
  const { citations, unsupported = [] } = evidence
  return {
    call: call.id,
    route: toRoute(call.facts),
    endpoint: last?.name ?? null,
    regions: last?.regions ?? null,
    calls: countCalls(call.facts),
    usage: toUsageJson(totals.usage),
    cost: cost === undefined ? null : { usd: toDollars(cost), picodollars: cost.toString() },
    ...(call.labels.policy === undefined ? {} : { policy: toPolicyJson(call.labels.policy) }),
    ...pick(call.notes, ['review']),
    ...toMarksJson(call),
    ...toEnergy(call.facts),
    ...toBounds(call.facts),
    ...toNodeReports(call),
    ...toGuardReports(call),
    ...(citations.length === 0 ? {} : { citations: citations.map(toCitationJson) }),
    ...(unsupported.length === 0 ? {} : { unsupported: unsupported.map(toUnsupportedJson) }),
  }
}

/** Under which use case the request was admitted, and what that obliges whoever shows the answer to. */
function toPolicyJson({ useCase, decision, obligations }: PolicyLabel): JsonObject {
  return { use_case: useCase ?? null, decision, obligations }
}

/** What tells people and machines that it was generated; also where the rest of the report is not wanted. */
export function toMarksJson({ notes }: Pick<Call, 'notes'>): JsonObject {
  return pick(notes, ['notices', 'provenance', 'aigc'])
}

function pick(notes: JsonObject | undefined, keys: readonly string[]): JsonObject {
  if (notes === undefined) return {}
  return Object.fromEntries(keys.flatMap((key) => (notes[key] === undefined ? [] : [[key, notes[key]]])))
}

/** Watt-hours of all tries together, where each that used something has an estimate; `undefined` where there is none at all. */
function toEnergy(facts: readonly CallFacts[]): JsonObject {
  const used = facts.filter(({ kind, usage }) => kind === 'dispatch' && usage !== undefined)
  const parts = used.map(({ detail }) => detail?.['energy'])
  if (!parts.some((part) => part !== undefined)) return {}
  if (!parts.every(isJsonObject)) return { energy: null }
  const sum = (end: 'low' | 'high'): number => parts.reduce((total, part) => total + Number(part[end]), 0)
  const said = (key: string): JsonValue =>
    [...new Set(parts.map((part) => part[key]).filter((word) => typeof word === 'string'))].join(', ')
  return {
    energy: {
      unit: 'Wh',
      low: sum('low'),
      high: sum('high'),
      method: said('method'),
      factors_version: said('factorsVersion'),
      ...toCarbon(parts),
    },
  }
}

/** Grams of CO2 equivalent, where each part has a factor. */
function toCarbon(parts: readonly JsonObject[]): JsonObject {
  const carbon = parts.map((part) => part['carbon'])
  if (!carbon.every(isJsonObject)) return {}
  const sum = (end: 'low' | 'high'): number => carbon.reduce((total, part) => total + Number(part[end]), 0)
  return { carbon: { unit: 'gCO2e', low: sum('low'), high: sum('high') } }
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

/** What all calls cost; nothing was called, nothing was spent. */
export function toSpent({ cost, dispatches }: CallTotals): Picodollars | undefined {
  return dispatches === 0 ? 0n : cost
}

/** Tries at endpoints that were sent. */
export function countCalls(facts: readonly CallFacts[]): number {
  let count = 0
  for (const fact of facts) if (fact.kind === 'dispatch' && fact.detail?.['sent'] !== false) count++
  return count
}

/** What guards found, observed, took out or could not tell. */
function toGuardReports({ facts, notes }: Pick<Call, 'facts' | 'notes'>): JsonObject {
  const said: JsonValue[] = []
  for (const detail of [notes, ...facts.map((fact) => fact.detail)]) {
    const guards = detail?.['guards']
    if (Array.isArray(guards)) said.push(...(guards as JsonValue[])) // what is noted is JSON
  }
  return said.length === 0 ? {} : { guards: said }
}

/** What nodes say of their own work; `cut` marks one that answered with the best it had when its budget or time was spent. */
const nodeNotes = ['cascade', 'vote', 'best', 'mix', 'map', 'verify', 'route', 'cache', 'prompt', 'experiment', 'cut']

function toNodeReports({ facts, notes }: Pick<Call, 'facts' | 'notes'>): JsonObject {
  const said = facts.filter(({ kind }) => kind === 'model').map(({ name, detail }) => ({ name, detail }))
  const all = notes === undefined ? said : [{ name: '', detail: notes }, ...said]
  const nodes = all.flatMap(({ name, detail }): readonly JsonObject[] => {
    // `node` is what the parent says of the part its child plays; that is in the route.
    const own = nodeNotes.filter((key) => typeof detail?.[key] === 'object')
    return own.length === 0 ? [] : [{ name, ...Object.fromEntries(own.map((key) => [key, detail?.[key]])) }]
  })
  const certificate = all.find(({ detail }) => detail?.['certificate'] !== undefined)?.detail?.['certificate']
  return {
    ...(nodes.length === 0 ? {} : { nodes }),
    ...(nodes.some((node) => node['cut'] !== undefined) ? { cut: true } : {}),
    ...(certificate === undefined ? {} : { certificate }),
  }
}

/** The names of the nodes that answered, in the order they began: `small eu-large`. Bounded, because headers are. */
export function toRouteHeader(facts: readonly CallFacts[]): string {
  if (facts.length <= 2) return facts.find(({ kind }) => kind !== 'request')?.name ?? ''
  const names = toRoute(facts).filter(({ status }) => status === 'ok')
  return names
    .map(({ name }) => name)
    .join(' ')
    .slice(0, routeHeaderLengthMax)
}

const routeHeaderLengthMax = 1_000

export interface Evidence {
  readonly citations: readonly Citation[]
  readonly unsupported?: readonly UnsupportedStatement[] | undefined
}

function toUnsupportedJson({ answerStart, answerEnd, reason, missing }: UnsupportedStatement): JsonObject {
  return { answer_start: answerStart, answer_end: answerEnd, reason, missing: [...missing] }
}

/** Where a span stands in its file, as far as that is known. */
function toPlaceJson(place: FilePlace | undefined): JsonObject {
  return JSON.parse(JSON.stringify(place ?? {})) as JsonObject // plain numbers, strings and lists
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
    ...(citation.licence === undefined ? {} : { licence: citation.licence }),
    ...(citation.attribution === undefined ? {} : { attribution: citation.attribution }),
    verdict: citation.verdict ?? null,
    ...toPlaceJson(citation.place),
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
