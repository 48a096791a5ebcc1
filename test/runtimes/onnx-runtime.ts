import { resolve } from 'node:path'
import { createCommandRunner, createOnnxInstaller, onnxRuntimeVersion } from '../../src/infrastructure/edge/index.ts'

/** Kept between runs, so that it is installed once. */
export const onnxRuntimeFolder = resolve(import.meta.dirname, '../../.strata-runtimes/onnx')

/** Installs the runtime unless it is there; gives what it said meanwhile. */
export async function installOnnxRuntime(): Promise<readonly string[]> {
  const { platform, arch: architecture } = process
  const run = createCommandRunner()
  const installer = createOnnxInstaller({ folder: onnxRuntimeFolder, run, platform, architecture })
  if (installer.findVersion() === onnxRuntimeVersion) return []
  const lines: string[] = []
  const onProgress = (line: string): number => lines.push(line)
  const { version } = await installer.install({ onProgress, signal: AbortSignal.timeout(500_000) })
  if (version !== onnxRuntimeVersion) throw new Error(`version ${version} was installed`)
  return lines
}
