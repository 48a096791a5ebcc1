import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../../../core/json.ts'
import { startMockUpstream, type MockUpstream } from '../../../../test/kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../../../../test/kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  const price = { input: '1', output: '0' }
  strata = await startStrata({
    config: {
      endpoints: { judging: toEndpoint(mock, 'openai', { price, does: ['rerank'] }) },
      models: { judge: { endpoint: 'judging' } },
      knowledge: { rerank: { with: 'judge', rerankMsMax: 300 } },
    },
  })
  await send('/v1/collections', { name: 'handbook' })
  for (const [name, text] of [
    ['first', 'Annual leave, and annual leave again.'],
    ['second', 'Annual leave is granted in writing.'],
  ]) {
    await send('/v1/collections/handbook/documents', { external_id: name, name: `${name}.md`, text })
  }
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

async function send(to: string, body: unknown): Promise<JsonObject> {
  const response = await strata.request(to, undefined, { method: 'POST', body: JSON.stringify(body) })
  return (await response.json()) as JsonObject // what the server gives
}

const search = () => send('/v1/collections/handbook/search', { query: 'annual leave', min_confidence: 0 })
const lastJudgement = async () => {
  const calls = await strata.platform.store.calls.list('default', { limit: 20 })
  return calls.find(({ name }) => name === 'judge')
}

test('passages come in the order of the model that judges them, and the judgement is a call with its cost on record', async () => {
  const results = [1, 0].map((index) => ({ index, relevance_score: index === 1 ? 0.9 : 0.1 }))
  mock.next({ json: { results, usage: { total_tokens: 40 } } })
  expect(await search()).toMatchObject({
    rerank: { state: 'used' },
    data: [
      { source: 'second.md', score: 0.9, why: { rerank: { score: 0.9 } } },
      { source: 'first.md', score: 0.1 },
    ],
  })
  expect(mock.requests.at(-1)).toMatchObject({ path: '/v1/rerank' })
  expect(await lastJudgement()).toMatchObject({ status: 'ok', cost: 40_000_000n })
})

test.each([
  ['too slow', 'DEADLINE_EXCEEDED', { headDelayMs: Number.POSITIVE_INFINITY }],
  ['failing', 'UPSTREAM_OVERLOADED', { status: 503, error: {} }],
  ['wrong', 'UPSTREAM_INVALID', { json: { results: [{ index: 0, relevance_score: 1 }] } }],
])('where it is %s, the order stays as it was, and says %s', async (_name, code, behaviour) => {
  mock.respondWith(() => behaviour)
  const found = await search()
  expect(found).toMatchObject({
    rerank: { state: 'failed', code },
    data: [{ source: 'first.md', why: { rerank: { failed: code } } }, { source: 'second.md' }],
  })
  expect((await lastJudgement())?.status).not.toBe('ok')
})
