import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { PlatformError } from '../core/errors.ts'
import { watchConfig, type ConfigWatch, type LoadedConfig } from './index.ts'

let folder = ''
let watching: ConfigWatch | undefined
let changes: LoadedConfig[] = []
let refusals: PlatformError[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-watch-'))
  changes = []
  refusals = []
})

afterEach(() => {
  watching?.close()
  rmSync(folder, { recursive: true, force: true })
})

function start(text: string): string {
  const path = join(folder, 'strata.yaml')
  writeFileSync(path, text)
  watching = watchConfig({
    path,
    environment: {},
    quietMs: 20,
    onChange: (loaded) => changes.push(loaded),
    onRefused: (error) => refusals.push(error),
  })
  return path
}

async function seesPort(port: number): Promise<void> {
  await vi.waitFor(() => expect(changes.at(-1)?.config.server.port).toBe(port), { timeout: 10_000 })
}

describe('a watched configuration', () => {
  test('is loaded again when the file is written', async () => {
    const path = start('server: { port: 1 }')
    writeFileSync(path, 'server: { port: 2 }')
    await seesPort(2)
  })

  test('is followed through the rename of an editor, again and again', async () => {
    const path = start('server: { port: 1 }')
    for (const port of [2, 3, 4]) {
      writeFileSync(`${path}.tmp`, `server: { port: ${port} }`)
      renameSync(`${path}.tmp`, path)
      await seesPort(port)
    }
  })

  test('is followed when a link is pointed elsewhere', async () => {
    writeFileSync(join(folder, 'one.yaml'), 'server: { port: 1 }')
    writeFileSync(join(folder, 'two.yaml'), 'server: { port: 2 }')
    const path = start('server: { port: 1 }')
    for (const [name, port] of [
      ['two.yaml', 2],
      ['one.yaml', 1],
    ] as const) {
      symlinkSync(join(folder, name), `${path}.new`)
      renameSync(`${path}.new`, path)
      await seesPort(port)
    }
    writeFileSync(join(folder, 'one.yaml'), 'server: { port: 5 }')
    await seesPort(5)
  })

  test('is refused with the reason when it is wrong, and taken once it is mended', async () => {
    const path = start('server: { port: 1 }')
    writeFileSync(path, 'server: { prot: 2 }')
    await vi.waitFor(() => expect(refusals.at(-1)?.message).toContain('server.prot'), { timeout: 10_000 })
    expect(changes).toEqual([])
    writeFileSync(path, 'server: { port: 2 }')
    await seesPort(2)
  })

  test('is refused when the file is gone', async () => {
    const path = start('server: { port: 1 }')
    unlinkSync(path)
    await vi.waitFor(() => expect(refusals.at(-1)?.message).toContain('there is no such file'), { timeout: 10_000 })
  })

  test('is loaded on request though nothing has changed, and not after a touch', async () => {
    const path = start('server: { port: 1 }')
    writeFileSync(path, 'server: { port: 1 }')
    writeFileSync(path, 'server: { port: 7 }')
    await seesPort(7)
    expect(changes).toHaveLength(1)
    watching?.reload()
    expect(changes).toHaveLength(2)
  })
})
