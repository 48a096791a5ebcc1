import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStrata } from '../../../test/kit/strata.ts'
import type { JsonObject } from '../../core/json.ts'
import { runCli, type OpenPlatform, type ProcessActs } from './index.ts'
import { hiringAnswers } from '../../../test/kit/use-case-answers.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-governance-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

interface Ran {
  readonly code: number
  readonly json: JsonObject
  readonly noted: string
}

/** One command with `--json`: its exit code, its document, and what it said beside. */
async function run(...argv: readonly string[]): Promise<Ran> {
  const printed: string[] = []
  const notes: string[] = []
  const code = await runCli({
    argv: [...argv, '--json'],
    print: (text) => printed.push(text),
    note: (text) => notes.push(text),
    open: openPlatform,
    process: () => ({}) as ProcessActs, // none of these commands asks the process for anything
  })
  const isJson = printed[0]?.startsWith('{') === true
  return {
    code,
    json: isJson ? (JSON.parse(printed[0] ?? '') as JsonObject) : {},
    noted: [...printed, ...notes].join('\n'),
  }
}

const governance = {
  policies: [{ pack: 'eu-ai-act' }],
  reviews: { reviewers: [{ person: 'ada', competence: 'trained' }] },
  retention: { days: 200, texts: { feedback: 30 } },
}

async function openPlatform(): Promise<OpenPlatform & { close(): Promise<void> }> {
  const strata = await startStrata({ config: { governance }, folder })
  return {
    parts: strata.platform.parts(),
    folder,
    backup: () => Promise.resolve(),
    close: () => strata.close(),
  }
}

describe('governance at the command line', () => {
  test('registers a use case, names what is missing, and puts it in force when nothing is', async () => {
    const said = {
      title: 'Hiring',
      purpose: 'Ranks applications.',
      owner: 'ada',
      answers: { 'eu-ai-act': hiringAnswers },
    }
    const path = file('hiringAnswers.json', said)
    expect(await run('use-case', 'register', 'hiring', path)).toMatchObject({ code: 0, json: { state: 'draft' } })
    const refused = await run('use-case', 'activate', 'hiring')
    expect(refused.code).toBe(1)
    expect(refused.noted).toContain('human-oversight')
    const shown = await run('use-case', 'show', 'hiring')
    const slots = shown.json['documents'] as readonly { slot: string; asked_by: readonly string[] }[]
    const document = file('document.pdf', 'a document')
    for (const { slot } of slots.filter(({ asked_by: articles }) => articles.length > 0)) {
      const put = await run('use-case', 'document', 'hiring', slot, document, '--owner', 'ada', '--date', '2026-11-01')
      expect(put.code).toBe(0)
    }
    expect(await run('use-case', 'activate', 'hiring')).toMatchObject({ code: 0, json: { state: 'active' } })
    const draft = await run('use-case', 'documents', 'hiring', '--form', 'fria')
    expect(draft.json).toMatchObject({ form: 'fria', use_case: 'hiring' })
    expect((await run('use-case', 'documents', 'hiring', '--form', 'poem')).code).not.toBe(0)
    expect(
      (
        await run(
          'use-case',
          'document',
          'hiring',
          'human-oversight',
          'none.pdf',
          '--owner',
          'a',
          '--date',
          '2026-11-01',
        )
      ).code,
    ).toBe(1)
    for (const none of ['2026-02-30', '2026-3-2', '2026-03-02T00:00:00Z'])
      expect((await run('use-case', 'literacy', 'ada', '--measure', 'course', '--date', none)).code, none).toBe(1)
    expect(await run('use-case', 'literacy', 'ada', '--measure', 'course', '--date', '2026-03-02')).toMatchObject({
      code: 0,
    })
    expect(await run('use-case', 'retire', 'hiring')).toMatchObject({ code: 0, json: { state: 'retired' } })
  })

  test('decides on a review as a named person, and refuses anybody else', async () => {
    const opened = await openPlatform()
    const principal = {
      tenant: 'default',
      keyId: 'key_app',
      role: 'member',
      models: undefined,
      regions: undefined,
    } as const
    const held = {
      stage: 'request',
      principal,
      askers: ['service'],
      useCase: undefined,
      call: 'call_1',
      model: 'chat',
    } as const
    const words = {
      dialect: 'openai-chat',
      reason: 'asked',
      persons: 1,
      requestHash: 'aa',
      request: '{}',
      answer: undefined,
    }
    const { id } = await opened.parts.reviews.open({ ...held, ...words })
    await opened.close()
    expect((await run('reviews', 'list', '--state', 'pending')).json).toMatchObject({ data: [{ id }] })
    const stranger = await run('reviews', 'accept', id, '--as', 'eve', '--reason', 'x')
    expect(stranger).toMatchObject({ code: 1, noted: expect.stringContaining('eve is not listed') })
    const stopped = await run('reviews', 'stop', id, '--as', 'ada', '--reason', 'not today')
    expect(stopped).toMatchObject({ code: 0, json: { state: 'stopped' } })
    expect((await run('reviews', 'show', id)).json).toMatchObject({
      decisions: [{ person: 'ada', reason: 'not today' }],
    })
    expect((await run('reviews', 'accept', id, '--as', 'ada', '--reason', 'late')).code).toBe(1)
  })

  test('keeps the register of incidents and their deadlines', async () => {
    const times = ['--occurred', '2026-11-01', '--aware', '2026-11-02T09:00:00Z']
    const opened = await run(
      'incidents',
      'open',
      'Wrong refusals',
      '--kind',
      'death',
      '--text',
      'what happened',
      ...times,
    )
    expect(opened.json).toMatchObject({ kind: 'death', due_at: '2026-11-12T09:00:00.000Z' })
    const id = opened.json['id'] as string
    expect((await run('incidents', 'close', id, '--text', 'done')).code).toBe(1)
    const reported = await run('incidents', 'report', id, '--reference', 'MSA-1', '--text', 'by letter')
    expect(reported.json).toMatchObject({ state: 'reported', reference: 'MSA-1' })
    expect(await run('incidents', 'close', id, '--text', 'mended')).toMatchObject({ json: { state: 'closed' } })
    expect((await run('incidents', 'show', id)).json['notes']).toHaveLength(3)
    expect((await run('incidents', 'open', 'x', '--kind', 'odd', '--text', 'x', ...times)).code).not.toBe(0)
  })

  test('holds calls back, releases them, and sweeps', async () => {
    const held = await run(
      'retention',
      'hold',
      'Case 17',
      '--reason',
      'court',
      '--in',
      'hiring',
      '--from',
      '2026-01-01',
    )
    expect(held.json).toMatchObject({ use_case: 'hiring', from: '2026-01-01T00:00:00.000Z', released_at: null })
    const released = await run('retention', 'release', held.json['id'] as string, '--reason', 'settled')
    expect(released.json).toMatchObject({ released_at: expect.any(String) })
    expect(await run('retention', 'sweep')).toMatchObject({ code: 0, json: { calls: 0, texts: { feedback: 0 } } })
    expect((await run('retention', 'hold', 'x')).code).not.toBe(0)
  })
})

test('a key has the role that is named, and what the operator does is in the audit log', async () => {
  expect((await run('keys', 'create', 'audit', '--role', 'auditor')).json).toMatchObject({ role: 'auditor' })
  expect((await run('keys', 'create', 'x', '--role', 'wizard')).noted).toContain('key-manager')
  expect((await run('keys', 'create', 'x', '--role', 'member', '--admin')).code).toBe(1)
  const budget = await run('budgets', 'create', 'b', '--counts', 'requests', '--limit', '9')
  expect(budget.code).toBe(0)
  const bill = ['--amount', '-2', '--reference', 'bill of May']
  expect((await run('budgets', 'adjust', budget.json['id'] as string, ...bill)).noted).toContain(
    'no account of that subject',
  )
  const path = join(folder, 'roles.audit')
  expect((await run('audit', 'export', path)).code).toBe(0)
  const log = readFileSync(path, 'utf8').replaceAll('\\"', '"')
  expect(log).toContain('{"act":"admin","by":"operator","command":"budgets create","person":null,"role":"admin"}')
})

describe('an export of the audit log is read byte for byte', () => {
  const path = (name: string): string => join(folder, name)
  const verify = async (name: string): Promise<Ran> =>
    run('audit', 'verify', path(name), '--key', (await run('audit', 'key')).json['key'] as string)

  test('whatever separates lines elsewhere may stand in what is on record', async () => {
    await run('keys', 'create', 'one\u2028two\u2029three\u0085four\ufffd')
    expect((await run('audit', 'export', path('names.audit'))).code).toBe(0)
    expect((await verify('names.audit')).json).toMatchObject({ proven_whole: true, findings: [] })
  })

  test('bytes that are no text, another line end, a mark of the order of bytes and a missing end are found out', async () => {
    const bytes = readFileSync(path('names.audit'))
    const at = bytes.indexOf('\ufffd')
    expect(at).toBeGreaterThan(0)
    const forged: Readonly<Record<string, Buffer>> = {
      replaced: Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff]), bytes.subarray(at + 3)]),
      marked: Buffer.concat([Buffer.from('\ufeff'), bytes]),
      converted: Buffer.from(bytes.toString('utf8').replaceAll('\n', '\r\n')),
      separated: Buffer.from(bytes.toString('utf8').replace('\n', '\u2028')),
      cut: bytes.subarray(0, -1),
    }
    for (const [name, changed] of Object.entries(forged)) {
      writeFileSync(path(`${name}.audit`), changed)
      expect((await verify(`${name}.audit`)).code, name).toBe(1)
    }
  })
})
