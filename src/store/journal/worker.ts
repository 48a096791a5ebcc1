/** The folding thread: moves journals into the database, so that no request waits for a commit. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { assert, unreachable } from '../../core/assert.ts'
import { openFold, type Fold, type FoldOptions } from './fold.ts'
import type { FromThread, OpenedSideWork, OpenSideWork, SideWork, ThreadData, ToThread } from './messages.ts'
import type { Sink } from './sink.ts'
import { shared } from './writer.ts'

const retryMs = 500

interface Live {
  readonly journalId: string
  readonly state: Int32Array
  fold: Fold | undefined
}

/** A class because the thread is one thing with a state of its own. */
class FoldingServer {
  readonly #port: MessagePort
  readonly #data: ThreadData
  #sink: Sink | undefined
  #live: Live | undefined
  #timer: NodeJS.Timeout | undefined
  #trouble: string | undefined
  #queue: Promise<void> = Promise.resolve()
  /** By the URL of their module. */
  readonly #works = new Map<string, OpenedSideWork>()

  constructor(port: MessagePort, data: ThreadData) {
    this.#port = port
    this.#data = data
  }

  receive(message: ToThread): void {
    switch (message.type) {
      case 'live':
        this.#live = { journalId: message.journalId, state: message.state, fold: undefined }
        return this.#schedule(this.#data.foldMs)
      case 'wake':
        return this.#schedule(this.#data.foldMs)
      case 'recover':
        return this.#enqueue(() => this.#recover(message.journalId))
      case 'attend':
        return this.#enqueue(() => this.#attend(message.work))
      case 'flush':
        return this.#enqueue(() => this.#answer(message.ticket, () => this.#fold()))
      case 'work':
        return this.#enqueue(() => this.#answer(message.ticket, () => this.#work(message.work, message.atMs)))
      case 'finish':
        return this.#enqueue(() => this.#answer(message.ticket, () => this.#finish()))
      default:
        return unreachable(message)
    }
  }

  /** One act on the database at a time, in the order they were asked for. No act rejects. */
  #enqueue(act: () => Promise<void>): void {
    this.#queue = this.#queue.then(act)
  }

  #schedule(waitMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#enqueue(() => this.#tick())
    }, waitMs)
  }

  async #tick(): Promise<void> {
    const { foldMs } = this.#data
    try {
      if (await this.#fold()) return this.#schedule(foldMs)
      if (this.#live === undefined) return
      Atomics.store(this.#live.state, shared.wantsWaking, 1)
      // What came in before the flag was up woke nobody.
      if (await this.#fold()) {
        Atomics.store(this.#live.state, shared.wantsWaking, 0)
        this.#schedule(foldMs)
      }
    } catch (thrown) {
      this.#tell(toReason(thrown))
      this.#schedule(Math.max(retryMs, foldMs))
    }
  }

  /** True when something was folded. */
  async #fold(): Promise<boolean> {
    if (this.#live === undefined) return false
    const moved = await (await this.#openLive(this.#live)).run()
    this.#tell(undefined)
    return moved
  }

  async #openLive(live: Live): Promise<Fold> {
    const { journalId, state } = live
    live.fold ??= await this.#open(journalId, {
      findEnd: () => ({ segment: Atomics.load(state, shared.segment), offset: Atomics.load(state, shared.bytes) }),
      onProgress: ({ position, rows, damaged }) =>
        this.#send({ type: 'progress', journalId, ...position, rows, damaged }),
    })
    return live.fold
  }

  async #recover(journalId: string): Promise<void> {
    let damaged = 0
    try {
      const orphan = await this.#open(journalId, {
        findEnd: () => undefined,
        onProgress: (progress) => {
          damaged += progress.damaged
        },
      })
      const interrupted = await orphan.finish()
      this.#send({ type: 'recovered', journalId, interrupted, damaged })
      this.#tell(undefined)
    } catch (thrown) {
      this.#tell(toReason(thrown))
      setTimeout(() => this.#enqueue(() => this.#recover(journalId)), retryMs)
    }
  }

  async #finish(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#live !== undefined) await (await this.#openLive(this.#live)).finish()
    this.#live = undefined
    this.#works.clear()
    await this.#sink?.close()
    this.#sink = undefined
  }

  async #work(work: SideWork, atMs: number): Promise<number> {
    const opened = await this.#openWork(await this.#openSink(), work)
    return opened.run(atMs)
  }

  /** Where it cannot be opened, what is folded waits in the outbox, and whoever asks for the work is told. */
  async #attend(work: SideWork): Promise<void> {
    try {
      const sink = await this.#openSink()
      const { attendant } = await this.#openWork(sink, work)
      if (attendant !== undefined) sink.attend(attendant)
    } catch {
      // Said by the work itself.
    }
  }

  /** Each is opened once and kept. */
  async #openWork(sink: Sink, { module, input }: SideWork): Promise<OpenedSideWork> {
    const known = this.#works.get(module)
    if (known !== undefined) return known
    const { openSideWork } = (await import(module)) as { readonly openSideWork: OpenSideWork } // as `SideWork` says
    const opened = openSideWork(sink.side, input)
    this.#works.set(module, opened)
    return opened
  }

  async #answer(ticket: number, act: () => Promise<number | boolean | void>): Promise<void> {
    try {
      const done = await act()
      this.#send({ type: 'done', ticket, count: typeof done === 'number' ? done : 0 })
    } catch (thrown) {
      this.#send({ type: 'failed', ticket, reason: toReason(thrown) })
    }
  }

  async #open(journalId: string, parts: Pick<FoldOptions, 'findEnd' | 'onProgress'>): Promise<Fold> {
    const { folder, rowsMax } = this.#data
    return openFold({ sink: await this.#openSink(), folder, journalId, rowsMax, ...parts })
  }

  async #openSink(): Promise<Sink> {
    this.#sink ??= await createSink(this.#data.location)
    return this.#sink
  }

  #tell(reason: string | undefined): void {
    if (reason === this.#trouble) return
    this.#trouble = reason
    this.#send({ type: 'health', reason })
  }

  #send(message: FromThread): void {
    this.#port.postMessage(message)
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
const server = new FoldingServer(parentPort, workerData as ThreadData) // given by thread.ts, which types it
parentPort.on('message', (message: ToThread) => server.receive(message))
