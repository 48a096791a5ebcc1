import { afterAll, beforeAll, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../../test/kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../../../../test/kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata
const path = '/v1/collections/handbook/generations'
const parameter = { name: 'input_type', query: 'query', passage: 'document' }
const embedding = { query: 'Q: ', passage: 'P: ', parameter }

beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      endpoints: {
        vectors: toEndpoint(mock, 'openai', { price: { input: '1', output: '0' }, does: ['embed'], embedding }),
        one: toEndpoint(mock, 'openai', { price: { input: '1', output: '2' } }),
      },
      models: { small: { endpoint: 'vectors' }, one: { endpoint: 'one' } },
    },
  })
  await send('POST', '/v1/collections', { name: 'handbook' })
  for (const [name, region] of [
    ['leave', undefined],
    ['abroad', 'cn'],
  ] as const) {
    const document = { external_id: name, name: `${name}.md`, text: `The rule of ${name} is this.`, region }
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
): Promise<{ readonly status: number; readonly body: unknown }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
  const response = await strata.request(to, undefined, init)
  return { status: response.status, body: await response.json() }
}

test('a generation is begun, embedded through an endpoint within the regions of the data, switched to, used and deleted', async () => {
  expect(await send('POST', path, { model: 'small' })).toMatchObject({
    status: 201,
    body: { object: 'generation', number: 1, model: 'small', state: 'building' },
  })
  const list = async () => (await send('GET', path)).body
  await expect.poll(list).toMatchObject({ data: [{ vectors: 1, missing: 1, refused: 1, fault: null }] })
  // What is bound to another region than the endpoint's has not left.
  const sent = mock.requests.map(({ text }) => text).join('\n')
  expect(sent).toContain('The rule of leave')
  expect(mock.requests.at(-1)?.json).toMatchObject({
    input: [expect.stringMatching(/^P: leave/)],
    input_type: 'document',
  })
  expect(sent).not.toContain('abroad')

  const question = { query: 'the rule of leave', expected: [{ document: 'leave', start: 0, end: 4 }] }
  expect(await send('POST', `${path}/1/compare`, { questions: [question] })).toMatchObject({
    status: 200,
    body: { object: 'comparison', questions: 1, first: { generation: 1, ndcg10: 1 }, second: { generation: null } },
  })
  const half = { questions: [{ ...question, expected: [{ document: 'leave', start: 0 }] }] }
  expect(await send('POST', `${path}/1/compare`, half)).toMatchObject({ status: 400 })

  expect(await send('POST', `${path}/1/switch`)).toMatchObject({ status: 200, body: { state: 'live' } })
  const found = await send('POST', '/v1/collections/handbook/search', { query: 'the rule of leave', min_confidence: 0 })
  expect(found).toMatchObject({ status: 200, body: { dense: { state: 'used' }, data: [{ source: 'leave.md' }] } })
  expect(mock.requests.at(-1)?.json).toMatchObject({ input: ['Q: the rule of leave'], input_type: 'query' })
  // The question and the passages are calls with their cost on record.
  const calls = await strata.platform.store.calls.list('default', { limit: 20 })
  expect(calls.filter(({ name }) => name === 'small').length).toBeGreaterThanOrEqual(2)
  expect(await send('DELETE', `${path}/1`)).toMatchObject({ status: 200, body: { deleted: true } })
  const after = await send('POST', '/v1/collections/handbook/search', { query: 'the rule of leave' })
  expect(after.body).not.toHaveProperty('dense')
})

test('what does not embed, and what is not there, is refused', async () => {
  expect(await send('POST', path, { model: 'one' })).toMatchObject({ status: 400, body: { error: { param: 'model' } } })
  expect(await send('POST', path, { model: 'none' })).toMatchObject({ status: 404 })
  expect(await send('POST', `${path}/9/switch`)).toMatchObject({ status: 404 })
  expect(await send('DELETE', `${path}/x`)).toMatchObject({ status: 404 })
  expect(await send('POST', '/v1/collections/none/generations', { model: 'small' })).toMatchObject({ status: 404 })
})
