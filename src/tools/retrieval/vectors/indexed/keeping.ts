import type { Config } from '../../../../config/index.ts'
import { toPlatformError } from '../../../../core/errors.ts'
import type { EventLog } from '../../../../core/ports.ts'
import type { Store } from '../../../../store/index.ts'
import { createIndexRows, indexedDimensionsMax, type IndexedGeneration } from './store.ts'
import { createVectorRows, type GenerationPlace, type GenerationRow } from '../store.ts'

/** Keeps the index of the database behind the table of vectors, where there is one and vectors are many. */
export interface IndexKeeping {
  /** Never rejects: what could not be indexed is compared, or found by words, as before. */
  keepUp(place: GenerationPlace, isClosed: () => boolean): Promise<void>
  /** Never rejects. */
  drop(place: GenerationPlace): Promise<void>
}

export interface IndexKeepingParts {
  readonly store: Pick<Store, 'sql' | 'transaction' | 'engine'>
  readonly log: EventLog
  readonly config: Pick<Config['knowledge']['dense'], 'indexFrom' | 'inMemoryMib'>
}

/** Of one transaction: an index takes a millisecond or two for each, and whoever embeds waits for it. */
const batchMax = 100

export function createIndexKeeping(parts: IndexKeepingParts): IndexKeeping {
  const { store, log } = parts
  let isThere: Promise<boolean> | undefined
  const prepare = (): Promise<boolean> =>
    (isThere ??= createIndexRows(store.sql)
      .prepare()
      .then((ready) => {
        if (!ready) log.warn({}, 'vectors are many, and the database has no pgvector 0.8: all are compared in memory')
        return ready
      }))
  return {
    async keepUp(place, isClosed) {
      if (store.engine !== 'postgres') return
      try {
        const row = await find(parts, place)
        if (row === undefined || row.state === 'retired' || !wantsIndex(row, parts.config)) return
        if (!(await prepare())) return
        if (row.indexed_next === null) await begin(parts, row)
        while (!isClosed() && (await indexSome(parts, row))) continue
      } catch (thrown) {
        const { collection, number } = place
        isThere = undefined
        const reason = toPlatformError(thrown).message
        log.warn(
          { collection, generation: number, reason },
          'vectors could not be indexed; they are compared as before',
        )
      }
    },
    async drop(place) {
      if (store.engine !== 'postgres') return
      try {
        await store.transaction(async (sql) => {
          await createVectorRows(sql).updateGeneration(place, { indexed_next: null })
          await createIndexRows(sql).drop(place)
        })
      } catch (thrown) {
        const { collection, number } = place
        const reason = toPlatformError(thrown).message
        log.warn({ collection, generation: number, reason }, 'the index of a generation could not be dropped')
      }
    },
  }
}

function wantsIndex(
  row: GenerationRow,
  { indexFrom, inMemoryMib }: IndexKeepingParts['config'],
): row is GenerationRow & IndexedGeneration {
  const { dimensions, vector_next: next, indexed_next: indexed } = row
  if (dimensions === null || dimensions > indexedDimensionsMax) return false
  return indexed !== null || next > indexFrom || next * dimensions * 4 > inMemoryMib * 2 ** 20
}

async function find({ store }: IndexKeepingParts, { collection, number }: GenerationPlace) {
  const rows = await createVectorRows(store.sql).listGenerations(collection)
  return rows.find((row) => row.number === number)
}

/** The index is made while it is empty: it takes no lock worth speaking of, and grows with the rows. */
async function begin({ store }: IndexKeepingParts, row: GenerationRow & IndexedGeneration): Promise<void> {
  await store.transaction(async (sql) => {
    await createIndexRows(sql).createIndex(row)
    await createVectorRows(sql).startIndex(row)
  })
}

/** The next vectors, in one transaction; false when there are no more. */
function indexSome({ store }: IndexKeepingParts, place: GenerationPlace): Promise<boolean> {
  return store.transaction(async (sql) => {
    const rows = createVectorRows(sql)
    const state = await rows.lockIndexed(place)
    if (state?.indexed_next === undefined || state.indexed_next === null) return false
    if (state.indexed_next >= state.vector_next) return false
    const vectors = await rows.listVectors(place, { from: state.indexed_next, limit: batchMax })
    await createIndexRows(sql).insert(place, vectors)
    const last = vectors.at(-1)
    const indexed = vectors.length < batchMax || last === undefined ? state.vector_next : last.number + 1
    await rows.updateGeneration(place, { indexed_next: indexed })
    return indexed < state.vector_next
  })
}
