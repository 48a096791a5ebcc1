import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../../../core/json.ts'
import { startMockUpstream, type MockUpstream } from '../../../../test/kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../../../../test/kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream({ script: { text: 'lodging a night' } })
  strata = await startStrata({
    config: {
      endpoints: { one: toEndpoint(mock, 'openai', { price: { input: '1', output: '2' } }) },
      models: { small: { endpoint: 'one' } },
      knowledge: { rewrite: { rewriteMsMax: 300 } },
    },
  })
  await send('/v1/collections', { name: 'handbook' })
  const document = { external_id: 'hotel', name: 'hotel.md', text: 'Lodging is paid up to 140 euros a night.' }
  await send('/v1/collections/handbook/documents', document)
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

async function send(to: string, body: unknown): Promise<JsonObject> {
  const response = await strata.request(to, undefined, { method: 'POST', body: JSON.stringify(body) })
  return (await response.json()) as JsonObject // what the server gives
}

const search = () => send('/v1/search', { query: 'What does an inn cost?', rewrite_with: 'small' })

test('a model that the request names puts the question in other words, as a call on record with its cost', async () => {
  expect(await search()).toMatchObject({
    data: [{ source: 'hotel.md' }],
    rewritten: { state: 'used', queries: ['lodging a night'] },
  })
  const [call] = await strata.platform.store.calls.list('default', { limit: 1 })
  expect(call).toMatchObject({ name: 'small', status: 'ok', cost: expect.any(BigInt) as bigint })
})

test('one that does not answer in time is left, and the question stands alone', async () => {
  mock.next({ silent: true })
  expect(await search()).toMatchObject({
    data: [],
    rewritten: { state: 'failed', code: 'DEADLINE_EXCEEDED', queries: [] },
  })
  expect(await send('/v1/search', { query: 'inn', rewrite_with: 'none' })).toMatchObject({
    rewritten: { state: 'failed', code: 'MODEL_NOT_FOUND' },
  })
})
