import { toPlatformError } from '../../../core/errors.ts'
import type { FromWorker, SomeReport, ToWorker } from './protocol.ts'

/** What a child process can do with the one model it holds. */
export interface Served<Job, Spec, Report extends SomeReport, Loaded> {
  /** Loads the runtime alone. The GPU it would use; `undefined` for the CPU. */
  probe(runtimeFolder: string): Promise<string | undefined>
  load(spec: Spec): Promise<Loaded>
  /** Rejects with a PlatformError that answers whoever asked; anything else is a failure of the runtime. */
  run(loaded: Loaded, job: Job, on: ServedJob<Report>): Promise<void>
}

export interface ServedJob<Report> {
  /** Aborted when nobody waits for the job any more. */
  readonly signal: AbortSignal
  readonly report: (report: Report) => void
}

/** The child's side of `createModelProcess`: one job after the other, until the platform is gone. */
export function serveJobs<Job extends { readonly type: string }, Spec, Report extends SomeReport, Loaded>(
  served: Served<Job, Spec, Report, Loaded>,
): void {
  const cancels = new Map<number, AbortController>()
  let loaded: Promise<Loaded> | undefined
  let tail: Promise<void> = Promise.resolve()

  const send = (message: FromWorker<Report>): void => {
    if (process.connected) process.send?.(message)
  }
  const failToLoad = (thrown: unknown): void => send({ type: 'load-failed', message: toMessage(thrown) })

  async function run(work: Promise<Loaded> | undefined, message: Job & { readonly id: number }): Promise<void> {
    const { id } = message
    const cancel = cancels.get(id) ?? new AbortController()
    try {
      if (work === undefined) throw new Error('no model is loaded')
      const report = (part: Report): void => send({ type: 'reported', id, report: part })
      await served.run(await work, message, { signal: cancel.signal, report })
    } catch (thrown) {
      const { code, message: text } = toPlatformError(thrown)
      if (code === 'INTERNAL') send({ type: 'failed', id, code: 'RUNTIME_FAILED', message: toMessage(thrown) })
      else send({ type: 'failed', id, code, message: text })
    } finally {
      cancels.delete(id)
    }
  }

  // Nobody is left to answer to.
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message: ToWorker<Job, Spec>) => {
    if (isProbe(message)) {
      void served.probe(message.runtimeFolder).then((gpu) => send({ type: 'probed', gpu }), failToLoad)
    } else if (isLoad(message)) {
      loaded = served.load(message.model)
      loaded.then(() => send({ type: 'loaded' }), failToLoad)
    } else if (message.type === 'cancel') {
      cancels.get(message.id)?.abort()
    } else {
      const job = message as Job & { readonly id: number } // all that is left
      const work = loaded
      cancels.set(job.id, new AbortController())
      tail = tail.then(() => run(work, job))
    }
  })
}

type Probe = { readonly type: 'probe'; readonly runtimeFolder: string }
type Load<Spec> = { readonly type: 'load'; readonly model: Spec }

function isProbe(message: { readonly type: string }): message is Probe {
  return message.type === 'probe'
}

function isLoad<Job, Spec>(message: ToWorker<Job, Spec>): message is Load<Spec> & ToWorker<Job, Spec> {
  return (message as { readonly type: string }).type === 'load'
}

export function toMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'unknown failure'
}
