import type { Kysely } from 'kysely'
import type { Config } from '../../../config/index.ts'
import type { Principal } from '../../../core/call.ts'
import { PlatformError, toPlatformError, type ErrorCode } from '../../../core/errors.ts'
import type { EventLog, KnowledgeQuery, TextEmbedder } from '../../../core/ports.ts'
import type { Clock } from '../../../core/time.ts'
import type { Store, Tables } from '../../../store/index.ts'
import { createKnowledgeRows } from '../store.ts'
import { getCollection } from '../views.ts'
import { toUnitVector } from './block.ts'
import { createEmbeddingRuns } from './embedding.ts'
import { checkForm, toKind } from './form.ts'
import { createIndexKeeping } from './indexed/index.ts'
import { createVectorRows, type GenerationRow } from './store.ts'

/** Vectors of collections, generation by generation. Every act is within one tenant. */
export interface Generations {
  /** Begins a generation: its passages are embedded in the background, on the account of whoever asks. */
  createGeneration(wanted: NewGeneration): Promise<GenerationView>
  listGenerations(tenant: string, collection: string): Promise<readonly GenerationView[]>
  /** From now on searches use it; the one before is retired. Rejects with CONFLICT while passages are missing. */
  switchGeneration(place: GenerationName): Promise<GenerationView>
  /** With its vectors. */
  deleteGeneration(place: GenerationName): Promise<void>
}

export interface NewGeneration {
  readonly tenant: string
  readonly collection: string
  /** As models are named in the configuration. */
  readonly model: string
  /** What the model gives when absent. */
  readonly dimensions?: number | undefined
  /** Whether passages are embedded with what a model has written of where they stand, where it has; they are when absent. */
  readonly withContext?: boolean | undefined
  readonly principal: Principal
}

export interface GenerationName {
  readonly tenant: string
  readonly collection: string
  readonly generation: number
}

export interface GenerationView {
  readonly number: number
  readonly model: string
  readonly dimensions: number | undefined
  /** How the model tells questions from passages; empty when it does not, `undefined` before the first vector. */
  readonly form: string | undefined
  readonly withContext: boolean
  readonly state: GenerationRow['state']
  readonly vectors: number
  /** Passages in force without a vector, those refused included. */
  readonly missing: number
  /** Passages that no endpoint within the region of their document could embed. */
  readonly refused: number
  /** What ended the last run early. */
  readonly fault: string | undefined
  /** Milliseconds UTC. */
  readonly createdAtMs: number
}

/** The vector of a question, for one collection. */
export interface QueryVector {
  readonly collection: string
  readonly generation: number
  readonly vector: Float32Array
}

/** What became of the dense half of a search; absent where the collections have no live generation, or nobody pays. */
export interface DenseQuery {
  readonly vectors: readonly QueryVector[]
  readonly state?: 'used' | 'failed' | undefined
  readonly code?: ErrorCode | undefined
}

/** What the rest of knowledge needs of it. */
export interface DenseParts extends Generations {
  /** Embeds a question, once for each model. Never rejects: a search goes on without. */
  toVectors(query: KnowledgeQuery): Promise<DenseQuery>
  /** Has the passages of a collection embedded that are new; of every collection when absent. */
  follow(collection?: number): void
  /** Resolves once nothing is being embedded. */
  settled(): Promise<void>
  close(): Promise<void>
}

export interface GenerationParts {
  readonly store: Pick<Store, 'sql' | 'transaction' | 'engine'>
  readonly clock: Clock
  readonly log: EventLog
  readonly config: Config['knowledge']['dense']
  readonly embedder: TextEmbedder
}

const generationsMax = 16
const noVectors: DenseQuery = Object.freeze({ vectors: [] })

export function createGenerations(parts: GenerationParts): DenseParts {
  const { store, clock, config } = parts
  const rows = createVectorRows(store.sql)
  const knowledge = createKnowledgeRows(store.sql)
  const index = createIndexKeeping(parts)
  const runs = createEmbeddingRuns({ ...parts, batchMax: config.batchMax, index })
  const find = async ({ tenant, collection: name, generation: number }: GenerationName): Promise<GenerationRow> => {
    const collection = await getCollection(knowledge, tenant, name)
    const row = (await rows.listGenerations(collection.number)).find((each) => each.number === number)
    if (row !== undefined) return row
    throw new PlatformError('NOT_FOUND', `the collection has no generation ${number}`, { param: 'generation' })
  }
  const describe = async (row: GenerationRow): Promise<GenerationView> => toView(row, await rows.countVectors(row))
  return {
    async createGeneration(wanted) {
      const { number: collection } = await getCollection(knowledge, wanted.tenant, wanted.collection)
      const row = await store.transaction((sql) => begin(sql, wanted, { collection, atMs: Math.trunc(clock.now()) }))
      runs.start(row)
      return describe(row)
    },
    async listGenerations(tenant, name) {
      const { number } = await getCollection(knowledge, tenant, name)
      const views: GenerationView[] = []
      for (const row of await rows.listGenerations(number)) views.push(await describe(row))
      return views
    },
    async switchGeneration(place) {
      const row = await find(place)
      const { missing } = await rows.countVectors(row)
      if (row.state === 'retired' || missing > row.refused) {
        const why = row.state === 'retired' ? 'is retired: build it anew' : `has no vectors yet for ${missing} passages`
        throw new PlatformError('CONFLICT', `generation ${row.number} ${why}`, { param: 'generation' })
      }
      const retired = await store.transaction(async (sql) => {
        const written = createVectorRows(sql)
        const others = (await written.listGenerations(row.collection)).filter(
          ({ state, number }) => state === 'live' && number !== row.number,
        )
        for (const other of others) await written.updateGeneration(other, { state: 'retired' })
        await written.updateGeneration(row, { state: 'live' })
        return others
      })
      for (const other of retired) if (other.indexed_next !== null) await index.drop(other)
      return describe({ ...row, state: 'live' })
    },
    async deleteGeneration(place) {
      const row = await find(place)
      if (row.indexed_next !== null) await index.drop(row)
      await rows.deleteGeneration(row)
    },
    toVectors: (query) => toVectors(parts, query),
    follow: (collection) => runs.follow((row) => collection === undefined || row.collection === collection),
    settled: () => runs.settled(),
    close: () => runs.close(),
  }
}

/** The row of a new generation, within a transaction. */
async function begin(
  sql: Kysely<Tables>,
  { tenant, model, dimensions, withContext = true, principal }: NewGeneration,
  { collection, atMs }: { readonly collection: number; readonly atMs: number },
): Promise<GenerationRow> {
  await createKnowledgeRows(sql).lockByNumber(collection)
  const rows = createVectorRows(sql)
  const known = await rows.listGenerations(collection)
  if (known.length >= generationsMax) {
    throw new PlatformError('CONFLICT', `a collection has at most ${generationsMax} generations; delete one`)
  }
  const row: GenerationRow = {
    collection,
    number: known.reduce((most, each) => Math.max(most, each.number), 0) + 1,
    tenant,
    model,
    dimensions: dimensions ?? null,
    state: 'building',
    principal: JSON.stringify(principal),
    vector_next: 1,
    refused: 0,
    fault: null,
    created_at_ms: atMs,
    indexed_next: null,
    form: null,
    with_context: withContext ? 1 : 0,
  }
  await rows.insertGeneration(row)
  return row
}

/** Where nobody embeds. */
export const withoutEmbedder: Generations = Object.freeze({
  createGeneration: () => Promise.reject(new PlatformError('INVALID_REQUEST', 'there is no model here that embeds')),
  listGenerations: () => Promise.resolve([]),
  switchGeneration: () => Promise.reject(new PlatformError('NOT_FOUND', 'there are no generations')),
  deleteGeneration: () => Promise.reject(new PlatformError('NOT_FOUND', 'there are no generations')),
})

/** The live generations of the collections of a query, each with the vector of its question. */
async function toVectors(
  { store, embedder, config, clock, log }: GenerationParts,
  query: KnowledgeQuery,
): Promise<DenseQuery> {
  const { by } = query
  if (by === undefined) return noVectors
  const live = await createVectorRows(store.sql).listLive(query.tenant, query.collections)
  if (live.length === 0) return noVectors
  const durationMsMax = config.queryMsMax
  const startedMs = clock.monotonicMs()
  try {
    const vectors: QueryVector[] = []
    for (const [key, same] of Map.groupBy(live, ({ model, dimensions, form }) => `${dimensions} ${model} ${form}`)) {
      const [first] = same
      if (first === undefined) continue
      const { model, dimensions } = first
      const kind = toKind(first, 'query')
      const request = { model, inputs: [query.query], dimensions: dimensions ?? undefined, kind }
      const left = durationMsMax - (clock.monotonicMs() - startedMs)
      const found = await embedder.embed(request, { ...by, regions: undefined, durationMsMax: left })
      checkForm(first, found)
      const vector = toUnitVector(found.vectors[0] ?? [])
      if (vector === undefined) throw new PlatformError('UPSTREAM_INVALID', `${key} gave no vector`)
      vectors.push(...same.map(({ name, number }) => ({ collection: name, generation: number, vector })))
    }
    return { vectors, state: 'used' }
  } catch (thrown) {
    const { code, message } = toPlatformError(thrown)
    log.debug({ code, reason: message }, 'a question was not embedded; the search is lexical')
    return { vectors: [], state: 'failed', code }
  }
}

function toView(
  row: GenerationRow,
  { vectors, missing }: { readonly vectors: number; readonly missing: number },
): GenerationView {
  return {
    number: row.number,
    model: row.model,
    dimensions: row.dimensions ?? undefined,
    form: row.form ?? undefined,
    withContext: row.with_context === 1,
    state: row.state,
    vectors,
    missing,
    refused: row.refused,
    fault: row.fault ?? undefined,
    createdAtMs: row.created_at_ms,
  }
}
