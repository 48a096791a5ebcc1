import type { CallFacts, Principal } from '../core/call.ts'
import { toDollars } from '../core/money.ts'
import type { DocumentForm, DraftDocument, KnownFacts } from '../governance/index.ts'
import { draftDocument } from '../governance/documentation/index.ts'
import type { HttpParts } from './http/index.ts'

export interface DraftAsk {
  readonly name: string
  readonly form: DocumentForm
  /** How far back the record of calls is read, days. */
  readonly days: number
}

const dayMs = 86_400_000

const requestsMax = 100_000

const listedMax = 1_000

/** Gathers what is known and drafts the document. Rejects with NOT_FOUND. */
export async function draftFor(parts: HttpParts, principal: Principal, ask: DraftAsk): Promise<DraftDocument> {
  const { tenant } = principal
  const atMs = parts.clock.now()
  const { registry } = parts.useCases
  const standing = await parts.useCases.get(tenant, ask.name)
  const seen = await readCalls(parts, tenant, { name: ask.name, fromMs: atMs - ask.days * dayMs, untilMs: atMs })
  const { retention } = parts.config.governance
  const { reviewers } = parts.config.governance.reviews
  const competent = reviewers.filter(({ useCases }) => useCases === undefined || useCases.includes(ask.name))
  return draftDocument(ask.form, {
    standing,
    versions: await registry.listVersions(tenant, ask.name),
    configVersion: parts.configVersion,
    atMs,
    usage: seen.usage,
    endpoints: describeEndpoints(parts, seen),
    evaluations: await readEvaluations(parts, tenant, seen.usage.models),
    reviews: await readReviews(parts, principal, ask.name),
    reviewers: competent.map(({ person, competence }) => ({ person, competence })),
    incidents: await readIncidents(parts, tenant, ask.name),
    literacy: await registry.listLiteracy(tenant),
    audit: { key: parts.audit.verifierKey, retentionDays: retention.useCases[ask.name] ?? retention.days },
  })
}

interface SeenCalls {
  readonly usage: KnownFacts['usage']
  /** Dispatches by endpoint and vendor's model. */
  readonly dispatches: ReadonlyMap<string, { readonly endpoint: string; readonly vendorModel: string; count: number }>
}

interface CallQuestion {
  readonly name: string
  readonly fromMs: number
  readonly untilMs: number
}

async function readCalls(parts: HttpParts, tenant: string, { name, ...span }: CallQuestion): Promise<SeenCalls> {
  const tally = createTally()
  for await (const { root, nodes } of parts.calls.scan({ tenant, ...span })) {
    if (root.detail?.['use_case'] !== name) continue
    if (tally.requests >= requestsMax) {
      tally.isPartial = true
      break
    }
    tally.take(root, nodes)
  }
  return { usage: tally.usage(span), dispatches: tally.dispatches }
}

function createTally() {
  const errors = new Map<string, number>()
  const models = new Map<string, number>()
  const dispatches = new Map<string, { endpoint: string; vendorModel: string; count: number }>()
  const add = (counts: Map<string, number>, name: string): unknown => counts.set(name, (counts.get(name) ?? 0) + 1)
  const sums = {
    answered: 0,
    input: 0,
    output: 0,
    cost: 0n,
    firstAtMs: undefined as number | undefined,
    lastAtMs: undefined as number | undefined,
  }
  return {
    requests: 0,
    isPartial: false,
    dispatches,
    take(root: CallFacts, nodes: readonly CallFacts[]): void {
      this.requests += 1
      if (root.status === 'ok') sums.answered += 1
      else add(errors, root.errorCode ?? root.status)
      add(models, root.name)
      sums.input += root.usage?.inputTotal ?? 0
      sums.output += root.usage?.outputTotal ?? 0
      sums.cost += root.cost ?? 0n
      sums.firstAtMs = Math.min(sums.firstAtMs ?? root.startedAtMs, root.startedAtMs)
      sums.lastAtMs = Math.max(sums.lastAtMs ?? root.startedAtMs, root.startedAtMs)
      for (const { kind, name, vendorModel = '', detail } of nodes) {
        if (kind !== 'dispatch' || detail?.['sent'] === false) continue
        const key = `${name}\n${vendorModel}`
        const known = dispatches.get(key)
        if (known === undefined) dispatches.set(key, { endpoint: name, vendorModel, count: 1 })
        else known.count += 1
      }
    },
    usage({ fromMs, untilMs }: Pick<CallQuestion, 'fromMs' | 'untilMs'>): KnownFacts['usage'] {
      const { answered, input, output, cost, firstAtMs, lastAtMs } = sums
      const byCount = ([, left]: readonly [string, number], [, right]: readonly [string, number]): number =>
        right - left
      return {
        fromMs,
        untilMs,
        requests: this.requests,
        isPartial: this.isPartial,
        answered,
        errors: [...errors].toSorted(byCount).map(([code, count]) => ({ code, count })),
        models: [...models].toSorted(byCount).map(([name, count]) => ({ name, count })),
        inputTokens: input,
        outputTokens: output,
        usd: toDollars(cost),
        firstAtMs,
        lastAtMs,
      }
    },
  }
}

function describeEndpoints(parts: HttpParts, { dispatches }: SeenCalls): KnownFacts['endpoints'] {
  return [...dispatches.values()].map(({ endpoint: id, vendorModel, count }) => {
    const configured = parts.config.endpoints[id]
    const vendor = configured === undefined ? undefined : parts.prices.findVendor(configured.dialect)
    const price = parts.prices.describePrice({ endpoint: id, vendor, model: vendorModel, atMs: parts.clock.now() })
    return {
      id,
      dialect: configured?.dialect ?? 'no longer configured',
      vendorModel,
      processing: configured?.processing,
      storage: configured?.storage,
      price: price === undefined ? undefined : `${price.version} (${price.source})`,
      count,
    }
  })
}

async function readEvaluations(
  parts: HttpParts,
  tenant: string,
  models: KnownFacts['usage']['models'],
): Promise<KnownFacts['evaluations']> {
  const names = new Set(models.map(({ name }) => name))
  const found = await parts.evaluations.list(tenant, { limit: 100, before: undefined })
  return found.flatMap(({ id, name, atMs, models: measured }) =>
    measured
      .filter(({ model }) => names.has(model))
      .map(({ model, scored, meanScore: mean, low95, high95 }) => ({
        id,
        name,
        atMs,
        model,
        scored,
        mean,
        low95,
        high95,
      })),
  )
}

async function readIncidents(parts: HttpParts, tenant: string, name: string): Promise<KnownFacts['incidents']> {
  const found = await parts.incidents.list(tenant, { before: undefined, limit: listedMax })
  return found.flatMap(({ id, kind, state, useCase, awareAtMs: atMs }) =>
    useCase === name ? [{ id, kind, state, atMs }] : [],
  )
}

async function readReviews(parts: HttpParts, viewer: Principal, useCase: string): Promise<KnownFacts['reviews']> {
  const page = { state: undefined, before: undefined, limit: listedMax }
  const own = (await parts.reviews.list(viewer, page)).filter((review) => review.useCase === useCase)
  return [...Map.groupBy(own, ({ state }) => state)].map(([state, reviews]) => {
    const spans = reviews
      .flatMap(({ endedAtMs, createdAtMs }) => (endedAtMs === undefined ? [] : [endedAtMs - createdAtMs]))
      .toSorted((left, right) => left - right)
    return { state, count: reviews.length, medianMs: spans[Math.floor(spans.length / 2)] }
  })
}
