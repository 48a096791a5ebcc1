import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { watchConfig, type ConfigWatch } from './index.ts'

let folder = ''
let watching: ConfigWatch | undefined
let calls = 0

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-watch-'))
  calls = 0
})

afterEach(() => {
  watching?.close()
  rmSync(folder, { recursive: true, force: true })
})

function start(text: string): string {
  const path = join(folder, 'strata.yaml')
  writeFileSync(path, text)
  watching = watchConfig({ path, quietMs: 20, onChange: () => calls++ })
  return path
}

async function isCalled(times: number): Promise<void> {
  await vi.waitFor(() => expect(calls).toBe(times), { timeout: 30_000 })
}

describe('a watched configuration', () => {
  test('calls back when the file is written', async () => {
    const path = start('server: { port: 1 }')
    writeFileSync(path, 'server: { port: 2 }')
    await isCalled(1)
  })

  test('is followed through the rename of an editor, again and again', async () => {
    const path = start('server: { port: 1 }')
    for (const time of [1, 2, 3]) {
      writeFileSync(`${path}.tmp`, `server: { port: ${time + 1} }`)
      renameSync(`${path}.tmp`, path)
      await isCalled(time)
    }
  })

  test('is followed when a link is pointed elsewhere, and to where it points', async () => {
    writeFileSync(join(folder, 'one.yaml'), 'server: { port: 1 }')
    writeFileSync(join(folder, 'two.yaml'), 'server: { port: 2 }')
    const path = start('server: { port: 1 }')
    for (const [time, name] of ['two.yaml', 'one.yaml'].entries()) {
      symlinkSync(join(folder, name), `${path}.new`)
      renameSync(`${path}.new`, path)
      await isCalled(time + 1)
    }
    writeFileSync(join(folder, 'one.yaml'), 'server: { port: 5 }')
    await isCalled(3)
  })

  test('calls back when the file is gone, and when it is back', async () => {
    const path = start('server: { port: 1 }')
    unlinkSync(path)
    await isCalled(1)
    writeFileSync(path, 'server: { port: 1 }')
    await isCalled(2)
  })

  test('is not called for a content that is what it was, nor for another file', async () => {
    const path = start('server: { port: 1 }')
    writeFileSync(join(folder, 'other.yaml'), 'x')
    writeFileSync(path, 'server: { port: 1 }')
    await new Promise((done) => setTimeout(done, 150))
    expect(calls).toBe(0)
    writeFileSync(path, 'server: { port: 7 }')
    await isCalled(1)
  })

  test('is left alone once it is closed', async () => {
    const path = start('server: { port: 1 }')
    watching?.close()
    writeFileSync(path, 'server: { port: 2 }')
    await new Promise((done) => setTimeout(done, 150))
    expect(calls).toBe(0)
  })
})
