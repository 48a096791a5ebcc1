import type { CallFacts } from '../core/call.ts'
import type { EventLog } from '../core/ports.ts'
import type { Random } from '../core/random.ts'
import { toSpans, type EndpointDescriptions } from './spans.ts'

export interface TraceExporterOptions {
  /** Sends one OTLP/HTTP body; rejects when the collector did not take it. Given by the caller, who owns the network. */
  readonly send: (body: string) => Promise<void>
  /** Share of call trees that is exported, 0…1. A tree is exported whole or not at all. */
  readonly sample: number
  /** Call trees that may wait; more are dropped and counted. */
  readonly queueLengthMax: number
  readonly random: Random
  readonly endpoints: EndpointDescriptions
  readonly log: EventLog
  /** Told of every call tree that was exported or dropped. */
  readonly count?: (what: 'exported' | 'dropped', trees: number) => void
  /** Longest wait before what has gathered is sent, milliseconds; 1000 when absent. */
  readonly gatherMs?: number
}

export interface TraceExporter {
  /** Takes the facts of one ended call tree. Never throws, never waits. */
  offer(facts: readonly CallFacts[]): void
  /** Sends what waits, until the queue is empty or the collector refuses. */
  flush(): Promise<void>
  stats(): TraceStats
  /** Flushes once more; what is then left is dropped and counted. */
  close(): Promise<void>
}

export interface TraceStats {
  readonly queued: number
  readonly exported: number
  readonly dropped: number
}

/** Exports call trees as spans: in batches, bounded, dropping rather than holding anything up. */
export function createTraceExporter(options: TraceExporterOptions): TraceExporter {
  const queue: (readonly CallFacts[])[] = []
  const counts = { exported: 0, dropped: 0 }
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<boolean> | undefined
  let isClosed = false

  const count = (what: 'exported' | 'dropped', trees: number): void => {
    counts[what] += trees
    if (trees > 0) options.count?.(what, trees)
  }
  const sendBatch = async (): Promise<boolean> => {
    const batch = queue.slice(0, batchLengthMax)
    try {
      await options.send(JSON.stringify(toSpans(batch.flat(), options.endpoints)))
      queue.splice(0, batch.length)
      count('exported', batch.length)
      failures = 0
      return true
    } catch (thrown) {
      failures++
      if (failures < attemptsMax) return false
      failures = 0
      queue.splice(0, batch.length)
      count('dropped', batch.length)
      const reason = thrown instanceof Error ? thrown.message : 'unknown'
      options.log.warn({ dropped: batch.length, reason }, 'traces are dropped: the collector does not take them')
      return false
    }
  }
  const sendNext = (): Promise<boolean> => {
    sending ??= sendBatch().finally(() => {
      sending = undefined
    })
    return sending
  }
  const flush = async (): Promise<void> => {
    while (queue.length > 0) {
      if (!(await sendNext())) return
    }
  }
  const arm = (): void => {
    if (timer !== undefined || isClosed) return
    timer = setTimeout(() => {
      timer = undefined
      void flush().then(() => {
        if (queue.length > 0) arm()
      })
    }, options.gatherMs ?? gatherMsDefault)
    timer.unref()
  }

  return {
    offer(facts) {
      if (facts.length === 0 || (options.sample < 1 && options.random.next() >= options.sample)) return
      if (isClosed || queue.length >= options.queueLengthMax) {
        count('dropped', 1)
        return
      }
      queue.push(facts)
      arm()
    },
    flush,
    stats: () => ({ queued: queue.length, ...counts }),
    async close() {
      isClosed = true
      clearTimeout(timer)
      await flush()
      count('dropped', queue.splice(0).length)
    },
  }
}

const gatherMsDefault = 1_000
/** Call trees per request to the collector: a few hundred kilobytes. */
const batchLengthMax = 128
/** Tries per batch before it is dropped. */
const attemptsMax = 3
