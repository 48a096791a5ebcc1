import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRoutes, rightOf } from '../src/applications/http/index.ts'
import { hasRight, rights, roles, type Right, type Role } from '../src/core/rights.ts'
import { faceOf, faces } from './kit/faces.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { expectRefusal } from './kit/refusal.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata
const roleKeys: Partial<Record<Role, string>> = {}

beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({ config: { endpoints: { here: toEndpoint(mock, 'openai') } } })
  const { keys } = strata.platform.identity
  for (const role of roles) {
    roleKeys[role] = (await keys.create({ tenant: 'default', name: role, role, user: role })).key
  }
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

const bearer = (role: Role) => ({ authorization: `Bearer ${roleKeys[role]}` })
const guarded = createRoutes(() => strata.platform.parts())
  .filter(({ access }) => access !== 'public')
  .map((route) => ({ name: `${route.method} ${route.path}`, route }))

/** The route with something in place of its parameters, and a body that no route takes. */
function call(name: string, role: Role): Promise<Response> {
  const [method = '', path = ''] = name.split(' ')
  const takesBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
  return fetch(`${strata.url}${path.replaceAll(/\{\w+\*?\}/g, 'x')}`, {
    method,
    headers: { 'content-type': 'application/json', ...bearer(role) },
    ...(takesBody ? { body: '[]' } : {}),
  })
}

function send(role: Role, path: string, body: object): Promise<Response> {
  return strata.request(path, body, { headers: bearer(role) })
}

describe('every route', () => {
  test.each(roles)('is refused to the role %s exactly where that has not the right', async (role) => {
    for (const { name, route } of guarded) {
      const needed = rightOf(route)
      if (needed === undefined || hasRight({ role }, needed)) continue
      const refused = await call(name, role)
      await expectRefusal(faceOf(route.path), refused, { code: 'FORBIDDEN', says: new RegExp(needed) })
    }
  })

  test.each(roles)('is open to the role %s where that has the right', async (role) => {
    for (const { name, route } of guarded) {
      const needed = rightOf(route)
      if (needed === undefined || !hasRight({ role }, needed)) continue
      const response = await call(name, role)
      const text = await response.text()
      expect([name, response.headers.get('x-strata-error') === 'FORBIDDEN', text.includes('needs the right')]).toEqual([
        name,
        false,
        false,
      ])
    }
  })

  test('has been asked, and nothing was sent', () => {
    expect(guarded.length).toBeGreaterThan(100)
    expect(mock.requests).toEqual([])
  })
})

/** What a role may change: its routes that are not read by GET, by their rights. */
function changesOf(role: Role): ReadonlySet<Right | undefined> {
  const changing = guarded.filter(({ route }) => route.method !== 'GET').map(({ route }) => rightOf(route))
  return new Set(changing.filter((right) => right !== undefined && hasRight({ role }, right)))
}

describe('a role', () => {
  test('of admins has every right, and every right but those of no route is asked for by one', () => {
    const named = Object.keys(rights) as Right[] // the keys of an object literal
    expect(named.filter((right) => !hasRight({ role: 'admin' }, right))).toEqual([])
    const asked = new Set(guarded.map(({ route }) => rightOf(route)))
    expect(named.filter((right) => !asked.has(right))).toEqual([
      'models:compose',
      'knowledge:see-all',
      'knowledge:on-behalf',
      'reviews:read',
      'reviews:manage',
    ])
  })

  test('that reads changes nothing', () => {
    // Each of these computes an answer and keeps nothing.
    expect(changesOf('auditor')).toEqual(
      new Set(['copyright:read', 'marks:detect', 'policies:backtest', 'session:end']),
    )
    expect(changesOf('monitor')).toEqual(new Set(['session:end']))
  })

  test('has only what its work needs', () => {
    for (const role of ['auditor', 'billing', 'compliance', 'knowledge-manager', 'monitor', 'provisioner'] as const) {
      for (const right of ['models:ask', 'keys:manage', 'privacy:reveal', 'privacy:erase', 'routers:manage'] as const) {
        expect([role, right, hasRight({ role }, right)]).toEqual([role, right, false])
      }
    }
    for (const role of roles.filter((each) => !['admin', 'billing'].includes(each))) {
      expect(hasRight({ role }, 'billing:manage') || hasRight({ role }, 'budgets:manage')).toBe(false)
    }
  })
})

describe('who makes keys', () => {
  const make = (by: Role, body: object): Promise<Response> => send(by, '/v1/keys', { name: 'x', ...body })

  test('gives no right that they have not themselves', async () => {
    for (const role of roles) {
      const may = ['member', 'key-manager'].includes(role) || role === 'monitor' || role === 'provisioner'
      const isCovered = may && role !== 'monitor' && role !== 'provisioner'
      expect([role, (await make('key-manager', { role })).status]).toEqual([role, isCovered ? 201 : 403])
      expect([role, (await make('admin', { role })).status]).toEqual([role, 201])
    }
    // Whom a key names may decide on reviews; the regions of the house are the admins' to widen.
    for (const more of [{ user: 'ada' }, { regions: ['us'] }, { composes: true }]) {
      const refused = await make('key-manager', more)
      await expectRefusal(faces.openaiChat, refused, { code: 'FORBIDDEN', param: Object.keys(more)[0] ?? '' })
    }
  })

  test('gives no model, region or use case beyond their own, and by default their own', async () => {
    const scope = { models: ['here'], regions: ['local'], composes: false }
    const { key } = await strata.platform.identity.keys.create({
      tenant: 'default',
      name: 's',
      role: 'admin',
      ...scope,
    })
    const headers = { authorization: `Bearer ${key}` }
    const made = await strata.request('/v1/keys', { name: 'narrow' }, { headers })
    expect(await made.json()).toMatchObject(scope)
    for (const more of [{ models: ['there'] }, { regions: ['us'] }, { composes: true }]) {
      await expectRefusal(faces.openaiChat, await strata.request('/v1/keys', { name: 'wide', ...more }, { headers }), {
        code: 'FORBIDDEN',
        param: Object.keys(more)[0] ?? '',
      })
    }
  })

  test('neither rotates nor revokes a key that may more than theirs', async () => {
    const admin = strata.platform.identity.authenticate(roleKeys.admin).keyId
    for (const path of [`/v1/keys/${admin}/rotate`, `/v1/keys/${admin}`]) {
      const asked = {
        ...(path.endsWith('rotate') ? { body: '{}' } : {}),
        method: path.endsWith('rotate') ? 'POST' : 'DELETE',
      }
      const headers = { ...bearer('key-manager'), 'content-type': 'application/json' }
      expect((await fetch(`${strata.url}${path}`, { ...asked, headers })).status).toBe(403)
    }
    expect(strata.platform.identity.authenticate(roleKeys.admin).role).toBe('admin')
  })
})

test('what administrators do is in the audit log: who, as what, and where', async () => {
  const budget = { name: 'b', counts: 'requests', limit: 1_000_000 }
  const made = await send('billing', '/v1/budgets', budget)
  expect([made.status, await made.text()]).toEqual([201, expect.any(String)])
  await send('admin', '/v1/keys', { name: 'noted' })
  await strata.platform.audit.seal()
  const lines: string[] = []
  for await (const line of strata.platform.audit.export({ tenant: 'default' })) lines.push(line)
  const log = lines.join('\n').replaceAll('\\"', '"')
  const by = strata.platform.identity.authenticate(roleKeys.billing).keyId
  expect(log).toContain(
    `"act":"admin","at":{},"by":"${by}","person":"billing","role":"billing","route":"POST /v1/budgets"`,
  )
  expect(log).toContain('"person":"admin","role":"admin","route":"POST /v1/keys"')
})
