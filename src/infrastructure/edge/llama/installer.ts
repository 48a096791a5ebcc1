import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject } from '../../../core/json.ts'
import { probeRuntime } from './child.ts'

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

/** Runs a program to its end; resolves with its exit code. */
export type CommandRunner = (command: string, options: CommandOptions) => Promise<number>

export interface CommandOptions {
  readonly args: readonly string[]
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
}

/** The version whose declarations `binding.ts` follows. */
export const llamaRuntimeVersion = '3.22.1'

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
    findVersion: () => readVersion(folder),
    async install({ gpu, onProgress, signal }) {
      const packages = listPackages(deps, gpu)
      mkdirSync(folder, { recursive: true })
      const manifest = join(folder, 'package.json')
      // Its own package, so that npm looks for none above the folder.
      if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n')
      onProgress(`npm installs ${packages.join(', ')}`)
      const args = ['install', '--prefix', folder, '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund']
      const code = await deps.run('npm', { args: [...args, '--save-exact', ...packages], onLine: onProgress, signal })
      const version = readVersion(folder)
      if (code !== 0 || version === undefined) {
        const message = `npm could not install the llama runtime (exit code ${code}); its output says why`
        throw new PlatformError('RUNTIME_MISSING', message)
      }
      onProgress('loading it once')
      const { gpu: found } = await probeRuntime(folder)
      onProgress(`node-llama-cpp ${version} is ready, on ${found ?? 'the CPU'}`)
      return { version, gpu: found }
    },
  }
}

/** Runs programs of this machine with the environment of this process. */
export function createCommandRunner(): CommandRunner {
  return (command, { args, onLine, signal }) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        signal,
        // npm is a script there.
        shell: process.platform === 'win32',
      })
      createInterface({ input: child.stdout }).on('line', onLine)
      createInterface({ input: child.stderr }).on('line', onLine)
      child.on('error', (cause) => {
        reject(new PlatformError('RUNTIME_MISSING', `${command} could not be run; is it installed?`, { cause }))
      })
      child.on('close', (code) => resolve(code ?? 1))
    })
}

/** The library is built with no scripts and no optional packages: 85 MB instead of 700, without the variants for GPUs. */
function listPackages({ platform, architecture }: RuntimeInstallerDeps, gpu: InstallOptions['gpu']): readonly string[] {
  const binary = binaries[`${platform}-${architecture}`]
  if (binary === undefined) {
    throw new PlatformError('RUNTIME_MISSING', `there is no llama library for ${platform} ${architecture}`)
  }
  const names = ['node-llama-cpp', `@node-llama-cpp/${binary}`]
  if (gpu === 'cuda') names.push(`@node-llama-cpp/${binary}-cuda`, `@node-llama-cpp/${binary}-cuda-ext`)
  if (gpu === 'vulkan') names.push(`@node-llama-cpp/${binary}-vulkan`)
  return names.map((name) => `${name}@${llamaRuntimeVersion}`)
}

function readVersion(folder: string): string | undefined {
  const manifest = join(folder, 'node_modules', 'node-llama-cpp', 'package.json')
  if (!existsSync(manifest)) return undefined
  const value: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  return isJsonObject(value) && typeof value['version'] === 'string' ? value['version'] : undefined
}
