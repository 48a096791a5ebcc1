import { Worker } from 'node:worker_threads'
import { PlatformError } from '../../../core/errors.ts'
import { toThreadEnvironment } from '../../../core/threads.ts'
import type { ParsedDocument, ParsingLimits, SourceFile } from '../preparation.ts'
import { refuse } from '../reading/index.ts'
import type { FromWorker, OcrSetup, Part, ToWorker } from './messages.ts'
import { fromParts } from './parts.ts'

/** Threads that read documents, started when they are needed and ended when they have been idle. */
export interface Pool {
  run(file: SourceFile, signal: AbortSignal | undefined): Promise<ParsedDocument>
  close(): Promise<void>
}

/** How long beyond its time a thread may take to come to the end of a page before it is ended. */
const graceMs = 15_000
const idleMs = 15_000
/** A thread that has read so many documents, or keeps more than this part of its heap, is replaced. */
const documentsMax = 500
const heapShareMax = 0.4
/** How often the memory of a thread at work is looked at. */
const watchMs = 250

interface Job {
  readonly file: SourceFile
  readonly signal: AbortSignal | undefined
  readonly resolve: (document: ParsedDocument) => void
  readonly reject: (error: PlatformError) => void
  readonly onAbort: () => void
}

interface Thread {
  readonly worker: Worker
  job: Job | undefined
  documents: number
  /** Of the document that is being read, as far as it has come. */
  readonly parts: Part[]
  timer: NodeJS.Timeout | undefined
  watch: NodeJS.Timeout | undefined
}

/** `findOcr` is asked for each document, since what reads pictures may be installed at any time. */
export function createPool(limits: ParsingLimits, findOcr: () => OcrSetup | undefined): Pool {
  return new ThreadPool(limits, findOcr)
}

/** A class because what it stands for dies and is started again. */
class ThreadPool implements Pool {
  readonly #limits: ParsingLimits
  readonly #findOcr: () => OcrSetup | undefined
  readonly #threads = new Set<Thread>()
  readonly #queue: Job[] = []
  #isClosed = false

  constructor(limits: ParsingLimits, findOcr: () => OcrSetup | undefined) {
    this.#limits = limits
    this.#findOcr = findOcr
  }

  run(file: SourceFile, signal: AbortSignal | undefined): Promise<ParsedDocument> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed || signal?.aborted === true) return reject(cancelled())
      const job: Job = { file, signal, resolve, reject, onAbort: () => this.#abort(job) }
      signal?.addEventListener('abort', job.onAbort, { once: true })
      this.#queue.push(job)
      this.#next()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const job of this.#queue.splice(0)) this.#settle(job, cancelled())
    await Promise.all([...this.#threads].map((thread) => this.#end(thread, cancelled())))
  }

  #next(): void {
    const idle = [...this.#threads].find((thread) => thread.job === undefined)
    if (idle === undefined && this.#threads.size >= this.#limits.workersMax) return
    const job = this.#queue.shift()
    if (job === undefined) return
    this.#give(idle ?? this.#start(), job)
  }

  #start(): Thread {
    const worker = new Worker(new URL('./parsing-worker.ts', import.meta.url), {
      env: toThreadEnvironment(),
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: this.#limits.memoryMbMax,
        maxYoungGenerationSizeMb: 16,
        stackSizeMb: 4,
      },
    })
    const thread: Thread = { worker, job: undefined, documents: 0, parts: [], timer: undefined, watch: undefined }
    this.#threads.add(thread)
    worker.on('message', (message: FromWorker) => this.#receive(thread, message))
    worker.on('error', (thrown: Error) => this.#died(thread, thrown))
    worker.on('exit', () => this.#died(thread, undefined))
    return thread
  }

  #give(thread: Thread, job: Job): void {
    const { source, mediaType, bytes } = job.file
    const copy = new Uint8Array(bytes)
    thread.job = job
    thread.documents++
    this.#time(thread, job, this.#limits.timeoutMs)
    thread.worker.ref()
    thread.watch = setInterval(() => void this.#look(thread, job), watchMs)
    const ocr = this.#findOcr()
    const message: ToWorker = { id: thread.documents, source, mediaType, bytes: copy, limits: this.#limits, ocr }
    thread.worker.postMessage(message, [copy.buffer])
  }

  /** Ends a thread that does not come to an end by itself. */
  #time(thread: Thread, { file: { source } }: Job, timeoutMs: number): void {
    clearTimeout(thread.timer)
    thread.timer = setTimeout(() => {
      const seconds = `${this.#limits.timeoutMs / 1_000} s`
      const allowed = `knowledge.parsing.timeoutMs allows ${seconds}`
      void this.#end(thread, refuse(source, 'time', `takes too long to be read; ${allowed}`))
    }, timeoutMs + graceMs)
  }

  /** Of its heap a thread dies by itself; buffers lie outside, where nothing bounds them. */
  async #look(thread: Thread, job: Job): Promise<void> {
    const allowedBytes = this.#limits.memoryMbMax * 2 * 1_048_576
    const held = await thread.worker.getHeapStatistics().catch(() => undefined) // It may just have ended.
    if (held === undefined || thread.job !== job) return
    if (held.used_heap_size + held.external_memory > allowedBytes) {
      void this.#end(thread, tooMuchMemory(job.file.source, this.#limits))
    }
  }

  #receive(thread: Thread, message: FromWorker): void {
    const { job } = thread
    if (job === undefined || message.id !== thread.documents) return
    if (message.type === 'begun') return this.#time(thread, job, message.timeoutMs)
    if (message.type === 'part') return void thread.parts.push(message.part)
    thread.job = undefined
    stopTimers(thread)
    const parts = thread.parts.splice(0)
    if (message.type === 'parsed') this.#settle(job, fromParts(parts, message.document))
    else {
      const { message: statement, reason } = message
      this.#settle(job, new PlatformError('DOCUMENT_REFUSED', statement, { details: { reason } }))
    }
    const { heapBytes, bufferBytes } = message
    const allowedBytes = this.#limits.memoryMbMax * 1_048_576
    // What a document leaves in buffers would count as the next one's.
    const isFull = heapBytes > allowedBytes * heapShareMax || bufferBytes > allowedBytes
    if (thread.documents >= documentsMax || isFull) void this.#end(thread, undefined)
    else {
      thread.worker.unref()
      thread.timer = setTimeout(() => void this.#end(thread, undefined), idleMs).unref()
    }
    this.#next()
  }

  #abort(job: Job): void {
    const place = this.#queue.indexOf(job)
    if (place >= 0) {
      this.#queue.splice(place, 1)
      this.#settle(job, cancelled())
    } else {
      for (const thread of this.#threads) if (thread.job === job) void this.#end(thread, cancelled())
    }
  }

  #died(thread: Thread, thrown: Error | undefined): void {
    if (!this.#threads.delete(thread)) return
    stopTimers(thread)
    const { job } = thread
    thread.job = undefined
    if (job !== undefined) this.#settle(job, toRefusal(job.file.source, thrown, this.#limits))
    this.#next()
  }

  /** Ends a thread; what it reads is refused with the error. */
  async #end(thread: Thread, error: PlatformError | undefined): Promise<void> {
    this.#threads.delete(thread)
    stopTimers(thread)
    const { job } = thread
    thread.job = undefined
    if (job !== undefined) this.#settle(job, error ?? cancelled())
    await thread.worker.terminate()
    if (!this.#isClosed) this.#next()
  }

  #settle(job: Job, outcome: ParsedDocument | PlatformError): void {
    job.signal?.removeEventListener('abort', job.onAbort)
    if (outcome instanceof PlatformError) job.reject(outcome)
    else job.resolve(outcome)
  }
}

function toRefusal(source: string, thrown: Error | undefined, limits: ParsingLimits): PlatformError {
  if (thrown !== undefined && 'code' in thrown && thrown.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return tooMuchMemory(source, limits, thrown)
  }
  return refuse(source, 'corrupt', { says: 'ended the thread that was reading it', cause: thrown })
}

function tooMuchMemory(source: string, { memoryMbMax }: ParsingLimits, cause?: Error): PlatformError {
  const says = `needs more memory to be read than allowed; knowledge.parsing.memoryMbMax allows ${memoryMbMax}`
  return refuse(source, 'memory', { says, cause })
}

function stopTimers({ timer, watch }: Thread): void {
  clearTimeout(timer)
  clearInterval(watch)
}

function cancelled(): PlatformError {
  return new PlatformError('CANCELLED', 'reading the document was cancelled')
}
