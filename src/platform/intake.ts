import { resolve } from 'node:path'
import type { LoadedConfig } from '../config/index.ts'
import { createErrands, createVisits, type Egress } from '../infrastructure/index.ts'
import type { Standing } from './standing.ts'
import { createIngestion, createSources, type Ingestion, type Sources, type SourceSend } from '../tools/index.ts'

/** The ways by which documents come in beside requests. */
export interface Intake {
  readonly sources: Sources
  readonly ingestion: Ingestion
  /** From now on this process takes in what waits, and synchronises sources. */
  start(): void
  /** Ends after what is in hand; others go on with the rest. */
  close(): Promise<void>
}

export function openIntake(standing: Standing, loaded: LoadedConfig, egress: Egress): Intake {
  const { clock, ids, store, knowledge, telemetry } = standing
  const { documentBytesMax, ingestion: config } = loaded.config.knowledge
  const sources = openSources(standing, loaded, egress)
  const ingestion = createIngestion({ store, clock, ids, knowledge, log: telemetry.log, config, documentBytesMax })
  return {
    sources,
    ingestion,
    start() {
      sources.start()
      ingestion.start()
    },
    async close() {
      await Promise.all([sources.close(), ingestion.close()])
    },
  }
}

const visitMsMax = 86_400_000

/** Sources of a configuration; what they fetch goes through the same door as everything else. */
function openSources(standing: Standing, { config }: LoadedConfig, egress: Egress): Sources {
  const { clock, ids, store, knowledge, copyright, telemetry, configFolder } = standing
  const ways = { egress, recorder: store.recorder, clock, ids }
  const run = createErrands(ways)
  const visit = createVisits(ways)
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
    toConnect: ({ origin, processing, storage }) => {
      // One conversation lasts as long as a sync.
      const timeouts = { ...config.egress.timeouts, totalMs: visitMsMax }
      const target = { id: 'sources', url: origin, credentials: {}, processing, storage, timeouts }
      return ({ signal, ...options }) => {
        signal.throwIfAborted()
        return visit({ ...options, target, allowedRegions, signal })
      }
    },
    toSend: ({ origin, processing, storage }): SourceSend => {
      const place = { id: 'sources', url: origin, processing, storage, timeouts: config.egress.timeouts }
      return async ({ credentials = {}, signal, answerBytesMax = documentBytesMax, ...request }) => {
        signal.throwIfAborted()
        const target = { ...place, credentials }
        const { method, path, headers = {}, body } = request
        return run({ target, allowedRegions, request: { method, path, headers, body }, answerBytesMax, signal })
      }
    },
  })
}
