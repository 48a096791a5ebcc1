import { PlatformError } from '../../core/errors.ts'
import type { Clock } from '../../core/time.ts'
import type { Knowledge, NewDocument } from '../retrieval/index.ts'
import type { Connector, ItemRights, Listed, SourceItem, SyncCounts } from './source.ts'
import type { ItemRow, SourcePlace, SourceRows, SyncRow } from './store.ts'

/** What one sync is done with. */
export interface SyncParts {
  readonly rows: SourceRows
  readonly clock: Clock
  readonly knowledge: Pick<Knowledge, 'putDocuments' | 'deleteDocument' | 'createCollection' | 'listCollections'>
  readonly connector: Connector
  /** Keeps what was said of the rights in a document. */
  readonly recordRights: (tenant: string, document: string, rights: ItemRights) => Promise<void>
  /** Names this process among those that synchronise. */
  readonly owner: string
}

export interface SyncTask {
  readonly sync: SyncRow
  readonly collection: string
  readonly region: string | undefined
  /** Share of the known items that may be deleted without being asked, 0…1. */
  readonly deleteShareMax: number
  readonly signal: AbortSignal
}

/** The mark of what has to be taken in again, whatever its mark is now. */
const forgotten = ''

/** Nobody else takes a sync over for that long after its process was last heard of. */
export const leaseMs = 20_000
/** How often it is heard of, also while a large document is read. */
const beatMs = 5_000
/** How often the row is written, and looked at for who wants it to stop. */
const renewMs = 1_000
const documentsPerPut = 20
const bytesPerPut = 4_194_304

type Counts = { -readonly [Key in keyof SyncCounts]: number }

export function noCounts(): Counts {
  return { listed: 0, created: 0, updated: 0, unchanged: 0, refused: 0, failed: 0, deleted: 0, missing: 0 }
}

/**
 * Takes a source in, in the process that has claimed the sync: what is known is read before anything is listed; what is new
 * or changed is taken in; what was known and is not listed any more is deleted, unless that is too much, or unless
 * something may have stayed hidden. Can be broken off at any point and done again: what this sync has dealt with is
 * known by its id. Resolves when the sync has ended, is held, or has to stop.
 */
export async function runSync(parts: SyncParts, task: SyncTask): Promise<void> {
  const run = new SyncRun(parts, task)
  try {
    await run.run()
  } catch (thrown) {
    if (thrown instanceof Stopped) return await run.release()
    if (task.signal.aborted) return await run.release()
    await run.fail(thrown)
  }
}

/** Somebody paused or cancelled the sync, another process has it, or this one is closing. */
class Stopped extends Error {}

class SyncRun {
  readonly #parts: SyncParts
  readonly #task: SyncTask
  readonly #place: SourcePlace
  readonly #counts: Counts
  readonly #known = new Map<string, ItemRow>()
  readonly #seen: string[] = []
  #batch: { readonly item: SourceItem; readonly bytes: Uint8Array }[] = []
  #batchBytes = 0
  #renewedAtMs = 0
  #isStopped = false
  /** Items known when it began. */
  #before = 0
  /** What the source is like as a whole, where the connector has said it. */
  #cursor: string | undefined
  /** Why what is not listed does not count as gone. */
  #hidden: string | undefined

  constructor(parts: SyncParts, task: SyncTask) {
    this.#parts = parts
    this.#task = task
    const { tenant, source } = task.sync
    this.#place = { tenant, source }
    // What was counted before an interruption goes on being counted; what is listed again is not.
    this.#counts = { ...noCounts(), ...(JSON.parse(task.sync.counts) as Partial<Counts>) } // written by this class
  }

  async run(): Promise<void> {
    const { rows } = this.#parts
    for (const row of await rows.listItems(this.#place)) this.#known.set(row.item, row)
    this.#before = this.#known.size
    await this.#renew(true)
    const beat = setInterval(() => void this.#beat(), beatMs).unref()
    try {
      await this.#takeAll()
    } finally {
      clearInterval(beat)
    }
  }

  async #takeAll(): Promise<void> {
    const { connector } = this.#parts
    const { sync, signal } = this.#task
    await this.#makeCollection()
    const markOf = (item: string): string | undefined => this.#known.get(item)?.mark || undefined
    const isDone = (item: string): boolean => this.#known.get(item)?.seen_in === sync.id
    const cursor = await this.#findCursor()
    for await (const listed of connector.list({ markOf, isDone, cursor, signal })) {
      await this.#take(listed)
      await this.#renew(false)
    }
    await this.#flush()
    await this.#remove()
  }

  /** Only the sync just before tells: what came after one that took everything in may have changed anything. */
  async #findCursor(): Promise<string | undefined> {
    if ([...this.#known.values()].some(({ mark }) => mark === forgotten)) return undefined
    const before = await this.#parts.rows.findBefore(this.#place, this.#task.sync.id)
    return before?.state === 'done' ? (before.cursor ?? undefined) : undefined
  }

  async #take(listed: Listed): Promise<void> {
    if (listed.type === 'cursor') {
      this.#cursor = listed.value
      return
    }
    if (listed.type === 'same') {
      for (const id of this.#known.keys()) await this.#take({ type: 'unchanged', id })
      return
    }
    if (listed.type === 'partial') {
      this.#hidden ??= listed.reason
      return
    }
    const id = listed.type === 'item' ? listed.item.id : listed.id
    const known = this.#known.get(id)
    if (known?.seen_in === this.#task.sync.id) return
    if (listed.type === 'failed') {
      if (listed.hidesOthers) this.#hidden ??= `${listed.id}: ${listed.reason}`
      return this.#miss(id, listed.reason)
    }
    if (listed.type === 'unchanged' || known?.mark === listed.item.mark) {
      this.#counts.unchanged++
      this.#see(id)
      return
    }
    await this.#read(listed.item)
  }

  /** It is there and cannot be read now: it says why, what was taken in before stays, and the next sync tries again. */
  async #miss(id: string, reason: string): Promise<void> {
    this.#counts.failed++
    const known = this.#known.get(id)
    const row: ItemRow = {
      ...this.#place,
      item: id,
      mark: forgotten,
      document_id: known?.document_id ?? null,
      reason: `could not be read: ${reason}`.slice(0, 1_000),
      seen_in: this.#task.sync.id,
    }
    this.#known.set(id, row)
    await this.#parts.rows.writeItems([row])
  }

  /** It is there: written down with the next batch. */
  #see(id: string): void {
    this.#seen.push(id)
    const known = this.#known.get(id)
    if (known !== undefined) this.#known.set(id, { ...known, seen_in: this.#task.sync.id })
  }

  async #read(item: SourceItem): Promise<void> {
    let bytes: Uint8Array
    try {
      bytes = await item.read()
    } catch (thrown) {
      if (!(thrown instanceof PlatformError) || this.#task.signal.aborted) throw thrown
      if (thrown.code === 'DOCUMENT_REFUSED') return this.#write(item, { document: undefined, reason: thrown.message })
      // The source itself does not answer as it should: what was taken in before stays.
      return this.#miss(item.id, thrown.message)
    }
    this.#batch.push({ item, bytes })
    this.#batchBytes += bytes.length
    if (this.#batch.length >= documentsPerPut || this.#batchBytes >= bytesPerPut) await this.#flush()
  }

  async #flush(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    const { tenant, source } = this.#task.sync
    const documents = batch.map(
      ({ item, bytes }): NewDocument => ({
        externalId: toExternalId(source, item.id),
        name: item.name,
        bytes,
        mediaType: item.mediaType,
        region: this.#task.region,
      }),
    )
    if (documents.length > 0) {
      const outcomes = await this.#parts.knowledge.putDocuments(tenant, this.#task.collection, documents)
      for (const [index, { item }] of batch.entries()) {
        const outcome = outcomes[index]
        if (outcome === undefined || outcome instanceof PlatformError) {
          await this.#write(item, { document: undefined, reason: outcome?.message ?? 'was not taken in' })
          continue
        }
        this.#counts[outcome.outcome ?? 'unchanged']++
        if (item.rights !== undefined) await this.#parts.recordRights(tenant, outcome.id, item.rights)
        await this.#write(item, { document: outcome.id, reason: undefined })
      }
    }
    await this.#flushSeen()
    // What has been done is counted with it, in case this process dies next.
    if (documents.length > 0) await this.#renew(true)
  }

  async #write(
    item: SourceItem,
    { document, reason }: { readonly document: string | undefined; readonly reason: string | undefined },
  ): Promise<void> {
    if (reason !== undefined) this.#counts.refused++
    // A version that was taken in before stays what is found, and is deleted with the item.
    const kept = document ?? this.#known.get(item.id)?.document_id ?? null
    const row: ItemRow = {
      ...this.#place,
      item: item.id,
      mark: item.mark,
      document_id: kept,
      reason: reason?.slice(0, 1_000) ?? null,
      seen_in: this.#task.sync.id,
    }
    this.#known.set(item.id, row)
    await this.#parts.rows.writeItems([row])
  }

  /** Deletes what is not listed any more, or says why it does not. */
  async #remove(): Promise<void> {
    const { sync, deleteShareMax, collection } = this.#task
    const missing = [...this.#known.values()].filter((row) => row.seen_in !== sync.id)
    this.#counts.missing = missing.length
    if (this.#hidden !== undefined) return this.#end('done', `nothing is deleted: ${this.#hidden}`)
    // Those that an interrupted run of this sync has deleted count too.
    const before = this.#before + this.#counts.deleted
    const gone = missing.length + this.#counts.deleted
    const { confirmed } = (await this.#renew(true)) ?? sync
    if (gone > before * deleteShareMax && missing.length > 0 && confirmed === 0)
      return this.#hold(missing.length, before)
    for (const row of missing) {
      if (row.document_id !== null) {
        const deleting = this.#parts.knowledge.deleteDocument(sync.tenant, collection, row.document_id)
        await deleting.catch((thrown: unknown) => {
          // Somebody has deleted it already.
          if (!(thrown instanceof PlatformError) || thrown.code !== 'NOT_FOUND') throw thrown
        })
      }
      await this.#parts.rows.deleteItem(this.#place, row.item)
      this.#counts.deleted++
      await this.#renew(false)
    }
    return this.#end('done', undefined)
  }

  async #hold(missing: number, before: number): Promise<void> {
    const reason = `${missing} of ${before} would be deleted; confirm that this is meant`
    await this.#parts.rows.change(this.#task.sync.tenant, this.#task.sync.id, {
      from: ['running'],
      by: this.#parts.owner,
      set: { state: 'held', reason, counts: this.#countsText(), owner: null, lease_until_ms: 0 },
    })
  }

  async #end(state: 'done' | 'failed', reason: string | undefined): Promise<void> {
    const isWhole = state === 'done' && this.#hidden === undefined && this.#counts.failed === 0
    await this.#parts.rows.change(this.#task.sync.tenant, this.#task.sync.id, {
      from: ['running'],
      by: this.#parts.owner,
      set: {
        state,
        reason: reason?.slice(0, 1_000) ?? null,
        cursor: isWhole ? (this.#cursor ?? null) : null,
        counts: this.#countsText(),
        ended_at_ms: Math.trunc(this.#parts.clock.now()),
        owner: null,
      },
    })
  }

  async fail(thrown: unknown): Promise<void> {
    // What is no error of ours is a defect; its text may hold anything.
    const reason = thrown instanceof PlatformError ? thrown.message : 'an unexpected failure; the log says more'
    await this.#end('failed', reason)
    if (!(thrown instanceof PlatformError)) throw thrown
  }

  /** Lets go of it, so that any process may go on with it at once. */
  async release(): Promise<void> {
    await this.#flushSeen()
    await this.#parts.rows.change(this.#task.sync.tenant, this.#task.sync.id, {
      from: ['running', 'paused', 'cancelled'],
      by: this.#parts.owner,
      set: { owner: null, lease_until_ms: 0, counts: this.#countsText() },
    })
  }

  async #flushSeen(): Promise<void> {
    await this.#parts.rows.markSeen(this.#place, this.#seen.splice(0), this.#task.sync.id)
  }

  /** Throws `Stopped` when the sync is to stop. */
  async #renew(isDue: boolean): Promise<SyncRow | undefined> {
    if (this.#task.signal.aborted || this.#isStopped) throw new Stopped()
    const nowMs = Math.trunc(this.#parts.clock.now())
    if (!isDue && nowMs - this.#renewedAtMs < renewMs) return undefined
    this.#renewedAtMs = nowMs
    const { tenant, id } = this.#task.sync
    const row = await this.#parts.rows.renew(tenant, id, {
      owner: this.#parts.owner,
      nowMs,
      untilMs: nowMs + leaseMs,
      counts: this.#countsText(),
    })
    if (row?.state !== 'running') throw new Stopped()
    return row
  }

  #countsText(): string {
    const { created, updated, unchanged, refused, failed } = this.#counts
    this.#counts.listed = created + updated + unchanged + refused + failed
    return JSON.stringify(this.#counts)
  }

  /** Says that the process lives; what it learns counts at the next item. */
  async #beat(): Promise<void> {
    try {
      await this.#renew(true)
    } catch {
      this.#isStopped = true // Stopped, or the database is gone: the next step of the sync says which.
    }
  }

  async #makeCollection(): Promise<void> {
    const { tenant } = this.#task.sync
    const collections = await this.#parts.knowledge.listCollections(tenant)
    const found = collections.find(({ name }) => name === this.#task.collection)
    // A collection that was emptied or made anew has nothing of what is known: all of it is new again.
    if ((found?.documents ?? 0) === 0) {
      for (const [item, row] of this.#known) this.#known.set(item, { ...row, mark: forgotten, document_id: null })
    }
    if (found !== undefined) return
    await this.#parts.knowledge.createCollection(tenant, this.#task.collection).catch((thrown: unknown) => {
      if (!(thrown instanceof PlatformError) || thrown.code !== 'CONFLICT') throw thrown
    })
  }
}

/** What the document of an item is called in its collection: sources never take each other's. */
function toExternalId(source: string, item: string): string {
  return `${source}:${item}`
}
