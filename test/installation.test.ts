import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startServerProcess, type ServerProcess } from './kit/server-process.ts'

const script = resolve(import.meta.dirname, '../scripts/keep-compiled.js')

let folder = ''
let server: ServerProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-installation-'))
})

afterEach(async () => {
  await server?.kill()
  rmSync(folder, { recursive: true, force: true })
})

test('the first start after an installation finds everything compiled, and with it no compiler of TypeScript in memory', async () => {
  const environment = { NODE_COMPILE_CACHE: join(folder, 'compiled') }
  const kept = spawnSync(process.execPath, [script], { env: { PATH: process.env['PATH'], ...environment } })
  expect(kept.status, String(kept.stderr)).toBe(0)
  const before = listCompiled(environment.NODE_COMPILE_CACHE)
  expect(before.length).toBeGreaterThan(2_000)
  const modules = readFileSync(join(environment.NODE_COMPILE_CACHE, 'modules.json'), 'utf8')
  for (const path of [
    'src/main.ts',
    'src/applications/cli/commands/price.ts',
    'src/platform/platform.ts',
    'node_modules/kysely/dist/index.js',
  ]) {
    expect(modules).toContain(JSON.stringify(path))
  }

  const work = join(folder, 'work')
  mkdirSync(work)
  const adminKey = `sk-strata-${'k'.repeat(48)}`
  const started = await startServerProcess({ folder: work, adminKey, environment })
  server = started
  const post = async (place: string, body: JsonObject): Promise<Response> =>
    fetch(`${started.url}/v1/${place}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const text = '# Leave\n\nFull-time staff have 25 days of annual leave a year.'
  expect((await post('collections', { name: 'handbook' })).status).toBe(201)
  expect((await post('collections/handbook/documents', { external_id: 'leave.md', text })).ok).toBe(true)
  const found = (await (await post('collections/handbook/search', { query: 'annual leave' })).json()) as JsonObject
  expect(JSON.stringify(found)).toContain('25 days')
  expect(await started.stop()).toBe(0) // what it had to compile it keeps as it ends

  expect(listCompiled(environment.NODE_COMPILE_CACHE)).toEqual(before)
})

function listCompiled(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).toSorted()
}
