import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at } from '../../../../test/kit/faces.ts'
import { createScimClient, idOf, nameOf } from '../../../../test/kit/scim.ts'
import { startStrata, type RunningStrata } from '../../../../test/kit/strata.ts'
import type { JsonObject } from '../../../core/json.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

let strata: RunningStrata
const scim = createScimClient(
  () => strata.url,
  () => strata.key,
)

beforeAll(async () => {
  strata = await startStrata({ config: {} })
})

afterAll(() => strata.close())

describe('a person', () => {
  test('is brought in, found by what providers look people up by, replaced, and removed', async () => {
    const emails = [{ type: 'work', primary: true, value: 'ada@example.eu' }]
    const made = await scim.addPerson({
      userName: 'Ada@Example.eu',
      externalId: 'x-1',
      name: { givenName: 'Ada' },
      emails,
      password: 'p',
    })
    expect(made.body).toMatchObject({
      userName: 'Ada@Example.eu',
      active: true,
      externalId: 'x-1',
      name: { givenName: 'Ada' },
    })
    expect(JSON.stringify(made.body)).not.toContain('password')
    const filters = [
      'userName eq "ada@example.EU"',
      'externalId eq "x-1"',
      'emails[type eq "work"].value eq "ADA@example.eu"',
      `id eq "${idOf(made)}" and active eq true`,
    ]
    for (const filter of filters) {
      const { body } = await scim.send('GET', `/Users?filter=${encodeURIComponent(filter)}`)
      expect([filter, body['totalResults'], at(body, ['Resources', 0, 'id'])]).toEqual([filter, 1, idOf(made)])
    }
    const none = await scim.send('GET', `/Users?filter=${encodeURIComponent('userName eq "x"')}`)
    expect(none.body).toMatchObject({ totalResults: 0, Resources: [] })
    const replaced = await scim.send('PUT', `/Users/${idOf(made)}`, { userName: 'ada@example.eu', active: 'True' })
    expect(replaced.body).toMatchObject({ userName: 'ada@example.eu', active: true })
    expect(replaced.body['name']).toBeUndefined()
    expect((await scim.send('DELETE', `/Users/${idOf(made)}`)).status).toBe(204)
    expect((await scim.send('GET', `/Users/${idOf(made)}`)).status).toBe(404)
    expect((await scim.send('DELETE', `/Users/${idOf(made)}`)).status).toBe(404)
    expect((await scim.addPerson({ userName: 'ada@example.eu' })).status).toBe(201)
  })

  test('is listed page by page, with the attributes that are asked for', async () => {
    for (let made = 0; made < 3; made += 1) await scim.addPerson({ title: 'x' })
    const { body } = await scim.send('GET', '/Users?startIndex=2&count=2&attributes=userName')
    expect(body).toMatchObject({ startIndex: 2, itemsPerPage: 2 })
    expect(Object.keys(at(body, ['Resources', 0]) as JsonObject).toSorted()).toEqual(['id', 'schemas', 'userName'])
    expect((await scim.send('GET', '/Users?count=0')).body).toMatchObject({ itemsPerPage: 0, Resources: [] })
    expect(Number(at((await scim.send('GET', '/Users?count=0')).body, ['totalResults']))).toBeGreaterThanOrEqual(3)
    expect((await scim.send('GET', '/Users?excludedAttributes=title,meta')).body).not.toMatchObject({
      Resources: [{ title: 'x' }],
    })
  })

  test('is changed as Entra ID does it', async () => {
    const id = idOf(await scim.addPerson({ emails: [{ type: 'home', value: 'home@example.eu' }] }))
    const changed = await scim.patch(
      `/Users/${id}`,
      { op: 'Add', path: 'emails[type eq "work"].value', value: 'work@example.eu' },
      { op: 'Replace', path: 'name.familyName', value: 'Lovelace' },
      { op: 'Add', path: `${enterprise}:department`, value: 'Research' },
      { op: 'Replace', value: { displayName: 'Ada L.', 'name.givenName': 'Ada', [`${enterprise}:costCenter`]: '7' } },
      { op: 'Replace', path: 'emails[type eq "home"].value', value: 'new@example.eu' },
      { op: 'Replace', path: 'active', value: 'False' },
    )
    expect(changed.body).toMatchObject({
      active: false,
      displayName: 'Ada L.',
      name: { familyName: 'Lovelace', givenName: 'Ada' },
      [enterprise]: { department: 'Research', costCenter: '7' },
      schemas: expect.arrayContaining([enterprise]),
    })
    expect(changed.body['emails']).toEqual([
      { type: 'home', value: 'new@example.eu' },
      { type: 'work', value: 'work@example.eu' },
    ])
    const removed = await scim.patch(
      `/Users/${id}`,
      { op: 'Remove', path: 'emails[type eq "home"]' },
      { op: 'Remove', path: 'displayName' },
    )
    expect(removed.body['emails']).toEqual([{ type: 'work', value: 'work@example.eu' }])
    expect(removed.body['displayName']).toBeUndefined()
  })

  test('is changed as Okta does it', async () => {
    const id = idOf(await scim.addPerson({ active: true }))
    expect((await scim.patch(`/Users/${id}`, { op: 'replace', value: { active: false } })).body).toMatchObject({
      active: false,
    })
    expect((await scim.patch(`/Users/${id}`, { op: 'replace', value: { active: true } })).body).toMatchObject({
      active: true,
    })
    const read = (await scim.send('GET', `/Users/${id}`)).body
    expect((await scim.send('PUT', `/Users/${id}`, { ...read, active: false })).body).toMatchObject({
      active: false,
      id,
    })
  })

  test.each([
    ['PATCH', { Operations: [{ op: 'jump', path: 'active', value: true }] }, 400, 'invalidSyntax'],
    ['PATCH', { Operations: [] }, 400, 'invalidSyntax'],
    ['PATCH', { Operations: [{ op: 'remove' }] }, 400, 'noTarget'],
    ['PATCH', { Operations: [{ op: 'add', path: '__proto__.x', value: 1 }] }, 400, 'invalidPath'],
    ['PATCH', { Operations: [{ op: 'add', path: 'a..b', value: 1 }] }, 400, 'invalidPath'],
    ['PATCH', { Operations: [{ op: 'replace', path: 'active', value: 'perhaps' }] }, 400, 'invalidValue'],
    ['PATCH', { Operations: [{ op: 'remove', path: 'userName' }] }, 400, 'invalidValue'],
    ['PUT', { userName: 'x'.repeat(200) }, 400, 'invalidValue'],
    ['PUT', { userName: 'y', nickName: 'x'.repeat(20_000) }, 400, 'invalidValue'],
  ])('that is changed wrongly stays as it was: %s %j', async (...[method, body, status, scimType]) => {
    const made = await scim.addPerson()
    const refused = await scim.send(method, `/Users/${idOf(made)}`, body)
    expect(refused).toMatchObject({ status, body: { status: `${status}`, scimType } })
    expect((await scim.send('GET', `/Users/${idOf(made)}`)).body).toEqual(made.body)
  })

  test('of a name that is taken is refused, and filters that are not there are too', async () => {
    const made = await scim.addPerson()
    const again = await scim.send('POST', '/Users', { userName: nameOf(made).toUpperCase() })
    expect(again).toMatchObject({ status: 409, body: { scimType: 'uniqueness', status: '409' } })
    for (const filter of ['userName sw "a"', 'userName eq "a" or id eq "b"', 'nickName eq "x"', 'userName eq "']) {
      const refused = await scim.send('GET', `/Users?filter=${encodeURIComponent(filter)}`)
      expect(refused).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } })
    }
  })
})
