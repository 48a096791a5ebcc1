import { resolve } from 'node:path'
import type { LoadedConfig } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import { createCommandRunner, createOnnxInstaller, createRuntimeInstaller } from '../infrastructure/edge/index.ts'
import { createOcrInstaller } from '../tools/preparation/index.ts'
import { runtimeFolderOf } from './folders.ts'

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

export interface InstallRuntimeOptions {
  readonly loaded: LoadedConfig
  readonly name: string
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}
