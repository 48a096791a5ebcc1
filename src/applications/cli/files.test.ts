import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PlatformError } from '../../core/errors.ts'
import type { JsonValue } from '../../core/json.ts'
import { createFakeClock } from '../../core/time.ts'
import { createOverlapMeter, createPersonalDataScanner, decideRights } from '../../governance/index.ts'
import { createDuplicateIndex, createPreparation } from '../../tools/index.ts'
import { pdf } from '../../../test/kit/pdf.ts'
import { configSchema } from '../../config/index.ts'
import { findDocuments } from './files.ts'
import { runCli, type ProcessActs } from './index.ts'

/** Commands that read files and need neither a platform nor a configuration. */
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-files-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly printed: readonly string[]
  readonly json: JsonValue | undefined
}

async function run(...argv: readonly string[]): Promise<Ran> {
  const printed: string[] = []
  const code = await runCli({
    argv,
    print: (text) => printed.push(text),
    note: () => undefined,
    open: () => Promise.reject(new PlatformError('INTERNAL', 'these commands need no platform')),
    process: () => acts,
  })
  const isJson = argv.includes('--json') && printed.length === 1
  return { code, printed, json: isJson ? (JSON.parse(printed[0] ?? '') as JsonValue) : undefined }
}

const unknown = { permits: { search: true, ground: true, train: false }, isCommercial: true }
const clock = createFakeClock(Date.parse('2026-11-25T00:00:00Z'))
const refuse = (): never => {
  throw new PlatformError('INTERNAL', 'these commands need no process')
}
const acts: ProcessActs = {
  version: '0.0.0-test',
  interrupted: refuse,
  clock,
  createPersonalDataScanner: async () => createPersonalDataScanner({ clock }),
  createDuplicateIndex: async (options) => createDuplicateIndex(options),
  createOverlapMeter: async (sources) => createOverlapMeter(sources),
  decideRights: (sources) => Promise.resolve(decideRights(sources, unknown)),
  serve: refuse,
  configSchema: refuse,
  checkConfig: refuse,
  openPreparation: () => Promise.resolve(createPreparation(configSchema.parse({}).knowledge)),
  addRuntime: refuse,
  input: refuse,
}

describe('privacy scan', () => {
  const scan = (name: string, content: string | Uint8Array, ...options: readonly string[]): Promise<Ran> => {
    writeFileSync(join(folder, name), content)
    return run('privacy', 'scan', join(folder, name), ...options, '--json')
  }

  test('gives types, places and reasons, and never the whole text unless asked', async () => {
    const text = '员工信息\n身份证１１０１０５１９４９１２３１００２X，邮箱li.na@example.com\n'
    const { json, printed } = await scan('员工.txt', text)
    expect(json).toMatchObject({
      counts: { 'cn-resident-id': 1, email: 1 },
      findings: [
        { type: 'cn-resident-id', start: 8, end: 26, line: 2, why: ['form', 'region', 'date', 'checksum'] },
        { type: 'email', start: 29, end: 46, line: 2 },
      ],
    })
    expect(printed.join()).not.toMatch(/example\.com|１１０１０５/)
    const shown = await scan('员工.txt', text, '--show')
    expect(shown.json).toMatchObject({ findings: [{}, { text: 'li.na@example.com' }] })
  })

  test('reads GB18030 and UTF-16, and refuses what is no text', async () => {
    const gbk = Buffer.from([0xca, 0xd6, 0xbb, 0xfa, ...Buffer.from('13800138000')]) // 手机
    expect((await scan('gbk.txt', gbk)).json).toMatchObject({ findings: [{ type: 'cn-mobile', start: 2, end: 13 }] })
    const utf16 = Buffer.from('\ufeff手机13800138000', 'utf16le')
    expect((await scan('utf16.txt', utf16)).json).toMatchObject({
      findings: [{ type: 'cn-mobile', start: 2, end: 13 }],
    })
    const binary = await scan('binary.bin', Uint8Array.from([1, 0, 2]))
    expect(binary).toMatchObject({ code: 1, json: { error: { code: 'DOCUMENT_REFUSED' } } })
  })

  test('reads documents of other formats, and says on which page something stands', async () => {
    const page = (text: string) => ({ lines: [{ text, x: 72, y: 700 }] })
    const bytes = pdf([
      page('The first page names nobody at all, and says so.'),
      page('Write to li.na@example.com about it.'),
    ])
    const { json, printed } = await scan('letter.pdf', bytes)
    expect(json).toMatchObject({ counts: { email: 1 }, findings: [{ type: 'email', page: 2 }] })
    expect(printed.join()).not.toContain('example.com')
    const { printed: lines } = await run('privacy', 'scan', join(folder, 'letter.pdf'))
    expect(lines[0]).toMatch(/^page 2 /)
    const broken = await scan('broken.pdf', '%PDF-1.7 and nothing more')
    expect(broken).toMatchObject({ code: 1, json: { error: { code: 'DOCUMENT_REFUSED' } } })
  })

  test('can be bound to types and to what is sure, and says what is wrong with the question', async () => {
    const text = 'li@example.com and example.de'
    expect((await scan('two.txt', text, '--types', 'domain')).json).toMatchObject({ counts: { domain: 1 } })
    expect((await scan('two.txt', text, '--confidence', '0.9')).json).toMatchObject({ counts: { email: 1 } })
    expect((await scan('two.txt', text, '--types', 'nome')).json).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
    expect((await scan('two.txt', text, '--confidence', '2')).json).toMatchObject({
      error: { code: 'INVALID_REQUEST' },
    })
    expect((await run('privacy', 'scan', join(folder, 'nowhere.txt'), '--json')).json).toMatchObject({
      error: { code: 'NOT_FOUND' },
    })
    expect((await run('privacy', 'look')).code).toBe(2)
  })
})

test('a folder that cannot be listed is refused by its name, and does not keep the others out', async () => {
  const place = join(folder, 'listed')
  for (const name of ['a', 'b']) {
    mkdirSync(join(place, name), { recursive: true })
    writeFileSync(join(place, name, 'x.md'), 'a fact')
  }
  writeFileSync(join(place, 'c.md'), 'a fact')
  const found = findDocuments(place, { extensions: undefined })
  expect((await found.next()).value).toMatchObject({ name: 'a/x.md' })
  rmSync(join(place, 'b'), { recursive: true }) // It is known to be there, and cannot be listed any more.
  const [gone, last] = await Array.fromAsync(found)
  expect([gone?.name, last?.name]).toEqual(['b', 'c.md'])
  await expect(gone?.readBytes()).rejects.toMatchObject({
    code: 'DOCUMENT_REFUSED',
    message: expect.stringMatching(/b cannot be listed: ENOENT/) as unknown,
  })
  await expect(Array.fromAsync(findDocuments(join(place, 'b'), { extensions: undefined }))).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('duplicates of a folder are told apart by how alike they are, the longest first', async () => {
  const place = join(folder, 'alike')
  mkdirSync(place)
  const text = '员工入职满一年后,每年享有十五天带薪年假,应在当年使用完毕。未使用的年假可以结转到次年三月。'.repeat(3)
  writeFileSync(join(place, 'a.md'), text)
  writeFileSync(join(place, 'b.md'), text)
  writeFileSync(join(place, 'c.txt'), text.replaceAll(',', ','))
  writeFileSync(join(place, 'd.md'), `${text}附则:本制度自发布之日起施行。`)
  writeFileSync(join(place, 'other.md'), 'Something else altogether, about travel and hotels in Zurich.')
  writeFileSync(join(place, 'bad.txt'), Uint8Array.from([0, 1, 2]))
  const { code, json } = await run('duplicates', place, '--json')
  expect(code).toBe(0)
  expect(json).toMatchObject({
    files: 6,
    refusals: [{ name: 'bad.txt' }],
    clusters: [
      {
        representative: 'd.md',
        members: [{ id: 'd.md' }, { id: 'a.md', kind: 'near' }, { id: 'b.md' }, { id: 'c.txt' }],
      },
    ],
  })
  expect((await run('duplicates', place, '--jaccard', '7', '--json')).json).toMatchObject({
    error: { code: 'INVALID_REQUEST' },
  })
})

describe('copyright', () => {
  test('decide says what a work may be used for and whose word decided', async () => {
    const path = join(folder, 'said.json')
    writeFileSync(path, JSON.stringify({ headers: { 'tdm-reservation': '1' } }))
    const { json } = await run('copyright', 'decide', path, '--json')
    expect(json).toMatchObject({ verdicts: { search: { permits: true }, ground: { permits: false, by: 'tdmrep' } } })
    writeFileSync(path, JSON.stringify({ header: {} }))
    expect((await run('copyright', 'decide', path, '--json')).json).toMatchObject({
      error: { code: 'INVALID_REQUEST' },
    })
    writeFileSync(path, '{')
    expect((await run('copyright', 'decide', path, '--json')).json).toMatchObject({
      error: { code: 'INVALID_REQUEST' },
    })
  })

  test('overlap finds the stretches of a text that stand in others', async () => {
    const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ')
    writeFileSync(join(folder, 'answer.txt'), `He wrote ${words}. Then?`)
    writeFileSync(join(folder, 'book.txt'), `Chapter one: ${words} once more`)
    const [answer, book] = [join(folder, 'answer.txt'), join(folder, 'book.txt')]
    const { json } = await run('copyright', 'overlap', answer, book, '--json')
    expect(json).toMatchObject({ overlaps: [{ source: book, start: 13, answerStart: 9, tokens: 60 }] })
    const longer = await run('copyright', 'overlap', answer, book, '--tokens', '100', '--characters', '1000', '--json')
    expect(longer.json).toMatchObject({ overlaps: [] })
    expect((await run('copyright', 'overlap', answer)).code).toBe(2)
    expect((await run('copyright', 'overlap', answer, 'nowhere.txt', '--json')).json).toMatchObject({
      error: { code: 'NOT_FOUND' },
    })
  })
})

describe('a decision', () => {
  async function decide(isPiped: boolean, ...more: readonly string[]): Promise<string> {
    const path = join(folder, 'facts.json')
    writeFileSync(path, '{"practices":["face-scraping"]}')
    const printed: string[] = []
    const code = await runCli({
      argv: ['policy', 'decide', path, '--pack', 'eu-ai-act', '--at', '2026-12-02', ...more],
      print: (text) => printed.push(text),
      note: () => undefined,
      isPiped,
      open: () => Promise.reject(new PlatformError('INTERNAL', 'this command needs no platform')),
      process: () => acts,
    })
    expect(code).toBe(0)
    return printed.join('\n')
  }

  test('is JSON in a pipe, and for people at a terminal', async () => {
    const prohibited = { decision: 'deny', tier: 'prohibited' }
    expect(JSON.parse(await decide(true))).toMatchObject(prohibited)
    expect(JSON.parse(await decide(false, '--json'))).toMatchObject(prohibited)
    expect(await decide(false)).toMatch(/^deny · tier prohibited/)
  })
})
