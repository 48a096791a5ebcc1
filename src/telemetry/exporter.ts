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
  /** Counts a call tree as dropped that may not be told where the collector is. */
  withhold(): void
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
  const queue = createQueue(options)
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const arm = (): void => {
    if (timer !== undefined || isClosed) return
    timer = setTimeout(() => {
      timer = undefined
      void queue.flush().then(() => {
        if (queue.stats().queued > 0) arm()
      })
    }, options.gatherMs ?? gatherMsDefault)
    timer.unref()
  }

  return {
    offer(facts) {
      if (facts.length === 0 || (options.sample < 1 && options.random.next() >= options.sample)) return
      queue.offer(facts)
      arm()
    },
    withhold: () => queue.withhold(),
    flush: () => queue.flush(),
    stats: () => queue.stats(),
    async close() {
      isClosed = true
      clearTimeout(timer)
      await queue.close()
    },
  }
}

/** The call trees that wait, and their way out; when it is time to go is the exporter's. */
function createQueue(options: TraceExporterOptions): TraceExporter {
  const waiting: (readonly CallFacts[])[] = []
  const counts = { exported: 0, dropped: 0 }
  let failures = 0
  let sending: Promise<boolean> | undefined
  let isClosed = false

  const count = (what: 'exported' | 'dropped', trees: number): void => {
    counts[what] += trees
    if (trees > 0) options.count?.(what, trees)
  }
  const sendBatch = async (): Promise<boolean> => {
    const batch = waiting.slice(0, batchLengthMax)
    let isSent = true
    try {
      await options.send(JSON.stringify(toSpans(batch.flat(), options.endpoints)))
    } catch (thrown) {
      isSent = false
      failures++
      if (failures < attemptsMax) return false
      const reason = thrown instanceof Error ? thrown.message : 'unknown'
      options.log.warn({ dropped: batch.length, reason }, 'traces are dropped: the collector does not take them')
    }
    failures = 0
    waiting.splice(0, batch.length)
    count(isSent ? 'exported' : 'dropped', batch.length)
    return isSent
  }
  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      sending ??= sendBatch().finally(() => {
        sending = undefined
      })
      if (!(await sending)) return
    }
  }

  return {
    offer(facts) {
      if (isClosed || waiting.length >= options.queueLengthMax) count('dropped', 1)
      else waiting.push(facts)
    },
    withhold: () => count('dropped', 1),
    flush,
    stats: () => ({ queued: waiting.length, ...counts }),
    async close() {
      isClosed = true
      await flush()
      count('dropped', waiting.splice(0).length)
    },
  }
}

const gatherMsDefault = 1_000
/** Call trees per request to the collector: a few hundred kilobytes. */
const batchLengthMax = 128
/** Tries per batch before it is dropped. */
const attemptsMax = 3
