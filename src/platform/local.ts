import { resolve } from 'node:path'
import { z } from 'zod'
import { configSchema, type LoadedConfig, type ReadOptions } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import { createIds } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { Clock } from '../core/time.ts'
import { createRegionGate } from '../governance/index.ts'
import {
  createCommandRunner,
  createEgress,
  createErrands,
  createOnnxInstaller,
  createRuntimeInstaller,
} from '../infrastructure/index.ts'
import { createPricer } from '../investment/index.ts'
import { runtimeFolderOf } from './adapters.ts'
import { createOcrInstaller, createPreparation, type Preparation } from '../tools/index.ts'

/** Installs a local runtime into the data folder. Throws INVALID_REQUEST for one that is not known, RUNTIME_MISSING, RUNTIME_FAILED. */
export async function installRuntime(
  options: InstallRuntimeOptions,
): Promise<{ readonly folder: string; readonly version: string }> {
  const { loaded, name, onProgress, signal } = options
  if (name !== 'llama' && name !== 'onnx' && name !== 'ocr')
    throw new PlatformError(
      'INVALID_REQUEST',
      `there is no runtime ${name.slice(0, 64)}; there are llama, onnx and ocr`,
    )
  const folder = runtimeFolderOf(resolve(loaded.folder, loaded.config.store.folder), name)
  const run = createCommandRunner()
  if (name === 'ocr') {
    const { languages } = loaded.config.knowledge.ocr
    const { version } = await createOcrInstaller({ folder, languages, run }).install({ onProgress, signal })
    return { folder, version }
  }
  const { platform, arch: architecture } = process
  if (name === 'onnx') {
    const onnx = createOnnxInstaller({ folder, run, platform, architecture })
    const { version } = await onnx.install({ onProgress, signal })
    return { folder, version }
  }
  const installer = createRuntimeInstaller({ folder, run, platform, architecture })
  const { version } = await installer.install({ gpu: 'none', onProgress, signal })
  return { folder, version }
}

/** Reads documents under a configuration, pictures too where `runtime add ocr` has installed what that needs. */
export function openPreparation({ folder, config }: Pick<LoadedConfig, 'folder' | 'config'>): Preparation {
  const ocrFolder = runtimeFolderOf(resolve(folder, config.store.folder), 'ocr')
  return createPreparation(config.knowledge, { ocrFolder })
}

export interface InstallRuntimeOptions {
  readonly loaded: LoadedConfig
  readonly name: string
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}

/** Asks servers on this machine for the names of their models, before there is a configuration. */
export function createProbe(deps: { readonly clock: Clock; readonly random: Random }): ReadOptions['probe'] {
  const config = configSchema.parse({})
  const recorder = { intend: () => undefined, settle: () => undefined }
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
  const parts = { gate: createRegionGate(config.governance), pricer: createPricer({ config }), recorder, log }
  const timeouts = { connectMs: probeMsMax, firstByteMs: probeMsMax, idleMs: probeMsMax, totalMs: probeMsMax }
  const place = { id: 'discovery', processing: ['local'], storage: ['local'], credentials: {}, timeouts }
  return async (url) => {
    const egress = createEgress({ ...parts, config: config.egress, unknownPrice: 'flag', clock: deps.clock })
    const run = createErrands({ egress, recorder, clock: deps.clock, ids: createIds(deps) })
    try {
      const target = { ...place, url }
      const request = { method: 'GET', path: '', headers: {}, body: undefined } as const
      const answer = await run({ target, allowedRegions: ['local'], request, answerBytesMax: 1_048_576 })
      const list = listSchema.safeParse(JSON.parse(answer.body.toString('utf8')))
      return list.success ? list.data.data.map((model) => model.id) : undefined
    } catch {
      return undefined // Nobody is there, or it is something else: nothing was found.
    } finally {
      await egress.close()
    }
  }
}

const probeMsMax = 300
const listSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) })
