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
  journalBytes: gauge('strata_journal_bytes', 'Size of the journal that is not yet in the database.'),
  journalPending: gauge('strata_journal_pending_rows', 'Journaled rows that are not yet in the database.'),
  journalDropped: counter('strata_journal_dropped_total', 'Rows that could not be journaled.', []),
  tracesQueued: gauge('strata_traces_queued', 'Call trees waiting for export.'),
  tracesExported: counter('strata_traces_exported_total', 'Call trees exported as spans.', []),
  tracesDropped: counter('strata_traces_dropped_total', 'Call trees not exported: queue full, or refused thrice.', []),
  config: gauge('strata_config_info', 'Always 1; the label is the hash of the configuration in force.', ['hash']),
} as const satisfies Record<string, MetricDefinition>

export type MetricKey = keyof typeof metricCatalogue

/** Upper bounds of the duration buckets, seconds: from a cached answer to a long piece of reasoning. */
export const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] as const

function counter(name: string, help: string, labels: readonly string[]): MetricDefinition {
  return { name, type: 'counter', help, labels }
}

function gauge(name: string, help: string, labels: readonly string[] = []): MetricDefinition {
  return { name, type: 'gauge', help, labels }
}

function histogram(name: string, help: string, labels: readonly string[]): MetricDefinition {
  return { name, type: 'histogram', help, labels }
}
