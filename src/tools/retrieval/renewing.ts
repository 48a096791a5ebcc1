import { toPlatformError } from '../../core/errors.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Store, Tables } from '../../store/index.ts'
import type { Kysely } from 'kysely'
import type { Analyser } from './analyse.ts'
import { analyseAgain, replaceEntries, type Reindexed } from './reindexing.ts'
import { createRuns, type Runs } from './runs.ts'
import { createKnowledgeRows, type CollectionRow, type EntryRow } from './store.ts'
import { createVectorRows } from './vectors/store.ts'

export interface RenewingParts {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly analyser: Analyser
  readonly log: EventLog
  /** What can be found in a collection has changed. */
  readonly changed: (collection: number) => Promise<void>
}

/** Entries of one transaction; fewer where they have more passages. */
const entriesAtOnce = 200
const passagesAtOnce = 1_000

/**
 * Indexes anew what a former analyser has indexed, in the background and from the texts that are kept: nothing is fetched, read or embedded
 * again, versions, spans and contexts stay. Some entries a transaction, so that whatever dies goes on behind them.
 */
export function createRenewing(parts: RenewingParts): Runs<CollectionRow> {
  return createRuns({
    keyOf: ({ number }) => number,
    work: ({ number }, signal) => renewCollection(parts, number, signal),
    list: () => createKnowledgeRows(parts.store.sql).listAnalysedOtherwise(parts.analyser.id),
    what: 'collections of a former analyser',
    log: parts.log,
  })
}

/** Never rejects: what could not be renewed is so at the next start. */
async function renewCollection(parts: RenewingParts, collection: number, signal: AbortSignal): Promise<void> {
  const rows = createKnowledgeRows(parts.store.sql)
  let [after, renewed] = [-1, 0]
  try {
    // What comes later has been renewed once: two versions that run beside each other do not renew each other's for ever.
    const before = (await rows.findByNumber(collection))?.entry_next ?? 0
    while (!signal.aborted) {
      const wanted = { analyser: parts.analyser.id, after, limit: entriesAtOnce }
      const former = (await rows.listFormer(collection, wanted)).filter(({ number }) => number < before)
      const batch = await readBatch(parts, former)
      const last = batch.at(-1)
      if (last === undefined) break
      after = last.entry.number
      renewed += await parts.store.transaction((sql) => renewEntries(sql, parts.analyser, { collection, batch }))
      await parts.changed(collection)
    }
    if (signal.aborted) return
    await parts.store.transaction((sql) => settleAnalyser(sql, parts.analyser.id, collection))
    if (renewed > 0)
      parts.log.info({ collection, entries: renewed }, 'what a former analyser had indexed is indexed anew')
  } catch (thrown) {
    if (signal.aborted) return
    const { code, message } = toPlatformError(thrown)
    parts.log.warn(
      { collection, code, reason: message },
      'what a former analyser had indexed could not be indexed anew',
    )
  }
}

async function readBatch(
  { store, analyser }: RenewingParts,
  entries: readonly EntryRow[],
): Promise<readonly Reindexed[]> {
  const [first] = entries
  if (first === undefined) return []
  const rows = createKnowledgeRows(store.sql)
  const names = await rows.listNames(first.tenant, entries)
  const batch: Reindexed[] = []
  let passages = 0
  for (const entry of entries) {
    const known = await rows.listChunks(entry.collection, [entry.number])
    passages += known.length
    if (batch.length > 0 && passages > passagesAtOnce) break
    const chunks = await analyseAgain(analyser, known, names.get(entry.number) ?? { name: '', title: null })
    batch.push({ entry, chunks })
  }
  return batch
}

interface Renewing {
  readonly collection: number
  readonly batch: readonly Reindexed[]
}

/** Gives how many were renewed: those that are gone meanwhile, or that another process has renewed, are passed over. */
async function renewEntries(sql: Kysely<Tables>, analyser: Analyser, renewing: Renewing): Promise<number> {
  const rows = createKnowledgeRows(sql)
  const vectors = createVectorRows(sql)
  const collection = await rows.lockByNumber(renewing.collection)
  if (collection === undefined) return 0
  const numbers = renewing.batch.map(({ entry }) => entry.number)
  const there = new Map((await rows.findEntries(collection.number, numbers)).map((entry) => [entry.number, entry]))
  const batch = renewing.batch.flatMap(({ entry: { number }, chunks }): readonly Reindexed[] => {
    const entry = there.get(number)
    return entry === undefined ? [] : [{ entry, chunks }]
  })
  const embedded = await vectors.listVectorsOf(
    collection.number,
    batch.flatMap(({ chunks }) => chunks.map(({ number }) => number)),
  )
  const renumbered = await replaceEntries({ sql, analyser, collection }, batch)
  for (const generation of await vectors.listGenerations(collection.number)) {
    const own = embedded.flatMap(({ generation: number, chunk, vector }) => {
      const renewed = number === generation.number ? renumbered.get(chunk) : undefined
      return renewed === undefined ? [] : [{ chunk: renewed, vector }]
    })
    await vectors.insertVectors(generation, own)
  }
  return batch.length
}

/** Nothing of another is left, unless something came in between. */
async function settleAnalyser(sql: Kysely<Tables>, analyser: string, number: number): Promise<void> {
  const rows = createKnowledgeRows(sql)
  if ((await rows.lockByNumber(number)) === undefined) return
  const left = await rows.listFormer(number, { analyser, after: -1, limit: 1 })
  if (left.length === 0) await rows.updateCollection(number, { analyser })
}
