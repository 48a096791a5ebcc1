import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runLoad, type Load, type LoadResult } from '../bench/kit/load-options.ts'
import { createReport, median, printReport } from '../bench/kit/report.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'

describe('a report', () => {
  const promised = { kept: ['>=', 0.7], missed: ['<=', 2], absent: ['=', 0], broken: ['>', 1] } as const

  test('says which promises are missed, and never counts what is unmeasured as kept', () => {
    const figures = { kept: 0.7, missed: 2.5, extra: 1, broken: Number.NaN }
    const report = createReport('speed', { figures, promised, unmeasured: ['extra set'] })
    expect(report.missed).toEqual(['missed'])
    expect(report.unmeasured).toEqual(['extra set', 'absent', 'broken'])
  })

  test('ends with one line of JSON that holds all of it', () => {
    const lines: string[] = []
    const report = createReport('speed', { figures: { kept: 1 }, promised, unmeasured: [] })
    printReport(report, (line) => lines.push(...line.split('\n')))
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual(JSON.parse(JSON.stringify(report)))
    expect(lines.find((line) => line.startsWith('absent'))).toMatch(/unmeasured +=? 0/)
    expect(lines.find((line) => line.startsWith('kept'))).toMatch(/1 +>= 0\.7 +kept/)
  })

  test('the median of none is none, of two their mean', () => {
    expect([median([]), median([3]), median([4, 1]), median([9, 1, 5])]).toEqual([undefined, 3, 2.5, 5])
  })
})

describe('the load generator', () => {
  let mock: MockUpstream
  let folder: string

  beforeAll(async () => {
    mock = await startMockUpstream()
    folder = mkdtempSync(join(tmpdir(), 'strata-load-'))
  })
  beforeEach(() => mock.reset())
  afterAll(async () => {
    await mock.close()
    rmSync(folder, { recursive: true })
  })

  function run(load: Load, stream: boolean): Promise<LoadResult> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ model: 'm', stream, messages: [] })
    const target = { port: Number(new URL(mock.origin).port), path: '/v1/chat/completions', headers, body }
    return runLoad({ target, load }, { core: 0, folder })
  }

  test.each([false, true])(
    'sends exactly as many requests as asked and reads each to its end (streamed: %s)',
    async (stream) => {
      const result = await run({ type: 'closed', connections: 4, count: 101 }, stream)
      expect(result).toMatchObject({ answered: 101, failed: 0 })
      expect(mock.requests.map((request) => request.outcome)).toEqual(Array.from({ length: 101 }, () => 'answered'))
      expect(new Set(mock.requests.map((request) => request.connection)).size).toBe(4)
    },
  )

  test('keeps its rate while answers are slow, and does not count what warms up', async () => {
    mock.respondWith(() => ({ headDelayMs: 150 }))
    const slow = { type: 'open', perSecond: 50, seconds: 0.5, warmUpSeconds: 0.2 } as const
    const result = await run(slow, false)
    expect(result).toMatchObject({ answered: 25, failed: 0 })
    expect(mock.requests).toHaveLength(35)
  })

  test('counts what is refused as failed', async () => {
    const load = { type: 'closed', connections: 1, count: 3 } as const
    const headers = { 'content-type': 'application/json' }
    const target = { port: Number(new URL(mock.origin).port), path: '/nowhere', headers, body: '{}' }
    expect(await runLoad({ target, load }, { core: 0, folder })).toMatchObject({ answered: 0, failed: 3 })
  })
})

test.each(['run', 'scorecard'])('bench/%s.ts names what there is when it does not know the name', (script) => {
  const path = resolve(import.meta.dirname, `../bench/${script}.ts`)
  const { status, stderr } = spawnSync(process.execPath, [path, 'no-such-thing'], { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toMatch(/no (benchmark|scorecard) "no-such-thing"; there are: [a-z]/)
})

test('the kit starts a Strata outside of a run of tests too, as scorecards do', () => {
  const kit = pathToFileURL(resolve(import.meta.dirname, 'kit/strata.ts')).href
  const work = `const { startStrata } = await import(${JSON.stringify(kit)}); await (await startStrata({ config: {} })).close()`
  const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', work], {
    env: { PATH: process.env['PATH'] },
    encoding: 'utf8',
  })
  expect([ran.status, ran.stderr]).toEqual([0, ''])
})
