import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listenOnLoopback } from '../src/core/testing.ts'
import { pdf } from './kit/pdf.ts'

const repository = resolve(import.meta.dirname, '..')

interface Run {
  readonly code: number | null
  readonly output: string
  readonly complaints: string
}

/** One command of the real process, on a configuration that finds nothing but the built-in model. */
function strata(folder: string, ...words: readonly string[]): Promise<Run> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(repository, 'bin/strata.js'), ...words], {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let complaints = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
    child.once('close', (code) => done({ code, output, complaints }))
  })
}

/** The same, interrupted once it has said something, or after a second. */
function strataUntil(
  folder: string,
  { words, until }: { readonly words: readonly string[]; readonly until: RegExp | undefined },
): Promise<Run & { readonly signal: string | null }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(repository, 'bin/strata.js'), ...words], {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let complaints = ''
    let isCut = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints += text
      if (!isCut && until?.test(complaints) === true) isCut = child.kill('SIGINT')
    })
    // Most likely in the middle; wherever it is, the same is promised.
    if (until === undefined) setTimeout(() => child.kill('SIGINT'), 1_000)
    child.once('close', (code, signal) => done({ code, signal, output, complaints }))
  })
}

const config = `
endpoints:
  extract: { dialect: extract, model: builtin, processing: [local], storage: [], price: { input: "0", output: "0" } }
models:
  handbook: { ground: { in: handbook, with: extract } }
`

describe('the command line', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-command-line-'))
    writeFileSync(join(folder, 'strata.yaml'), config)
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('takes in a folder, answers from it, and shows the call it was', async () => {
    const documents = join(repository, 'examples/handbook/documents')
    const taken = await strata(folder, 'ingest', documents, '--into', 'handbook', '--json')
    expect(JSON.parse(taken.output)).toMatchObject({ collection: 'handbook', created: 9, refused: 0 })
    const asked = await strata(folder, 'ask', 'How much may a hotel cost per night in Zurich?', '-m', 'handbook')
    expect(asked).toMatchObject({ code: 0, complaints: '' })
    expect(asked.output).toContain('210 euros')
    const listed = await strata(folder, 'calls', '--json')
    const { data } = JSON.parse(listed.output) as { readonly data: readonly { readonly id: string }[] }
    const shown = await strata(folder, 'calls', data[0]?.id ?? '')
    expect(shown.output).toMatch(/^request {2}handbook {2}ok.*\n( {2})+model.*\n( {4})+dispatch {2}extract {2}ok/m)
  })

  test('checks of a configuration also what only a server would meet, and keeps nothing of it', async () => {
    const empty = mkdtempSync(join(folder, 'check-'))
    const write = (models: string): void => writeFileSync(join(empty, 'strata.yaml'), `${config}${models}\n`)
    write('  b: { endpoint: nowhere }')
    const dangling = await strata(empty, 'config', 'check')
    expect(dangling).toMatchObject({ code: 1, output: '' })
    expect(dangling.complaints).toMatch(/models\.b\.endpoint.*nowhere/)
    write('  b: { route: { learned: kept, among: { a: extract, b: extract } } }')
    expect((await strata(empty, 'config', 'check')).output).toContain('Models use kept')
    expect(readdirSync(empty)).toEqual(['strata.yaml'])
  })

  test.each([
    [['nonsense'], 'there is no command nonsense; strata help lists them'],
    [['serach'], 'there is no command serach; did you mean search? strata help lists them'],
    [['start', '--wat'], "Unknown option '--wat'\nusage: strata start"],
    [['ask'], 'usage: strata ask QUESTION'],
    [['keys', 'create'], 'usage: strata keys create NAME'],
    [['ingest', 'a.md'], 'usage: strata ingest PATH --into COLLECTION'],
  ])('says how it is used when it does not understand: %j', async (words, says) => {
    const { code, output, complaints } = await strata(folder, ...words)
    expect({ code, output }).toEqual({ code: 2, output: '' })
    expect(complaints).toContain(says)
  })

  test.each([
    [['start', '--port', '80000'], '--port must be a whole number from 0 to 65535'],
    [['start', '--config', 'missing.yaml'], 'there is no such file. Write it, or name another one.'],
    [['ask', 'hello', '--model', 'nope'], 'strata models lists the models there are.'],
    [['ingest', 'nowhere', '--into', 'x'], 'there is no file or folder nowhere'],
    [['calls', 'call_0'], 'there is no call call_0'],
    [['models', '--folder', 'strata.yaml'], 'cannot be made: EEXIST'],
    [['backup', 'no/such/folder/x.db'], 'check that its folder exists'],
  ])('says what is wrong, without a stack: %j', async (words, says) => {
    const { code, complaints } = await strata(folder, ...words)
    expect(code).toBe(1)
    expect(complaints).toContain(says)
    expect(complaints).not.toMatch(/^ +at |openapi\.json|undefined/m)
  })

  test('names the key, the place and the fix of every fault of a file', async () => {
    writeFileSync(join(folder, 'bad.yaml'), 'server:\n  prot: 1\nendpoints:\n  a: { dialect: opnai, model: x }\n')
    const { code, complaints } = await strata(folder, 'start', '--config', 'bad.yaml')
    expect(code).toBe(1)
    expect(complaints).toContain('server.prot, line 2:3: there is no such key. Did you mean "port"?')
    expect(complaints).toContain('endpoints.a.dialect, line 4:17: this is none of the choices. Did you mean "openai"?')
  })

  test('says that a port is taken', async () => {
    const server = createServer()
    const port = await listenOnLoopback(server)
    const { code, complaints } = await strata(folder, 'start', '--port', String(port))
    server.close()
    expect(code).toBe(1)
    expect(complaints).toContain(`127.0.0.1:${port} is in use by another process`)
  })

  test('takes in what it can read, and names what it cannot', async () => {
    const documents = join(folder, 'documents')
    mkdirSync(documents)
    writeFileSync(join(documents, 'good.md'), '# Title\n\nA fact.\n')
    writeFileSync(join(documents, 'bad.md'), Buffer.from([0xff, 0xfe, 0xfd, 0x00, 0xd8]))
    const { code, output, complaints } = await strata(folder, 'ingest', documents, '--into', 'mixed')
    expect(code).toBe(1)
    expect(output).toContain('mixed: 1 created, 0 updated, 0 unchanged, 1 refused')
    expect(complaints).toMatch(/^refused {2}bad\.md {2}\S/m)
  })

  test('makes nothing where the configuration has a wrong key', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), 'knowlege: {}\n')
    const words = ['ingest', 'strata.yaml', '--into', 'x', '--config', 'wrong.yaml', '--folder', 'fresh']
    const { code, output, complaints } = await strata(folder, ...words)
    expect({ code, output }).toEqual({ code: 1, output: '' })
    expect(complaints).toContain('CONFIG_INVALID')
    expect(existsSync(join(folder, 'fresh'))).toBe(false)
  })

  test('ends an intake after what is in hand when it is interrupted, and goes on with the rest when it is called again', async () => {
    const documents = join(folder, 'many')
    mkdirSync(documents)
    const count = 1_000
    for (let number = 0; number < count; number++) {
      writeFileSync(join(documents, `${number}.md`), `# Title ${number}\n\nA fact about ${number} and others.\n`)
    }
    const words = ['ingest', documents, '--into', 'many', '--json']
    const cut = await strataUntil(folder, { words, until: /^created/m })
    expect(cut).toMatchObject({ code: 1, signal: null })
    expect(JSON.parse(cut.output)).toMatchObject({ error: { code: 'CANCELLED' } })
    const [, created = ''] = /many: (\d+) created, 0 updated, 0 unchanged, 0 refused/.exec(cut.output) ?? []
    const taken = Number(created)
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThan(count)
    expect(cut.complaints.match(/^created/gm)).toHaveLength(taken)
    const verified = await strata(folder, 'knowledge', 'verify', 'many')
    expect(verified).toMatchObject({ code: 0 })
    const again = await strata(folder, ...words)
    expect(JSON.parse(again.output)).toMatchObject({ created: count - taken, unchanged: taken, refused: 0 })
  })

  test('prints nothing of a document whose reading is interrupted', async () => {
    const sentences = Array.from({ length: 44 }, (_, line) => ({
      text: `Line ${line} of it`,
      x: 72,
      y: 740 - line * 15,
    }))
    writeFileSync(join(folder, 'long.pdf'), pdf(Array.from({ length: 2_000 }, () => ({ lines: sentences }))))
    const cut = await strataUntil(folder, { words: ['parse', 'long.pdf'], until: undefined })
    expect(cut).toMatchObject({ code: null, signal: 'SIGINT', output: '' })
  })
})

describe('an entry that an older Node runs', () => {
  test('says which Node it needs before it reads a line of TypeScript', () => {
    const text = readFileSync(join(repository, 'bin/strata.js'), 'utf8')
    expect(text.indexOf('process.exit(1)')).toBeLessThan(text.indexOf("import('"))
    expect(text).toContain('npm run strata')
  })
})
