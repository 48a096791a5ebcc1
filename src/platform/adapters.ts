import type { Config } from '../config/index.ts'
import {
  createExtractAdapter,
  createExtractor,
  createLlamaAdapter,
  createOnnxAdapter,
  createNativeAdapter,
  createVendorAdapters,
  dialects,
  type createEndpoints,
  type Egress,
} from '../infrastructure/index.ts'
import { runtimeFolderOf } from './folders.ts'
import type { Standing } from './standing.ts'

/** What speaks each dialect of an endpoint. */
export interface Adapters {
  readonly byDialect: Parameters<typeof createEndpoints>[0]['adapters']
  close(): Promise<void>
}

export function createAdapters(
  { clock, folder, configFolder, telemetry }: Standing,
  config: Config,
  egress: Egress,
): Adapters {
  const native = (id: keyof typeof dialects) =>
    createNativeAdapter({ dialect: dialects[id], egress, config: config.egress, clock })
  const { decodeError } = dialects['openai-chat']
  const local = { modelsFolder: configFolder, clock, log: telemetry.log }
  const llama = createLlamaAdapter({ ...local, runtimeFolder: runtimeFolderOf(folder, 'llama') })
  const onnx = createOnnxAdapter({ ...local, runtimeFolder: runtimeFolderOf(folder, 'onnx') })
  return {
    byDialect: {
      openai: native('openai-chat'),
      'openai-responses': native('openai-responses'),
      anthropic: native('anthropic-messages'),
      ...createVendorAdapters({ egress, clock, config: config.egress, decodeError }),
      extract: createExtractAdapter({ extractor: createExtractor(), clock }),
      llama,
      onnx,
    },
    async close() {
      await Promise.all([llama.close(), onnx.close()])
    },
  }
}
