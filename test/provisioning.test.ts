import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../src/core/json.ts'
import { at } from './kit/faces.ts'
import { client, startProvider, type Provider } from './kit/provider.ts'
import { createScimClient, idOf, nameOf, textOf, type ScimAnswer } from './kit/scim.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

let provider: Provider
let strata: RunningStrata
let token = ''
const scim = createScimClient(
  () => strata.url,
  () => token,
)

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const redirectUrl = 'http://127.0.0.1:7077/v1/login/callback'

function toConfig(signOn: object = {}): JsonObject {
  return {
    governance: {
      provisioning: { membersMax: 3 },
      signOn: {
        issuer: provider.issuer,
        clientId: client.id,
        clientSecret: client.secret,
        redirectUrl,
        processing: ['local'],
        storage: ['local'],
        roles: [
          { when: { provisioned_groups: 'Strata Auditors' }, role: 'auditor' },
          { when: { groups: 'readers' }, role: 'member', team: 'analysis' },
        ],
        ...signOn,
      },
    },
  }
}

beforeAll(async () => {
  provider = await startProvider()
  strata = await startStrata({ config: toConfig() })
  token = await keyOf('entra', 'provisioner')
})

afterAll(async () => {
  await strata.close()
  await provider.close()
})

beforeEach(() => {
  provider.claims = { email: 'nobody@example.eu', groups: ['readers'] }
})

async function keyOf(name: string, role: 'provisioner' | 'member', user?: string): Promise<string> {
  return (await strata.platform.identity.keys.create({ tenant: 'default', name, role, user })).key
}

async function isAccepted(key: string): Promise<boolean> {
  return (await strata.request('/v1/models', undefined, { headers: { authorization: `Bearer ${key}` } })).status === 200
}

async function signOn(): Promise<{ readonly status: number; readonly body: JsonValue }> {
  const login = await fetch(`${strata.url}/v1/login`, { redirect: 'manual' })
  const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const back = await fetch(login.headers.get('location') ?? '', { redirect: 'manual' })
  const { search } = new URL(back.headers.get('location') ?? '')
  const response = await fetch(`${strata.url}/v1/login/callback${search}`, { headers: { cookie } })
  return { status: response.status, body: (await response.json()) as JsonValue }
}

describe('who is deactivated', () => {
  test.each([
    ['PATCH', (id: string) => scim.patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' })],
    [
      'PUT',
      async (id: string) =>
        scim.send('PUT', `/Users/${id}`, { ...(await scim.send('GET', `/Users/${id}`)).body, active: false }),
    ],
    ['DELETE', (id: string) => scim.send('DELETE', `/Users/${id}`)],
  ])('loses every key at once, and gets none again: %s', async (_, deactivate) => {
    const made = await scim.addPerson()
    const userName = nameOf(made)
    const [own, others] = [
      await keyOf('own', 'member', userName.toUpperCase()),
      await keyOf('other', 'member', `not-${userName}`),
    ]
    provider.claims = { email: userName, groups: ['readers'] }
    const session = await signOn()
    expect(session.status).toBe(200)
    expect(session.body).toMatchObject({ user: userName, team: 'analysis' })
    const sessionKey = textOf(at(session.body, ['key']))
    for (const key of [own, others, sessionKey]) expect(await isAccepted(key)).toBe(true)
    expect((await deactivate(idOf(made))).status).toBeLessThan(300)
    expect([await isAccepted(own), await isAccepted(sessionKey), await isAccepted(others)]).toEqual([
      false,
      false,
      true,
    ])
    expect((await signOn()).status).toBe(403)
    await expect(keyOf('again', 'member', userName)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  test('signs on again once active, with a new key', async () => {
    const made = await scim.addPerson()
    provider.claims = { email: nameOf(made), groups: ['readers'] }
    await scim.patch(`/Users/${idOf(made)}`, { op: 'replace', value: { active: false } })
    expect((await signOn()).status).toBe(403)
    await scim.patch(`/Users/${idOf(made)}`, { op: 'replace', value: { active: true } })
    expect((await signOn()).status).toBe(200)
  })

  test('is on record in the audit log, by an id and not by a name', async () => {
    const made = await scim.addPerson()
    const userName = nameOf(made)
    await scim.patch(`/Users/${idOf(made)}`, { op: 'replace', value: { active: false } })
    await strata.platform.audit.seal()
    const lines: string[] = []
    for await (const line of strata.platform.audit.export({ tenant: 'default' })) lines.push(line)
    const log = lines.join('\n').replaceAll('\\"', '"')
    const by = strata.platform.identity.authenticate(token).keyId
    expect(log).toContain(`"act":"person.change","active":false,"by":"${by}","person":"${idOf(made)}"`)
    expect(log).not.toContain(userName)
  })
})

describe('a group', () => {
  test('gives its people a role when they sign on, and ends their sessions when that changes', async () => {
    const made = await scim.addPerson()
    provider.claims = { email: nameOf(made) }
    expect((await signOn()).status).toBe(403) // No role fits.
    const group = await scim.send('POST', '/Groups', { displayName: 'Strata Auditors', members: [] })
    expect(group.status).toBe(201)
    await scim.patch(`/Groups/${idOf(group)}`, { op: 'Add', path: 'members', value: [{ value: idOf(made) }] })
    expect((await scim.send('GET', `/Users/${idOf(made)}`)).body['groups']).toMatchObject([
      { display: 'Strata Auditors' },
    ])
    const session = await signOn()
    expect(session.body).toMatchObject({ role: 'auditor' })
    const key = textOf(at(session.body, ['key']))
    const headers = { authorization: `Bearer ${key}` }
    expect((await strata.request('/v1/incidents', undefined, { headers })).status).toBe(200)
    await scim.patch(`/Groups/${idOf(group)}`, { op: 'Remove', path: `members[value eq "${idOf(made)}"]` })
    expect((await strata.request('/v1/incidents', undefined, { headers })).status).toBe(401)
    expect((await signOn()).status).toBe(403)
    expect((await scim.send('DELETE', `/Groups/${idOf(group)}`)).status).toBe(204)
  })

  test('gains and loses people as Entra ID and Okta do it', async () => {
    const [a, b, c] = [idOf(await scim.addPerson()), idOf(await scim.addPerson()), idOf(await scim.addPerson())]
    const id = idOf(
      await scim.send('POST', '/Groups', { displayName: 'Readers', externalId: 'g', members: [{ value: a }] }),
    )
    const membersOf = ({ body }: ScimAnswer) =>
      ((body['members'] ?? []) as readonly JsonValue[]).map((each) => at(each, ['value']))
    const steps: readonly (readonly [JsonObject, readonly string[]])[] = [
      [{ op: 'Add', path: 'members', value: [{ value: b }, { value: a }] }, [a, b]],
      [{ op: 'Remove', path: 'members', value: [{ value: a }] }, [b]],
      [{ op: 'add', path: 'members', value: [{ value: c, display: 'C' }] }, [b, c]],
      [{ op: 'remove', path: `members[value eq "${b}"]` }, [c]],
      [{ op: 'replace', path: 'members', value: [{ value: a }] }, [a]],
      [{ op: 'replace', value: { id: 'x', displayName: 'Readers 2' } }, [a]],
      [{ op: 'remove', path: 'members' }, []],
    ]
    for (const [operation, expected] of steps) {
      const changed = await scim.patch(`/Groups/${id}`, operation)
      expect([operation, changed.status, new Set(membersOf(changed))]).toEqual([operation, 200, new Set(expected)])
    }
    expect((await scim.send('GET', `/Groups/${id}`)).body).toMatchObject({ displayName: 'Readers 2', id })
    await scim.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: a }] })
    const filter = encodeURIComponent(`id eq "${id}" and members eq "${a}"`)
    expect((await scim.send('GET', `/Groups?filter=${filter}&excludedAttributes=members`)).body).toMatchObject({
      totalResults: 1,
    })
    const byName = await scim.send(
      'GET',
      `/Groups?filter=${encodeURIComponent('displayName eq "readers 2"')}&excludedAttributes=members`,
    )
    expect(at(byName.body, ['Resources', 0, 'members'])).toBeUndefined()
    expect(at(byName.body, ['Resources', 0, 'id'])).toBe(id)
    expect(
      await scim.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: 'person_x' }] }),
    ).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue' },
    })
    expect((await scim.send('POST', '/Groups', { displayName: 'READERS 2' })).status).toBe(409)
  })

  test('has no more people than the configuration allows, and none of its changes is half done', async () => {
    const people = [await scim.addPerson(), await scim.addPerson(), await scim.addPerson(), await scim.addPerson()].map(
      (each) => ({
        value: idOf(each),
      }),
    )
    const id = idOf(await scim.send('POST', '/Groups', { displayName: 'Small', members: people.slice(0, 3) }))
    const refused = await scim.patch(
      `/Groups/${id}`,
      { op: 'replace', path: 'displayName', value: 'Large' },
      { op: 'add', path: 'members', value: people },
    )
    expect(refused.status).toBe(400)
    expect((await scim.send('GET', `/Groups/${id}`)).body).toMatchObject({
      displayName: 'Small',
      members: people.slice(0, 3),
    })
  })
})

test('what is there of the protocol is said, and only a key that may provision is heard', async () => {
  const config = await scim.send('GET', '/ServiceProviderConfig')
  expect(config.body).toMatchObject({ patch: { supported: true }, filter: { supported: true, maxResults: 200 } })
  expect((await scim.send('GET', '/ResourceTypes')).body).toMatchObject({ totalResults: 2 })
  expect((await scim.send('GET', '/ResourceTypes/User')).body).toMatchObject({ endpoint: '/Users' })
  expect((await scim.send('GET', `/Schemas/${enterprise}`)).body).toMatchObject({ name: 'EnterpriseUser' })
  const saved = token
  token = await keyOf('member', 'member')
  expect(await scim.send('GET', '/Users')).toMatchObject({ status: 403, body: { status: '403' } })
  token = saved
})

test('with provisionedOnly nobody signs on who was not brought in; nothing of another tenant is found', async () => {
  await strata.reload(toConfig({ provisionedOnly: true }))
  expect((await signOn()).status).toBe(403)
  const made = await scim.addPerson()
  provider.claims = { email: nameOf(made), groups: ['readers'] }
  expect((await signOn()).status).toBe(200)
  const other = await strata.platform.identity.tenants.create('elsewhere')
  const saved = token
  token = (await strata.platform.identity.keys.create({ tenant: other.id, name: 'p', role: 'provisioner' })).key
  expect((await scim.send('GET', `/Users/${idOf(made)}`)).status).toBe(404)
  expect((await scim.send('DELETE', `/Users/${idOf(made)}`)).status).toBe(404)
  expect((await scim.send('GET', '/Users')).body).toMatchObject({ totalResults: 0 })
  token = saved
})
