import { describe, expect, test } from 'vitest'
import { createIds } from '../../core/ids.ts'
import type { JsonValue } from '../../core/json.ts'
import { createSystemRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import type { Principal } from '../../core/call.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createPolicyGuard, loadPack } from '../policy/index.ts'
import { createUseCaseDesk, createUseCaseRegistry } from './index.ts'
import { isUndeclared, signals } from './signals.ts'
import { findSignals } from './signal-finder.ts'
import { chinese, english, wordsOf, type Words } from './words/index.ts'
import { hiringAnswers } from '../../../test/kit/use-case-answers.ts'

const admin: Principal = { tenant: 'one', keyId: 'key_a', role: 'admin', models: undefined, regions: undefined }
const stranger: Principal = { ...admin, tenant: 'two' }

const plain = { ...hiringAnswers, uses: [] }
const said = (answers: object) => ({
  title: 'A case',
  purpose: 'To try it.',
  owner: 'ada',
  answers: { 'eu-ai-act': answers as never },
})

interface KitOptions {
  readonly at?: string
  readonly activation?: 'all-dates' | 'now'
  readonly hintsMin?: number
}

async function createOn(store: Pick<Store, 'sql' | 'transaction'>, options: KitOptions = {}) {
  const clock = createFakeClock(Date.parse(`${options.at ?? '2026-11-26'}T08:00:00Z`))
  const acts: JsonValue[] = []
  const registry = await createUseCaseRegistry({
    store,
    clock,
    ids: createIds({ clock, random: createSystemRandom() }),
    log: silentLog,
    audit: { act: async (_, body) => void acts.push(body) },
    hintsMin: () => options.hintsMin,
    onChange: () => Promise.resolve(),
  })
  const config = {
    policies: [{ pack: 'eu-ai-act', mode: 'enforce' as const }],
    useCases: { declared: { 'eu-ai-act': plain } },
    defaultUseCase: undefined,
    registry: { activation: options.activation ?? ('all-dates' as const) },
  }
  const policies = createPolicyGuard({ config, clock, toPath: (path) => path, registered: registry })
  const desk = createUseCaseDesk({ registry, policies, clock, config })
  return { registry, desk, policies, clock, acts }
}

const document = (slot: string) => ({
  slot,
  hash: 'ab'.repeat(32),
  dated: '2026-11-01',
  owner: 'grace',
  place: undefined,
})

describeEngines('the registry of use cases', (open) => {
  test('refuses requests of a draft, and decides by the active version until another is activated', async () => {
    const { desk, policies, registry, acts } = await createOn(await open())
    await desk.register(admin, 'chat', said(plain))
    expect(policies.label('chat', 'one')).toMatchObject({ decision: 'deny', refusal: 'it is not active' })
    await desk.activate(admin, 'chat')
    const label = policies.label('chat', 'one')
    expect(label).toMatchObject({ decision: 'allow', useCase: 'chat' })
    expect(policies.label('chat', 'one')).toBe(label)
    await desk.register(admin, 'chat', said({ ...plain, practices: ['face-scraping'] }))
    expect(policies.label('chat', 'one')).toMatchObject({ decision: 'allow' })
    await expect(desk.activate(admin, 'chat')).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      message: expect.stringContaining('Art. 5(1)(e)'),
    })
    expect((await registry.listVersions('one', 'chat')).map(({ version }) => version)).toEqual([1, 2])
    await desk.retire(admin, 'chat')
    expect(policies.label('chat', 'one')).toMatchObject({ decision: 'deny' })
    await expect(desk.register(admin, 'chat', said(plain))).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(acts.map((act) => (act as { act: string }).act)).toEqual([
      'use-case.register',
      'use-case.activate',
      'use-case.register',
      'use-case.retire',
    ])
    registry.close()
  })

  test('does not activate a high-risk use case before its documents exist, each on record by its hash', async () => {
    const { desk, policies, registry } = await createOn(await open())
    await desk.register(admin, 'hiring', said(hiringAnswers))
    const refused = await desk.activate(admin, 'hiring').catch((thrown: unknown) => thrown)
    expect(refused).toMatchObject({ code: 'POLICY_REVIEW', message: expect.stringContaining('human-oversight') })
    const { slots } = await desk.get('one', 'hiring')
    const asked = slots.filter(({ articles }) => articles.length > 0)
    expect(asked.map(({ slot }) => slot)).toContain('human-oversight')
    for (const { slot } of asked.slice(1)) await desk.addDocument(admin, 'hiring', document(slot))
    await expect(desk.activate(admin, 'hiring')).rejects.toMatchObject({
      message: expect.stringContaining(asked[0]?.slot ?? 'none'),
    })
    await desk.addDocument(admin, 'hiring', document(asked[0]?.slot ?? ''))
    expect(await desk.activate(admin, 'hiring')).toMatchObject({ state: 'active' })
    expect(policies.label('hiring', 'one')).toMatchObject({ decision: 'allow' })
    registry.close()
  })

  test('judges by the rules of today alone where that is configured, and the clock ends that', async () => {
    const store = await open()
    const { desk, policies, clock, registry } = await createOn(store, { activation: 'now' })
    await desk.register(admin, 'hiring', said(hiringAnswers))
    expect(await desk.activate(admin, 'hiring')).toMatchObject({ state: 'active', tier: 'limited' })
    expect(policies.label('hiring', 'one')).toMatchObject({ decision: 'allow' })
    const { coming } = await desk.get('one', 'hiring')
    expect(coming.map(({ atMs }) => new Date(atMs).toISOString().slice(0, 10))).toEqual(['2027-12-02'])
    clock.advance(Date.parse('2027-12-01T23:59:59Z') - clock.now())
    expect(policies.label('hiring', 'one')).toMatchObject({ decision: 'allow' })
    clock.advance(1_000)
    expect(policies.label('hiring', 'one')).toMatchObject({ decision: 'review' })
    registry.close()
  })

  test('keeps every document and takes the last of each slot; unknown slots are refused', async () => {
    const { desk, registry } = await createOn(await open())
    await desk.register(admin, 'chat', said(plain))
    await desk.addDocument(admin, 'chat', document('literacy-record'))
    await desk.addDocument(admin, 'chat', { ...document('literacy-record'), hash: 'cd'.repeat(32) })
    await expect(desk.addDocument(admin, 'chat', document('no-such'))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    const { slots } = await desk.get('one', 'chat')
    expect(slots.find(({ slot }) => slot === 'literacy-record')?.present).toMatchObject({
      hash: 'cd'.repeat(32),
      number: 2,
    })
    expect(await registry.listDocuments('one', 'chat')).toHaveLength(2)
    registry.close()
  })

  test('takes no answer that its pack does not have, no evidence as an answer, and no declared name', async () => {
    const { desk, registry } = await createOn(await open())
    const cases: readonly (readonly [string, object, RegExp])[] = [
      ['a', { practises: [] }, /did you mean practices/],
      ['a', { uses: ['nothing'] }, /answers\.eu-ai-act/],
      ['a', { evidence: [] }, /put each document on record/],
    ]
    for (const [name, answers, message] of cases) {
      await expect(desk.register(admin, name, said(answers))).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringMatching(message),
      })
    }
    await expect(desk.register(admin, 'declared', said(plain))).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(desk.list('one').map(({ name, source }) => [name, source])).toEqual([['declared', 'config']])
    registry.close()
  })

  test('shows a tenant nothing of another, and both may use one name', async () => {
    const { desk, policies, registry } = await createOn(await open())
    await desk.register(admin, 'chat', said(plain))
    await desk.activate(admin, 'chat')
    await expect(desk.get('two', 'chat')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(desk.retire(stranger, 'chat')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(() => policies.label('chat', 'two')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    await desk.register(stranger, 'chat', said(hiringAnswers))
    expect(policies.label('chat', 'one')).toMatchObject({ decision: 'allow' })
    expect(policies.label('chat', 'two')).toMatchObject({ decision: 'deny' })
    registry.close()
  })

  test('is the same in another process on the database after it has looked', async () => {
    const place = await open.createPlace()
    const [here, there] = [await createOn(await open({ place })), await createOn(await open({ place }))]
    await here.desk.register(admin, 'chat', said(plain))
    await here.desk.activate(admin, 'chat')
    await there.registry.refresh()
    expect(there.policies.label('chat', 'one')).toMatchObject({ decision: 'allow' })
    await there.desk.retire(admin, 'chat')
    await here.registry.refresh()
    expect(here.policies.label('chat', 'one')).toMatchObject({ decision: 'deny' })
    for (const { registry } of [here, there]) registry.close()
  })

  test('has requests reviewed from so many hints on, until a version is activated that was looked at', async () => {
    const { desk, policies, registry } = await createOn(await open(), { hintsMin: 3 })
    await desk.register(admin, 'chat', said(plain))
    await desk.activate(admin, 'chat')
    const hint = { tenant: 'one', name: 'chat', signal: 'recruitment', count: 2 }
    await registry.notice([hint])
    await registry.refresh()
    expect(policies.label('chat', 'one')).toMatchObject({ decision: 'allow' })
    await registry.notice([{ ...hint, count: 1 }])
    await registry.refresh()
    expect(policies.label('chat', 'one')).toMatchObject({ decision: 'review', record: { raised: true } })
    expect((await desk.get('one', 'chat')).signals).toMatchObject([{ signal: 'recruitment', tier: 'high', count: 3 }])
    await desk.activate(admin, 'chat')
    expect(policies.label('chat', 'one')).toMatchObject({ decision: 'allow' })
    expect((await desk.get('one', 'chat')).signals).toEqual([])
    registry.close()
  })

  test('keeps who learnt what, each tenant its own', async () => {
    const { registry } = await createOn(await open())
    await registry.addLiteracy(admin, {
      person: 'ada',
      measure: 'a course of two days',
      dated: '2026-03-02',
      hash: null,
    })
    expect(await registry.listLiteracy('one')).toMatchObject([{ person: 'ada', dated: '2026-03-02' }])
    expect(await registry.listLiteracy('two')).toEqual([])
    registry.close()
  })
})

describe('words that hint at a use', () => {
  test.each([
    ['Please rank these applicants for the post.', 'recruitment'],
    ['请筛选以下简历', 'recruitment'],
    ['Is this customer creditworthy?', 'credit'],
    ['对这位客户做信用评分', 'credit'],
    ['Run face recognition on the gate camera.', 'biometrics'],
    ['人脸识别门禁', 'biometrics'],
    ['Detect the emotions of the callers.', 'emotions'],
    ['Grade the essays of the class.', 'grading'],
    ['请给学生打分', 'grading'],
    ['How do we persuade undecided voters?', 'elections'],
    ['Here are thirty CVs. Give me the five that we should invite.', 'recruitment'],
    ['An agent that ranks job applicants by their CV', 'recruitment'],
    ['Decide who of the staff gets a warning for low productivity.', 'employees'],
    ['Is this pupil fit for grammar school?', 'admission'],
    ['Did the test taker cheat in the online exam?', 'cheating'],
    ['Should this family keep getting social assistance?', 'benefits'],
    ['Sort the emergency calls by urgency.', 'emergency'],
    ['Decide when to open the sluice of the dam.', 'infrastructure'],
    ['Does the story of this refugee hold together?', 'asylum'],
    ['Is the witness lying?', 'law-enforcement'],
    ['Rank the residents by their behaviour.', 'social-scoring'],
    ['Make old people sign without reading.', 'manipulation'],
    ['Remove the clothes in this photo.', 'intimate-images'],
    ['从三十份简历里挑出该约面试的五份', 'recruitment'],
    ['按产出决定哪些员工要被警告', 'employees'],
    ['这户人家的低保还该不该发？', 'benefits'],
    ['把这些急救来电按紧急程度排序', 'emergency'],
    ['给每位居民的行为打信任分', 'social-scoring'],
  ])('%s', (text, signal) => {
    expect(findSignals(text)).toContain(signal)
  })

  test.each([
    'What is the weather?',
    'Write a poem about credit where credit is due.',
    '今天天气如何',
    'Rank these cities by size.',
    'What is credit scoring, and how does it rank borrowers?',
    'Write a short story about a burglar who is likely to commit another crime.',
    'Explain how candidates are screened.',
    'Compare fingerprints of two SSH keys.',
    'How can I protect elderly people from scams that make them sign?',
    'Translate this résumé into French.',
    '人脸识别技术有什么优缺点？请介绍一下。',
    '写一个小偷出狱后再犯的故事',
    '如何缓解学生的焦虑情绪？',
  ])('are none in: %s', (text) => {
    expect(findSignals(text)).toEqual([])
  })

  test.each<[string, Words]>([
    ['English', english],
    ['Chinese', chinese],
  ])('stand under one name each in %s, every signal has some, and every subject is asked about', (_, words) => {
    const all = Object.values(words.subjects).flatMap(wordsOf)
    expect(all.filter((word, index) => all.indexOf(word) !== index)).toEqual([])
    const own = signals.filter(({ phrases }) => phrases === undefined).map(({ id }) => id)
    expect(new Set(words.areas.map(({ id }) => id))).toEqual(new Set(own))
    expect(new Set(words.areas.flatMap(({ about }) => about))).toEqual(new Set(Object.keys(words.subjects)))
  })

  test('are declared by answers that the pack knows', () => {
    const { facts } = loadPack('eu-ai-act')
    for (const { declaredBy } of signals) {
      for (const { fact, values } of declaredBy) {
        const asked = facts[fact]
        expect(asked, fact).toBeDefined()
        if (asked !== undefined && 'values' in asked)
          expect(Object.keys(asked.values)).toEqual(expect.arrayContaining([...values]))
      }
    }
  })

  test('count only where the use case was asked and did not declare it', () => {
    const recruitment = signals.find(({ id }) => id === 'recruitment')
    if (recruitment === undefined) throw new Error('the signal exists')
    expect(isUndeclared(recruitment, { 'eu-ai-act': { uses: [] } })).toBe(true)
    expect(isUndeclared(recruitment, { 'eu-ai-act': {} })).toBe(true)
    expect(isUndeclared(recruitment, { 'eu-ai-act': { uses: ['employment-recruitment'] } })).toBe(false)
    expect(isUndeclared(recruitment, { 'cn-genai': {} })).toBe(false)
  })
})
