import { assert } from '../../core/assert.ts'
import type { CallFacts } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { CallRecorder, DispatchIntent, EventLog } from '../../core/ports.ts'
import type { Location } from '../engine.ts'
import { listJournals, tryLock, type JournalLock } from './files.ts'
import { ByteLine } from './byte-line.ts'
import { encodeIntent, encodeSettlement } from './encode.ts'
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
  readonly writer: Writer
  readonly lock: JournalLock
}

/** The record of calls on the request path. Nothing is opened and no thread started before there is something to record. */
export function createJournal(options: JournalOptions): Journal {
  const { folder, log, journalBytesMax } = options
  // Settlements of what was let in find room above the bound that new dispatches are held to.
  const settlementBytesMax = journalBytesMax + Math.max(1_048_576, Math.floor(journalBytesMax / 8))
  const line = new ByteLine()
  const locks = new Map<string, JournalLock>()
  let thread: Thread | undefined
  let live: Live | undefined
  let isClosed = false
  let foldedOffset = 0
  let pendingRows = 0
  let dropped = 0
  let damaged = 0

  function getThread(): Thread {
    thread ??= startThread({
      data: { location: options.location, folder, foldMs: options.foldMs, rowsMax: options.foldRowsMax },
      log,
      onProgress(progress) {
        live?.writer.forget(progress.segment)
        foldedOffset = progress.offset
        pendingRows -= progress.rows
        countDamaged(progress.damaged)
      },
      onRecovered({ journalId, interrupted, damaged: lines }) {
        countDamaged(lines)
        locks.get(journalId)?.release({ remove: true })
        locks.delete(journalId)
        log.info({ interrupted }, 'the journal of a process that had died was folded')
      },
    })
    return thread
  }

  function countDamaged(lines: number): void {
    damaged += lines
    if (lines > 0) log.error({ lines }, 'damaged lines of the journal were passed over')
  }

  function open(): Live {
    if (isClosed) throw new PlatformError('STORE_UNAVAILABLE', 'the store is closed; the process is ending')
    const following = getThread()
    const state = new Int32Array(new SharedArrayBuffer(shared.length * Int32Array.BYTES_PER_ELEMENT))
    const { journalId, lock } = lockNew(options)
    const writer = createWriter({
      folder,
      journalId,
      state,
      segmentBytesMax: Math.min(segmentBytesMax, Math.ceil(journalBytesMax / 4)),
      wake: () => following.wake(),
    })
    following.follow(journalId, state)
    live = { writer, lock }
    return live
  }

  function append(bytesMax: number): void {
    const { writer } = live ?? open()
    if (writer.bytesHeld - foldedOffset > bytesMax) {
      throw new PlatformError(
        'STORE_UNAVAILABLE',
        'the journal has reached store.journalBytesMax: the database takes no rows',
      )
    }
    writer.append(line)
  }

  function intend(intent: DispatchIntent): void {
    encodeIntent(line, intent)
    append(journalBytesMax)
  }

  function settle(facts: readonly CallFacts[]): void {
    const [first] = facts
    if (first === undefined) return
    for (const fact of facts) {
      const isSame = fact.rootId === first.rootId && fact.tenant === first.tenant && fact.keyId === first.keyId
      assert(isSame, 'the facts of one settlement are of one tree, one tenant and one key')
    }
    try {
      encodeSettlement(line, facts as readonly [CallFacts, ...CallFacts[]]) // `first` is there
      append(settlementBytesMax)
    } catch (thrown) {
      dropped += 1
      throw thrown
    }
    pendingRows += facts.length
  }

  return {
    recorder: { intend, settle },
    recover(journalIds) {
      for (const journalId of new Set([...listJournals(folder), ...journalIds])) {
        const lock = tryLock(folder, journalId)
        if (lock === undefined) continue
        locks.set(journalId, lock)
        getThread().recover(journalId)
      }
    },
    flush: async () => thread?.flush(),
    stats: () => ({
      journalBytes: live === undefined ? 0 : live.writer.bytesHeld - foldedOffset,
      pendingRows,
      dropped,
      damaged,
    }),
    async close() {
      if (isClosed) return
      isClosed = true
      const isFolded = await finish(thread, log)
      await thread?.terminate()
      live?.writer.close()
      live?.lock.release({ remove: isFolded })
      live = undefined
      for (const lock of locks.values()) lock.release({ remove: false })
    },
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
