import { PlatformError } from '../../../core/errors.ts'
import { findPackageVersion, installPackages, probeRuntime, type CommandRunner } from '../child/index.ts'
import { llamaWorker } from './worker-place.ts'

/** Puts the llama runtime into the data folder. An operator's act: npm talks to the registry it is configured for. */
export interface RuntimeInstaller {
  /** Installs and loads it once. Throws RUNTIME_MISSING when npm fails, RUNTIME_FAILED when it does not load. */
  install(options: InstallOptions): Promise<InstalledRuntime>
  /** The version in the folder; `undefined` when there is none. */
  findVersion(): string | undefined
}

export interface InstallOptions {
  /** Which prebuilt library to add to the one for the CPU. */
  readonly gpu: 'none' | 'cuda' | 'vulkan'
  /** One line of progress, for people. */
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}

export interface InstalledRuntime {
  readonly version: string
  /** What a model with `gpuLayers` would run on; `undefined` for the CPU. */
  readonly gpu: string | undefined
}

export interface RuntimeInstallerDeps {
  /** Where the runtime goes: `<data folder>/runtimes/llama`. */
  readonly folder: string
  readonly run: CommandRunner
  /** As Node names them: `linux`, `x64`. */
  readonly platform: string
  readonly architecture: string
}

/** The version whose declarations `binding.ts` follows. */
export const llamaRuntimeVersion = '3.22.1'

const library = 'node-llama-cpp'

/** Packages of prebuilt libraries, by platform and architecture of Node. */
const binaries: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-armv7l',
  'linux-riscv64': 'linux-riscv64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
}

export function createRuntimeInstaller(deps: RuntimeInstallerDeps): RuntimeInstaller {
  const { folder } = deps
  return {
    findVersion: () => findPackageVersion(folder, library),
    async install({ gpu, onProgress, signal }) {
      const packages = listPackages(deps, gpu)
      const version = await installPackages({ name: 'llama', folder, packages, run: deps.run, onProgress, signal })
      onProgress('loading it once')
      const { gpu: found } = await probeRuntime({ name: 'llama', worker: llamaWorker, runtimeFolder: folder })
      onProgress(`node-llama-cpp ${version} is ready, on ${found ?? 'the CPU'}`)
      return { version, gpu: found }
    },
  }
}

/** The library is built with no scripts and no optional packages: 85 MB instead of 700, without the variants for GPUs. */
function listPackages({ platform, architecture }: RuntimeInstallerDeps, gpu: InstallOptions['gpu']): readonly string[] {
  const binary = binaries[`${platform}-${architecture}`]
  if (binary === undefined) {
    throw new PlatformError('RUNTIME_MISSING', `there is no llama library for ${platform} ${architecture}`)
  }
  const names = [library, `@node-llama-cpp/${binary}`]
  if (gpu === 'cuda') names.push(`@node-llama-cpp/${binary}-cuda`, `@node-llama-cpp/${binary}-cuda-ext`)
  if (gpu === 'vulkan') names.push(`@node-llama-cpp/${binary}-vulkan`)
  return names.map((name) => `${name}@${llamaRuntimeVersion}`)
}
