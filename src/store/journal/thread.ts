import { Worker } from 'node:worker_threads'
import { unreachable } from '../../core/assert.ts'
import { PlatformError } from '../../core/errors.ts'
import type { EventLog } from '../../core/ports.ts'
import { toThreadEnvironment } from '../../core/threads.ts'
import type { FromThread, SideWork, ThreadData, ToThread } from './messages.ts'

export interface ThreadOptions {
  readonly data: ThreadData
  readonly log: EventLog
  readonly onProgress: (progress: Extract<FromThread, { type: 'progress' }>) => void
  readonly onRecovered: (recovered: Extract<FromThread, { type: 'recovered' }>) => void
}

/** The folding thread, seen from outside. It is started again when it dies; what it was asked for is asked again. */
export interface Thread {
  /** Given once, before the first `wake`. */
  follow(journalId: string, state: Int32Array): void
  recover(journalId: string): void
  /** What is folded from now on is told to the attendant of the work. */
  attend(work: SideWork): void
  wake(): void
  /** Everything written before the call is in the database. Rejects with `STORE_UNAVAILABLE`. */
  flush(): Promise<void>
  /** One piece of a side work; the number of things done. Rejects with `STORE_UNAVAILABLE`. */
  work(work: SideWork, atMs: number): Promise<number>
  /** As `flush`, and the live journal is closed. Rejects with `STORE_UNAVAILABLE`; its files then stay for the next start. */
  finish(): Promise<void>
  terminate(): Promise<void>
}

interface Ticket {
  readonly message: ToThread
  readonly resolve: (count: number) => void
  readonly reject: (error: PlatformError) => void
}

const restartMs = 100
const deathsMax = 3

export function startThread(options: ThreadOptions): Thread {
  return new FoldingThread(options)
}

/** A class because what it stands for dies and is started again. */
class FoldingThread implements Thread {
  readonly #options: ThreadOptions
  readonly #tickets = new Map<number, Ticket>()
  readonly #recovering = new Set<string>()
  #follow: ToThread | undefined
  #attend: ToThread | undefined
  #ticketNext = 1
  #deaths = 0
  #isEnding = false
  #worker: Worker

  constructor(options: ThreadOptions) {
    this.#options = options
    this.#worker = this.#start()
  }

  follow(journalId: string, state: Int32Array): void {
    this.#follow = { type: 'live', journalId, state }
    this.#worker.postMessage(this.#follow)
  }

  recover(journalId: string): void {
    this.#recovering.add(journalId)
    this.#worker.postMessage({ type: 'recover', journalId } satisfies ToThread)
  }

  attend(work: SideWork): void {
    this.#attend = { type: 'attend', work }
    this.#worker.postMessage(this.#attend)
  }

  wake(): void {
    this.#worker.postMessage({ type: 'wake' } satisfies ToThread)
  }

  async flush(): Promise<void> {
    await this.#ask({ type: 'flush', ticket: this.#ticketNext++ })
  }

  work(work: SideWork, atMs: number): Promise<number> {
    return this.#ask({ type: 'work', ticket: this.#ticketNext++, work, atMs })
  }

  async finish(): Promise<void> {
    await this.#ask({ type: 'finish', ticket: this.#ticketNext++ })
  }

  async terminate(): Promise<void> {
    this.#isEnding = true
    await this.#worker.terminate()
    this.#rejectAll('the store is closed')
  }

  #start(): Worker {
    const { data, log } = this.#options
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: data,
      name: 'fold',
      execArgv: [],
      env: toThreadEnvironment(),
      // A tree of calls is short-lived: more room for the young makes the process larger and folding no faster.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    })
    worker.unref() // a journal that nobody waits for is folded at the next start
    worker.on('message', (message: FromThread) => this.#receive(message))
    worker.on('error', (thrown) => log.error({ reason: toReason(thrown) }, 'the folding thread failed'))
    worker.on('exit', () => (this.#isEnding ? undefined : this.#restart()))
    return worker
  }

  #restart(): void {
    this.#deaths += 1
    if (this.#deaths > deathsMax) this.#rejectAll('the folding thread does not start')
    const timer = setTimeout(() => {
      if (this.#isEnding) return
      this.#worker = this.#start()
      if (this.#attend !== undefined) this.#worker.postMessage(this.#attend)
      if (this.#follow !== undefined) this.#worker.postMessage(this.#follow)
      for (const journalId of this.#recovering) this.recover(journalId)
      for (const ticket of this.#tickets.values()) this.#worker.postMessage(ticket.message)
      this.#holdOpen()
    }, restartMs)
    // Referenced while somebody waits: the process must not end under them.
    if (this.#tickets.size === 0) timer.unref()
  }

  #receive(message: FromThread): void {
    const { log, onProgress, onRecovered } = this.#options
    this.#deaths = 0
    switch (message.type) {
      case 'progress':
        return onProgress(message)
      case 'recovered':
        this.#recovering.delete(message.journalId)
        return onRecovered(message)
      case 'done':
        return this.#settle(message.ticket)?.resolve(message.count)
      case 'failed':
        return this.#settle(message.ticket)?.reject(toUnavailable(message.reason))
      case 'health':
        if (message.reason === undefined) return log.info({}, 'the database takes rows again')
        return log.error({ reason: message.reason }, 'the database takes no rows; the journal keeps them')
      default:
        return unreachable(message)
    }
  }

  #ask(message: Extract<ToThread, { readonly ticket: number }>): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#tickets.set(message.ticket, { message, resolve, reject })
      this.#worker.postMessage(message)
      this.#holdOpen()
    })
  }

  #settle(number: number): Ticket | undefined {
    const ticket = this.#tickets.get(number)
    this.#tickets.delete(number)
    this.#holdOpen()
    return ticket
  }

  /** The thread keeps the process alive only while somebody waits for it. */
  #holdOpen(): void {
    if (this.#tickets.size > 0) this.#worker.ref()
    else this.#worker.unref()
  }

  #rejectAll(reason: string): void {
    for (const ticket of this.#tickets.values()) ticket.reject(toUnavailable(reason))
    this.#tickets.clear()
  }
}

function toUnavailable(reason: string): PlatformError {
  return new PlatformError('STORE_UNAVAILABLE', `the folding thread could not do its work: ${reason}`)
}

function toReason(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'unknown reason'
}
