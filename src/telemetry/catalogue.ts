/** What is measured, as Prometheus names it. The reference is generated from here. */
export interface MetricDefinition {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
}

export const metricCatalogue = {
  requests: counter('strata_requests_total', 'Requests that have ended.', ['face', 'model', 'status']),
  errors: counter('strata_errors_total', 'Requests that ended in an error, by its code.', ['face', 'code']),
  requestDuration: histogram('strata_request_duration_seconds', 'From arrival to the last byte.', ['face', 'model']),
  requestFirstByte: histogram('strata_request_first_byte_seconds', 'From arrival to the first byte out.', [
    'face',
    'model',
  ]),
  requestsOpen: gauge('strata_requests_open', 'Requests in work.'),
  attempts: counter('strata_upstream_attempts_total', 'Tries at endpoints; the outcome is ok or an error code.', [
    'endpoint',
    'outcome',
  ]),
  attemptDuration: histogram('strata_upstream_duration_seconds', 'One try, from admission to its end.', ['endpoint']),
  attemptFirstByte: histogram('strata_upstream_first_byte_seconds', 'One try, from admission to its first byte.', [
    'endpoint',
  ]),
  tokens: counter(
    'strata_tokens_total',
    'Tokens that endpoints reported. `input` and `output` are totals; `cache_read` and `cache_write` are part of input, `reasoning` of output.',
    ['endpoint', 'kind'],
  ),
  usageUnknown: counter('strata_usage_unknown_total', 'Tries that were answered without any usage.', ['endpoint']),
  cost: counter('strata_cost_dollars_total', 'Known cost, US dollars; the ledger has it exactly.', ['endpoint']),
  costUnknown: counter('strata_cost_unknown_total', 'Tries with usage whose cost is not known.', ['endpoint']),
  guardVerdicts: counter(
    'strata_guard_verdicts_total',
    'What guards made of texts: pass, observe, block, rewrite, or error when one could not tell.',
    ['guard', 'place', 'verdict'],
  ),
  journalBytes: gauge('strata_journal_bytes', 'Size of the journal that is not yet in the database.'),
  journalPending: gauge('strata_journal_pending_rows', 'Journaled rows that are not yet in the database.'),
  journalDropped: counter('strata_journal_dropped_total', 'Rows that could not be journaled.', []),
  tracesQueued: gauge('strata_traces_queued', 'Call trees waiting for export.'),
  tracesExported: counter('strata_traces_exported_total', 'Call trees exported as spans.', []),
  tracesDropped: counter(
    'strata_traces_dropped_total',
    'Call trees not exported: queue full, refused thrice, or the collector is where they may not be.',
    [],
  ),
  config: gauge('strata_config_info', 'Always 1; the label is the hash of the configuration in force.', ['hash']),
} as const satisfies Record<string, MetricDefinition>

export type MetricKey = keyof typeof metricCatalogue

/** Upper bounds of the duration buckets, seconds: from a cached answer to a long piece of reasoning. */
export const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] as const

/**
 * What prom-client measures of the process. Listed here, because which of them there are depends on the machine: memory
 * and open files are counted on Linux only.
 */
export const processMetricCatalogue: readonly MetricDefinition[] = [
  counter('strata_process_cpu_user_seconds_total', 'Total user CPU time spent in seconds.', []),
  counter('strata_process_cpu_system_seconds_total', 'Total system CPU time spent in seconds.', []),
  counter('strata_process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', []),
  gauge('strata_process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', []),
  gauge('strata_process_resident_memory_bytes', 'Resident memory size in bytes.', []),
  gauge('strata_process_virtual_memory_bytes', 'Virtual memory size in bytes.', []),
  gauge('strata_process_heap_bytes', 'Process heap size in bytes.', []),
  gauge('strata_process_open_fds', 'Number of open file descriptors.', []),
  gauge('strata_process_max_fds', 'Maximum number of open file descriptors.', []),
  gauge('strata_nodejs_eventloop_lag_seconds', 'Lag of event loop in seconds.', []),
  gauge('strata_nodejs_eventloop_lag_min_seconds', 'The minimum recorded event loop delay.', []),
  gauge('strata_nodejs_eventloop_lag_max_seconds', 'The maximum recorded event loop delay.', []),
  gauge('strata_nodejs_eventloop_lag_mean_seconds', 'The mean of the recorded event loop delays.', []),
  gauge('strata_nodejs_eventloop_lag_stddev_seconds', 'The standard deviation of the recorded event loop delays.', []),
  gauge('strata_nodejs_eventloop_lag_p50_seconds', 'The 50th percentile of the recorded event loop delays.', []),
  gauge('strata_nodejs_eventloop_lag_p90_seconds', 'The 90th percentile of the recorded event loop delays.', []),
  gauge('strata_nodejs_eventloop_lag_p99_seconds', 'The 99th percentile of the recorded event loop delays.', []),
  gauge(
    'strata_nodejs_active_resources',
    'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.',
    ['type'],
  ),
  gauge('strata_nodejs_active_resources_total', 'Total number of active resources.', []),
  gauge(
    'strata_nodejs_active_handles',
    'Number of active libuv handles grouped by handle type. Every handle type is C++ class name.',
    ['type'],
  ),
  gauge('strata_nodejs_active_handles_total', 'Total number of active handles.', []),
  gauge(
    'strata_nodejs_active_requests',
    'Number of active libuv requests grouped by request type. Every request type is C++ class name.',
    ['type'],
  ),
  gauge('strata_nodejs_active_requests_total', 'Total number of active requests.', []),
  gauge('strata_nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.', []),
  gauge('strata_nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.', []),
  gauge('strata_nodejs_external_memory_bytes', 'Node.js external memory size in bytes.', []),
  gauge('strata_nodejs_heap_space_size_total_bytes', 'Process heap space size total from Node.js in bytes.', ['space']),
  gauge('strata_nodejs_heap_space_size_used_bytes', 'Process heap space size used from Node.js in bytes.', ['space']),
  gauge('strata_nodejs_heap_space_size_available_bytes', 'Process heap space size available from Node.js in bytes.', [
    'space',
  ]),
  gauge('strata_nodejs_version_info', 'Node.js version info.', ['version', 'major', 'minor', 'patch']),
  histogram(
    'strata_nodejs_gc_duration_seconds',
    'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    ['kind'],
  ),
]

function counter(name: string, help: string, labels: readonly string[]): MetricDefinition {
  return { name, type: 'counter', help, labels }
}

function gauge(name: string, help: string, labels: readonly string[] = []): MetricDefinition {
  return { name, type: 'gauge', help, labels }
}

function histogram(name: string, help: string, labels: readonly string[]): MetricDefinition {
  return { name, type: 'histogram', help, labels }
}
