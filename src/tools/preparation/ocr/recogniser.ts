import { Worker } from 'node:worker_threads'
import { toThreadEnvironment } from '../../../core/threads.ts'
import type { Recognition, RecogniseOptions } from './engine.ts'
import type { FromOcr, ToOcr } from './messages.ts'
import type { OcrRuntime } from './runtime.ts'

/** Reads one picture after the other, in a thread of its own that is started when the first one comes. */
export interface Recogniser {
  recognise(picture: Uint8Array, options: RecogniseOptions): Promise<RecogniseOutcome>
  close(): Promise<void>
}

export type RecogniseOutcome =
  | { readonly type: 'read'; readonly recognition: Recognition }
  | { readonly type: 'failed'; readonly reason: 'time' | 'memory' | 'corrupt' }

export interface RecogniserOptions {
  readonly runtime: OcrRuntime
  /** Longest time one picture may take, milliseconds. */
  readonly timeoutMs: number
}

/** Heap of the thread, MB; the engine's own memory, which the size of pictures bounds, comes on top. */
const heapMbMax = 256
/** Pictures after which the thread is replaced: its memory grows to the largest picture and never shrinks. */
const picturesMax = 200

export function createRecogniser({ runtime, timeoutMs }: RecogniserOptions): Recogniser {
  let worker: Worker | undefined
  let read = 0
  let last: Promise<unknown> = Promise.resolve()
  const end = async (): Promise<void> => {
    const ended = worker
    worker = undefined
    read = 0
    await ended?.terminate()
  }
  const run = async (picture: Uint8Array, options: RecogniseOptions): Promise<RecogniseOutcome> => {
    worker ??= startWorker(runtime)
    const reply = await ask(worker, { id: ++read, picture, ...options }, timeoutMs)
    const isSpent = reply === 'time' || reply === 'died' || (reply.type === 'failed' && reply.isBroken)
    if (isSpent || read >= picturesMax) await end()
    if (reply === 'time' || reply === 'died') return { type: 'failed', reason: reply === 'time' ? 'time' : 'memory' }
    return reply.type === 'read'
      ? { type: 'read', recognition: reply.recognition }
      : { type: 'failed', reason: reply.reason }
  }
  return {
    recognise(picture, options) {
      const outcome = last.then(() => run(picture, options))
      last = outcome.catch(() => undefined)
      return outcome
    },
    close: end,
  }
}

function startWorker(runtime: OcrRuntime): Worker {
  const worker = new Worker(new URL('./ocr-worker.ts', import.meta.url), {
    env: toThreadEnvironment(),
    execArgv: [],
    workerData: runtime,
    resourceLimits: { maxOldGenerationSizeMb: heapMbMax },
    stdout: true,
    stderr: true,
  })
  // What goes wrong while a picture is read is told to who waits for it; nothing else may end the process.
  worker.on('error', () => undefined)
  worker.unref()
  return worker
}

/** The answer of the thread; `time` when none comes, `died` when the thread ends before. */
function ask(worker: Worker, message: ToOcr, timeoutMs: number): Promise<FromOcr | 'time' | 'died'> {
  return new Promise((resolve) => {
    const settle = (reply: FromOcr | 'time' | 'died'): void => {
      clearTimeout(timer)
      worker.off('message', onMessage)
      worker.off('error', onDeath)
      worker.off('exit', onDeath)
      resolve(reply)
    }
    const timer = setTimeout(() => settle('time'), timeoutMs)
    const onMessage = (reply: FromOcr): void => {
      if (reply.id === message.id) settle(reply)
    }
    const onDeath = (): void => settle('died')
    worker.on('message', onMessage)
    worker.on('error', onDeath)
    worker.on('exit', onDeath)
    worker.postMessage(message, [])
  })
}
