import { Worker } from 'node:worker_threads'
import { PlatformError } from '../../../core/errors.ts'
import type { EventLog } from '../../../core/ports.ts'
import { toThreadEnvironment } from '../../../core/threads.ts'
import type { FromThread, ThreadData, ToThread } from './messages.ts'
import type { Searcher, SearchQuery, SearchResult } from './searching.ts'

/** Searches and folds on a thread of their own. It starts with the first of them, and again when it dies. */
export interface SearchThread extends Searcher {
  /** Folds all but `chunksMax` of the chunks of a collection. */
  fold(collection: number, chunksMax: number): Promise<void>
  close(): Promise<void>
}

export interface ThreadParts {
  readonly data: ThreadData
  /** Searches and folds that wait or run; one more is refused with OVERLOADED. */
  readonly waitingMax: number
  readonly log: EventLog
}

export function createSearchThread(parts: ThreadParts): SearchThread {
  return new Thread(parts)
}

interface Ticket {
  readonly resolve: (result: SearchResult | undefined) => void
  readonly reject: (error: PlatformError) => void
}

type Message = ToThread extends infer Each ? (Each extends ToThread ? Omit<Each, 'ticket'> : never) : never

/** A class because what it stands for dies and is started again. */
class Thread implements SearchThread {
  readonly #parts: ThreadParts
  readonly #tickets = new Map<number, Ticket>()
  #worker: Worker | undefined
  #ticketNext = 1

  constructor(parts: ThreadParts) {
    this.#parts = parts
  }

  async search(query: SearchQuery): Promise<SearchResult> {
    const result = await this.#ask({ type: 'search', query })
    return result ?? { passages: [], confidence: 0, abstained: false }
  }

  async fold(collection: number, chunksMax: number): Promise<void> {
    await this.#ask({ type: 'fold', collection, chunksMax })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    await this.#ask({ type: 'close' })
    this.#worker = undefined
    await worker.terminate()
  }

  #ask(message: Message): Promise<SearchResult | undefined> {
    if (this.#tickets.size >= this.#parts.waitingMax) {
      return Promise.reject(
        new PlatformError('OVERLOADED', `${this.#parts.waitingMax} searches wait already`, { retryAfterMs: 1_000 }),
      )
    }
    const worker = (this.#worker ??= this.#start())
    const ticket = this.#ticketNext++
    return new Promise((resolve, reject) => {
      this.#tickets.set(ticket, { resolve, reject })
      worker.ref() // the process must not end under whoever waits
      worker.postMessage({ ...message, ticket } satisfies ToThread)
    })
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: this.#parts.data,
      name: 'search',
      execArgv: [],
      env: toThreadEnvironment(),
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    })
    worker.unref()
    worker.on('message', (message: FromThread) => this.#receive(message))
    worker.on('error', (thrown) => {
      this.#parts.log.error(
        { reason: thrown instanceof Error ? thrown.message : 'unknown' },
        'the search thread failed',
      )
    })
    worker.on('exit', () => this.#end(worker))
    return worker
  }

  #receive(message: FromThread): void {
    const ticket = this.#tickets.get(message.ticket)
    this.#tickets.delete(message.ticket)
    if (this.#tickets.size === 0) this.#worker?.unref()
    if (message.type === 'done') ticket?.resolve(message.result)
    else {
      const { code, message: text, param, details } = message
      ticket?.reject(new PlatformError(code, text, { param, details }))
    }
  }

  #end(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const error = new PlatformError(
      'STORE_UNAVAILABLE',
      'the search thread stopped; it starts again with the next search',
    )
    for (const ticket of this.#tickets.values()) ticket.reject(error)
    this.#tickets.clear()
  }
}
