import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonValue } from '../src/core/json.ts'
import { at } from './kit/faces.ts'
import { client, startProvider, type Provider } from './kit/provider.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

let provider: Provider
let strata: RunningStrata

const redirectUrl = 'http://127.0.0.1:7077/v1/login/callback'

function toConfig(signOn: object = {}) {
  return {
    governance: {
      signOn: {
        issuer: provider.issuer,
        clientId: client.id,
        clientSecret: client.secret,
        redirectUrl,
        processing: ['local'],
        storage: ['local'],
        sessionMinutes: 60,
        roles: [
          { when: { groups: 'admins', email_verified: 'yes' }, role: 'admin' },
          { when: { groups: ['analysts', 'readers'] }, role: 'member', team: 'analysis', models: ['extract'] },
        ],
        ...signOn,
      },
    },
  }
}

beforeAll(async () => {
  provider = await startProvider()
  strata = await startStrata({ config: toConfig() })
})

afterAll(async () => {
  await strata.close()
  await provider.close()
})

beforeEach(() => {
  provider.claims = { email: 'ada@example.eu', groups: ['readers'] }
  provider.usesForeignKey = false
})

const anonymous = { authorization: '' }

interface Begun {
  readonly cookie: string
  /** The query with which the provider sends the person back. */
  readonly query: string
}

/** From /v1/login over the provider to where it sends back. */
async function begin(): Promise<Begun> {
  const login = await fetch(`${strata.url}/v1/login`, { redirect: 'manual' })
  expect(login.status, await login.clone().text()).toBe(302)
  const cookie = login.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/HttpOnly; SameSite=Lax/)
  const back = await fetch(login.headers.get('location') ?? '', { redirect: 'manual' })
  return { cookie: cookie.split(';')[0] ?? '', query: new URL(back.headers.get('location') ?? '').search }
}

async function finish({ cookie, query }: Begun): Promise<{ readonly status: number; readonly body: JsonValue }> {
  const response = await fetch(`${strata.url}/v1/login/callback${query}`, { headers: { cookie } })
  return { status: response.status, body: (await response.json()) as JsonValue }
}

function read(value: JsonValue, path: readonly (string | number)[]): string {
  const found = at(value, path)
  return typeof found === 'string' ? found : ''
}

describe('who signs on', () => {
  test('gets a key with the role that their claims have, for the session, on record in the audit log', async () => {
    const { status, body } = await finish(await begin())
    expect(status).toBe(200)
    expect(body).toMatchObject({
      object: 'session',
      role: 'member',
      team: 'analysis',
      user: 'ada@example.eu',
      models: ['extract'],
    })
    const lifeMs = Date.parse(read(body, ['expires_at'])) - Date.parse(read(body, ['created_at']))
    expect(Math.round(lifeMs / 60_000)).toBe(60)
    const headers = { authorization: `Bearer ${read(body, ['key'])}` }
    expect((await strata.request('/v1/models', undefined, { headers })).status).toBe(200)
    expect((await strata.request('/v1/keys', undefined, { headers })).status).toBe(403)
    expect(provider.requests).toContain('GET /jwks')
    const acts = await strata.platform.store.sql.selectFrom('audit_act').select('body').execute()
    const made = acts.map((act) => act.body).filter((act) => act.includes('key.create'))
    expect(made.some((act) => act.includes('session of ada@example.eu'))).toBe(true)
  })

  test('may leave again: the key ends; other keys are not ended so', async () => {
    const { body } = await finish(await begin())
    const headers = { authorization: `Bearer ${read(body, ['key'])}` }
    expect((await strata.request('/v1/logout', {}, { headers })).status).toBe(200)
    expect((await strata.request('/v1/models', undefined, { headers })).status).toBe(401)
    expect((await strata.request('/v1/logout', {})).status).toBe(409)
  })

  test('has the first role whose claims all hold, and is refused where none does', async () => {
    provider.claims = { email: 'root@example.eu', groups: ['admins'], email_verified: 'yes' }
    expect((await finish(await begin())).body).toMatchObject({ role: 'admin', user: 'root@example.eu' })
    for (const claims of [{ groups: ['admins'] }, { groups: [] }, {}, { groups: { readers: true } }]) {
      provider.claims = claims
      const { status, body } = await finish(await begin())
      expect([status, at(body, ['error', 'code'])]).toEqual([403, 'FORBIDDEN'])
    }
  })

  test('is not let in twice by one code, nor from another browser', async () => {
    const begun = await begin()
    expect((await finish({ ...begun, cookie: '' })).status).toBe(401)
    expect((await finish({ ...begun, cookie: 'strata_login=another' })).status).toBe(401)
    expect((await finish(begun)).status).toBe(200)
    expect((await finish(begun)).status).toBe(401)
  })

  test.each([
    ['of another issuer', { iss: 'http://127.0.0.1:1' }],
    ['for another client', { aud: 'another' }],
    ['that has ended', { exp: 1_600_000_000 }],
    ['of another login', { nonce: 'another' }],
  ])('is not let in by a token %s', async (_, claims) => {
    provider.claims = { ...provider.claims, ...claims }
    const { status, body } = await finish(await begin())
    expect([status, at(body, ['error', 'code'])]).toEqual([401, 'UNAUTHENTICATED'])
    expect(JSON.stringify(body)).not.toContain('eyJ')
  })

  test('is not let in by a token that another key has signed, nor by a state that was made up', async () => {
    provider.usesForeignKey = true
    expect((await finish(await begin())).status).toBe(401)
    provider.usesForeignKey = false
    const begun = await begin()
    for (const query of ['', '?code=x', '?code=x&state=abc', begun.query.replace(/state=.{8}/, 'state=AAAAAAAA')]) {
      expect((await finish({ ...begun, query })).status, query).toBe(401)
    }
  })
})

test('the provider is reached through the door only, in allowed regions, at its own origins', async () => {
  const abroad = await startStrata({ config: toConfig({ processing: ['us'] }) })
  const refused = await fetch(`${abroad.url}/v1/login`, { redirect: 'manual' })
  expect(at((await refused.json()) as JsonValue, ['error', 'code'])).toBe('REGION_REFUSED')
  await abroad.close()
  expect((await strata.request('/v1/models', undefined, { headers: anonymous })).status).toBe(401)
})
