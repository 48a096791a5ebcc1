import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

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

  test.each([
    [['nonsense'], 'there is no command nonsense; strata help lists them'],
    [['start', '--wat'], "Unknown option '--wat'"],
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
    const port = await new Promise<number>((done) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        done(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
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
    expect(code).toBe(0)
    expect(output).toContain('mixed: 1 created, 0 updated, 0 unchanged, 1 refused')
    expect(complaints).toMatch(/^refused {2}bad\.md {2}\S/m)
  })
})

describe('an entry that an older Node runs', () => {
  test('says which Node it needs before it reads a line of TypeScript', () => {
    const text = readFileSync(join(repository, 'bin/strata.js'), 'utf8')
    expect(text.indexOf('process.exit(1)')).toBeLessThan(text.indexOf("import('"))
    expect(text).toContain('npm run strata')
  })
})
