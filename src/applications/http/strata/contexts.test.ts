import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../../../core/json.ts'
import { startMockUpstream, type MockUpstream } from '../../../../test/kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../../../../test/kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata
const path = '/v1/collections/handbook/contexts'
const text = `# Leave

The days are twenty-five for everybody, and more for those who have been here for ten years or longer.

## Sickness

Whoever is ill says so on the first day, and brings a note from the third day on, whatever it says.
`

beforeAll(async () => {
  mock = await startMockUpstream({ script: { text: 'It is about vacation at Zephyrine.' } })
  strata = await startStrata({
    config: {
      endpoints: {
        one: toEndpoint(mock, 'anthropic', { price: { input: '1', output: '2' }, outputTokensMax: 500 }),
        vectors: toEndpoint(mock, 'openai', { price: { input: '1', output: '0' }, does: ['embed'] }),
      },
      models: { writer: { endpoint: 'one' }, embedder: { endpoint: 'vectors' } },
      knowledge: { chunkUnitsMax: 130 },
    },
  })
  await send('POST', '/v1/collections', { name: 'handbook' })
  for (const [name, region] of [
    ['leave', undefined],
    ['abroad', 'cn'],
  ] as const) {
    const document = { external_id: name, name: `${name}.md`, text: text.replace('Leave', name), region }
    await send('POST', '/v1/collections/handbook/documents', document)
  }
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

async function send(
  method: string,
  to: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: JsonObject }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
  const response = await strata.request(to, undefined, init)
  return { status: response.status, body: (await response.json()) as JsonObject } // what the server gives
}

const search = async (query: string) =>
  (await send('POST', '/v1/collections/handbook/search', { query })).body as { readonly data: readonly JsonObject[] }

test('a model writes through an endpoint within the regions of the data; each answer is a call with its cost, and says what it was made from', async () => {
  expect((await search('vacation Zephyrine')).data).toEqual([])
  expect(await send('PUT', path, { model: 'writer' })).toMatchObject({
    status: 200,
    body: { object: 'contexts', model: 'writer', state: 'writing', passages: 4 },
  })
  const view = async () => (await send('GET', path)).body
  await expect.poll(view, { timeout: 15_000 }).toMatchObject({
    passages: 4,
    written: 2,
    waiting: 0,
    degraded: { REGION_REFUSED: 2 },
    fault: null,
    asked: 2,
    cost: { unpriced: 0 },
  })
  expect(Number(((await view())['cost'] as JsonObject)['usd'])).toBeGreaterThan(0)

  // The document comes first, in the same words, and is marked for the vendor's cache; what is bound elsewhere has not left.
  const asked = mock.requests.map(({ json }) => json as unknown as Asked)
  expect(asked).toHaveLength(2)
  const [first, second] = asked.map(({ messages }) => messages[0]?.content ?? [])
  expect(first?.[0]).toEqual(second?.[0])
  expect(first?.[0]).toMatchObject({ cache_control: { type: 'ephemeral' } })
  expect(first?.[1]).not.toEqual(second?.[1])
  expect(asked[0]).toMatchObject({ max_tokens: 200 })
  expect(JSON.stringify(asked)).not.toContain('abroad')

  const { data } = await search('vacation Zephyrine')
  expect(data).toHaveLength(2)
  expect(JSON.stringify(data)).not.toContain('Zephyrine is') // nothing of it is given out as text
  expect(data[0]).toMatchObject({ source: 'leave.md' })
  const calls = await strata.platform.store.calls.list('default', { limit: 20 })
  expect(calls.filter(({ name, cost }) => name === 'writer' && (cost ?? 0n) > 0n)).toHaveLength(2)
})

interface Asked {
  readonly messages: readonly { readonly content: readonly JsonObject[] }[]
}

test('what that gains is told by questions', async () => {
  const questions = [{ query: 'vacation Zephyrine', expected: [{ document: 'leave' }] }]
  expect(await send('POST', `${path}/compare`, { questions })).toMatchObject({
    status: 200,
    body: { object: 'comparison', questions: 1, with: { ndcg10: 1 }, without: { ndcg10: 0 } },
  })
})

test('a deleted document takes what was written of it along, and its calls say so', async () => {
  const list = await send('GET', '/v1/collections/handbook/documents')
  const documents = list.body['data'] as unknown as readonly { readonly id: string; readonly external_id: string }[]
  const id = documents.find((each) => each.external_id === 'leave')?.id ?? ''
  const { body } = await send('DELETE', `/v1/collections/handbook/documents/${id}`)
  expect(JSON.stringify(body)).toContain('gone')
  expect(JSON.stringify(body)).toMatch(/flagged\W+2/)
  expect((await search('vacation Zephyrine')).data).toEqual([])
  const [call] = (await strata.platform.store.calls.list('default', { limit: 20 })).filter(
    ({ name }) => name === 'writer',
  )
  expect(JSON.stringify((await send('GET', `/v1/calls/${call?.id}`)).body)).toContain('withdrawn')
})

test('what does not chat, and what is not there, is refused; removal takes the plan too', async () => {
  expect(await send('PUT', path, { model: 'embedder' })).toMatchObject({
    status: 400,
    body: { error: { param: 'model' } },
  })
  expect(await send('PUT', path, { model: 'none' })).toMatchObject({ status: 404 })
  expect(await send('PUT', '/v1/collections/none/contexts', { model: 'writer' })).toMatchObject({ status: 404 })
  expect(await send('DELETE', path)).toMatchObject({ status: 202 })
  await expect.poll(async () => (await send('GET', path)).status, { timeout: 15_000 }).toBe(404)
  expect(await send('DELETE', path)).toMatchObject({ status: 404 })
})
