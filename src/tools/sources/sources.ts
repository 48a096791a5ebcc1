import { setTimeout as sleep } from 'node:timers/promises'
import type { Config, SourceConfig } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Store } from '../../store/index.ts'
import type { Knowledge } from '../retrieval/index.ts'
import { createConnector, kindOf, watchFolder, type ConnectorParts } from './connectors/index.ts'
import type { ItemRights, SourceView, SyncCounts, SyncView } from './source.ts'
import { createSourceRows, type SyncRow } from './store.ts'
import { leaseMs, noCounts, runSync } from './syncing.ts'

/** Places that fill collections by themselves. A tenant sees its own; every act rejects with NOT_FOUND for another. */
export interface Sources {
  /** In the order of their names. */
  list(tenant: string): Promise<readonly SourceView[]>
  get(tenant: string, name: string): Promise<SourceView>
  /**
   * Begins a sync, or goes on with one that is held when `confirm` says that its deletions are meant. Resolves once it is
   * on record; it goes on beside. Rejects with CONFLICT when one is paused, or held and not confirmed.
   */
  sync(tenant: string, name: string, options?: { readonly confirm?: boolean | undefined }): Promise<SyncView>
  /** Reject with CONFLICT when there is nothing to pause, to resume, to cancel. */
  pause(tenant: string, name: string): Promise<SyncView>
  resume(tenant: string, name: string): Promise<SyncView>
  cancel(tenant: string, name: string): Promise<SyncView>
  /** The latest sync each time it has changed, until it no longer runs. */
  follow(tenant: string, name: string, signal: AbortSignal): AsyncIterable<SyncView>
  /** From now on schedules and folders start syncs, and those that a process has left unfinished are gone on with. */
  start(): void
  /** Syncs under way stop where they are; whoever comes next goes on with them. */
  close(): Promise<void>
}

export interface SourcesDeps extends ConnectorParts {
  readonly config: Config['sources']
  readonly store: Pick<Store, 'sql'>
  readonly ids: Ids
  readonly knowledge: Knowledge
  readonly recordRights: (tenant: string, document: string, rights: ItemRights) => Promise<void>
  readonly log: EventLog
}

/** How often a sync is looked at by who follows it, or waits to take it over. */
const lookMs = 300
/** How often unfinished syncs of dead processes are looked for. */
const rescueMs = 5_000
const faultsMax = 100

export function createSources(deps: SourcesDeps): Sources {
  return new AllSources(deps)
}

class AllSources implements Sources {
  readonly #deps: SourcesDeps
  readonly #rows: ReturnType<typeof createSourceRows>
  readonly #owner: string
  readonly #closing = new AbortController()
  readonly #running = new Map<string, Promise<void>>()
  readonly #ends: (() => void)[] = []

  constructor(deps: SourcesDeps) {
    this.#deps = deps
    this.#rows = createSourceRows(deps.store.sql)
    this.#owner = deps.ids.create('sync')
  }

  async list(tenant: string): Promise<readonly SourceView[]> {
    const names = Object.keys(this.#deps.config).sort()
    const own = names.filter((name) => this.#deps.config[name]?.tenant === tenant)
    return Promise.all(own.map((name) => this.get(tenant, name)))
  }

  async get(tenant: string, name: string): Promise<SourceView> {
    const source = this.#find(tenant, name)
    const place = { tenant, source: name }
    const row = await this.#rows.findLatest(place)
    const sync = row === undefined ? undefined : toView(row)
    const faults = await this.#rows.listFaults(place, faultsMax)
    return { name, kind: kindOf(source), collection: source.into, sync, faults }
  }

  async sync(
    tenant: string,
    name: string,
    options: { readonly confirm?: boolean | undefined } = {},
  ): Promise<SyncView> {
    this.#find(tenant, name)
    const place = { tenant, source: name }
    const id = this.#deps.ids.create('sync')
    const row: SyncRow = {
      ...place,
      id,
      state: 'running',
      counts: JSON.stringify(noCounts()),
      reason: null,
      cursor: null,
      confirmed: 0,
      started_at_ms: Math.trunc(this.#deps.clock.now()),
      ended_at_ms: null,
      owner: null,
      lease_until_ms: 0,
    }
    if (await this.#rows.insertSync(row)) return this.#begin(tenant, name)
    const open = await this.#rows.findLatest(place)
    if (open?.state === 'held' && options.confirm === true) {
      const set = { state: 'running', confirmed: 1, reason: null, owner: null } as const
      await this.#rows.change(tenant, open.id, { from: ['held'], set })
    } else if (open?.state === 'held' || open?.state === 'paused') {
      const help = open.state === 'held' ? 'confirm or cancel it' : 'resume or cancel it'
      throw new PlatformError('CONFLICT', `a sync of ${name} is ${open.state}: ${help}`)
    }
    return this.#begin(tenant, name)
  }

  async pause(tenant: string, name: string): Promise<SyncView> {
    return this.#change(tenant, name, { from: ['running'], set: { state: 'paused' } })
  }

  async resume(tenant: string, name: string): Promise<SyncView> {
    await this.#change(tenant, name, { from: ['paused'], set: { state: 'running' } })
    return this.#begin(tenant, name)
  }

  async cancel(tenant: string, name: string): Promise<SyncView> {
    const set = { state: 'cancelled', ended_at_ms: Math.trunc(this.#deps.clock.now()) } as const
    return this.#change(tenant, name, { from: ['running', 'paused', 'held'], set })
  }

  async *follow(tenant: string, name: string, signal: AbortSignal): AsyncGenerator<SyncView> {
    this.#find(tenant, name)
    let before = ''
    while (!signal.aborted) {
      const row = await this.#rows.findLatest({ tenant, source: name })
      if (row === undefined) return
      const view = toView(row)
      const text = JSON.stringify(view)
      if (text !== before) yield view
      before = text
      if (row.state !== 'running') return
      await sleep(lookMs, undefined, { signal }).catch(() => undefined)
    }
  }

  start(): void {
    for (const [name, source] of Object.entries(this.#deps.config)) {
      const begin = (): void => this.#beginUnasked(source.tenant, name)
      if (source.everyMs !== undefined) this.#every(source.everyMs, begin)
      if (source.folder?.watch === true) this.#watch(source.folder.path, begin)
    }
    const rescue = (): void => void this.#rescue().catch((thrown: unknown) => this.#warn('all', thrown))
    rescue()
    this.#every(rescueMs, rescue)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    for (const end of this.#ends.splice(0)) end()
    await Promise.all(this.#running.values())
  }

  #find(tenant: string, name: string): SourceConfig {
    const source = Object.hasOwn(this.#deps.config, name) ? this.#deps.config[name] : undefined
    if (source?.tenant === tenant) return source
    throw new PlatformError('NOT_FOUND', `there is no source "${name.slice(0, 64)}"`, { param: 'source' })
  }

  async #change(
    tenant: string,
    name: string,
    change: Parameters<ReturnType<typeof createSourceRows>['change']>[2],
  ): Promise<SyncView> {
    this.#find(tenant, name)
    const place = { tenant, source: name }
    const row = await this.#rows.findLatest(place)
    if (row === undefined || !(await this.#rows.change(tenant, row.id, change))) {
      const state = row === undefined ? 'has never been synchronised' : `: the latest sync is ${row.state}`
      throw new PlatformError(
        'CONFLICT',
        `${name} ${state}; that can be done to one that is ${change.from.join(' or ')}`,
      )
    }
    return toView({ ...row, ...change.set })
  }

  /** Sees to it that the open sync of a source is run by this process, unless another is at it. */
  async #begin(tenant: string, name: string): Promise<SyncView> {
    const key = JSON.stringify([tenant, name])
    if (!this.#running.has(key)) {
      const running = this.#run(tenant, name)
        .catch((thrown: unknown) => this.#warn(name, thrown))
        .finally(() => this.#running.delete(key))
      this.#running.set(key, running)
    }
    const row = await this.#rows.findLatest({ tenant, source: name })
    if (row === undefined) throw new PlatformError('INTERNAL', 'a sync was begun and is not there')
    return toView(row)
  }

  async #run(tenant: string, name: string): Promise<void> {
    const source = this.#find(tenant, name)
    const { signal } = this.#closing
    while (!signal.aborted) {
      const row = await this.#rows.findLatest({ tenant, source: name })
      if (row?.state !== 'running') return
      const nowMs = Math.trunc(this.#deps.clock.now())
      const lease = { owner: this.#owner, nowMs, untilMs: nowMs + leaseMs }
      if (await this.#rows.claim(tenant, row.id, lease)) {
        const parts = {
          ...this.#deps,
          rows: this.#rows,
          owner: this.#owner,
          connector: await createConnector(source, this.#deps),
        }
        const { into: collection, region, deleteShareMax } = source
        await runSync(parts, { sync: row, collection, region, deleteShareMax, signal })
      } else await sleep(lookMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Goes on with what was left unfinished, here or by another process. */
  async #rescue(): Promise<void> {
    for (const { tenant, source, state, owner, lease_until_ms: untilMs } of await this.#rows.listOpen()) {
      const isFree = owner === null || untilMs < this.#deps.clock.now()
      if (state !== 'running' || !isFree || this.#deps.config[source]?.tenant !== tenant) continue
      await this.#begin(tenant, source)
    }
  }

  #beginUnasked(tenant: string, name: string): void {
    this.sync(tenant, name).catch((thrown: unknown) => {
      // One that is held or paused waits for people.
      if (!(thrown instanceof PlatformError) || thrown.code !== 'CONFLICT') this.#warn(name, thrown)
    })
  }

  #every(periodMs: number, act: () => void): void {
    const timer = setInterval(act, periodMs).unref()
    this.#ends.push(() => clearInterval(timer))
  }

  #watch(path: string, act: () => void): void {
    try {
      this.#ends.push(watchFolder(this.#deps.toPath(path), act))
    } catch (thrown) {
      this.#warn(path, thrown)
    }
  }

  #warn(source: string, thrown: unknown): void {
    if (this.#closing.signal.aborted) return
    const reason = thrown instanceof Error ? thrown.message : 'unknown reason'
    this.#deps.log.warn({ source, reason }, 'a source could not be synchronised')
  }
}

function toView(row: SyncRow): SyncView {
  return {
    id: row.id,
    source: row.source,
    state: row.state,
    counts: JSON.parse(row.counts) as SyncCounts, // written by syncing.ts
    reason: row.reason ?? undefined,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms ?? undefined,
  }
}
