import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'
import { plainAnswers } from './kit/use-case-answers.ts'

const said = { title: 'Desk', purpose: 'Answers.', owner: 'ada', answers: { 'eu-ai-act': plainAnswers } }

let mock: MockUpstream
let strata: RunningStrata

beforeEach(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      endpoints: { plain: toEndpoint(mock, 'openai') },
      models: { chat: { endpoint: 'plain' } },
      governance: { policies: [{ pack: 'eu-ai-act' }], signals: { mode: 'review', mismatchesMin: 2 } },
    },
  })
})

afterEach(async () => {
  await strata.close()
  await mock.close()
})

async function read(response: Promise<Response>): Promise<JsonObject> {
  return (await (await response).json()) as JsonObject
}

const ask = (content: string, useCase?: string) => ({
  model: 'chat',
  messages: [{ role: 'user', content }],
  ...(useCase === undefined ? {} : { strata: { useCase } }),
})

describe('a use case', () => {
  test('is registered, activated and asked for by a key, and its decisions can be made again by an auditor', async () => {
    expect((await strata.request('/v1/use-cases', { name: 'desk', ...said })).status).toBe(201)
    const draft = await strata.request('/v1/chat/completions', ask('Hello', 'desk'))
    expect(await draft.json()).toMatchObject({
      error: { code: 'POLICY_REFUSED', message: expect.stringContaining('not active') },
    })
    expect((await strata.request('/v1/use-cases/desk/activate', {})).status).toBe(200)
    const made = await read(strata.request('/v1/keys', { name: 'desk', use_case: 'desk' }))
    const headers = { authorization: `Bearer ${made['key'] as string}` }
    const answer = await strata.request('/v1/chat/completions', ask('Hello'), { headers })
    expect(answer.status).toBe(200)
    const call = await read(strata.request(`/v1/calls/${answer.headers.get('x-strata-call')}`))
    const detail = call['detail'] as { use_case: string; policies: readonly { facts: string }[] }
    expect(detail.use_case).toBe('desk')
    const kept = await strata.platform.store.sql.selectFrom('audit_material').select('hash').execute()
    expect(kept.map(({ hash }) => hash)).toContain(detail.policies[0]?.facts)
    expect((await strata.request('/v1/keys', { name: 'x', use_case: 'nothing' })).status).toBe(400)
  })

  test('is flagged, and reviewed from the configured number on, when words hint at what it does not declare', async () => {
    await strata.request('/v1/use-cases', { name: 'desk', ...said })
    await strata.request('/v1/use-cases/desk/activate', {})
    for (let turn = 0; turn < 2; turn++) {
      expect((await strata.request('/v1/chat/completions', ask('Rank these applicants.', 'desk'))).status).toBe(200)
      await strata.platform.parts().signals.flush()
    }
    const seen = await read(strata.request('/v1/use-cases/desk'))
    expect(seen['signals']).toMatchObject([{ signal: 'recruitment', tier: 'high', count: 2 }])
    await strata.platform.parts().useCases.registry.refresh()
    const reviewed = await strata.request('/v1/chat/completions', ask('Hello', 'desk'))
    expect(await reviewed.json()).toMatchObject({ error: { code: 'POLICY_REVIEW' } })
  })

  test('is listed with questions, documents and what comes; members may read and not change', async () => {
    await strata.request('/v1/use-cases', { name: 'desk', ...said })
    const document = { hash: 'ab'.repeat(32), date: '2026-11-01', owner: 'grace' }
    const put = await strata.request('/v1/use-cases/desk/documents/literacy-record', document, { method: 'PUT' })
    expect(put.status).toBe(200)
    const bad = await strata.request(
      '/v1/use-cases/desk/documents/literacy-record',
      { ...document, hash: 'x' },
      { method: 'PUT' },
    )
    expect(bad.status).toBe(400)
    const questions = await read(strata.request('/v1/use-cases/questions'))
    expect(questions).toHaveProperty(['packs', 'eu-ai-act', 'uses', 'values', 'employment-recruitment'])
    const member = await strata.platform.identity.keys.create({ tenant: 'default', name: 'm', role: 'member' })
    const headers = { authorization: `Bearer ${member.key}` }
    expect((await strata.request('/v1/use-cases/desk', undefined, { headers })).status).toBe(200)
    expect((await strata.request('/v1/use-cases/desk/activate', {}, { headers })).status).toBe(403)
    const versions = await read(strata.request('/v1/use-cases/desk/versions'))
    expect(versions).toMatchObject({ data: [{ version: 1 }], documents: [{ slot: 'literacy-record' }] })
    const literacy = { person: 'ada', measure: 'course', date: '2026-03-01' }
    expect((await strata.request('/v1/literacy', literacy)).status).toBe(201)
    expect(await read(strata.request('/v1/literacy'))).toMatchObject({ data: [literacy] })
  })
})

test('a draft of its documentation says what was sent where, and names what is missing', async () => {
  await strata.request('/v1/use-cases', { name: 'desk', ...said })
  await strata.request('/v1/use-cases/desk/activate', {})
  await strata.request('/v1/chat/completions', ask('Hello', 'desk'))
  const draft = await read(strata.request('/v1/use-cases/desk/documentation?form=annex-iv&format=md'))
  expect(draft['markdown']).toContain('Requests:** 1, of which answered 1')
  expect(draft['markdown']).toContain('Endpoint plain:** openai, model vendor-openai; processed in local')
  expect(draft['gaps']).toBeGreaterThan(5)
  expect(JSON.stringify(draft)).not.toContain('vendor-secret')
  expect((await strata.request('/v1/use-cases/nothing/documentation')).status).toBe(404)
  expect((await strata.request('/v1/use-cases/desk/documentation?form=poem')).status).toBe(400)
})
