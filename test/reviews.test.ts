import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { createSeededRandom } from '../src/core/random.ts'
import { secretMakers } from '../src/governance/guards/testing.ts'
import { verifyExport } from '../src/governance/index.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

/** A pack of four duties: a person before the request, one before the answer, two before the answer, a document. */
const pack = {
  id: 'house',
  version: '1.0.0',
  title: 'House rules',
  jurisdiction: 'house',
  corpus: 'house',
  verifiedOn: '2026-09-30',
  staleAfterDays: 3_650,
  facts: {
    kind: {
      type: 'one-of',
      question: 'What is it?',
      values: { plain: 'Nothing.', before: 'Before.', after: 'After.', both: 'Two people.', papers: 'Papers are due.' },
    },
    evidence: { type: 'some-of', question: 'Which papers are there?', values: { memo: 'A memo.' } },
  },
  obligations: {
    ask: { control: 'hold', article: 'H1', text: 'Ask first.', hold: { of: 'request' } },
    look: { control: 'hold', article: 'H2', text: 'Look at the answer.' },
    'look-twice': { control: 'hold', article: 'H3', text: 'Two look.', hold: { of: 'answer', persons: 2 } },
    memo: { control: 'document', article: 'H4', text: 'Write a memo.', document: 'memo' },
  },
  rules: ['before', 'after', 'both', 'papers'].map((kind, index) => ({
    id: `rule-${kind}`,
    article: `H${index + 1}`,
    title: kind,
    from: '2026-01-01',
    effect: 'require',
    require: [['ask'], ['look'], ['look-twice'], ['memo']][index] ?? [],
    when: { eq: ['kind', kind] },
    reason: `It is of the kind ${kind}.`,
  })),
}

let mock: MockUpstream
let folder: string
const running: RunningStrata[] = []

beforeEach(async () => {
  mock = await startMockUpstream()
  folder = await mkdtemp(join(tmpdir(), 'strata-reviews-'))
  writeFileSync(join(folder, 'house.yaml'), JSON.stringify(pack)) // JSON is YAML
})

afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
  await mock.close()
  await rm(folder, { recursive: true, force: true })
})

async function start(reviews: JsonObject = {}, guards: readonly JsonObject[] = []): Promise<RunningStrata> {
  const strata = await startStrata({
    folder,
    config: {
      endpoints: { plain: toEndpoint(mock, 'openai'), judge: toEndpoint(mock, 'openai') },
      models: { chat: { endpoint: 'plain' } },
      governance: {
        guards,
        policies: [{ pack: './house.yaml' }],
        useCases: {
          plain: { house: { kind: 'plain' } },
          before: { house: { kind: 'before' } },
          after: { house: { kind: 'after' } },
          both: { house: { kind: 'both' } },
          vague: { house: { kind: 'papers', evidence: [] } },
        },
        reviews: {
          undecided: 'hold',
          reviewers: [
            { person: 'ada', competence: 'trained' },
            { person: 'grace', competence: 'trained' },
          ],
          ...reviews,
        },
      },
    },
  })
  running.push(strata)
  return strata
}

async function makeKey(strata: RunningStrata, name: string, user?: string): Promise<Record<string, string>> {
  const made = await strata.platform.identity.keys.create({ tenant: 'default', name, role: 'member', user })
  return { authorization: `Bearer ${made.key}` }
}

function ask(useCase: string, more: object = {}, chat: object = {}): object {
  return { model: 'chat', messages: [{ role: 'user', content: 'May I?' }], ...chat, strata: { useCase, ...more } }
}

interface Body {
  readonly id: string
  readonly state: string
  readonly choices: readonly { readonly message: { readonly content: string } }[]
  readonly strata: JsonObject
  readonly detail: JsonObject
  readonly data: readonly { readonly id: string; readonly state: string }[]
  readonly error: { readonly code: string; readonly message: string; readonly details: { readonly review: string } }
}

const read = async (response: Promise<Response> | Response): Promise<Body> => (await (await response).json()) as Body

async function hold(strata: RunningStrata, body: object, headers: Record<string, string>): Promise<string> {
  const response = await strata.request('/v1/chat/completions', body, { headers })
  expect(response.status).toBe(423)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  const { error } = await read(response)
  expect(error.code).toBe('REVIEW_PENDING')
  return error.details.review
}

function decide([strata, id]: readonly [RunningStrata, string], body: object, headers: Record<string, string>) {
  return strata.request(`/v1/reviews/${id}/decisions`, { reason: 'looked at it', ...body }, { headers })
}

const accept = { decision: 'accept' }

/** Everything that is kept of what was held, in whatever column. */
async function listKept({ platform }: RunningStrata): Promise<string> {
  const { sql } = platform.store
  const [reviews, contents] = [sql.selectFrom('review').selectAll(), sql.selectFrom('review_content').selectAll()]
  return JSON.stringify([await reviews.execute(), await contents.execute()])
}

describe('guards and people', () => {
  const secret = secretMakers['github-token']?.(createSeededRandom(5)) ?? ''
  const say = (content: string): object => ({ messages: [{ role: 'user', content }] })
  const judge = { guard: 'judge', by: 'judge', rule: 'No recipes.', do: 'block' }

  test.each(['vague', 'after', 'before'])(
    'a request that a guard refuses is not shown to anybody: %s',
    async (useCase) => {
      const strata = await start({}, [{ guard: 'secrets', do: 'block' }])
      const refused = await strata.request('/v1/chat/completions', ask(useCase, {}, say(`my key is ${secret}`)))
      expect([refused.status, (await read(refused)).error.code]).toEqual([403, 'GUARD_REFUSED'])
      expect(await listKept(strata)).toBe('[[],[]]')
      expect(mock.requests).toHaveLength(0)
    },
  )

  test('whoever decides sees what would be sent, and that is what is sent', async () => {
    const strata = await start({}, [
      { guard: 'secrets', do: 'rewrite' },
      { ...judge, models: ['chat'] },
    ])
    const [app, ada] = [await makeKey(strata, 'app'), await makeKey(strata, 'ada', 'ada')]
    const body = (more: object): object => ask('before', more, say(`my key is ${secret}, is it safe?`))
    const id = await hold(strata, body({}), app)
    expect(mock.requests).toHaveLength(0) // A judge is another model: it is not asked before the person either.
    const kept = await listKept(strata)
    expect(kept).not.toContain(secret.slice(4, 30))
    expect(kept).toContain('my key is [removed: github-token], is it safe?')
    await decide([strata, id], accept, ada)
    const other = ask('before', { review: id }, say('my key is another one, is it safe?'))
    expect((await strata.request('/v1/chat/completions', other, { headers: app })).status).toBe(409)
    mock.script({ textDeltas: ['{"breaks":false}'] })
    expect((await strata.request('/v1/chat/completions', body({ review: id }), { headers: app })).status).toBe(200)
    const sent = mock.requests.map(({ text }) => text)
    expect(sent).toHaveLength(2)
    for (const each of sent) expect(each).toContain('my key is [removed: github-token], is it safe?')
  })

  test('what fills a prompt is shown as it would be sent, and the accepted request goes through', async () => {
    const strata = await start({}, [{ guard: 'secrets', do: 'rewrite' }])
    const [app, ada] = [await makeKey(strata, 'app'), await makeKey(strata, 'ada', 'ada')]
    const body = (more: object): object =>
      ask('before', { variables: { about: `the key is ${secret}` }, ...more }, say('May I?'))
    const id = await hold(strata, body({}), app)
    const kept = await listKept(strata)
    expect(kept).not.toContain(secret.slice(4, 30))
    expect(kept).toContain('the key is [removed: github-token]')
    await decide([strata, id], accept, ada)
    expect((await strata.request('/v1/chat/completions', body({ review: id }), { headers: app })).status).toBe(200)
  })

  test('beside an answer that is held stands the question as it was sent', async () => {
    const strata = await start({}, [{ guard: 'secrets', do: 'rewrite' }])
    await hold(strata, ask('after', {}, say(`my key is ${secret}`)), await makeKey(strata, 'app'))
    expect(mock.requests).toHaveLength(1)
    expect(await listKept(strata)).not.toContain(secret.slice(4, 30))
  })
})

describe('a request that a policy wants reviewed', () => {
  test('is held before anything leaves, and goes through exactly once after a person accepted it', async () => {
    const strata = await start()
    const [app, ada] = [await makeKey(strata, 'app', 'service'), await makeKey(strata, 'ada', 'ada')]
    const id = await hold(strata, ask('vague'), app)
    expect(mock.requests).toHaveLength(0)
    await hold(strata, ask('vague', { review: id }), app)
    const seen = await read(strata.request(`/v1/reviews/${id}`, undefined, { headers: ada }))
    expect(JSON.stringify(seen)).toContain('May I?')
    expect((await decide([strata, id], accept, app)).status).toBe(403)
    expect((await decide([strata, id], accept, ada)).status).toBe(200)
    const other = await strata.request('/v1/chat/completions', ask('vague', { review: id }, { temperature: 1 }), {
      headers: app,
    })
    expect([other.status, (await read(other)).error.code]).toEqual([409, 'CONFLICT'])
    const passed = await strata.request('/v1/chat/completions', ask('vague', { review: id }), { headers: app })
    expect(passed.status).toBe(200)
    const answer = await read(passed)
    expect(answer.strata['review']).toMatchObject({ id, stage: 'request', state: 'accepted', by: ['ada'] })
    expect(mock.requests).toHaveLength(1)
    expect(mock.requests[0]?.text).not.toContain(id)
    const again = await strata.request('/v1/chat/completions', ask('vague', { review: id }), { headers: app })
    expect([again.status, (await read(again)).error.code]).toEqual([409, 'CONFLICT'])
    expect(mock.requests).toHaveLength(1)
    const call = await read(strata.request(`/v1/calls/${passed.headers.get('x-strata-call')}`))
    expect(call.detail).toMatchObject({ review: { id, by: ['ada'] } })
  })

  test('is not let through for another key, and a stopped one stays refused', async () => {
    const strata = await start()
    const [app, other, ada] = [
      await makeKey(strata, 'app'),
      await makeKey(strata, 'other'),
      await makeKey(strata, 'ada', 'ada'),
    ]
    const id = await hold(strata, ask('vague'), app)
    expect((await decide([strata, id], { decision: 'stop' }, ada)).status).toBe(200)
    const foreign = await strata.request('/v1/chat/completions', ask('vague', { review: id }), { headers: other })
    expect(foreign.status).toBe(404)
    const stopped = await strata.request('/v1/chat/completions', ask('vague', { review: id }), { headers: app })
    expect([stopped.status, (await read(stopped)).error.code]).toEqual([403, 'REVIEW_REFUSED'])
    expect(mock.requests).toHaveLength(0)
  })

  test('is refused as before where nothing is to be held, and by what cannot be held', async () => {
    const strata = await start({ undecided: 'refuse' })
    const refused = await strata.request('/v1/chat/completions', ask('vague'))
    expect((await read(refused)).error.code).toBe('POLICY_REVIEW')
    const embedding = await strata.request('/v1/embeddings', {
      model: 'chat',
      input: 'x',
      strata: { useCase: 'vague' },
    })
    expect((await read(embedding)).error.code).toBe('POLICY_REVIEW')
  })

  test('ends as refused when nobody decides in time', async () => {
    const strata = await start({ deadlineMs: 1_000 })
    const app = await makeKey(strata, 'app')
    const id = await hold(strata, ask('before'), app)
    await sleep(1_050)
    const late = await strata.request('/v1/chat/completions', ask('before', { review: id }), { headers: app })
    const { error } = await read(late)
    expect([late.status, error.code]).toEqual([403, 'REVIEW_REFUSED'])
    expect(error.message).toContain('in time')
  })
})

describe('an answer that people oversee', () => {
  test('does not leave before a person has accepted it, and is then given without asking the model again', async () => {
    const strata = await start()
    const [app, ada] = [await makeKey(strata, 'app'), await makeKey(strata, 'ada', 'ada')]
    const id = await hold(strata, ask('after'), app)
    expect(mock.requests).toHaveLength(1)
    await decide([strata, id], accept, ada)
    const answer = await read(strata.request('/v1/chat/completions', ask('after', { review: id }), { headers: app }))
    expect(answer.choices[0]?.message.content).not.toBe('')
    const file = await read(strata.request(`/v1/reviews/${id}`, undefined, { headers: ada }))
    expect(JSON.stringify(file)).toContain(JSON.stringify(answer.choices[0]?.message.content).slice(1, -1))
    expect(mock.requests).toHaveLength(1)
    expect(answer.strata).toMatchObject({ calls: 0, review: { id, stage: 'answer', state: 'accepted' } })
  })

  test('is replaced by what the person wrote, in a stream too, after two people agreed', async () => {
    const strata = await start()
    const [app, ada, grace] = [
      await makeKey(strata, 'app'),
      await makeKey(strata, 'ada', 'ada'),
      await makeKey(strata, 'grace', 'grace'),
    ]
    const id = await hold(strata, ask('both', {}, { stream: true }), app)
    await decide([strata, id], { decision: 'override', text: '请向办公室询问。' }, ada)
    await hold(strata, ask('both', { review: id }, { stream: true }), app)
    expect(await read(decide([strata, id], { ...accept, version: 1 }, grace))).toMatchObject({ state: 'overridden' })
    const stream = await strata.request('/v1/chat/completions', ask('both', { review: id }, { stream: true }), {
      headers: app,
    })
    const text = await stream.text()
    expect(text).toContain('请向办公室询问。')
    expect(text).toContain('[DONE]')
    expect(mock.requests).toHaveLength(1)
  })

  test('is waited for in place, at most as long as the request wants to', async () => {
    const strata = await start()
    const [app, ada] = [await makeKey(strata, 'app'), await makeKey(strata, 'ada', 'ada')]
    const waiting = strata.request('/v1/chat/completions', ask('after', { waitMs: 20_000 }), { headers: app })
    let id: string | undefined
    while (id === undefined) {
      id = (await read(strata.request('/v1/reviews?state=pending', undefined, { headers: ada }))).data[0]?.id
      await sleep(20)
    }
    await decide([strata, id], accept, ada)
    expect((await waiting).status).toBe(200)
    const began = performance.now()
    await hold(strata, ask('after', { waitMs: 300 }), app)
    expect(performance.now() - began).toBeGreaterThanOrEqual(300)
  })

  test('is overseen across two processes on one database', async () => {
    const [here, there] = [await start(), await start()]
    const [app, ada] = [await makeKey(here, 'app'), await makeKey(there, 'ada', 'ada')]
    await Promise.all([here, there].map(({ platform }) => platform.identity.refresh()))
    const id = await hold(here, ask('after'), app)
    expect((await decide([there, id], accept, ada)).status).toBe(200)
    const answers = await Promise.all(
      [here, there].map((each) => each.request('/v1/chat/completions', ask('after', { review: id }), { headers: app })),
    )
    expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 409])
  })

  test('leaves as it is where nothing has to be overseen', async () => {
    const strata = await start()
    expect((await strata.request('/v1/chat/completions', ask('plain'))).status).toBe(200)
    expect((await read(strata.request('/v1/reviews'))).data).toEqual([])
  })
})

test('an auditor sees that what was let through was agreed to, and finds out what was not', async () => {
  const strata = await start()
  const [app, ada] = [await makeKey(strata, 'app'), await makeKey(strata, 'ada', 'ada')]
  const id = await hold(strata, ask('vague'), app)
  await decide([strata, id], accept, ada)
  expect((await strata.request('/v1/chat/completions', ask('vague', { review: id }), { headers: app })).status).toBe(
    200,
  )
  const { audit, store } = strata.platform
  const verify = async () => {
    const lines: string[] = []
    for await (const line of audit.export({ tenant: undefined })) lines.push(line)
    return verifyExport(Readable.from(lines), { verifierKey: audit.verifierKey, known: [] })
  }
  expect(await verify()).toMatchObject({ isProven: true, findings: [] })
  // A request that somebody lets through by writing the table instead of deciding.
  const forged = await hold(strata, ask('vague'), app)
  await store.sql.updateTable('review').set({ state: 'accepted' }).where('id', '=', forged).execute()
  const passed = await strata.request('/v1/chat/completions', ask('vague', { review: forged }), { headers: app })
  expect(passed.status).toBe(200)
  const report = await verify()
  expect(report.isProven).toBe(false)
  expect(report.findings).toMatchObject([{ type: 'review', message: expect.stringContaining(forged) }])
})
