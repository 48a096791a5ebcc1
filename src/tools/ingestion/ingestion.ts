import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import type { DocumentView, Knowledge, NewDocument } from '../retrieval/index.ts'
import { createJobRows, type JobEnd, type JobRow, type JobRows } from './store.ts'

/** Documents that are put on record at once and taken in beside, by any number of processes on one database. */
export interface Ingestion {
  /**
   * Resolves once the document is on record: from then on it is taken in whatever dies. Rejects with NOT_FOUND for a
   * collection that is not there, OVERLOADED when too many wait, DOCUMENT_REFUSED for one that is too large.
   */
  enqueue(tenant: string, collection: string, document: NewDocument): Promise<IngestionJob>
  /** Rejects with NOT_FOUND; jobs are forgotten a week after their end. */
  get(tenant: string, id: string): Promise<IngestionJob>
  /** How many there are in each state. */
  count(tenant: string): Promise<Readonly<Record<string, number>>>
  /** From now on this process takes in what waits, of every tenant. */
  start(): void
  /** Ends after the documents in hand; what was claimed and not begun is given back. */
  close(): Promise<void>
}

export interface IngestionJob {
  readonly id: string
  readonly collection: string
  readonly externalId: string
  readonly state: JobRow['state']
  /** As it was taken in; of a job that is `done`. */
  readonly document: DocumentView | undefined
  /** Why it was refused or has failed. */
  readonly reason: string | undefined
  /** Milliseconds UTC. */
  readonly createdAtMs: number
  readonly endedAtMs: number | undefined
}

export interface IngestionDeps {
  readonly store: Pick<Store, 'sql' | 'engine'>
  readonly clock: Clock
  readonly ids: Ids
  readonly log: EventLog
  readonly knowledge: Pick<Knowledge, 'listCollections' | 'putDocuments'>
  readonly config: Config['knowledge']['ingestion']
  readonly documentBytesMax: number
}

/** Claimed at once, and taken in together where they go into one collection. */
const jobsPerClaim = 20
/** A job whose process has not been heard of for so long is another's. */
const leaseMs = 20_000
const beatMs = 5_000
/** How long a worker that has found nothing waits before it looks again. */
const idleMs = 500
const attemptsMax = 3
const keptMs = 7 * 86_400_000
const forgetEveryMs = 3_600_000

export function createIngestion(deps: IngestionDeps): Ingestion {
  const rows = createJobRows(deps.store.sql, deps.store.engine)
  const closing = new AbortController()
  let working: Promise<unknown> | undefined
  return {
    enqueue: (tenant, collection, document) => enqueue(deps, rows, { tenant, collection, document }),
    async get(tenant, id) {
      const row = await rows.find(tenant, id)
      if (row === undefined)
        throw new PlatformError('NOT_FOUND', `there is no job "${id.slice(0, 64)}"`, { param: 'job' })
      return toView(row)
    },
    count: (tenant) => rows.countByState(tenant),
    start() {
      const workers = Array.from({ length: deps.config.workers }, () => createWorker(deps, rows, closing.signal).run())
      working ??= Promise.all(workers)
    },
    async close() {
      closing.abort()
      await working
    },
  }
}

interface Enqueued {
  readonly tenant: string
  readonly collection: string
  readonly document: NewDocument
}

async function enqueue(
  { knowledge, clock, ids, config, documentBytesMax }: IngestionDeps,
  rows: JobRows,
  { tenant, collection, document }: Enqueued,
): Promise<IngestionJob> {
  const { bytes, ...rest } = document
  if (bytes.length > documentBytesMax) {
    const allowed = `knowledge.documentBytesMax allows ${documentBytesMax}`
    throw new PlatformError('DOCUMENT_REFUSED', `${document.name} has ${bytes.length} bytes; ${allowed}`, {
      details: { reason: 'size' },
    })
  }
  const collections = await knowledge.listCollections(tenant)
  if (!collections.some(({ name }) => name === collection)) {
    throw new PlatformError('NOT_FOUND', `there is no collection "${collection}"`, { param: 'collection' })
  }
  if ((await rows.countOpen(tenant)) >= config.jobsWaitingMax) {
    throw new PlatformError('OVERLOADED', `${config.jobsWaitingMax} documents wait already (jobsWaitingMax)`)
  }
  const row: JobRow = {
    tenant,
    id: ids.create('job'),
    collection,
    external_id: document.externalId,
    document: JSON.stringify(rest),
    bytes,
    state: 'waiting',
    attempts: 0,
    outcome: null,
    reason: null,
    owner: null,
    lease_until_ms: 0,
    created_at_ms: Math.trunc(clock.now()),
    ended_at_ms: null,
  }
  await rows.insert(row)
  return toView(row)
}

function createWorker(deps: IngestionDeps, rows: JobRows, signal: AbortSignal): { run(): Promise<void> } {
  return new Worker(deps, rows, signal)
}

/** Takes in what waits, batch after batch. */
class Worker {
  readonly #deps: IngestionDeps
  readonly #rows: JobRows
  readonly #signal: AbortSignal
  readonly #owner: string
  #forgottenAtMs = Number.NEGATIVE_INFINITY

  constructor(deps: IngestionDeps, rows: JobRows, signal: AbortSignal) {
    this.#deps = deps
    this.#rows = rows
    this.#signal = signal
    this.#owner = deps.ids.create('job')
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const taken = await this.#takeSome().catch((thrown: unknown) => {
        const reason = thrown instanceof Error ? thrown.message : 'unknown reason'
        this.#deps.log.warn({ reason }, 'documents that wait could not be taken in now')
        return 0
      })
      if (taken === 0) await sleep(idleMs, undefined, { signal: this.#signal, ref: false }).catch(() => undefined)
    }
    await this.#rows.release(this.#owner).catch(() => undefined) // Its lease ends by itself.
  }

  /** How many it has ended. */
  async #takeSome(): Promise<number> {
    const nowMs = Math.trunc(this.#deps.clock.now())
    await this.#tidy(nowMs)
    const claim = { owner: this.#owner, nowMs, untilMs: nowMs + leaseMs, limit: jobsPerClaim, attemptsMax }
    const jobs = await this.#rows.claim(claim)
    const beat = setInterval(() => void this.#beat(), beatMs).unref()
    try {
      const groups = Map.groupBy(jobs, ({ tenant, collection }) => JSON.stringify([tenant, collection]))
      for (const group of groups.values()) {
        if (this.#signal.aborted) break
        await this.#take(group)
      }
    } finally {
      clearInterval(beat)
    }
    return jobs.length
  }

  async #beat(): Promise<void> {
    await this.#rows.renew(this.#owner, Math.trunc(this.#deps.clock.now()) + leaseMs).catch(() => undefined)
  }

  /** Jobs of one collection together; the same document twice one after the other, so that the later one stays. */
  async #take(jobs: readonly JobRow[]): Promise<void> {
    const [first] = jobs
    if (first === undefined) return
    const { tenant, collection } = first
    const documents = jobs.map(
      ({ document, bytes }): NewDocument => ({
        ...(JSON.parse(document) as Omit<NewDocument, 'bytes'>), // written by `enqueue`
        bytes: new Uint8Array(bytes ?? []),
      }),
    )
    const outcomes = await this.#deps.knowledge.putDocuments(tenant, collection, documents).catch((thrown: unknown) => {
      if (thrown instanceof PlatformError && !thrown.retryable) return jobs.map(() => thrown)
      throw thrown
    })
    for (const [index, job] of jobs.entries()) await this.#rows.end(job, this.#owner, this.#toEnd(outcomes[index]))
  }

  #toEnd(outcome: DocumentView | PlatformError | undefined): JobEnd {
    const endedAtMs = Math.trunc(this.#deps.clock.now())
    if (outcome === undefined) return { state: 'failed', outcome: null, reason: 'was not answered', endedAtMs }
    if (!(outcome instanceof PlatformError)) {
      return { state: 'done', outcome: JSON.stringify(outcome), reason: null, endedAtMs }
    }
    const state = outcome.code === 'DOCUMENT_REFUSED' ? 'refused' : 'failed'
    return { state, outcome: null, reason: outcome.message.slice(0, 1_000), endedAtMs }
  }

  async #tidy(nowMs: number): Promise<void> {
    await this.#rows.giveUp(attemptsMax, nowMs)
    if (nowMs - this.#forgottenAtMs < forgetEveryMs) return
    this.#forgottenAtMs = nowMs
    await this.#rows.forget(nowMs - keptMs)
  }
}

function toView(row: JobRow): IngestionJob {
  return {
    id: row.id,
    collection: row.collection,
    externalId: row.external_id,
    state: row.state,
    document: row.outcome === null ? undefined : (JSON.parse(row.outcome) as DocumentView), // written by the worker
    reason: row.reason ?? undefined,
    createdAtMs: Number(row.created_at_ms),
    endedAtMs: row.ended_at_ms === null ? undefined : Number(row.ended_at_ms),
  }
}
