import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'
import { askWhatIf, partOf } from './kit/what-if.ts'

/** Traffic of which budgets refuse a part, in each of the ways they have. */
let mock: MockUpstream
let strata: RunningStrata

const statuses: Record<string, number> = {}
const budgets: readonly JsonObject[] = [
  { name: 'money', limit: '0.0000001', match: { user: 'poor' }, period: 'day' },
  { name: 'pace', counts: 'requests', limit: '3', match: { user: 'fast' }, period: 'day' },
  { name: 'rich', limit: '100', match: { user: 'rich' }, period: 'day' },
]

beforeAll(async () => {
  mock = await startMockUpstream()
  mock.respondWith(() => ({ script: { textDeltas: ['a'], usage: { inputTotal: 10, outputTotal: 5 } } }))
  const endpoints = {
    priced: toEndpoint(mock, 'openai', { price: { input: '1', output: '2' } }),
    free: toEndpoint(mock, 'openai', { price: { input: '0', output: '0' } }),
    unpriced: toEndpoint(mock, 'openai', {}),
  }
  const models = { one: { endpoint: 'priced' }, none: { endpoint: 'unpriced' }, both: { fallback: ['priced', 'free'] } }
  strata = await startStrata({ config: { endpoints, models, investment: { unknownPrice: 'flag' } } })
  for (const budget of budgets) expect((await strata.request('/v1/budgets', budget)).status).toBe(201)
  for (const user of ['poor', 'fast', 'rich', 'nobody']) {
    for (let count = 0; count < 5; count++) {
      for (const model of ['one', 'none', 'both']) {
        const body = { model, user, max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] }
        const response = await strata.request('/v1/chat/completions', body)
        await response.text()
        statuses[response.status] = (statuses[response.status] ?? 0) + 1
      }
    }
  }
}, 120_000)
afterAll(async () => {
  await strata.close()
  await mock.close()
})

test('calls that budgets refused are refused again, each for its reason, when nothing is changed', async () => {
  for (const status of ['200', '402', '403', '429']) expect(statuses[status], status).toBeGreaterThan(0)
  const body = await askWhatIf(strata, { scenario: {} })
  expect(body['examples']).toEqual([])
  expect(body).toMatchObject({ same: 60, changed: 0, kept: 0, routed: 60, estimated_tries: 0 })
  expect(partOf(body, 'replayed')).toEqual(partOf(body, 'recorded'))
})

test('of an endpoint that is gone no budget is asked', async () => {
  const body = await askWhatIf(strata, { scenario: { gone: [{ endpoint: 'priced' }] } })
  const served = (part: 'recorded' | 'replayed'): number => Number(partOf(body, part)['served'])
  expect(served('replayed')).toBeLessThan(served('recorded'))
})
