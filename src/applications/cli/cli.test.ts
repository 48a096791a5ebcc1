import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStrata } from '../../../test/kit/strata.ts'
import { configJsonSchema, configSchema, loadConfig } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonValue } from '../../core/json.ts'
import { createFakeClock, createSystemClock } from '../../core/time.ts'
import { createOverlapMeter, createPersonalDataScanner, decideRights } from '../../governance/index.ts'
import { createDuplicateIndex, createPreparation } from '../../tools/index.ts'
import { runCli, verbs, type CommonOptions, type OpenPlatform, type ProcessActs } from './index.ts'

const secret = 'sk-vendor-0123456789abcdef0123456789'
const config = {
  endpoints: {
    extract: {
      dialect: 'extract',
      model: 'builtin',
      processing: ['local'],
      storage: [],
      price: { input: '0', output: '0' },
    },
    vendor: {
      dialect: 'openai',
      model: 'x',
      url: 'http://127.0.0.1:9/v1',
      key: secret,
      processing: ['local'],
      storage: [],
    },
  },
  models: { handbook: { ground: { in: 'handbook', with: 'extract' } }, remote: { endpoint: 'vendor' } },
}

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-cli-'))
  const documents = join(folder, 'documents')
  mkdirSync(documents)
  writeFileSync(join(documents, 'leave.md'), '# Leave\n\nAnnual leave is 25 days a year.\n')
  writeFileSync(join(documents, '年假.md'), '# 年假\n\n每年的年假是二十五天。\n')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly printed: readonly string[]
  readonly noted: string
  /** The one document of `--json`. */
  readonly json: JsonValue | undefined
}

/** One command on the platform of the data folder; everything it may say must be free of secrets. */
async function run(...argv: readonly string[]): Promise<Ran> {
  const printed: string[] = []
  const notes: string[] = []
  const code = await runCli({
    argv,
    print: (text) => printed.push(text),
    note: (text) => notes.push(text),
    open: openPlatform,
    process: () => acts,
  })
  const noted = notes.join('\n')
  expect(`${printed.join('\n')}${noted}`).not.toContain(secret)
  const isJson = argv.includes('--json') && printed.length === 1
  return { code, printed, noted, json: isJson ? (JSON.parse(printed[0] ?? '') as JsonValue) : undefined }
}

async function openPlatform(common: CommonOptions): Promise<OpenPlatform & { close(): Promise<void> }> {
  if (common.config === 'bad.yaml') loadConfig({ folder, environment: {}, readFile: () => 'server:\n  prot: 1\n' })
  const strata = await startStrata({ config, folder: join(folder, 'data') })
  const { platform } = strata
  return {
    parts: platform.parts(),
    folder: platform.folder,
    backup: (path) => platform.store.backup(path),
    close: () => strata.close(),
  }
}

const acts: ProcessActs = {
  version: '0.0.0-test',
  interrupted: () => new AbortController().signal,
  createDuplicateIndex: async (options) => createDuplicateIndex(options),
  createOverlapMeter: async (sources) => createOverlapMeter(sources),
  decideRights: (sources) =>
    Promise.resolve(
      decideRights(sources, { permits: { search: true, ground: true, train: false }, isCommercial: true }),
    ),
  createPersonalDataScanner: async () =>
    createPersonalDataScanner({ clock: createFakeClock(Date.parse('2026-11-25T00:00:00Z')) }),
  clock: createSystemClock(),
  async *input() {},
  serve: () => Promise.resolve(),
  configSchema: async () => JSON.parse(JSON.stringify(configJsonSchema())) as JsonValue, // JSON of a schema is JSON
  checkConfig: () => Promise.resolve({ path: 'strata.yaml', notices: ['one notice'] }),
  openPreparation: () => Promise.resolve(createPreparation(configSchema.parse({}).knowledge)),
  addRuntime: (name, onProgress) => {
    if (name !== 'llama') throw new PlatformError('INVALID_REQUEST', `there is no runtime ${name}`)
    onProgress('half way')
    return Promise.resolve({ folder: 'runtimes/llama', version: '1' })
  },
}

beforeAll(() => mkdirSync(join(folder, 'data')))

describe('the command line', () => {
  test('without a command, or with help, lists every command', async () => {
    for (const argv of [[], ['help'], ['--help'], ['-h']]) {
      const { code, printed } = await run(...argv)
      expect(code).toBe(0)
      for (const { name, summary } of verbs)
        expect(printed.join('\n')).toMatch(new RegExp(`${name}.*${summary.slice(0, 20)}`))
    }
  })

  test.each(verbs)('$name --help says how it is used, and does nothing', async ({ name, summary, load }) => {
    const { usage, ...loaded } = await load()
    expect(loaded.name).toBe(name)
    const { code, printed } = await run(name, '--help')
    expect(code).toBe(0)
    const gap = printed.indexOf('')
    const forms = printed.slice(0, gap).map((line) => line.replace(`strata ${name}`, '').trim())
    expect(forms.join(' | ')).toBe(usage)
    expect(printed.slice(gap + 1).join(' ')).toBe(summary)
  })

  test('help names every command once, each with what it does, in a hundred columns', async () => {
    const { code, printed } = await run('help')
    expect(code).toBe(0)
    for (const { name } of verbs) {
      expect(printed.filter((line) => line.startsWith(`  ${name} `))).toHaveLength(1)
    }
    const text = printed.map((line) => line.trim()).join(' ')
    for (const { summary } of verbs) expect(text).toContain(summary)
    expect(Math.max(...printed.map((line) => line.length))).toBeLessThanOrEqual(107)
  })

  test.each(verbs)('$name with an option it does not have is not understood', async ({ name, load }) => {
    const { usage } = await load()
    const { code, printed, noted } = await run(name, '--no-such-option')
    expect([code, printed]).toEqual([2, []])
    expect(noted).toContain(`usage: strata ${name} ${usage}`)
  })

  test.each([
    ['nonsense'],
    ['ask'],
    ['ingest', 'documents'],
    ['ingest', '--into', 'x'],
    ['search'],
    ['keys'],
    ['keys', 'create'],
    ['keys', 'revoke'],
    ['keys', 'nonsense'],
    ['config'],
    ['config', 'nonsense'],
    ['runtime'],
    ['runtime', 'remove', 'llama'],
    ['backup'],
    ['calls', '--limit'],
  ])('%s %s: a word is missing, which is said with the usage', async (...argv) => {
    const { code, printed, noted } = await run(...argv)
    expect([code, printed]).toEqual([2, []])
    expect(noted).toMatch(/usage: strata|strata help lists/)
  })

  test('says its version', async () => {
    expect((await run('--version')).printed).toEqual(['0.0.0-test'])
  })
})

describe('keys', () => {
  test('are made, shown once, listed without the key, and revoked', async () => {
    const made = await run(
      'keys',
      'create',
      'ci',
      '--models',
      'handbook, remote',
      '--regions',
      'local',
      '--days',
      '7',
      '--json',
    )
    expect(made.json).toMatchObject({
      object: 'key',
      name: 'ci',
      role: 'member',
      models: ['handbook', 'remote'],
      regions: ['local'],
    })
    const { id, key } = made.json as { readonly id: string; readonly key: string }
    expect(key).toMatch(/^sk-strata-/)

    expect((await run('keys', 'create', 'typo', '--models', 'remote,hadnbook')).noted).toBe(
      'there is no model hadnbook yet; strata models lists those there are',
    )
    const shown = await run('keys', 'create', 'people', '--admin')
    expect(shown.printed).toEqual([expect.stringMatching(/^sk-strata-/), expect.stringMatching(/Its id is key_\w+;/)])

    const listed = await run('keys', 'list', '--json')
    expect(JSON.stringify(listed.json)).not.toContain(key)
    expect(JSON.stringify(listed.json)).not.toMatch(/hash|[0-9a-f]{64}/)
    const table = (await run('keys', 'list')).printed
    expect(table.find((line) => line.includes(' ci '))).toMatch(/member .*handbook,remote .*local .*until 20/)

    expect(await run('keys', 'revoke', id)).toMatchObject({
      code: 0,
      printed: [expect.stringContaining(`revoked ${id}`)],
    })
    expect((await run('keys', 'list')).printed.find((line) => line.includes(id))).toMatch(/revoked$/)
    expect(await run('keys', 'revoke', 'key_none')).toMatchObject({
      code: 1,
      noted: expect.stringMatching(/NOT_FOUND: .*key_none/),
    })
  })

  test.each([
    ['--days', 'many', '--days must be a number above 0'],
    ['--days', '-1', '--days'],
    ['--regions', 'atlantis', 'regions[0] is no region'],
  ])('with %s %s are refused', async (option, value, says) => {
    const { code, noted } = await run('keys', 'create', 'x', `${option}=${value}`)
    expect(code).toBe(1)
    expect(noted).toContain(says)
  })
})

describe('knowledge', () => {
  test('is taken in from a folder, found, answered from with its evidence, and the call can be looked at', async () => {
    const path = join(folder, 'documents')
    const first = await run('ingest', path, '--into', 'handbook', '--json')
    expect(first.json).toEqual({
      collection: 'handbook',
      created: 2,
      updated: 0,
      unchanged: 0,
      refused: 0,
      refusals: [],
    })
    const again = await run('ingest', path, '--into', 'handbook')
    expect(again.printed).toEqual(['handbook: 0 created, 0 updated, 2 unchanged, 0 refused'])
    expect(again.noted).toMatch(/unchanged {2}leave\.md/)

    const found = await run('search', '年假', '--in', 'handbook', '--limit', '1', '--json')
    expect(found.json).toMatchObject({
      object: 'list',
      data: [{ source: '年假.md', text: expect.stringContaining('二十五天') }],
    })
    expect((await run('search', 'leave')).printed[0]).toMatch(/^handbook\/leave\.md \[\d+, \d+\)/)
    expect((await run('search', 'zebra')).printed).toEqual(['nothing found'])

    const questions = join(folder, 'questions.jsonl')
    writeFileSync(questions, '{"query": "annual leave", "expected": [{"document": "leave.md"}]}\n{"query": "leave"}\n')
    const unreadable = await run('knowledge', 'compare', 'handbook', '1', questions)
    expect(unreadable.noted).toContain('questions.jsonl:2')
    writeFileSync(questions, '{"query": "annual leave", "expected": [{"document": "leave.md"}]}\n')
    expect((await run('knowledge', 'compare', 'handbook', '1', questions)).noted).toContain('has no generation 1')

    const asked = await run('ask', 'How', 'many', 'days', 'is', 'annual', 'leave?', '-m', 'handbook', '--json')
    expect(asked.json).toMatchObject({ text: expect.stringContaining('25 days'), citations: [{ source: 'leave.md' }] })
    const { call } = asked.json as { readonly call: string }
    expect((await run('ask', 'annual leave', '-m', 'handbook')).printed.join('\n')).toMatch(
      /leave\.md \[\d+, \d+\)[\s\S]*route .*extract ok · .*USD 0/,
    )

    const listed = await run('calls', '--limit', '1', '--json')
    expect(listed.json).toMatchObject({ object: 'list', data: [{ name: 'handbook', status: 'ok' }] })
    expect((await run('calls')).printed[0]).toMatch(/^call +started +model +status/)
    const tree = await run('calls', call, '--json')
    expect(tree.json).toMatchObject({ object: 'call', id: call, kind: 'request', children: [{ kind: 'model' }] })
    expect((await run('calls', call)).printed.join('\n')).toMatch(
      /^request {2}handbook {2}ok[\s\S]*\n +dispatch {2}extract {2}ok/,
    )
  })

  test('a file that cannot be read is refused by its name, the others are taken in, and the command says that it failed', async () => {
    const path = join(folder, 'unreadable')
    mkdirSync(path)
    writeFileSync(join(path, 'a.md'), '# A\n\nA fact.\n')
    writeFileSync(join(path, 'b.md'), '')
    truncateSync(join(path, 'b.md'), 3 * 2 ** 30) // more than is read at once; it takes no room on the disk
    writeFileSync(join(path, 'c.md'), '# C\n\nAnother fact.\n')
    const { code, json, noted } = await run('ingest', path, '--into', 'unreadable', '--json')
    expect(code).toBe(1)
    expect(json).toMatchObject({ created: 2, refused: 1, refusals: [{ name: 'b.md' }] })
    expect(noted).toMatch(/^refused {2}b\.md {2}the file cannot be read: \w+/m)
  })

  test('what is not there leaves no collection behind', async () => {
    expect(await run('ingest', join(folder, 'nowhere'), '--into', 'never')).toMatchObject({ code: 1 })
    expect((await run('knowledge', 'status', 'never')).noted).toMatch(/NOT_FOUND: .*never/)
  })

  test.each([
    [['search', 'x', '--in', 'nowhere'], /NOT_FOUND: .*nowhere/],
    [['search', 'x', '--limit', '0'], /--limit must be a whole number from 1 to 100/],
    [['calls', '--limit', 'ten'], /--limit must be a whole number from 1 to 1000/],
    [['calls', 'call_none'], /NOT_FOUND: there is no call call_none/],
    [['ask', 'x', '-m', 'nobody'], /MODEL_NOT_FOUND: .*nobody/],
    [['ask', 'x', '-m', 'remote'], /UPSTREAM_UNREACHABLE/],
    [['ingest', 'no-such-folder', '--into', 'x'], /NOT_FOUND: .*no-such-folder/],
  ])('%j: what is wrong is said, and under --json as JSON too', async (argv, says) => {
    const people = await run(...argv)
    expect(people.code).toBe(1)
    expect(people.noted).toMatch(says)
    const { json } = await run(...argv, '--json')
    expect(json).toMatchObject({
      error: { code: expect.stringMatching(/^[A-Z_]+$/), message: expect.any(String), help: expect.any(String) },
    })
  })

  test('says why no contexts are written, and what they gain only where there are any', async () => {
    const questions = join(folder, 'questions-of-contexts.jsonl')
    writeFileSync(questions, '{"query": "annual leave", "expected": [{"document": "leave.md"}]}\n')
    expect((await run('knowledge', 'contexts', 'handbook')).noted).toContain('no model writes')
    expect((await run('knowledge', 'contexts', 'handbook', '--with', 'a', '--off')).noted).toContain('usage')
    const without = await run('knowledge', 'contexts', 'handbook', '--with', 'nobody')
    expect(without.printed.join('\n')).toMatch(
      /^0 of \d+ passages .* nobody; \d+ wait[\s\S]*ended early: MODEL_NOT_FOUND$/,
    )
    expect((await run('knowledge', 'gain', 'handbook', questions)).noted).toContain('no passage')
    expect((await run('knowledge', 'contexts', 'handbook', '--off')).printed).toEqual(['handbook has no contexts now'])
  })
})

describe('the operator', () => {
  test('sees the models with their worst case', async () => {
    const { json } = await run('models', '--json')
    expect(json).toMatchObject({
      object: 'list',
      data: expect.arrayContaining([expect.objectContaining({ id: 'handbook', does: ['chat'] })]),
    })
    expect((await run('models')).printed[0]).toMatch(/^model +does +regions +calls at most +USD at most$/)
  })

  test('checks the configuration and prints its schema', async () => {
    expect((await run('config', 'check')).printed).toEqual(['strata.yaml is valid', 'one notice'])
    expect((await run('config', 'check', '--json')).json).toEqual({
      valid: true,
      path: 'strata.yaml',
      notices: ['one notice'],
    })
    expect((await run('config', 'schema', '--json')).json).toMatchObject({
      properties: { endpoints: expect.anything() },
    })
  })

  test('is told the place and the fix of what a file has wrong', async () => {
    const { code, noted } = await run('models', '--config', 'bad.yaml')
    expect(code).toBe(1)
    expect(noted).toMatch(
      /^CONFIG_INVALID: [\s\S]*server\.prot, line 2:3: there is no such key\. Did you mean "port"\?/,
    )
  })

  test('looks for what would go wrong', async () => {
    const { json } = await run('doctor', '--json')
    expect(json).toMatchObject({
      findings: expect.arrayContaining([expect.objectContaining({ what: 'store', state: 'ok' })]),
    })
    expect((await run('doctor')).printed.join('\n')).toMatch(/warning +model remote/)
    const broken = await run('doctor', '--config', 'bad.yaml')
    expect(broken.printed.join('\n')).toMatch(/fault +platform .*server\.prot/s)
  })

  test('copies the database while it is in use', async () => {
    const path = join(folder, 'copy.sqlite')
    expect((await run('backup', path, '--json')).json).toEqual({ path })
    expect(readFileSync(path).subarray(0, 15).toString()).toBe('SQLite format 3')
  })

  test('adds a runtime, with its progress beside the result', async () => {
    const { json, noted } = await run('runtime', 'add', 'llama', '--json')
    expect(json).toEqual({ runtime: 'llama', folder: 'runtimes/llama', version: '1' })
    expect(noted).toBe('half way')
    expect(await run('runtime', 'add', 'nonsense')).toMatchObject({
      code: 1,
      noted: expect.stringContaining('nonsense'),
    })
  })

  test('serves', async () => {
    expect(await run('start', '--port', '0')).toMatchObject({ code: 0, noted: '' })
  })
})
