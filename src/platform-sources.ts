import { resolve } from 'node:path'
import type { LoadedConfig } from './config/index.ts'
import { createErrands, type Egress } from './infrastructure/index.ts'
import type { Standing } from './platform-standing.ts'
import { createSources, type Sources, type SourceSend } from './tools/index.ts'

/** Sources of a configuration; what they fetch goes through the same door as everything else. */
export function openSources(standing: Standing, { config }: LoadedConfig, egress: Egress): Sources {
  const { clock, ids, store, knowledge, copyright, telemetry, configFolder } = standing
  const run = createErrands({ egress, recorder: store.recorder, clock, ids })
  const { documentBytesMax } = config.knowledge
  const { allowedRegions } = config.governance
  return createSources({
    config: config.sources,
    store,
    clock,
    ids,
    knowledge,
    log: telemetry.log,
    documentBytesMax,
    toPath: (path) => resolve(configFolder, path),
    recordRights: async (tenant, id, rights) => {
      await copyright.record(tenant, { id, work: rights.url }, rights)
    },
    toSend: ({ origin, processing, storage }): SourceSend => {
      const place = { url: origin, processing, storage, vendor: undefined, vendorModel: 'none', isFree: true }
      return async ({ method, path, headers = {}, credentials = {}, body, signal }) => {
        signal.throwIfAborted()
        const target = { ...place, id: 'sources', credentials, timeouts: config.egress.timeouts }
        const request = { method, path, headers, body }
        return run({ target, allowedRegions, request, answerBytesMax: documentBytesMax })
      }
    },
  })
}
