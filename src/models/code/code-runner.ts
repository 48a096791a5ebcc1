import { Worker } from 'node:worker_threads'
import type { Cancellation } from '../../core/cancellation.ts'
import { PlatformError } from '../../core/errors.ts'
import { toThreadEnvironment } from '../../core/threads.ts'
import type { CodeJob, CodeOutcome, FromCodeWorker, ToCodeWorker } from './messages.ts'

/** Runs programs that models wrote, apart from everything. */
export interface CodeRunner {
  /**
   * What becomes of a program. Rejects with OVERLOADED when too many wait already, with the reason of a cancellation, and
   * with CANCELLED once closed.
   */
  run(job: CodeJob, cancellation?: Cancellation): Promise<CodeOutcome>
  close(): Promise<void>
}

export interface CodeLimits {
  /** Programs under way at once, each on a thread of its own. */
  readonly workersMax: number
  /** Programs that may wait for a thread. */
  readonly waitingMax: number
}

/** How long beyond its time a thread may take to notice, its start included. */
const graceMs = 5_000
const idleMs = 10_000
/** WebAssembly keeps the memory it has grown to: a thread that has run so many programs is replaced. */
const jobsMax = 200

interface Waiting {
  readonly job: CodeJob
  readonly resolve: (outcome: CodeOutcome) => void
  readonly reject: (reason: unknown) => void
  unfollow: () => void
}

interface Thread {
  readonly worker: Worker
  work: Waiting | undefined
  jobs: number
  timer: NodeJS.Timeout | undefined
}

/** The limits may change while it works. */
export function createCodeRunner(limits: () => CodeLimits): CodeRunner {
  return new ThreadedRunner(limits)
}

/** A class because what it stands for dies and is started again. */
class ThreadedRunner implements CodeRunner {
  readonly #limits: () => CodeLimits
  readonly #threads = new Set<Thread>()
  readonly #queue: Waiting[] = []
  #isClosed = false

  constructor(limits: () => CodeLimits) {
    this.#limits = limits
  }

  run(job: CodeJob, cancellation?: Cancellation): Promise<CodeOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closed())
      if (this.#queue.length >= this.#limits().waitingMax)
        return reject(new PlatformError('OVERLOADED', `${this.#queue.length} programs wait to be run already`))
      const waiting: Waiting = { job, resolve, reject, unfollow: () => undefined }
      this.#queue.push(waiting)
      if (cancellation !== undefined) waiting.unfollow = cancellation.onCancel((reason) => this.#leave(waiting, reason))
      this.#next()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiting of this.#queue.splice(0)) this.#reject(waiting, closed())
    await Promise.all(
      [...this.#threads].map((thread) => {
        const { work } = thread
        thread.work = undefined
        if (work !== undefined) this.#reject(work, closed())
        return this.#end(thread)
      }),
    )
  }

  #next(): void {
    const idle = [...this.#threads].find((thread) => thread.work === undefined)
    if (idle === undefined && this.#threads.size >= this.#limits().workersMax) return
    const waiting = this.#queue.shift()
    if (waiting === undefined) return
    this.#give(idle ?? this.#start(), waiting)
  }

  #start(): Thread {
    const worker = new Worker(new URL('./code-worker.ts', import.meta.url), {
      env: toThreadEnvironment(),
      execArgv: [],
      // What the interpreter says when it falls over is told as an outcome.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8, stackSizeMb: 4 },
    })
    const thread: Thread = { worker, work: undefined, jobs: 0, timer: undefined }
    this.#threads.add(thread)
    worker.on('message', (message: FromCodeWorker) => this.#receive(thread, message))
    worker.on('error', () => this.#died(thread, { type: 'crashed' }))
    worker.on('exit', () => this.#died(thread, { type: 'crashed' }))
    return thread
  }

  #give(thread: Thread, waiting: Waiting): void {
    clearTimeout(thread.timer)
    thread.work = waiting
    thread.jobs++
    thread.worker.ref()
    // Some work of the interpreter is not interrupted: then the whole thread is.
    thread.timer = setTimeout(() => {
      this.#died(thread, { type: 'time', at: undefined })
      void thread.worker.terminate()
    }, waiting.job.ms + graceMs)
    thread.worker.postMessage({ id: thread.jobs, job: waiting.job } satisfies ToCodeWorker)
  }

  #receive(thread: Thread, { id, outcome, isSound }: FromCodeWorker): void {
    const { work } = thread
    if (work === undefined || id !== thread.jobs) return
    thread.work = undefined
    clearTimeout(thread.timer)
    work.unfollow()
    work.resolve(outcome)
    // Memory that a program has filled stays with the thread.
    if (!isSound || thread.jobs >= jobsMax || outcome.type === 'memory') void this.#end(thread)
    else {
      thread.worker.unref()
      thread.timer = setTimeout(() => void this.#end(thread), idleMs).unref()
    }
    this.#next()
  }

  #leave(waiting: Waiting, reason: unknown): void {
    const place = this.#queue.indexOf(waiting)
    if (place >= 0) this.#queue.splice(place, 1)
    this.#reject(waiting, reason)
    for (const thread of this.#threads) {
      if (thread.work !== waiting) continue
      thread.work = undefined
      void this.#end(thread)
    }
  }

  #died(thread: Thread, outcome: CodeOutcome): void {
    if (!this.#threads.delete(thread)) return
    clearTimeout(thread.timer)
    const { work } = thread
    thread.work = undefined
    work?.unfollow()
    work?.resolve(outcome)
    this.#next()
  }

  async #end(thread: Thread): Promise<void> {
    this.#threads.delete(thread)
    clearTimeout(thread.timer)
    await thread.worker.terminate()
    if (!this.#isClosed) this.#next()
  }

  #reject(waiting: Waiting, reason: unknown): void {
    waiting.unfollow()
    waiting.reject(reason)
  }
}

function closed(): PlatformError {
  return new PlatformError('CANCELLED', 'the server is ending, so the program was not run')
}
