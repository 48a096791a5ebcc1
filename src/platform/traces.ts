import type { LoadedConfig } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import { splitUrl } from '../core/urls.ts'
import { createErrands, type Egress } from '../infrastructure/index.ts'
import type { Standing } from './standing.ts'
import type { TraceExporter } from '../telemetry/index.ts'

/** Exports call trees through the same door as everything else: the collector is a place like any other. */
export function createTraces(standing: Standing, { config }: LoadedConfig, egress: Egress): TraceExporter | undefined {
  const { traces } = config.telemetry
  if (traces === undefined) return undefined
  const { clock, ids, store, telemetry } = standing
  const run = createErrands({ egress, recorder: store.recorder, clock, ids })
  const { url, headers: credentials, processing, storage, sovereignty } = traces
  const { timeouts } = config.egress
  const { origin, path } = splitUrl(url)
  const target = { id: 'telemetry.traces', url: origin, credentials, processing, storage, sovereignty, timeouts }
  const { allowedRegions } = config.governance
  return telemetry.createTraceExporter(config, async (body) => {
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', path, headers, body } as const
    const { status } = await run({ target, allowedRegions, request, answerBytesMax: 65_536 })
    if (status > 299) throw new PlatformError('UPSTREAM_REJECTED', `the collector answered ${status}`)
  })
}
