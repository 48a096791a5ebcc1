import { assert } from '../../core/assert.ts'
import type { CallFacts } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { CallRecorder, DispatchIntent, EventLog, IdentifiedAnswer } from '../../core/ports.ts'
import type { Location } from '../engine.ts'
import { listJournals, tryLock, type JournalLock } from './files.ts'
import { ByteLine } from './byte-line.ts'
import { encodeIdentified, encodeIntent, encodeSettlement } from './encode.ts'
import type { SideWork } from './messages.ts'
import { startThread, type Thread } from './thread.ts'
import { createWriter, shared, type Writer } from './writer.ts'

export interface JournalOptions {
  readonly location: Location
  readonly folder: string
  readonly foldMs: number
  readonly foldRowsMax: number
  readonly journalBytesMax: number
  readonly log: EventLog
  /** A new journal's name: letters and digits, never the same twice. */
  readonly createJournalId: () => string
}

export interface Journal {
  readonly recorder: CallRecorder
  /** Starts to fold what dead processes have left: in the folder, and under the ids given. `flush` waits for it. */
  recover(journalIds: readonly string[]): void
  /** Everything recorded before the call is in the database. Rejects with `STORE_UNAVAILABLE`. */
  flush(): Promise<void>
  /** One piece of a side work, done by the folding thread; the number of things done. Rejects with `STORE_UNAVAILABLE`. */
  work(work: SideWork, atMs: number): Promise<number>
  /** What is folded from now on is told to the attendant of the work. */
  attend(work: SideWork): void
  /** The name of this process's journal, opened if need be: what it holds in the ledger ends with it. */
  owner(): string
  stats(): JournalStats
  /** Folds the rest and removes the journal; when the database is away, leaves it for the next start. */
  close(): Promise<void>
}

export interface JournalStats {
  /** Bytes not yet in the database. */
  readonly journalBytes: number
  /** Call rows not yet in the database. */
  readonly pendingRows: number
  /** Call trees that were refused because the journal was full or the disk failed. */
  readonly dropped: number
  /** Lines passed over because they were torn or damaged. */
  readonly damaged: number
}

const segmentBytesMax = 67_108_864

interface Live {
  readonly journalId: string
  readonly writer: Writer
  readonly lock: JournalLock
}

/** The record of calls on the request path. Nothing is opened and no thread started before there is something to record. */
export function createJournal(options: JournalOptions): Journal {
  return new CallJournal(options)
}

/** A class because its counts change with every request. */
class CallJournal implements Journal {
  readonly recorder: CallRecorder
  readonly #options: JournalOptions
  /** Settlements of what was let in find room above the bound that new dispatches are held to. */
  readonly #settlementBytesMax: number
  readonly #line = new ByteLine()
  readonly #locks = new Map<string, JournalLock>()
  #thread: Thread | undefined
  #attending: SideWork | undefined
  #live: Live | undefined
  #isClosed = false
  #foldedOffset = 0
  #pendingRows = 0
  #dropped = 0
  #damaged = 0

  constructor(options: JournalOptions) {
    this.#options = options
    this.#settlementBytesMax = options.journalBytesMax + Math.max(1_048_576, Math.floor(options.journalBytesMax / 8))
    this.recorder = {
      intend: (intent) => this.#intend(intent),
      identify: (identified) => this.#identify(identified),
      settle: (facts) => this.#settle(facts),
    }
  }

  recover(journalIds: readonly string[]): void {
    const { folder } = this.#options
    for (const journalId of new Set([...listJournals(folder), ...journalIds])) {
      const lock = tryLock(folder, journalId)
      if (lock === undefined) continue
      this.#locks.set(journalId, lock)
      this.#getThread().recover(journalId)
    }
  }

  async flush(): Promise<void> {
    await this.#thread?.flush()
  }

  async work(work: SideWork, atMs: number): Promise<number> {
    if (this.#isClosed) throw new PlatformError('STORE_UNAVAILABLE', 'the store is closed; the process is ending')
    return this.#getThread().work(work, atMs)
  }

  attend(work: SideWork): void {
    this.#attending = work
    this.#thread?.attend(work)
  }

  owner(): string {
    return (this.#live ?? this.#open()).journalId
  }

  stats(): JournalStats {
    return {
      journalBytes: this.#live === undefined ? 0 : this.#live.writer.bytesHeld - this.#foldedOffset,
      pendingRows: this.#pendingRows,
      dropped: this.#dropped,
      damaged: this.#damaged,
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const isFolded = await finish(this.#thread, this.#options.log)
    await this.#thread?.terminate()
    this.#live?.writer.close()
    this.#live?.lock.release({ remove: isFolded })
    this.#live = undefined
    for (const lock of this.#locks.values()) lock.release({ remove: false })
  }

  #intend(intent: DispatchIntent): void {
    encodeIntent(this.#line, intent)
    this.#append(this.#options.journalBytesMax)
  }

  #identify(identified: IdentifiedAnswer): void {
    encodeIdentified(this.#line, identified)
    this.#append(this.#settlementBytesMax)
  }

  #settle(facts: readonly CallFacts[]): void {
    const [first] = facts
    if (first === undefined) return
    for (const fact of facts) {
      const isSame = fact.rootId === first.rootId && fact.tenant === first.tenant && fact.keyId === first.keyId
      assert(isSame, 'the facts of one settlement are of one tree, one tenant and one key')
    }
    try {
      encodeSettlement(this.#line, facts as readonly [CallFacts, ...CallFacts[]]) // `first` is there
      this.#append(this.#settlementBytesMax)
    } catch (thrown) {
      this.#dropped += 1
      throw thrown
    }
    this.#pendingRows += facts.length
  }

  #append(bytesMax: number): void {
    const { writer } = this.#live ?? this.#open()
    if (writer.bytesHeld - this.#foldedOffset > bytesMax) {
      const message = 'the journal has reached store.journalBytesMax: the database takes no rows'
      throw new PlatformError('STORE_UNAVAILABLE', message)
    }
    writer.append(this.#line)
  }

  #open(): Live {
    if (this.#isClosed) throw new PlatformError('STORE_UNAVAILABLE', 'the store is closed; the process is ending')
    const { folder, journalBytesMax } = this.#options
    const thread = this.#getThread()
    const state = new Int32Array(new SharedArrayBuffer(shared.length * Int32Array.BYTES_PER_ELEMENT))
    const { journalId, lock } = lockNew(this.#options)
    const writer = createWriter({
      folder,
      journalId,
      state,
      segmentBytesMax: Math.min(segmentBytesMax, Math.ceil(journalBytesMax / 4)),
      wake: () => thread.wake(),
    })
    thread.follow(journalId, state)
    this.#live = { journalId, writer, lock }
    return this.#live
  }

  #getThread(): Thread {
    const { location, folder, foldMs, foldRowsMax, log } = this.#options
    if (this.#thread !== undefined) return this.#thread
    this.#thread = startThread({
      data: { location, folder, foldMs, rowsMax: foldRowsMax },
      log,
      onProgress: (progress) => {
        this.#live?.writer.forget(progress.segment)
        this.#foldedOffset = progress.offset
        this.#pendingRows -= progress.rows
        this.#countDamaged(progress.damaged)
      },
      onRecovered: ({ journalId, interrupted, damaged }) => {
        this.#countDamaged(damaged)
        this.#locks.get(journalId)?.release({ remove: true })
        this.#locks.delete(journalId)
        log.info({ interrupted }, 'the journal of a process that had died was folded')
      },
    })
    if (this.#attending !== undefined) this.#thread.attend(this.#attending)
    return this.#thread
  }

  #countDamaged(lines: number): void {
    this.#damaged += lines
    if (lines > 0) this.#options.log.error({ lines }, 'damaged lines of the journal were passed over')
  }
}

async function finish(thread: Thread | undefined, log: EventLog): Promise<boolean> {
  try {
    await thread?.finish()
    return true
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : 'unknown reason'
    log.warn({ reason }, 'the journal stays in store.folder and is folded at the next start')
    return false
  }
}

function lockNew(options: JournalOptions): { readonly journalId: string; readonly lock: JournalLock } {
  for (;;) {
    const journalId = options.createJournalId()
    const lock = tryLock(options.folder, journalId)
    if (lock !== undefined) return { journalId, lock }
  }
}
