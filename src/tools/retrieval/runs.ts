import { toPlatformError } from '../../core/errors.ts'
import type { EventLog } from '../../core/ports.ts'

/** Work in the background, one run for each key at a time. */
export interface Runs<Thing> {
  /** Begins a run, or has the one under way look once more. */
  start(thing: Thing): void
  /** Begins a run for each that is listed, and wanted. */
  follow(wanted?: (thing: Thing) => boolean): void
  /** Resolves once nothing runs here. */
  settled(): Promise<void>
  /** For good; what is under way is waited for. */
  close(): Promise<void>
}

export interface RunsParts<Thing> {
  readonly keyOf: (thing: Thing) => string | number
  /** One look at what there is to do. Never rejects; `signal` says that no more is to be begun. */
  readonly work: (thing: Thing, signal: AbortSignal) => Promise<void>
  /** All that there may be work for. */
  readonly list: () => Promise<readonly Thing[]>
  /** What a failed list is called in the log. */
  readonly what: string
  readonly log: EventLog
}

export function createRuns<Thing>({ keyOf, work, list, what, log }: RunsParts<Thing>): Runs<Thing> {
  const running = new Map<string | number, { again: boolean; readonly done: Promise<void> }>()
  const closing = new AbortController()
  let following: Promise<void> = Promise.resolve()

  async function run(key: string | number, thing: Thing): Promise<void> {
    for (let isWanted = true; isWanted && !closing.signal.aborted; ) {
      const state = running.get(key)
      if (state !== undefined) state.again = false
      await work(thing, closing.signal)
      isWanted = running.get(key)?.again === true
    }
    running.delete(key)
  }

  function start(thing: Thing): void {
    const key = keyOf(thing)
    const known = running.get(key)
    if (known !== undefined) known.again = true
    else if (!closing.signal.aborted) {
      running.set(key, { again: false, done: Promise.resolve().then(() => run(key, thing)) })
    }
  }

  async function settle(): Promise<void> {
    await following
    while (running.size > 0) await Promise.all([...running.values()].map(({ done }) => done))
  }

  return {
    start,
    follow(wanted: (thing: Thing) => boolean = () => true) {
      const startAll = (things: readonly Thing[]): void => things.filter(wanted).forEach(start)
      following = list().then(startAll, (thrown: unknown) => {
        log.warn({ reason: toPlatformError(thrown).message }, `${what} could not be read`)
      })
    },
    settled: settle,
    close() {
      closing.abort()
      return settle()
    },
  }
}
