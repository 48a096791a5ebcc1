import type { LoadedConfig, Config } from '../config/index.ts'
import type { EventLog } from '../core/ports.ts'
import type { Random } from '../core/random.ts'
import type { Clock } from '../core/time.ts'
import { createTraceExporter, type TraceExporter } from './exporter.ts'
import { createLog } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { describeEndpoints } from './spans.ts'

/** Logs, metrics and traces of one process. */
export interface Telemetry extends Pick<Metrics, 'observeCall' | 'observeGuard' | 'observeRefusal' | 'watch'> {
  readonly log: EventLog
  /** Takes over level, names and hash of a configuration that comes into force. */
  useConfig(loaded: Pick<LoadedConfig, 'config' | 'hash'>): void
  /** All metrics, in the text format of Prometheus (`text/plain; version=0.0.4`). */
  metricsText(): Promise<string>
  /**
   * Exports call trees as the configuration says; `undefined` when it does not ask for it. The caller sends, because
   * the network is not this folder's, and closes the exporter when its configuration goes.
   */
  createTraceExporter(config: Config, send: (body: string) => Promise<void>): TraceExporter | undefined
}

export interface TelemetryDeps {
  readonly config: Config['telemetry']
  readonly clock: Clock
  readonly random: Random
  /** Takes one line of log, without its line feed. */
  readonly writeLog: (line: string) => void
}

export function createTelemetry(deps: TelemetryDeps): Telemetry {
  const log = createLog({ level: deps.config.logLevel, clock: deps.clock, writeLog: deps.writeLog })
  const metrics = createMetrics()
  // Kept here, because counters may not go back when a new configuration brings a new exporter.
  const traceCounts = { exported: 0, dropped: 0 }
  let exporter: TraceExporter | undefined
  metrics.watch({ traces: () => ({ queued: exporter?.stats().queued ?? 0, ...traceCounts }) })
  return {
    log,
    observeCall: (facts, face) => metrics.observeCall(facts, face),
    observeGuard: (verdict) => metrics.observeGuard(verdict),
    observeRefusal: (face, code) => metrics.observeRefusal(face, code),
    watch: (sources) => metrics.watch(sources),
    useConfig({ config, hash }) {
      log.setLevel(config.telemetry.logLevel)
      metrics.useNames({
        models: [...Object.keys(config.models), ...Object.keys(config.endpoints)],
        endpoints: Object.keys(config.endpoints),
        configHash: hash,
      })
    },
    metricsText: () => metrics.text(),
    createTraceExporter(config, send) {
      const { traces } = config.telemetry
      if (traces === undefined) return undefined
      exporter = createTraceExporter({
        send,
        sample: traces.sample,
        queueLengthMax: traces.queueLengthMax,
        random: deps.random,
        endpoints: describeEndpoints(config.endpoints),
        log,
        count: (what, trees) => {
          traceCounts[what] += trees
        },
      })
      return exporter
    },
  }
}
