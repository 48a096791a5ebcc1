import { PlatformError, toPlatformError } from '../../../core/errors.ts'
import type { EventLog } from '../../../core/ports.ts'
import type { Clock } from '../../../core/time.ts'
import type { CallReader } from '../../../store/index.ts'
import type { Delivery, Lease, Settlement } from './centre.ts'
import type { EdgeUplinkRow, SettlingStore } from './store.ts'
import { isSigned, sign, toSecret, writeTree, type EdgeRecord } from './wire.ts'

/** The link of an edge node to its centre: it tells what happened here, and hears what may be spent. */
export interface Uplink {
  /** Tells everything that waits; resolves with how many records the centre has taken. Rejects when it cannot be reached. */
  settle(): Promise<number>
  state(): Promise<UplinkState>
  close(): Promise<void>
}

export interface UplinkState {
  /** Whether the last attempt reached the centre; `undefined` before the first. */
  readonly isReached: boolean | undefined
  readonly waiting: number
  readonly lease: Lease | undefined
  /** Why the last attempt failed. */
  readonly fault: string | undefined
}

export interface UplinkDeps {
  readonly node: string
  readonly key: string
  /** Between two attempts, milliseconds; after failures up to a minute. */
  readonly everyMs: number
  readonly tenant: string
  readonly store: SettlingStore
  readonly calls: Pick<CallReader, 'findTrees'>
  /** Everything recorded can be read afterwards. */
  readonly flush: () => Promise<void>
  readonly clock: Clock
  readonly log: EventLog
  readonly createEpoch: () => string
  /** To the centre and back. */
  readonly send: (delivery: Delivery) => Promise<Settlement>
  /** Is told every lease, the kept one at the start too, and `undefined` where none holds. */
  readonly onLease: (lease: Lease | undefined) => Promise<void>
}

const batchRecords = 200
const batchBytes = 4_194_304
const backoffMsMax = 60_000
/** Trees end this long after they began, at most; only a process that starts finds older ones, of those that died. */
const lateMs = 86_400_000

export function createUplink(deps: UplinkDeps): Uplink {
  return new Link(deps)
}

class Link implements Uplink {
  readonly #deps: UplinkDeps
  readonly #secret: Buffer
  #row: EdgeUplinkRow | undefined
  #hasSwept = false
  #hasMet = false
  #isReached: boolean | undefined
  #fault: string | undefined
  #failures = 0
  #leaseMs = 0
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(deps: UplinkDeps) {
    this.#deps = deps
    this.#secret = toSecret(deps.key)
    this.#schedule(0)
  }

  settle(): Promise<number> {
    const mine = this.#turn.then(() => this.#settle())
    this.#turn = mine.catch(() => undefined) // Whoever waits for this turn hears of its failure.
    return mine
  }

  async state(): Promise<UplinkState> {
    const row = this.#row ?? (await this.#deps.store.readUplink())
    const waiting = await this.#deps.store.countWaiting()
    return { isReached: this.#isReached, waiting, lease: toLease(row), fault: this.#fault }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#turn
  }

  #schedule(ms: number): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.#attempt(), ms).unref()
  }

  async #attempt(): Promise<void> {
    const { everyMs, log } = this.#deps
    await this.settle().catch((thrown: unknown) =>
      log.debug({ reason: toPlatformError(thrown).message }, 'not settled'),
    )
    await this.#lapse()
    this.#schedule(Math.min(backoffMsMax, everyMs * 2 ** Math.min(this.#failures, 10)))
  }

  async #settle(): Promise<number> {
    const { store, send, node } = this.#deps
    await this.#open()
    await this.#enqueue()
    let taken = 0
    let restarts = 0
    for (;;) {
      const epoch = this.#row?.epoch ?? ''
      // A process first asks how far it was heard: its queue, or the centre's record, may have been set back meanwhile.
      const records = this.#hasMet ? await this.#nextRecords(epoch) : []
      if (this.#hasMet && records.length === 0 && this.#isLeaseFresh()) return taken
      const settlement = await this.#reach(() => send({ node, epoch, records }))
      if (await this.#isForeign(settlement, records[0])) {
        if (restarts++ > 0) throw new PlatformError('CONFLICT', 'the centre does not know what it was told')
        await this.#beginAnew()
        continue
      }
      const isFirst = !this.#hasMet
      this.#hasMet = true
      await store.acknowledge(settlement.acknowledged)
      await this.#takeLease(settlement.lease)
      const count = records.filter(({ sequence }) => sequence <= settlement.acknowledged).length
      taken += count
      if (!isFirst && count === 0) return taken
    }
  }

  /** The kept state; a new key signs anew what waits. */
  async #open(): Promise<void> {
    const { store, createEpoch, onLease } = this.#deps
    if (this.#row !== undefined) return
    const kept = await store.readUplink()
    const keyMark = this.#secret.toString('hex').slice(0, 16)
    const none = { granted: '0', regions: '[]', expires_at_ms: 0 }
    const row = kept ?? { id: 1 as const, epoch: createEpoch(), key_mark: keyMark, ...none }
    this.#row = { ...row, key_mark: keyMark }
    if (kept === undefined || kept.key_mark !== keyMark) await this.#beginAnew()
    await onLease(this.#currentLease())
  }

  async #beginAnew(): Promise<void> {
    const { store, createEpoch, node } = this.#deps
    if (this.#row === undefined) return
    const epoch = createEpoch()
    await store.renumber((tree, sequence) => sign(this.#secret, { node, epoch, sequence, tree }))
    this.#row = { ...this.#row, epoch }
    await store.writeUplink(this.#row)
  }

  async #enqueue(): Promise<void> {
    const { store, calls, tenant, clock, flush, node } = this.#deps
    const epoch = this.#row?.epoch ?? ''
    await flush()
    const sinceMs = this.#hasSwept ? Math.trunc(clock.now()) - lateMs : undefined
    for (;;) {
      const roots = await store.findUnqueued(tenant, sinceMs, batchRecords)
      if (roots.length === 0) break
      const trees = await calls.findTrees(tenant, roots)
      const texts = trees.map((tree) => ({ rootId: tree.root.id, tree: writeTree(tree) }))
      await store.queue(texts, (tree, sequence) => sign(this.#secret, { node, epoch, sequence, tree }))
      if (texts.length < roots.length) break
    }
    this.#hasSwept = true
  }

  async #nextRecords(epoch: string): Promise<readonly EdgeRecord[]> {
    const { store, node } = this.#deps
    const records: EdgeRecord[] = []
    let bytes = 0
    for (const { sequence, tree, mac } of await store.listWaiting(batchRecords)) {
      if (tree === null) continue
      if (!isSigned(this.#secret, { node, epoch, sequence: Number(sequence), tree }, mac)) {
        const told = new PlatformError('SETTLEMENT_REFUSED', `record ${sequence} was changed after it was made`)
        this.#fail(told)
        if (records.length === 0) throw told
        break
      }
      bytes += tree.length
      if (records.length > 0 && bytes > batchBytes) break
      records.push({ sequence: Number(sequence), tree, mac })
    }
    return records
  }

  async #reach(work: () => Promise<Settlement>): Promise<Settlement> {
    const { log, node } = this.#deps
    try {
      const settlement = await work()
      if (this.#isReached !== true) log.info({ node }, 'the centre is reached')
      this.#isReached = true
      this.#fault = undefined
      this.#failures = 0
      return settlement
    } catch (thrown) {
      this.#fail(toPlatformError(thrown))
      throw thrown
    }
  }

  #fail({ code, message }: PlatformError): void {
    const { log, node } = this.#deps
    this.#failures++
    if (this.#isReached !== false || this.#fault !== code)
      log.warn({ node, code, reason: message }, 'the centre is not reached: serving alone, records wait')
    this.#isReached = false
    this.#fault = code
  }

  async #takeLease(lease: Lease): Promise<void> {
    const { store, onLease } = this.#deps
    if (this.#row === undefined) return
    const { granted, regions, expiresAtMs } = lease
    this.#leaseMs = expiresAtMs - this.#deps.clock.now()
    this.#row = { ...this.#row, granted: String(granted), regions: JSON.stringify(regions), expires_at_ms: expiresAtMs }
    await store.writeUplink(this.#row)
    await onLease(this.#currentLease())
  }

  /** Whether what the centre has heard is not what was told here. */
  async #isForeign({ acknowledged, head }: Settlement, first: EdgeRecord | undefined): Promise<boolean> {
    if (first !== undefined && acknowledged < first.sequence - 1) return true
    return head !== (acknowledged === 0 ? '' : await this.#deps.store.macOf(acknowledged))
  }

  /** More than half of its time is left; there is no need to ask for another. */
  #isLeaseFresh(): boolean {
    const lease = this.#currentLease()
    return (
      lease !== undefined && this.#isReached === true && lease.expiresAtMs - this.#deps.clock.now() > this.#leaseMs / 2
    )
  }

  #currentLease(): Lease | undefined {
    const lease = toLease(this.#row)
    return lease === undefined || lease.expiresAtMs <= this.#deps.clock.now() ? undefined : lease
  }

  /** A lease that ran out while nobody was there to extend it. */
  async #lapse(): Promise<void> {
    if (this.#row !== undefined && this.#currentLease() === undefined)
      await this.#deps.onLease(undefined).catch(() => undefined) // asked again at the next attempt
  }
}

function toLease(row: EdgeUplinkRow | undefined): Lease | undefined {
  if (row === undefined || Number(row.expires_at_ms) === 0) return undefined
  return {
    granted: BigInt(row.granted) as Lease['granted'], // written by `#takeLease`
    regions: JSON.parse(row.regions) as readonly string[], // likewise
    expiresAtMs: Number(row.expires_at_ms),
  }
}
