import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../test/kit/index.ts'
import { createHarness, createTarget, type Harness } from './harness.ts'

let near: MockUpstream
let far: MockUpstream
let harness: Harness

beforeEach(async () => {
  near = await startMockUpstream()
  far = await startMockUpstream()
  harness = createHarness()
})

afterEach(async () => {
  await harness.egress.close()
  await near.close()
  await far.close()
})

const credentials = { authorization: 'Bearer near-secret', 'anthropic-version': '2023-06-01' }

describe('a credential', () => {
  test('is sent to the origin it is bound to, and to no other', async () => {
    const call = harness.call()
    await (
      await harness.send(createTarget(near.url, { credentials }), call, { path: '/chat/completions' })
    ).body.collect(100_000)
    await (await harness.send(createTarget(far.url), call, { path: '/chat/completions' })).body.collect(100_000)
    expect(near.requests[0]?.headers['authorization']).toBe('Bearer near-secret')
    expect(JSON.stringify(far.requests[0]?.headers)).not.toContain('near-secret')
  })

  test('does not follow a redirect to another origin: the redirect is refused', async () => {
    near.respondWith(() => ({ redirectTo: `${far.url}/models` }))
    const target = createTarget(near.url, { credentials })
    const sent = harness.send(target, harness.call(), { method: 'GET', path: '/models', body: undefined })
    await expect(sent).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' })
    expect(far.requests.length).toBe(0)
  })

  test.each(['authorization', 'x-api-key', 'cookie', 'host', 'proxy-authorization', 'Authorization'])(
    'is not the caller of the door to give: %s',
    async (name) => {
      const sent = harness.send(createTarget(near.url, { credentials }), harness.call(), { headers: { [name]: 'x' } })
      await expect(sent).rejects.toMatchObject({ code: 'INTERNAL' })
      expect(near.requests.length).toBe(0)
    },
  )

  test('with a line break in it is refused without being shown', async () => {
    const target = createTarget(near.url, { id: 'large', credentials: { authorization: 'Bearer abc\n' } })
    const error: unknown = await harness.send(target, harness.call()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('endpoints.large.key') })
    expect(String(error)).not.toContain('abc')
  })
})

describe('headers', () => {
  test('of the request: the body is asked for uncompressed, and a header of the caller takes the place of a fixed one', async () => {
    const target = createTarget(near.url, { credentials })
    const headers = { 'anthropic-version': '2024-01-01', 'content-type': 'application/json' }
    await (await harness.send(target, harness.call(), { path: '/chat/completions', headers })).body.collect(100_000)
    expect(near.requests[0]?.headers).toMatchObject({
      'accept-encoding': 'identity',
      'anthropic-version': '2024-01-01',
      'content-type': 'application/json',
    })
  })

  test('of the response: credentials, cookies, challenges and those of the connection stay behind', async () => {
    near.next({
      echo: true,
      headers: {
        'set-cookie': 'a=b',
        authorization: 'Bearer x',
        'x-api-key': 'x',
        'www-authenticate': 'Basic',
        connection: 'keep-alive',
        'retry-after': '3',
        'x-request-id': 'r1',
      },
    })
    const response = await harness.send(createTarget(near.url), harness.call(), { path: '/chat/completions' })
    await response.body.collect(100_000)
    expect(Object.keys(response.headers)).toEqual(expect.arrayContaining(['retry-after', 'x-request-id']))
    for (const name of ['set-cookie', 'authorization', 'x-api-key', 'www-authenticate', 'connection']) {
      expect(response.headers).not.toHaveProperty(name)
    }
  })
})

describe('a redirect', () => {
  const get = { method: 'GET', body: undefined } as const

  test('at the same origin is followed for a GET, with the credential', async () => {
    near.respondWith((request) => (request.path === '/v1/old' ? { redirectTo: '/v1/models?page=2' } : undefined))
    const response = await harness.send(createTarget(near.url, { credentials }), harness.call(), {
      ...get,
      path: '/old',
    })
    expect(response.status).toBe(200)
    await response.body.collect(100_000)
    expect(near.requests.map((request) => request.target)).toEqual(['/v1/old', '/v1/models?page=2'])
    expect(near.requests[1]?.headers['authorization']).toBe('Bearer near-secret')
  })

  test('is followed three times, not for ever', async () => {
    near.respondWith(() => ({ redirectTo: '/v1/again' }))
    const sent = harness.send(createTarget(near.url), harness.call(), { ...get, path: '/again' })
    await expect(sent).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' })
    expect(near.requests.length).toBe(4)
  })

  test('of a POST is refused, wherever it leads', async () => {
    for (const redirectTo of ['/v1/elsewhere', `${far.url}/chat/completions`]) {
      near.next({ redirectTo })
      const sent = harness.send(createTarget(near.url), harness.call(), { path: '/chat/completions' })
      await expect(sent).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' })
    }
    expect(near.requests.length).toBe(2)
    expect(far.requests.length).toBe(0)
  })
})
