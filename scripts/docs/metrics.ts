import { metricCatalogue, processMetricCatalogue, type MetricDefinition } from '../../src/telemetry/index.ts'
import { toCode, toMarkdownTable, toPage } from './page.ts'

/** Every metric that `/metrics` answers. */
export function toMetricsPage(): string {
  return toPage(
    'Metrics',
    '`GET /metrics` answers these in the text format of Prometheus. The labels `model` and `endpoint` take names of the ' +
      'configuration; any other name is counted as `other`. Tenants and keys are never labels.',
    [
      '## Strata',
      toMetricTable(Object.values(metricCatalogue)),
      '## The process',
      'Some of these are there on Linux only.',
      toMetricTable(processMetricCatalogue),
    ],
  )
}

function toMetricTable(metrics: readonly MetricDefinition[]): string {
  const rows = metrics.map(({ name, type, labels, help }) => [toCode(name), type, labels.map(toCode).join(', '), help])
  return toMarkdownTable(['metric', 'type', 'labels', 'what it counts'], rows)
}
