import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../../test/kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../../../../test/kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      endpoints: { one: toEndpoint(mock, 'openai', { price: { input: '1', output: '2' } }) },
      models: { one: { endpoint: 'one' } },
    },
  })
})

beforeEach(() => mock.reset())

afterAll(async () => {
  await strata.close()
  await mock.close()
})

async function send(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
  const response = await strata.request(path, undefined, init)
  return { status: response.status, body: await response.json() }
}

describe('knowledge', () => {
  const path = '/v1/collections/handbook/documents'

  test('is made, filled, found with exact places, replaced and deleted', async () => {
    expect(await send('POST', '/v1/collections', { name: 'handbook' })).toMatchObject({
      status: 201,
      body: { object: 'collection', name: 'handbook' },
    })
    const text = '# Leave\n\nAnnual leave is 25 days. 年假二十五天。\n'
    const made = await send('POST', path, { external_id: 'leave', name: 'leave.md', text })
    expect(made).toMatchObject({ status: 201, body: { object: 'document', external_id: 'leave', outcome: 'created' } })
    const { id } = made.body as { readonly id: string }

    const found = await send('POST', '/v1/collections/handbook/search', { query: '年假', limit: 1 })
    const [passage] = (found.body as { readonly data: readonly { start: number; end: number; text: string }[] }).data
    expect(text.slice(passage?.start, passage?.end)).toBe(passage?.text)
    expect(await send('POST', '/v1/search', { query: 'annual leave' })).toMatchObject({
      body: { data: [{ source: 'leave.md', document: id }] },
    })

    const version = await send('GET', `${path}/${id}/versions/${id}.1`)
    expect(version).toMatchObject({ status: 200, body: { object: 'version', text, is_current: true } })
    expect(await send('GET', `${path}/${id}/versions/${id}.2`)).toMatchObject({ status: 404 })
    expect(await send('GET', `${path}/${id}/lineage`)).toMatchObject({ body: { data: [{ event: 'taken-in' }] } })
    expect(await send('GET', '/v1/collections/handbook/quality')).toMatchObject({
      body: { documents: 1, passages: 1, wrong_spans: 0, missing_postings: 0, stray_postings: 0, history_break: null },
    })

    expect(await send('POST', path, { external_id: 'leave', text: 'Annual leave is 30 days.' })).toMatchObject({
      status: 200,
      body: { id, outcome: 'updated' },
    })
    expect(await send('GET', path)).toMatchObject({ body: { object: 'list', data: [{ id }], has_more: false } })
    expect(await send('GET', `${path}/${id}`)).toMatchObject({ body: { id, external_id: 'leave' } })
    const deleted = await send('DELETE', `${path}/${id}`)
    expect(deleted).toMatchObject({ status: 200, body: { deleted: true, receipt: { document: id } } })
    const { receipt } = deleted.body as {
      readonly receipt: { readonly statement: string; readonly public_key: string }
    }
    expect(JSON.parse(receipt.statement)).toMatchObject({ result: 'gone', left: { rows: 0, hits: 0, bytes: 0 } })
    expect(receipt.public_key).toContain('BEGIN PUBLIC KEY')
    expect(await send('GET', `/v1/receipts/${id}`)).toEqual({ status: 200, body: receipt })
    expect(await send('GET', '/v1/receipts')).toMatchObject({ body: { data: [receipt] } })
    expect(await send('GET', `${path}/${id}`)).toMatchObject({ status: 404 })
    expect(await send('GET', '/v1/collections')).toMatchObject({ body: { data: [{ name: 'handbook', documents: 0 }] } })
    expect(await send('DELETE', '/v1/collections/handbook')).toMatchObject({ status: 200 })
  })

  test('is seen by those who may see it, and says why and how surely', async () => {
    await send('POST', '/v1/collections', { name: 'salaries' })
    const documents = '/v1/collections/salaries/documents'
    const access = { allow: ['group:hr'], deny: [] }
    const made = await send('POST', documents, { external_id: 'pay', text: 'Salaries rise by 3 % in May.', access })
    const { id } = made.body as { readonly id: string }
    const ask = (body: object) => send('POST', '/v1/collections/salaries/search', { query: 'salaries in May', ...body })
    expect(await ask({})).toMatchObject({
      body: { data: [{ document: id, why: { signals: {}, terms: ['salari', '=salaries'] } }], abstained: false },
    })
    expect(await ask({ on_behalf_of: ['user:ada'] })).toMatchObject({ body: { data: [] } })
    await send('PUT', '/v1/groups/group:hr/members/user:ada')
    expect(await ask({ on_behalf_of: ['user:ada'] })).toMatchObject({ body: { data: [{ document: id }] } })
    expect(await ask({ as_of: '2001-01-01T00:00:00Z' })).toMatchObject({ body: { data: [] } })
    expect(await ask({ query: 'zebras in Patagonia' })).toMatchObject({ body: { data: [] } })
    const member = await send('POST', '/v1/keys', { name: 'member' })
    const { key } = member.body as { readonly key: string }
    const asMember = async (method: string, path: string, body?: object) => {
      const init = {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: { authorization: `Bearer ${key}` },
      }
      return (await strata.request(path, undefined, init)).status
    }
    expect(await asMember('GET', `${documents}/${id}`)).toBe(404)
    expect(await asMember('GET', `${documents}/${id}/versions/${id}.1`)).toBe(404)
    expect(await asMember('DELETE', `${documents}/${id}`)).toBe(404)
    expect(await asMember('POST', documents, { external_id: 'pay', text: 'mine' })).toBe(403)
    expect(await asMember('PUT', `${documents}/${id}/access`, access)).toBe(403)
    const search = '/v1/collections/salaries/search'
    expect(await asMember('POST', search, { query: 'x', on_behalf_of: ['user:ada'] })).toBe(403)
    expect(await send('DELETE', `${documents}/${id}/access`)).toMatchObject({ status: 200 })
    expect(await asMember('GET', `${documents}/${id}`)).toBe(200)
    expect(await send('DELETE', '/v1/collections/salaries')).toMatchObject({ status: 200 })
  })

  test.each([
    ['/v1/collections', {}, 'name'],
    ['/v1/collections', { name: 'a b' }, 'name'],
    ['/v1/collections', { name: 'x', colour: 'red' }, 'colour'],
    ['/v1/search', { query: '' }, 'query'],
    ['/v1/search', { query: 'x', limit: 0 }, 'limit'],
    ['/v1/search', { query: 'x', collections: [] }, 'collections'],
  ])('POST %s %j is refused, and the field is named', async (route, body, param) => {
    expect(await send('POST', route, body)).toMatchObject({
      status: 400,
      body: { error: { code: 'INVALID_REQUEST', param } },
    })
  })

  test('a collection that is there already is a conflict', async () => {
    await send('POST', '/v1/collections', { name: 'twice' })
    expect(await send('POST', '/v1/collections', { name: 'twice' })).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT' } },
    })
  })
})

describe('the record', () => {
  test('lists calls newest first by pages, and shows one as its tree', async () => {
    const ids: string[] = []
    for (let round = 0; round < 3; round++) {
      const response = await strata.request('/v1/chat/completions', {
        model: 'one',
        messages: [{ role: 'user', content: 'x' }],
      })
      ids.unshift(response.headers.get('x-strata-call') ?? '')
      await response.arrayBuffer()
    }
    const listed = async (query: string): Promise<unknown> =>
      (
        (await send('GET', `/v1/calls?${query}`)).body as { readonly data: readonly { readonly id: string }[] }
      ).data.map(({ id }) => id)
    expect(await listed('limit=2')).toEqual(ids.slice(0, 2))
    expect(await listed(`limit=2&before=${ids[1]}`)).toEqual(ids.slice(2))
    const tree = await send('GET', `/v1/calls/${ids[0]}`)
    expect(tree.body).toMatchObject({
      object: 'call',
      kind: 'request',
      status: 'ok',
      usage: { input_total: 12, output_total: 9, cache_write_5m: null },
      children: [
        { kind: 'dispatch', name: 'one', cost: { usd: '0.00003', picodollars: '30000000' }, regions: ['local'] },
      ],
    })
  })
})

describe('keys', () => {
  test('are shown once, listed without themselves, and refused when they make no sense', async () => {
    const made = await send('POST', '/v1/keys', { name: 'ci', models: ['one'], expires_at: '2999-01-01T00:00:00Z' })
    expect(made).toMatchObject({
      status: 201,
      body: { object: 'key', role: 'member', models: ['one'], expires_at: '2999-01-01T00:00:00.000Z' },
    })
    const { id, key } = made.body as { readonly id: string; readonly key: string }
    const list = await send('GET', '/v1/keys')
    expect(JSON.stringify(list.body)).toContain(id)
    expect(JSON.stringify(list.body)).not.toContain(key)
    expect(await send('DELETE', '/v1/keys/key_none')).toMatchObject({ status: 404 })
    for (const wrong of [
      {},
      { name: 'x', role: 'king' },
      { name: 'x', models: [] },
      { name: 'x', regions: ['atlantis'] },
      { name: 'x', expires_at: 'soon' },
      { name: 'x', expires_at: '2001-01-01T00:00:00Z' },
    ]) {
      expect(await send('POST', '/v1/keys', wrong)).toMatchObject({
        status: 400,
        body: { error: { code: 'INVALID_REQUEST' } },
      })
    }
  })
})

describe('health', () => {
  test('says that the process answers, that it can serve, and how the endpoints are', async () => {
    expect(await send('GET', '/healthz')).toEqual({ status: 200, body: { status: 'ok' } })
    expect(await send('GET', '/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } })
    expect(await send('GET', '/v1/health')).toMatchObject({
      body: { ready: true, store: 'sqlite', endpoints: [{ id: 'one', breaker: 'closed', inFlight: 0 }] },
    })
  })

  test('is not ready without a model', async () => {
    const empty = await startStrata({ config: {} })
    expect((await empty.request('/readyz')).status).toBe(503)
    await empty.close()
  })

  test('metrics are Prometheus text', async () => {
    const response = await strata.request('/metrics')
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    expect(await response.text()).toMatch(/^# HELP strata_/m)
  })
})
