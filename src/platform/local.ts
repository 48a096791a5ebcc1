import { resolve } from 'node:path'
import type { LoadedConfig } from '../config/index.ts'
import { PlatformError } from '../core/errors.ts'
import {
  createCommandRunner,
  createOnnxInstaller,
  createRuntimeInstaller,
  installPackages,
} from '../infrastructure/edge/index.ts'
import { createOcrInstaller } from '../tools/preparation/index.ts'
import { createTokenizersInstaller } from '../infrastructure/tokenizers/index.ts'
import { runtimeFolderOf, runtimeNames } from './folders.ts'

/** Installs a local runtime into the data folder. Throws INVALID_REQUEST for one that is not known, RUNTIME_MISSING, RUNTIME_FAILED. */
export async function installRuntime(
  options: InstallRuntimeOptions,
): Promise<{ readonly folder: string; readonly version: string }> {
  const { loaded, name, onProgress, signal } = options
  const known = runtimeNames.find((each) => each === name)
  if (known === undefined)
    throw new PlatformError(
      'INVALID_REQUEST',
      `there is no runtime ${name.slice(0, 64)}; there are ${runtimeNames.join(', ')}`,
    )
  const folder = runtimeFolderOf(resolve(loaded.folder, loaded.config.store.folder), known)
  const run = createCommandRunner()
  if (name === 'tokenizers') {
    const install: Parameters<typeof createTokenizersInstaller>[0]['installPackages'] = (packages, asked) =>
      installPackages({ name, folder, packages, run, ...asked })
    const installer = createTokenizersInstaller({ folder, installPackages: install })
    const { version } = await installer.install({ onProgress, signal })
    return { folder, version }
  }
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
