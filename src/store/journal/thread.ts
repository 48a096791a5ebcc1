import { Worker } from 'node:worker_threads'
import { unreachable } from '../../core/assert.ts'
import { PlatformError } from '../../core/errors.ts'
import type { EventLog } from '../../core/ports.ts'
import type { FromThread, ThreadData, ToThread } from './messages.ts'

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
  wake(): void
  /** Everything written before the call is in the database. Rejects with `STORE_UNAVAILABLE`. */
  flush(): Promise<void>
  /** As `flush`, and the live journal is closed. Rejects with `STORE_UNAVAILABLE`; its files then stay for the next start. */
  finish(): Promise<void>
  terminate(): Promise<void>
}

interface Ticket {
  readonly message: ToThread
  readonly resolve: () => void
  readonly reject: (error: PlatformError) => void
}

const restartMs = 100
const deathsMax = 3

export function startThread(options: ThreadOptions): Thread {
  const { log } = options
  const tickets = new Map<number, Ticket>()
  const recovering = new Set<string>()
  let follow: ToThread | undefined
  let ticketNext = 1
  let deaths = 0
  let isEnding = false
  let worker = start()

  function start(): Worker {
    const started = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: options.data,
      name: 'fold',
      execArgv: [],
      // A batch is short-lived: more room for the young makes the process 50 MB larger and folding no faster.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    started.unref() // a journal that nobody waits for is folded at the next start
    started.on('message', (message: FromThread) => receive(message))
    started.on('error', (thrown) => log.error({ reason: toReason(thrown) }, 'the folding thread failed'))
    started.on('exit', () => (isEnding ? undefined : restart()))
    return started
  }

  function restart(): void {
    deaths += 1
    if (deaths > deathsMax) rejectAll('the folding thread does not start')
    // Referenced while somebody waits: the process must not end under them.
    const timer = setTimeout(() => {
      if (isEnding) return
      worker = start()
      if (follow !== undefined) worker.postMessage(follow)
      for (const journalId of recovering) worker.postMessage({ type: 'recover', journalId } satisfies ToThread)
      for (const ticket of tickets.values()) worker.postMessage(ticket.message)
      holdOpen()
    }, restartMs)
    if (tickets.size === 0) timer.unref()
  }

  function receive(message: FromThread): void {
    deaths = 0
    switch (message.type) {
      case 'progress':
        return options.onProgress(message)
      case 'recovered':
        recovering.delete(message.journalId)
        return options.onRecovered(message)
      case 'done':
        return settle(message.ticket)?.resolve()
      case 'failed':
        return settle(message.ticket)?.reject(toUnavailable(message.reason))
      case 'health':
        if (message.reason === undefined) return log.info({}, 'the database takes rows again')
        return log.error({ reason: message.reason }, 'the database takes no rows; the journal keeps them')
      default:
        return unreachable(message)
    }
  }

  function settle(number: number): Ticket | undefined {
    const ticket = tickets.get(number)
    tickets.delete(number)
    holdOpen()
    return ticket
  }

  /** The thread keeps the process alive only while somebody waits for it. */
  function holdOpen(): void {
    if (tickets.size > 0) worker.ref()
    else worker.unref()
  }

  function rejectAll(reason: string): void {
    for (const ticket of tickets.values()) ticket.reject(toUnavailable(reason))
    tickets.clear()
  }

  function ask(type: 'flush' | 'finish'): Promise<void> {
    return new Promise((resolve, reject) => {
      const ticket = ticketNext++
      const message: ToThread = { type, ticket }
      tickets.set(ticket, { message, resolve, reject })
      worker.postMessage(message)
      holdOpen()
    })
  }

  return {
    follow(journalId, state) {
      follow = { type: 'live', journalId, state }
      worker.postMessage(follow)
    },
    recover(journalId) {
      recovering.add(journalId)
      worker.postMessage({ type: 'recover', journalId } satisfies ToThread)
    },
    wake: () => worker.postMessage({ type: 'wake' } satisfies ToThread),
    flush: () => ask('flush'),
    finish: () => ask('finish'),
    async terminate() {
      isEnding = true
      await worker.terminate()
      rejectAll('the store is closed')
    },
  }
}

function toUnavailable(reason: string): PlatformError {
  return new PlatformError('STORE_UNAVAILABLE', `the database does not take the journal: ${reason}`)
}

function toReason(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'unknown reason'
}
