/** The folding thread: moves journals into the database, so that no request waits for a commit. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { assert, unreachable } from '../../core/assert.ts'
import { openFold, type Fold, type Progress } from './fold.ts'
import type { FromThread, ThreadData, ToThread } from './messages.ts'
import type { Position, Sink } from './sink.ts'
import { shared } from './writer.ts'

const retryMs = 500

interface Live {
  readonly journalId: string
  readonly state: Int32Array
  fold: Fold | undefined
}

function serve(port: MessagePort, data: ThreadData): void {
  let sink: Sink | undefined
  let live: Live | undefined
  let timer: NodeJS.Timeout | undefined
  let trouble: string | undefined
  let queue: Promise<void> = Promise.resolve()

  const send = (message: FromThread): void => port.postMessage(message)

  port.on('message', (message: ToThread) => receive(message))

  function receive(message: ToThread): void {
    switch (message.type) {
      case 'live':
        live = { journalId: message.journalId, state: message.state, fold: undefined }
        return schedule(data.foldMs)
      case 'wake':
        return schedule(data.foldMs)
      case 'recover':
        return enqueue(() => recover(message.journalId))
      case 'flush':
        return enqueue(() => answer(message.ticket, fold))
      case 'finish':
        return enqueue(() => answer(message.ticket, finish))
      default:
        return unreachable(message)
    }
  }

  /** One act on the database at a time, in the order they were asked for. No act rejects. */
  function enqueue(act: () => Promise<void>): void {
    queue = queue.then(act)
  }

  function schedule(waitMs: number): void {
    timer ??= setTimeout(() => {
      timer = undefined
      enqueue(tick)
    }, waitMs)
  }

  async function tick(): Promise<void> {
    try {
      if (await fold()) return schedule(data.foldMs)
      if (live === undefined) return
      Atomics.store(live.state, shared.wantsWaking, 1)
      // What came in before the flag was up woke nobody.
      if (await fold()) {
        Atomics.store(live.state, shared.wantsWaking, 0)
        schedule(data.foldMs)
      }
    } catch (thrown) {
      tell(toReason(thrown))
      schedule(Math.max(retryMs, data.foldMs))
    }
  }

  async function fold(): Promise<boolean> {
    if (live === undefined) return false
    const moved = await (await openLive(live)).run()
    tell(undefined)
    return moved
  }

  async function openLive(journal: Live): Promise<Fold> {
    const { journalId, state } = journal
    journal.fold ??= await openFold({
      ...(await toParts(journalId)),
      findEnd: () => ({ segment: Atomics.load(state, shared.segment), offset: Atomics.load(state, shared.bytes) }),
      onProgress: ({ position, rows, damaged }) => send({ type: 'progress', journalId, ...position, rows, damaged }),
    })
    return journal.fold
  }

  async function recover(journalId: string): Promise<void> {
    try {
      let damaged = 0
      const onProgress = (progress: Progress): void => {
        damaged += progress.damaged
      }
      const orphan = await openFold({
        ...(await toParts(journalId)),
        findEnd: (): Position | undefined => undefined,
        onProgress,
      })
      const interrupted = await orphan.finish()
      send({ type: 'recovered', journalId, interrupted, damaged })
      tell(undefined)
    } catch (thrown) {
      tell(toReason(thrown))
      setTimeout(() => enqueue(() => recover(journalId)), retryMs)
    }
  }

  async function finish(): Promise<void> {
    clearTimeout(timer)
    if (live !== undefined) await (await openLive(live)).finish()
    live = undefined
    await sink?.close()
    sink = undefined
  }

  async function answer(ticket: number, act: () => Promise<unknown>): Promise<void> {
    try {
      await act()
      send({ type: 'done', ticket })
    } catch (thrown) {
      send({ type: 'failed', ticket, reason: toReason(thrown) })
    }
  }

  async function toParts(
    journalId: string,
  ): Promise<{ sink: Sink; folder: string; journalId: string; rowsMax: number }> {
    sink ??= await createSink(data.location)
    return { sink, folder: data.folder, journalId, rowsMax: data.rowsMax }
  }

  function tell(reason: string | undefined): void {
    if (reason === trouble) return
    trouble = reason
    send({ type: 'health', reason })
  }
}

/** Only the driver that is used is loaded: the thread stands in a fraction of the time, in a fraction of the memory. */
async function createSink(location: ThreadData['location']): Promise<Sink> {
  if (location.engine === 'sqlite') return (await import('./sqlite-sink.ts')).createSqliteSink(location.path)
  return (await import('./postgres-sink.ts')).createPostgresSink(location.url)
}

/** Messages of the database name tables and limits, never values: rows are bound, not written into statements. */
function toReason(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'unknown reason'
}

assert(parentPort !== null, 'the folding thread is started as a thread')
serve(parentPort, workerData as ThreadData) // given by thread.ts, which types it
