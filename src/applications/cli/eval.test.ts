import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../test/kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../../../test/kit/strata.ts'
import { createSystemClock } from '../../core/time.ts'
import { readRouter } from '../../models/index.ts'
import { runCli, type ProcessActs } from './index.ts'

let mock: MockUpstream
let strata: RunningStrata
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'strata-eval-'))
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      endpoints: {
        one: toEndpoint(mock, 'openai', { price: { input: '1', output: '2' } }),
        vectors: toEndpoint(mock, 'openai', { does: ['embed'] }),
      },
      models: { one: { endpoint: 'one' }, two: 'one' },
    },
  })
})
afterAll(async () => {
  await strata.close()
  await mock.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Ran {
  readonly code: number
  readonly printed: readonly string[]
  readonly noted: string
}

const run = (...argv: readonly string[]): Promise<Ran> => runCommand('eval', ...argv)

async function runCommand(...argv: readonly string[]): Promise<Ran> {
  const printed: string[] = []
  const notes: string[] = []
  const { platform } = strata
  const acts: Pick<ProcessActs, 'clock'> = { clock: createSystemClock() }
  const code = await runCli({
    argv,
    print: (text) => printed.push(text),
    note: (text) => notes.push(text),
    open: async () => ({
      parts: platform.parts(),
      folder: platform.folder,
      backup: (path) => platform.store.backup(path),
      close: () => Promise.resolve(),
    }),
    process: () => acts as ProcessActs, // All that this command takes of it.
  })
  return { code, printed, noted: notes.join('\n') }
}

const write = (name: string, rows: readonly unknown[]): string => {
  const path = join(folder, name)
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'))
  return path
}

describe('strata eval', () => {
  test('runs a suite against models and writes pairs, which can be compared and trained on', async () => {
    const suite = write('suite.jsonl', [
      { prompt: 'hello', expect: { excludes: ['never'] } },
      { id: 'wrong', prompt: 'hello again', expect: { equals: 'never' } },
    ])
    const pairs = join(folder, 'pairs.jsonl')
    const ran = await run('run', suite, '--models', 'one,two', '--out', pairs, '--json')
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.printed[0] ?? '')).toMatchObject({
      models: [
        { model: 'one', scored: 2, mean_score: 0.5 },
        { model: 'two', scored: 2 },
      ],
      results: [{ id: '1' }, { id: 'wrong', outcomes: { one: { score: 0 } } }],
    })
    expect(readFileSync(pairs, 'utf8').trim().split('\n')).toHaveLength(2)
    expect((await run('compare', pairs, '--models', 'one,two')).printed[0]).toMatch(
      /^one minus two: 0\.0000.*undecided$/,
    )
    const compared = await run('compare', pairs, '--models', 'one,two', '--json')
    expect(JSON.parse(compared.printed[0] ?? '')).toMatchObject({ first: 'one', cases: 2, ties: 2 })
    expect((await run('run', suite, '--models', 'one', '--limit', '1')).printed[1]).toMatch(/^one\s+1\.000/)
  })

  test.each([
    [['run', 'nowhere', '--models', 'one'], 1, 'NOT_FOUND'],
    [['run', 'x'], 2, 'usage'],
    [['compare', 'x', '--models', 'one'], 2, 'usage'],
    [['mend', 'x'], 2, 'usage'],
  ] as const)('%j ends with %i and says why', async (argv, code, says) => {
    expect(await run(...argv)).toMatchObject({ code, noted: expect.stringContaining(says) as string })
  })

  test('ends with 1 when a model never answered, and finds out that it cannot write before it asks', async () => {
    const suite = write('down.jsonl', [{ prompt: 'x', expect: { equals: 'y' } }])
    mock.respondWith(() => ({ status: 401 }))
    const ran = await run('run', suite, '--models', 'one')
    mock.respondWith(() => undefined)
    expect(ran).toMatchObject({
      code: 1,
      printed: [expect.anything(), expect.stringMatching(/^one\s+unmeasured/), expect.anything()],
    })
    const asked = (await strata.platform.store.calls.list('default', { limit: 100 })).length
    const out = join(folder, 'nowhere', 'pairs.jsonl')
    expect((await run('run', suite, '--models', 'one', '--out', out)).noted).toContain('cannot be written')
    expect(await strata.platform.store.calls.list('default', { limit: 100 })).toHaveLength(asked)
  })

  test('compares marks of ten in marks of ten', async () => {
    const pairs = write(
      'tens.jsonl',
      [...Array(40).keys()].map((row) => ({ prompt: `p${row}`, scores: { one: 7 + (row % 4), two: 1 + (row % 3) } })),
    )
    expect((await run('compare', pairs, '--models', 'one,two')).printed[0]).toMatch(
      /^one minus two: 6\.\d+, 95 % from [56]\.\d+ to [67]\.\d+: one is better$/,
    )
  })

  test('refuses a model there is not before it asks anything, and names a bad line', async () => {
    const suite = write('ok.jsonl', [{ prompt: 'x' }])
    expect((await run('run', suite, '--models', 'one,ghost')).noted).toContain('MODEL_NOT_FOUND')
    expect((await run('run', write('bad.jsonl', [{ prompt: 1 }]), '--models', 'one')).noted).toContain('line 1.prompt')
    expect((await run('run', write('none.jsonl', []), '--models', 'one')).noted).toContain('holds no case')
    const pairs = write('p.jsonl', [{ prompt: 'x', scores: { one: 1 } }])
    expect((await run('compare', pairs, '--models', 'one,ghost')).noted).toContain('ghost')
  })
})

test('strata route train has prompts embedded by the model named, through the door out', async () => {
  const pairs = write(
    'bare.jsonl',
    Array.from({ length: 70 }, (_, row) => ({ prompt: `prompt ${row}`, scores: { one: row % 2, two: 1 } })),
  )
  const router = join(folder, 'near')
  const trained = await runCommand('route', 'train', '--data', pairs, '--out', router, '--embedder', 'vectors')
  expect(trained.noted).toContain('70 of 70 prompts embedded by vectors')
  expect(readRouter(readFileSync(router)).embedder).toBe('vectors')
  const calls = await strata.platform.store.calls.list('default', { limit: 2 })
  expect(calls.map(({ name, status }) => [name, status])).toEqual([
    ['vectors', 'ok'],
    ['vectors', 'ok'],
  ])
  const refused = await runCommand('route', 'train', '--data', pairs, '--out', router, '--embedder', 'one')
  expect(refused.noted).toMatch(/does not embed/)
})
