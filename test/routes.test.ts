import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRoutes } from '../src/applications/http/index.ts'
import { isJsonObject, type JsonValue } from '../src/core/json.ts'
import { at, faceOf, faces, type Face } from './kit/faces.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { expectRefusal } from './kit/refusal.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

/** What anybody may ask. A route that joins this list joins it here, on purpose. */
const publicRoutes = ['GET /healthz', 'GET /readyz', 'GET /openapi.json']
/** Public too, but where no provider is configured there is nothing to sign on with. */
const signOnRoutes = ['GET /v1/login', 'GET /v1/login/callback']

let mock: MockUpstream
let strata: RunningStrata
const keys = { member: '', revoked: '', expired: '', stranger: '', scoped: '', abroad: '' }

beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      endpoints: {
        here: toEndpoint(mock, 'openai'),
        there: toEndpoint(mock, 'openai', { processing: ['us'], storage: ['us'] }),
        embedder: toEndpoint(mock, 'openai', { does: ['embed'] }),
        'embedder-there': toEndpoint(mock, 'openai', { does: ['embed'], processing: ['us'], storage: ['us'] }),
      },
      models: {
        here: { endpoint: 'here' },
        there: { endpoint: 'there' },
        embedder: { endpoint: 'embedder' },
        'embedder-there': { endpoint: 'embedder-there' },
        'from-secrets': { ground: { in: 'secrets', with: 'here' } },
      },
    },
  })
  await makeKeys()
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

async function makeKeys(): Promise<void> {
  const { identity } = strata.platform
  const make = async (name: keyof typeof keys, more: Partial<Parameters<typeof identity.keys.create>[0]> = {}) => {
    const made = await identity.keys.create({ tenant: 'default', name, role: 'member', ...more })
    keys[name] = made.key
    return made.record
  }
  const other = await identity.tenants.create('other')
  await make('member')
  await make('stranger', { tenant: other.id, role: 'admin' })
  await make('scoped', { models: ['here', 'embedder'] })
  await make('abroad', { regions: ['us'] })
  await identity.keys.revoke('default', (await make('revoked', { role: 'admin' })).id)
  await make('expired', { role: 'admin', expiresAtMs: Date.now() + 20 })
  await sleep(40)
}

const routes = createRoutes(() => strata.platform.parts())
const named = routes.map((route) => ({ name: `${route.method} ${route.path}`, route }))
const guarded = named.filter(({ name }) => ![...publicRoutes, ...signOnRoutes].includes(name))

/** The route with something in place of its parameters, and a body where it takes one. */
function call(name: string, headers: Readonly<Record<string, string>>, body: unknown = {}): Promise<Response> {
  const [method = '', path = ''] = name.split(' ')
  const takesBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
  return fetch(`${strata.url}${path.replaceAll(/\{\w+\*?\}/g, 'x')}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(takesBody ? { body: JSON.stringify(body) } : {}),
  })
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

describe('every route', () => {
  test('is in the table once, and what is public is what is listed here', () => {
    expect(new Set(named.map(({ name }) => name)).size).toBe(named.length)
    expect(named.length).toBeGreaterThan(20)
    const open = named.filter(({ route }) => route.access === 'public').map(({ name }) => name)
    expect(open.toSorted()).toEqual([...publicRoutes, ...signOnRoutes].toSorted())
  })

  test.each(publicRoutes)('%s is answered without a key, and says nothing of keys', async (name) => {
    const response = await call(name, {})
    expect(response.status).toBe(200)
    expect(await response.text()).not.toContain('sk-strata')
  })

  test.each(signOnRoutes)('%s is not there where no provider is configured', async (name) => {
    expect((await call(name, {})).status).toBe(404)
  })

  test.each(guarded)('$name refuses who sends no key, or none that is known', async ({ name, route }) => {
    const unknown: Readonly<Record<string, string>>[] = [
      {},
      { authorization: '' },
      { authorization: 'Bearer ' },
      { authorization: 'Basic c2stc3RyYXRh' },
      bearer('sk-strata-unknown'),
      bearer('x'.repeat(5_000)),
      { 'x-api-key': 'sk-strata-unknown' },
    ]
    for (const headers of unknown) {
      await expectRefusal(faceOf(route.path), await call(name, headers), { code: 'UNAUTHENTICATED' })
    }
  })

  test.each(guarded)('$name refuses a key that was revoked, and one that has expired', async ({ name, route }) => {
    await expectRefusal(faceOf(route.path), await call(name, bearer(keys.revoked)), { code: 'KEY_REVOKED' })
    await expectRefusal(faceOf(route.path), await call(name, { 'x-api-key': keys.expired }), { code: 'KEY_EXPIRED' })
  })

  test('that was refused left no trace: nothing sent, no key made', async () => {
    expect(mock.requests.length).toBe(0)
    const list = await json(await strata.request('/v1/keys'))
    expect((at(list, ['data']) as readonly JsonValue[]).length).toBe(6) // The first key and those of this tenant.
    expect(JSON.stringify(list)).not.toContain(strata.key)
  })
})

describe('a tenant', () => {
  const ids = { document: '', call: '', key: '' }

  beforeAll(async () => {
    const put = { external_id: 'a', text: 'The code of the vault is blue. 金库的密码是蓝色。' }
    await strata.request('/v1/collections', { name: 'secrets' })
    ids.document = textAt(await json(await strata.request('/v1/collections/secrets/documents', put)), 'id')
    const answer = await strata.request('/v1/chat/completions', faces.openaiChat.ask('here'))
    ids.call = answer.headers.get('x-strata-call') ?? ''
    await answer.arrayBuffer()
    ids.key = textAt(await json(await strata.request('/v1/keys', { name: 'one' })), 'id')
    expect(Object.values(ids).every((id) => id !== '')).toBe(true)
    mock.reset()
  })

  const others = (): readonly (readonly [string, string, unknown?])[] => [
    ['GET', '/v1/collections/secrets/documents'],
    ['POST', '/v1/collections/secrets/documents', { external_id: 'b', text: 'x' }],
    ['GET', `/v1/collections/secrets/documents/${ids.document}`],
    ['DELETE', `/v1/collections/secrets/documents/${ids.document}`],
    ['DELETE', '/v1/collections/secrets'],
    ['POST', '/v1/collections/secrets/search', { query: 'vault' }],
    ['POST', '/v1/search', { query: 'vault', collections: ['secrets'] }],
    ['GET', `/v1/calls/${ids.call}`],
    ['DELETE', `/v1/keys/${ids.key}`],
  ]

  test('finds nothing of another by its ids and names', async () => {
    for (const [method, path, body] of others()) {
      const response = await asStranger(method, path, body)
      expect([path, response.status]).toEqual([path, 404])
      await expectRefusal(faces.openaiChat, response, { code: 'NOT_FOUND' })
    }
  })

  test('lists nothing of another', async () => {
    for (const path of ['/v1/collections', '/v1/calls']) {
      expect(at(await json(await asStranger('GET', path)), ['data'])).toEqual([])
    }
    expect(at(await json(await asStranger('POST', '/v1/search', { query: 'vault' })), ['data'])).toEqual([])
    const listed = JSON.stringify(await json(await asStranger('GET', '/v1/keys')))
    expect(listed).not.toContain(ids.key)
    expect(listed).toContain('stranger')
  })

  test('cannot have a model answer from what belongs to another', async () => {
    const response = await asStranger(
      'POST',
      '/v1/chat/completions',
      faces.openaiChat.ask('from-secrets', { text: 'vault?' }),
    )
    await expectRefusal(faces.openaiChat, response, { code: 'NOT_FOUND' })
    expect(mock.requests.length).toBe(0)
  })

  test('may use the same names, and still sees its own only', async () => {
    expect((await asStranger('POST', '/v1/collections', { name: 'secrets' })).status).toBe(201)
    const found = await json(await asStranger('POST', '/v1/collections/secrets/search', { query: 'vault' }))
    expect(at(found, ['data'])).toEqual([])
    expect((await asStranger('DELETE', '/v1/collections/secrets')).status).toBe(200)
  })

  test('has everything still, after all that another tried', async () => {
    const found = await json(await strata.request('/v1/collections/secrets/search', { query: 'vault' }))
    expect(JSON.stringify(found)).toContain('vault is blue')
    expect((await strata.request(`/v1/calls/${ids.call}`)).status).toBe(200)
    expect((await strata.request(`/v1/collections/secrets/documents/${ids.document}`)).status).toBe(200)
  })

  test('pages through its documents by their external ids', async () => {
    for (const id of ['b', 'c'])
      await strata.request('/v1/collections/secrets/documents', { external_id: id, text: id })
    const first = await json(await strata.request('/v1/collections/secrets/documents?limit=2'))
    expect(externalIds(first)).toEqual(['a', 'b'])
    expect(at(first, ['has_more'])).toBe(true)
    const second = await json(await strata.request('/v1/collections/secrets/documents?limit=2&after=b'))
    expect(externalIds(second)).toEqual(['c'])
    expect(at(second, ['has_more'])).toBe(false)
    // As many as the page holds, and none behind them.
    const whole = await json(await strata.request('/v1/collections/secrets/documents?limit=3'))
    expect([externalIds(whole), at(whole, ['has_more'])]).toEqual([['a', 'b', 'c'], false])
    await expectRefusal(faces.openaiChat, await strata.request('/v1/collections/secrets/documents?limit=0'), {
      code: 'INVALID_REQUEST',
      param: 'limit',
    })
  })
})

describe('a key', () => {
  const asks: readonly { readonly path: string; readonly face: Face; readonly ask: (model: string) => unknown }[] = [
    ...Object.values(faces).map((face) => ({ path: face.path, face, ask: (model: string) => face.ask(model) })),
    {
      path: '/v1/embeddings',
      face: faces.openaiChat,
      ask: (model) => ({ model: model.replace(/^here|^there/, (name) => embedders[name] ?? name), input: 'x' }),
    },
  ]
  const embedders: Readonly<Record<string, string>> = { here: 'embedder', there: 'embedder-there' }

  test.each(asks)('scoped to models may use these on $path, and no other', async ({ path, face, ask }) => {
    mock.reset()
    expect((await post(path, ask('here'), keys.scoped)).status).toBe(200)
    mock.reset()
    await expectRefusal(face, await post(path, ask('there'), keys.scoped), { code: 'MODEL_FORBIDDEN', param: 'model' })
    expect(mock.requests.length).toBe(0)
  })

  test('scoped to models sees these in lists, and counts tokens for no other', async () => {
    const headers = bearer(keys.scoped)
    const list = await json(await fetch(`${strata.url}/v1/models`, { headers }))
    const listed = new Set((at(list, ['data']) as readonly JsonValue[]).map((model) => at(model, ['id'])))
    expect(listed).toEqual(new Set(['embedder', 'here']))
    await expectRefusal(faces.openaiChat, await fetch(`${strata.url}/v1/models/there`, { headers }), {
      code: 'MODEL_FORBIDDEN',
    })
    const counted = await post('/v1/messages/count_tokens', faces.anthropic.ask('there'), keys.scoped)
    await expectRefusal(faces.anthropic, counted, { code: 'MODEL_FORBIDDEN' })
  })

  test.each(asks)('scoped to regions reaches these through $path, and no other', async ({ path, face, ask }) => {
    mock.reset()
    expect((await post(path, ask('there'), keys.abroad)).status).toBe(200)
    mock.reset()
    await expectRefusal(face, await post(path, ask('here'), keys.abroad), { code: 'REGION_REFUSED' })
    // Without regions of its own a key has those of the house: local.
    await expectRefusal(face, await post(path, ask('there'), keys.member), { code: 'REGION_REFUSED' })
    expect(mock.requests.length).toBe(0)
  })

  test.each(asks)('cannot widen its regions by a request to $path', async ({ path, face, ask }) => {
    mock.reset()
    for (const regions of [['us'], ['*'], []]) {
      const asked = { ...(ask('there') as object), strata: { regions } }
      await expectRefusal(face, await post(path, asked, keys.member), { code: 'REGION_REFUSED' })
    }
    expect(mock.requests.length).toBe(0)
  })

  test('stops working the moment it is revoked, and cannot revoke itself', async () => {
    const made = await json(await strata.request('/v1/keys', { name: 'short-lived' }))
    const [id, key] = [textAt(made, 'id'), textAt(made, 'key')]
    expect((await fetch(`${strata.url}/v1/models`, { headers: bearer(key) })).status).toBe(200)
    expect((await strata.request(`/v1/keys/${id}`, undefined, { method: 'DELETE' })).status).toBe(200)
    await expectRefusal(faces.openaiChat, await fetch(`${strata.url}/v1/models`, { headers: bearer(key) }), {
      code: 'KEY_REVOKED',
    })
    const own = strata.platform.identity.authenticate(strata.key).keyId
    await expectRefusal(faces.openaiChat, await strata.request(`/v1/keys/${own}`, undefined, { method: 'DELETE' }), {
      code: 'CONFLICT',
    })
  })
})

test('/openapi.json describes exactly these routes, and which of them are public', async () => {
  const description = await json(await strata.request('/openapi.json'))
  const paths = at(description, ['paths'])
  if (!isJsonObject(paths)) throw new Error('the description has paths')
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(isJsonObject(operations) ? operations : {}).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(described.toSorted()).toEqual(named.map(({ name }) => name.replaceAll('*}', '}')).toSorted())
  const operation = (name: string) => at(paths, [name.split(' ')[1] ?? '', (name.split(' ')[0] ?? '').toLowerCase()])
  for (const name of described) {
    expect(at(operation(name), ['security'])).toEqual(
      [...publicRoutes, ...signOnRoutes].includes(name) ? [] : undefined,
    )
    const parameters = at(operation(name), ['parameters']) ?? []
    expect((parameters as readonly JsonValue[]).map((each) => at(each, ['name']))).toEqual(
      [...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1]),
    )
  }
  const ids = described.map((name) => at(operation(name), ['operationId']))
  expect(new Set(ids).size).toBe(described.length)
})

function post(path: string, body: unknown, key: string): Promise<Response> {
  return strata.request(path, body, { headers: bearer(key) })
}

function asStranger(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { ...bearer(keys.stranger), 'content-type': 'application/json' }
  return fetch(`${strata.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

async function json(response: Response): Promise<JsonValue> {
  return (await response.json()) as JsonValue // whatever JSON.parse gives is JSON
}

function textAt(body: JsonValue, key: string): string {
  const value = at(body, [key])
  return typeof value === 'string' ? value : ''
}

function externalIds(list: JsonValue): readonly (JsonValue | undefined)[] {
  return (at(list, ['data']) as readonly JsonValue[]).map((document) => at(document, ['external_id']))
}
