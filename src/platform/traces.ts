import type { LoadedConfig } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import type { Egress } from '../infrastructure/index.ts'
import type { TraceExporter } from '../telemetry/index.ts'
import { createPost } from './posting.ts'
import type { Standing } from './standing.ts'

/** Exports call trees: the collector is a place like any other. */
export function createTraces(standing: Standing, { config }: LoadedConfig, egress: Egress): TraceExporter | undefined {
  const { traces } = config.telemetry
  if (traces === undefined) return undefined
  const post = createPost(standing, config, egress)
  return standing.telemetry.createTraceExporter(config, async (body) => {
    const status = await post(traces, { id: 'telemetry.traces', headers: { 'content-type': 'application/json' }, body })
    if (status > 299) throw new PlatformError('UPSTREAM_REJECTED', `the collector answered ${status}`)
  })
}
