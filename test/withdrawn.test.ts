import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

let strata: RunningStrata

beforeAll(async () => {
  strata = await startStrata({
    config: {
      endpoints: { extract: { dialect: 'extract', model: 'builtin', processing: ['local'], storage: ['local'] } },
      models: {
        handbook: { ground: { in: 'handbook', with: 'extract' } },
        kept: { cache: { use: 'handbook', seconds: 600 } },
        twice: { cache: { use: 'kept', seconds: 600 } },
      },
    },
  })
  await strata.request('/v1/collections', { name: 'handbook' })
})

afterAll(() => strata.close())

async function put(id: string, text: string, access?: object): Promise<string> {
  const answer = await strata.request('/v1/collections/handbook/documents', { external_id: id, name: `${id}.md`, text })
  const { id: document } = (await answer.json()) as { readonly id: string }
  if (access !== undefined) {
    const path = `/v1/collections/handbook/documents/${document}/access`
    expect((await strata.request(path, access, { method: 'PUT' })).status).toBe(200)
  }
  return document
}

interface Asked {
  readonly text: string
  readonly call: string
  readonly hit: unknown
}

async function ask(question: string, key?: string, model = 'kept'): Promise<Asked> {
  const body = { model, messages: [{ role: 'user', content: question }] }
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const answer = await (await strata.request('/v1/chat/completions', body, { headers })).json()
  const { choices, strata: said } = answer as {
    readonly choices: readonly { readonly message: { readonly content: string } }[]
    readonly strata: { readonly call: string; readonly nodes?: readonly JsonObject[] }
  }
  const cache = said.nodes?.find((node) => node['cache'] !== undefined)?.['cache'] as JsonObject | undefined
  return { text: choices[0]?.message.content ?? '', call: said.call, hit: cache?.['hit'] }
}

test('an answer made from a deleted document is not given again, its call says so, and the receipt counts it', async () => {
  const document = await put('hotels', 'A hotel in Zurich may cost 210 francs a night.')
  await put('leave', 'Full-time staff have 25 days of annual leave.')
  const question = 'How much may a hotel in Zurich cost?'
  expect(await ask(question)).toMatchObject({ text: expect.stringContaining('210'), hit: 'none' })
  const again = await ask(question)
  expect(again).toMatchObject({ text: expect.stringContaining('210'), hit: 'exact' })
  const direct = await ask(question, undefined, 'handbook')
  const other = await ask('How many days of annual leave?', undefined, 'handbook')
  const before = (await (await strata.request(`/v1/calls/${direct.call}`)).json()) as JsonObject
  expect(before['withdrawn']).toEqual([])

  const deleted = await strata.request(`/v1/collections/handbook/documents/${document}`, undefined, {
    method: 'DELETE',
  })
  expect(deleted.status).toBe(200)
  const receipt = await (await strata.request(`/v1/receipts/${document}`)).json()
  const { statement } = receipt as { readonly statement: string }
  // The first question, the one that was answered from the cache, and the one that went past it.
  expect(JSON.parse(statement)).toMatchObject({ answers: { flagged: 3 }, result: 'gone' })

  const after = (await (await strata.request(`/v1/calls/${direct.call}`)).json()) as JsonObject
  expect(after['withdrawn']).toMatchObject([
    { document, version: expect.any(String), withdrawn_at: expect.any(String) },
  ])
  const untouched = (await (await strata.request(`/v1/calls/${other.call}`)).json()) as JsonObject
  expect(untouched['withdrawn']).toEqual([])
  const asked = await ask(question)
  expect(asked.hit).toBe('none')
  expect(asked.text).not.toContain('210')
})

test('what was answered from documents that not everybody may see is kept for those who may', async () => {
  await put('salaries', 'The salary of the director is 310,000 francs.', { allow: ['role:admin'] })
  const question = 'What is the salary of the director?'
  expect((await ask(question)).text).toContain('310,000')
  expect(await ask(question)).toMatchObject({ hit: 'exact' })
  const made = await strata.request('/v1/keys', { name: 'a member', role: 'member' })
  const { key } = (await made.json()) as { readonly key: string }
  const theirs = await ask(question, key)
  expect(theirs.text).not.toContain('310,000')
  expect(theirs.hit).toBe('none')
  expect((await ask(question)).hit).toBe('exact')
})

test('a cache around a cache keeps for the same people what the inner one was asked by them', async () => {
  await put('bonus', 'The bonus of the director is 45,000 francs.', { allow: ['role:admin'] })
  const question = 'What is the bonus of the director?'
  expect((await ask(question)).text).toContain('45,000')
  // Kept by the outer one as an answer from the inner one.
  expect(await ask(question, undefined, 'twice')).toMatchObject({ text: expect.stringContaining('45,000') })
  const made = await strata.request('/v1/keys', { name: 'another member', role: 'member' })
  const { key } = (await made.json()) as { readonly key: string }
  expect((await ask(question, key, 'twice')).text).not.toContain('45,000')
})

test.each([
  [
    '/v1/chat/completions',
    { model: 'kept', messages: [{ role: 'user', content: 'How long is the probation period?' }] },
  ],
  ['/v1/search', { query: 'probation period', min_confidence: 0 }],
])('what %s answered under an idempotency key from a deleted document is not given again', async (path, body) => {
  const document = await put('probation', 'The probation period is seventeen weeks.')
  const headers = { 'idempotency-key': `probation ${path}`.replaceAll(' ', '-') }
  const first = await strata.request(path, body, { headers })
  expect(await first.text()).toContain('seventeen')
  const again = await strata.request(path, body, { headers })
  expect([again.headers.get('idempotent-replayed'), await again.text()]).toEqual([
    'true',
    expect.stringContaining('seventeen'),
  ])
  await strata.request(`/v1/collections/handbook/documents/${document}`, undefined, { method: 'DELETE' })
  const after = await strata.request(path, body, { headers })
  expect(after.status).toBe(409)
  expect(await after.text()).toContain('deleted')
})

test('a collection that is deleted takes its versions along', async () => {
  await strata.request('/v1/collections', { name: 'old' })
  const made = await strata.request('/v1/collections/old/documents', {
    external_id: 'a',
    name: 'a.md',
    text: 'An old rule.',
  })
  const { version } = (await made.json()) as { readonly version: string }
  expect((await strata.request('/v1/collections/old', undefined, { method: 'DELETE' })).status).toBe(200)
  expect(await strata.platform.parts().knowledge.listWithdrawn('default', [version])).toMatchObject([{ version }])
})
