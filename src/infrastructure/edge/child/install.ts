import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject } from '../../../core/json.ts'

/** Runs a program to its end; resolves with its exit code. */
export type CommandRunner = (command: string, options: CommandOptions) => Promise<number>

export interface CommandOptions {
  readonly args: readonly string[]
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
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

export interface PackageInstall {
  /** As operators name it: `llama`. */
  readonly name: string
  readonly folder: string
  /** Exact versions; the first is the one whose version the runtime has. */
  readonly packages: readonly string[]
  readonly run: CommandRunner
  /** One line of progress, for people. */
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}

/** Puts packages into a folder by npm: no scripts of theirs are run, nothing optional comes along. Resolves with the version. */
export async function installPackages(wanted: PackageInstall): Promise<string> {
  const { name, folder, packages, run, onProgress, signal } = wanted
  mkdirSync(folder, { recursive: true })
  const manifest = join(folder, 'package.json')
  // Its own package, so that npm looks for none above the folder.
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n')
  onProgress(`npm installs ${packages.join(', ')}`)
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund']
  const code = await run('npm', { args: [...args, '--save-exact', ...packages], onLine: onProgress, signal })
  const version = findPackageVersion(folder, (packages[0] ?? '').replace(/(.)@.*$/, '$1'))
  if (code === 0 && version !== undefined) return version
  const message = `npm could not install the ${name} runtime (exit code ${code}); its output says why`
  throw new PlatformError('RUNTIME_MISSING', message)
}

/** The version of a package in a runtime's folder; `undefined` when it is not there. */
export function findPackageVersion(folder: string, name: string): string | undefined {
  const manifest = join(folder, 'node_modules', name, 'package.json')
  if (!existsSync(manifest)) return undefined
  const value: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  return isJsonObject(value) && typeof value['version'] === 'string' ? value['version'] : undefined
}
