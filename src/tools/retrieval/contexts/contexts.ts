import type { Principal } from '../../../core/call.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { Picodollars } from '../../../core/money.ts'
import { toPicodollars, type Store } from '../../../store/index.ts'
import type { SearchQuery, SearchResult } from '../searching/searching.ts'
import { createKnowledgeRows } from '../store.ts'
import {
  checkQuestions,
  compareScores,
  findTargets,
  scoreSearches,
  type Compared,
  type ScoreComparison,
} from '../vectors/comparing.ts'
import { getCollection } from '../views.ts'
import { createContextRuns, type RunParts } from './runs.ts'
import { toPlanKey } from './prompt.ts'
import { createContextRows, type ContextCounts, type Plan } from './store.ts'

/** What a model writes of where passages stand in their documents, for passages to be found by. Every act is within one tenant. */
export interface Contexts {
  /**
   * Has a model write of every passage in force, and of those to come, in the background and on the account of whoever asks. Said
   * again, passages that were left without are tried again; with another model everything is written anew.
   */
  planContexts(wanted: NewContexts): Promise<ContextView>
  /** Rejects with NOT_FOUND where no model writes. */
  getContexts(tenant: string, collection: string): Promise<ContextView>
  /** Takes out what was written, in the background. */
  removeContexts(tenant: string, collection: string): Promise<void>
  /** Searches every question by words with the contexts and without; `first` is with them. Rejects with CONFLICT where there are none. */
  compareContexts(wanted: Compared): Promise<ScoreComparison>
}

export interface NewContexts {
  readonly tenant: string
  readonly collection: string
  /** As models are named in the configuration. */
  readonly model: string
  readonly principal: Principal
}

export interface ContextView {
  readonly model: string
  readonly state: Plan['state']
  /** Passages in force. */
  readonly passages: number
  /** Of these, with a context. */
  readonly written: number
  /** Of these, without one for good, by reason: an error's code, `cost-max`, `passages-max`. All others wait. */
  readonly degraded: Readonly<Record<string, number>>
  readonly waiting: number
  /** What ended the last run early. */
  readonly fault: string | undefined
  /** Answers there have been since the plan was made, what they cost, and how many have no known price. */
  readonly asked: number
  readonly cost: Picodollars
  readonly unpriced: number
  readonly inputTokens: number
  /** Of these, read from the vendor's cache. */
  readonly cachedTokens: number
  readonly outputTokens: number
  /** Milliseconds UTC. */
  readonly createdAtMs: number
}

export interface ContextParts extends Omit<RunParts, 'store'> {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly search: (query: SearchQuery) => Promise<SearchResult>
}

/** What the rest of knowledge needs of it. */
export interface ContextWork extends Contexts {
  /** Has the passages of a collection written of that are new; of every collection when absent. */
  follow(collection?: number): void
  settled(): Promise<void>
  close(): Promise<void>
}

export function createContexts(parts: ContextParts): ContextWork {
  const { store, clock } = parts
  const rows = createContextRows(store.sql)
  const knowledge = createKnowledgeRows(store.sql)
  const runs = createContextRuns(parts)
  const numberOf = async (tenant: string, name: string): Promise<number> =>
    (await getCollection(knowledge, tenant, name)).number
  const describe = async (collection: number): Promise<ContextView> => {
    const plan = await rows.findPlan(collection)
    if (plan === undefined) throw new PlatformError('NOT_FOUND', 'no model writes of this collection')
    return toView(plan, await rows.count(collection, toPlanKey(plan.model)))
  }
  return {
    async planContexts({ tenant, collection: name, model, principal }) {
      const collection = await numberOf(tenant, name)
      await store.transaction(async (sql) => {
        const written = createContextRows(sql)
        await createKnowledgeRows(sql).lockByNumber(collection)
        const row = { collection, tenant, model, principal: JSON.stringify(principal), state: 'writing' } as const
        await written.writePlan({ ...row, created_at_ms: Math.trunc(clock.now()) })
        await written.resetFaults(collection)
      })
      runs.start({ collection })
      return describe(collection)
    },
    getContexts: async (tenant, name) => describe(await numberOf(tenant, name)),
    async removeContexts(tenant, name) {
      const collection = await numberOf(tenant, name)
      const plan = await rows.findPlan(collection)
      if (plan === undefined) throw new PlatformError('NOT_FOUND', 'no model writes of this collection')
      await rows.writePlan({ ...plan, state: 'removing' })
      runs.start({ collection })
    },
    compareContexts: (wanted) => compareContexts(parts, wanted),
    follow: (collection) => runs.follow((plan) => collection === undefined || plan.collection === collection),
    settled: () => runs.settled(),
    close: () => runs.close(),
  }
}

/** Where no model can be asked. */
export const withoutWriter: Contexts = Object.freeze({
  planContexts: () => Promise.reject(new PlatformError('INVALID_REQUEST', 'there is no model here that writes')),
  getContexts: () => Promise.reject(new PlatformError('NOT_FOUND', 'no model writes of this collection')),
  removeContexts: () => Promise.reject(new PlatformError('NOT_FOUND', 'no model writes of this collection')),
  compareContexts: () => Promise.reject(new PlatformError('NOT_FOUND', 'no model writes of this collection')),
})

async function compareContexts(parts: ContextParts, wanted: Compared): Promise<ScoreComparison> {
  checkQuestions(wanted)
  const { context_count: written } = await getCollection(
    createKnowledgeRows(parts.store.sql),
    wanted.tenant,
    wanted.collection,
  )
  if (written === 0) throw new PlatformError('CONFLICT', 'no passage of this collection has a written context yet')
  const targets = await findTargets(parts, wanted)
  const score = (withoutContexts: boolean) => scoreSearches(parts, { wanted, targets }, () => ({ withoutContexts }))
  return compareScores(await score(false), await score(true))
}

function toView(plan: Plan, { passages, written, waiting, faults }: ContextCounts): ContextView {
  return {
    model: plan.model,
    state: plan.state,
    passages,
    written,
    degraded: faults,
    waiting: plan.state === 'removing' ? 0 : waiting,
    fault: plan.fault ?? undefined,
    asked: plan.asked,
    cost: toPicodollars(plan.cost) ?? 0n,
    unpriced: plan.unpriced,
    inputTokens: Number(plan.input_tokens),
    cachedTokens: Number(plan.cached_tokens),
    outputTokens: Number(plan.output_tokens),
    createdAtMs: Number(plan.created_at_ms),
  }
}
