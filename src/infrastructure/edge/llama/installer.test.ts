import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSystemClock } from '../../../core/time.ts'
import { createAttempt, createChatRequest } from '../testing.ts'
import type { CommandRunner } from '../child/index.ts'
import { createLlamaAdapter, createRuntimeInstaller, llamaRuntimeVersion } from './index.ts'

const options = { gpu: 'none', onProgress: () => undefined, signal: new AbortController().signal } as const
const clock = createSystemClock()
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-runtime-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('adding the llama runtime', () => {
  test('asks npm for exact versions of the library and of the one binary the machine needs, without scripts', async () => {
    const commands: string[] = []
    const run: CommandRunner = async (command, { args }) => {
      commands.push([command, ...args].join(' '))
      return 1
    }
    await expect(createInstaller(run).install(options)).rejects.toMatchObject({ code: 'RUNTIME_MISSING' })
    expect(commands).toEqual([
      `npm install --prefix ${folder} --ignore-scripts --omit=optional --no-audit --no-fund --save-exact ` +
        `node-llama-cpp@${llamaRuntimeVersion} @node-llama-cpp/linux-x64@${llamaRuntimeVersion}`,
    ])
    expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toEqual({ private: true })
    await expect(createInstaller(run).install({ ...options, gpu: 'vulkan' })).rejects.toThrow()
    expect(commands[1]).toContain(`@node-llama-cpp/linux-x64-vulkan@${llamaRuntimeVersion}`)
  })

  test('a runtime that does not load is not called ready', async () => {
    const run: CommandRunner = async () => {
      writePackage('throw new Error("no such library")')
      return 0
    }
    const lines: string[] = []
    const onProgress = (line: string): number => lines.push(line)
    const installing = createInstaller(run).install({ ...options, onProgress })
    await expect(installing).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
    expect(lines).toEqual([expect.stringContaining('npm installs node-llama-cpp@'), 'loading it once'])
  })

  test('a machine without a prebuilt library is told so before npm runs', async () => {
    const run: CommandRunner = () => Promise.reject(new Error('not to be called'))
    const installer = createRuntimeInstaller({ folder, run, platform: 'sunos', architecture: 'sparc' })
    await expect(installer.install(options)).rejects.toThrow(/no llama library for sunos sparc/)
  })

  test('finds the version that is there', () => {
    const installer = createInstaller(() => Promise.resolve(0))
    expect(installer.findVersion()).toBeUndefined()
    writePackage('')
    expect(installer.findVersion()).toBe('1.2.3')
  })
})

describe('the llama adapter without what it needs', () => {
  test('names the command that adds the runtime', async () => {
    await expect(ask('tiny.gguf')).rejects.toMatchObject({
      code: 'RUNTIME_MISSING',
      message: expect.stringContaining('strata runtime add llama'),
    })
  })

  test('names the key whose file is missing, not the path', async () => {
    writePackage('')
    await expect(ask('missing.gguf')).rejects.toMatchObject({ code: 'CONFIG_INVALID', param: 'endpoints.local.model' })
    await expect(ask('missing.gguf')).rejects.not.toMatchObject({ message: expect.stringContaining(folder) })
  })

  test('refuses an option that is no number', async () => {
    writePackage('')
    writeFileSync(join(folder, 'tiny.gguf'), 'GGUF')
    await expect(ask('tiny.gguf', { threads: 'many' })).rejects.toMatchObject({
      param: 'endpoints.local.options.threads',
    })
  })
})

function createInstaller(run: CommandRunner) {
  return createRuntimeInstaller({ folder, run, platform: 'linux', architecture: 'x64' })
}

function writePackage(source: string): void {
  const place = join(folder, 'node_modules', 'node-llama-cpp')
  mkdirSync(join(place, 'dist'), { recursive: true })
  writeFileSync(join(place, 'package.json'), '{ "version": "1.2.3", "type": "module" }')
  writeFileSync(join(place, 'dist', 'index.js'), source)
}

function ask(model: string, endpointOptions: object = {}) {
  const ignore = (): void => undefined
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const adapter = createLlamaAdapter({ runtimeFolder: folder, modelsFolder: folder, clock, log })
  const endpoint = { dialect: 'llama', model, options: endpointOptions } as const
  return adapter.answer(createChatRequest('Hi'), createAttempt({ clock, endpoint }))
}
