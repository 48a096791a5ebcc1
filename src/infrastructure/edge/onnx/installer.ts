import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { PlatformError } from '../../../core/errors.ts'
import { findPackageVersion, installPackages, probeRuntime, type CommandRunner } from '../child/index.ts'
import { onnxWorker } from './worker-place.ts'

/** Puts the ONNX runtime into the data folder. An operator's act: npm talks to the registry it is configured for. */
export interface OnnxInstaller {
  /** Installs and loads it once. Throws RUNTIME_MISSING when npm fails, RUNTIME_FAILED when it does not load. */
  install(options: {
    /** One line of progress, for people. */
    readonly onProgress: (line: string) => void
    readonly signal: AbortSignal
  }): Promise<{ readonly version: string }>
  /** The version in the folder; `undefined` when there is none. */
  findVersion(): string | undefined
}

export interface OnnxInstallerDeps {
  /** Where the runtime goes: `<data folder>/runtimes/onnx`. */
  readonly folder: string
  readonly run: CommandRunner
  /** As Node names them: `linux`, `x64`. */
  readonly platform: string
  readonly architecture: string
}

/** The versions whose declarations `binding.ts` follows. */
export const onnxRuntimeVersion = '1.30.0'
const tokenizersVersion = '0.2.0'

const library = 'onnxruntime-node'
/** What the package holds libraries for. */
const machines: ReadonlySet<string> = new Set(['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'])

export function createOnnxInstaller(deps: OnnxInstallerDeps): OnnxInstaller {
  const { folder, run, platform, architecture } = deps
  return {
    findVersion: () => findPackageVersion(folder, library),
    async install({ onProgress, signal }) {
      if (!machines.has(`${platform}-${architecture}`)) {
        throw new PlatformError('RUNTIME_MISSING', `there is no ONNX library for ${platform} ${architecture}`)
      }
      const packages = [`${library}@${onnxRuntimeVersion}`, `@huggingface/tokenizers@${tokenizersVersion}`]
      const version = await installPackages({ name: 'onnx', folder, packages, run, onProgress, signal })
      removeOthers(folder, { platform, architecture })
      onProgress('loading it once')
      await probeRuntime({ name: 'onnx', worker: onnxWorker, runtimeFolder: folder })
      onProgress(`${library} ${version} is ready, on the CPU`)
      return { version }
    },
  }
}

/** The package brings the libraries of every machine, 290 MB; this one's are 46. */
function removeOthers(folder: string, kept: { readonly platform: string; readonly architecture: string }): void {
  const place = join(folder, 'node_modules', library, 'bin', 'napi-v6')
  if (!existsSync(place)) return
  for (const platform of readdirSync(place)) {
    if (platform !== kept.platform) {
      rmSync(join(place, platform), { recursive: true })
      continue
    }
    for (const architecture of readdirSync(join(place, platform))) {
      if (architecture !== kept.architecture) rmSync(join(place, platform, architecture), { recursive: true })
    }
  }
}
