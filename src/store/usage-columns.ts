import type { JsonValue } from '../core/json.ts'
import type { Usage } from '../core/usage.ts'
import type { UsageColumns } from './tables/calls.ts'

export function readUsage(row: UsageColumns, source: Usage['source']): Usage {
  return {
    inputTotal: row.input_total ?? undefined,
    cacheRead: row.cache_read ?? undefined,
    cacheWrite5m: row.cache_write_5m ?? undefined,
    cacheWrite1h: row.cache_write_1h ?? undefined,
    outputTotal: row.output_total ?? undefined,
    reasoning: row.reasoning ?? undefined,
    raw: row.usage_raw === null ? undefined : (JSON.parse(row.usage_raw) as JsonValue), // JSON, written by us
    source,
  }
}
