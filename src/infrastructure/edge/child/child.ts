import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { PlatformError } from '../../../core/errors.ts'
import type { EventLog } from '../../../core/ports.ts'
import type { FromWorker, SomeReport, ToWorker } from './protocol.ts'

/** One model in a child process of its own: started by the first job, started again after it died, stopped when idle. */
export interface ModelProcess<Job, Report> {
  /** Puts a job in the queue; jobs are done one after the other. Throws OVERLOADED when the queue is full. */
  submit(job: Job, listener: JobListener<Report>): Ticket
  /** The running process; `undefined` while there is none. */
  readonly pid: number | undefined
  /** Ends the process; jobs under way and waiting fail with RUNTIME_FAILED. */
  close(): Promise<void>
}

/** Told what comes of a job. `onEnd` comes last, exactly once; with an error unless the job was done or cancelled. */
export interface JobListener<Report> {
  onReport(report: Report): void
  onEnd(error: PlatformError | undefined): void
}

export interface Ticket {
  /** Takes the job out of the queue, or stops it within a token. */
  cancel(): void
}

export interface ModelProcessOptions {
  /** The endpoint's id, for messages. */
  readonly name: string
  /** The program of the process; it speaks as `protocol.ts` says. */
  readonly worker: URL
  /** What it is to load, as its program takes it. */
  readonly spec: object
  readonly queueLengthMax: number
  readonly idleMs: number
  readonly log: EventLog
}

/** How long a cancelled job may take to stop before its process is killed, milliseconds. */
const cancelMsMax = 10_000
const retryAfterMs = 1_000

interface Entry<Job extends object, Report extends SomeReport> {
  readonly id: number
  readonly job: Job
  readonly listener: JobListener<Report>
  isSent: boolean
  isCancelled: boolean
}

interface State<Job extends object, Report extends SomeReport> {
  readonly options: ModelProcessOptions
  readonly queue: Entry<Job, Report>[]
  /** The job being done: sent, or waiting for the model to load. */
  current: Entry<Job, Report> | undefined
  child: ChildProcess | undefined
  isLoaded: boolean
  isClosed: boolean
  idIssued: number
  idleTimer: NodeJS.Timeout | undefined
  cancelTimer: NodeJS.Timeout | undefined
}

export function createModelProcess<Job extends object, Report extends SomeReport>(
  options: ModelProcessOptions,
): ModelProcess<Job, Report> {
  const state: State<Job, Report> = {
    options,
    queue: [],
    current: undefined,
    child: undefined,
    isLoaded: false,
    isClosed: false,
    idIssued: 0,
    idleTimer: undefined,
    cancelTimer: undefined,
  }
  return {
    get pid() {
      return state.child?.pid
    },
    submit(job, listener) {
      if (state.isClosed) throw failure(options, 'is being shut down')
      if (state.queue.length >= options.queueLengthMax) {
        throw new PlatformError('OVERLOADED', `${options.queueLengthMax} requests wait for ${options.name} already`, {
          retryAfterMs,
        })
      }
      const entry: Entry<Job, Report> = { id: ++state.idIssued, job, listener, isSent: false, isCancelled: false }
      state.queue.push(entry)
      advance(state)
      return { cancel: () => cancel(state, entry) }
    },
    async close() {
      state.isClosed = true
      const error = failure(options, 'is being shut down')
      for (const entry of state.queue.splice(0)) entry.listener.onEnd(error)
      await stop(state)
    },
  }
}

/** Runs a child process that says whether the runtime in a folder can be loaded; `gpu` is the kind it would use. */
export function probeRuntime({
  name,
  worker,
  runtimeFolder,
}: {
  readonly name: string
  readonly worker: URL
  readonly runtimeFolder: string
}): Promise<{ readonly gpu: string | undefined }> {
  return new Promise((resolve, reject) => {
    const child = launch(worker)
    child.on('message', (message: FromWorker<never>) => {
      child.disconnect()
      if (message.type === 'probed') resolve({ gpu: message.gpu })
      else
        reject(
          new PlatformError('RUNTIME_FAILED', `the ${name} runtime is there but does not load`, { cause: message }),
        )
    })
    child.on('error', reject)
    child.on('exit', () =>
      reject(new PlatformError('RUNTIME_FAILED', `the ${name} runtime ended while it was loading`)),
    )
    tell(child, { type: 'probe', runtimeFolder })
  })
}

/** The child gets no environment (nothing secret is there to read) and no streams: it speaks over the channel alone. */
function launch(worker: URL): ChildProcess {
  return fork(fileURLToPath(worker), [], {
    execArgv: [],
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
}

function tell(child: ChildProcess, message: ToWorker<object, object>): void {
  // A channel that has closed shows as the child's exit, which is where it is handled.
  if (child.connected) child.send(message, () => undefined)
}

/** Starts whatever can be started: the next job, the process it needs, the wait for idleness. */
function advance<Job extends object, Report extends SomeReport>(state: State<Job, Report>): void {
  clearTimeout(state.idleTimer)
  state.current ??= state.queue.shift()
  const entry = state.current
  if (entry === undefined) {
    if (state.child !== undefined) state.idleTimer = setTimeout(() => void stop(state), state.options.idleMs).unref()
    return
  }
  const child = (state.child ??= startChild(state))
  if (!state.isLoaded || entry.isSent) return
  entry.isSent = true
  tell(child, { ...entry.job, id: entry.id })
}

function startChild<Job extends object, Report extends SomeReport>(state: State<Job, Report>): ChildProcess {
  const child = launch(state.options.worker)
  state.isLoaded = false
  child.on('message', (message: FromWorker<Report>) => {
    if (state.child === child) receive(state, message)
  })
  child.on('error', (cause) => lose(state, child, cause))
  child.on('exit', (code, signal) => lose(state, child, { code, signal }))
  tell(child, { type: 'load', model: state.options.spec })
  return child
}

function receive<Job extends object, Report extends SomeReport>(
  state: State<Job, Report>,
  message: FromWorker<Report>,
): void {
  const { options, current } = state
  switch (message.type) {
    case 'probed':
      return
    case 'loaded':
      state.isLoaded = true
      options.log.info({ endpoint: options.name, pid: state.child?.pid }, 'local model loaded')
      return advance(state)
    case 'load-failed':
      options.log.error({ endpoint: options.name, reason: message.message }, 'local model cannot be loaded')
      // Ending the process fails the job that waits for it.
      state.child?.kill('SIGKILL')
      return
    case 'failed': {
      if (message.id !== current?.id) return
      const isOurs = message.code === 'RUNTIME_FAILED'
      if (isOurs) options.log.error({ endpoint: options.name, reason: message.message }, 'local model failed')
      const text = isOurs ? 'failed while it answered' : message.message
      return finish(state, isOurs ? failure(options, text) : new PlatformError(message.code, text))
    }
    case 'reported':
      if (message.id !== current?.id) return
      current.listener.onReport(message.report)
      if (message.report.isLast === true) finish(state, undefined)
  }
}

function finish<Job extends object, Report extends SomeReport>(
  state: State<Job, Report>,
  error: PlatformError | undefined,
): void {
  const entry = state.current
  clearTimeout(state.cancelTimer)
  state.current = undefined
  entry?.listener.onEnd(entry.isCancelled ? undefined : error)
  advance(state)
}

/** The process has ended by itself: its job fails, the next one starts another. */
function lose<Job extends object, Report extends SomeReport>(
  state: State<Job, Report>,
  child: ChildProcess,
  cause: unknown,
): void {
  if (state.child !== child) return
  const wasLoaded = state.isLoaded
  state.child = undefined
  state.isLoaded = false
  state.options.log.warn({ endpoint: state.options.name, wasLoaded }, 'local model process ended')
  const what = wasLoaded ? 'stopped' : 'could not load its model; the log tells why'
  finish(state, failure(state.options, what, cause))
}

function cancel<Job extends object, Report extends SomeReport>(
  state: State<Job, Report>,
  entry: Entry<Job, Report>,
): void {
  if (entry.isCancelled) return
  entry.isCancelled = true
  const waiting = state.queue.indexOf(entry)
  if (waiting >= 0) {
    state.queue.splice(waiting, 1)
    entry.listener.onEnd(undefined)
    return
  }
  if (state.current !== entry) return
  const { child } = state
  if (!entry.isSent || child === undefined) return finish(state, undefined)
  tell(child, { type: 'cancel', id: entry.id })
  state.cancelTimer = setTimeout(() => child.kill('SIGKILL'), cancelMsMax)
}

/** Ends the process on purpose; a job under way fails. */
async function stop<Job extends object, Report extends SomeReport>(state: State<Job, Report>): Promise<void> {
  const { child, current } = state
  clearTimeout(state.idleTimer)
  clearTimeout(state.cancelTimer)
  state.child = undefined
  state.isLoaded = false
  state.current = undefined
  current?.listener.onEnd(failure(state.options, 'is being shut down'))
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

function failure(options: ModelProcessOptions, what: string, cause?: unknown): PlatformError {
  return new PlatformError('RUNTIME_FAILED', `the local model of ${options.name} ${what}`, { cause })
}
