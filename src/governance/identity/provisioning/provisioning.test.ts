import { expect, test } from 'vitest'
import { createIds } from '../../../core/ids.ts'
import type { JsonObject } from '../../../core/json.ts'
import { createSystemRandom } from '../../../core/random.ts'
import { createFakeClock } from '../../../core/time.ts'
import type { Store } from '../../../store/index.ts'
import { describeEngines, silentLog } from '../../../store/testing.ts'
import { createIdentity } from '../index.ts'
import { createDirectory, type NewPerson } from './index.ts'

const by = { tenant: 'default', keyId: 'key_p' }

function toPerson(userName: string, more: Partial<NewPerson> = {}): NewPerson {
  return { userName, externalId: undefined, active: true, otherNames: [], attributes: {}, ...more }
}

async function open(store: Store, peopleMax = 10) {
  const clock = createFakeClock(Date.parse('2026-11-26T00:00:00Z'))
  const random = createSystemRandom()
  const ids = createIds({ clock, random })
  const acts: JsonObject[] = []
  const identity = await createIdentity({
    store,
    clock,
    random,
    ids,
    log: silentLog,
    isRegion: () => true,
    isUseCase: () => true,
    keyDaysMax: () => undefined,
  })
  const directory = createDirectory({
    store,
    clock,
    ids,
    audit: {
      act(_tenant, body) {
        acts.push(body)
        return Promise.resolve()
      },
    },
    refresh: () => identity.refresh(),
    limits: () => ({ peopleMax, groupsMax: 10, membersMax: 10 }),
  })
  return { identity, directory, acts, close: () => identity.close() }
}

describeEngines('a directory', (openStore) => {
  test('knows people by every name they have, whatever its case, and revokes the keys of who leaves', async () => {
    const { identity, directory, acts, close } = await open(await openStore())
    const ada = await directory.addPerson(by, toPerson('Ada', { externalId: 'X-1', otherNames: ['ADA@example.eu'] }))
    const keys = await Promise.all(
      ['ada', 'x-1', 'ada@EXAMPLE.eu', 'bob'].map((user) =>
        identity.keys.create({ tenant: 'default', name: user, role: 'member', user }),
      ),
    )
    const group = await directory.addGroup(by, { displayName: 'G', externalId: undefined, members: [ada.id] })
    expect(await directory.standingOf('default', ['?', 'ada@example.EU'])).toEqual({
      userName: 'Ada',
      isActive: true,
      groups: ['G'],
    })
    await directory.changePerson(by, ada.id, (person) => toPerson(person.userName, { active: false }))
    const states = keys.map(({ key }) => {
      try {
        return identity.authenticate(key).user
      } catch (thrown) {
        return (thrown as { code?: string }).code
      }
    })
    expect(states).toEqual(['KEY_REVOKED', 'KEY_REVOKED', 'KEY_REVOKED', 'bob'])
    expect(acts.filter(({ act }) => act === 'key.revoke')).toHaveLength(3)
    await directory.removePerson(by, ada.id)
    expect((await directory.findGroup('default', group.id))?.members).toEqual([])
    expect(await directory.standingOf('default', ['ADA'])).toMatchObject({ isActive: false })
    close()
  })

  test('of two who take one name at once lets one have it, and is bounded', async () => {
    const { directory, close } = await open(await openStore(), 2)
    const both = await Promise.allSettled([
      directory.addPerson(by, toPerson('same')),
      directory.addPerson(by, toPerson('SAME')),
    ])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await directory.addPerson(by, toPerson('second'))
    await expect(directory.addPerson(by, toPerson('third'))).rejects.toMatchObject({ param: 'people' })
    const page = await directory.listPeople('default', {}, { offset: 1, limit: 5 })
    expect([page.total, page.items.length]).toEqual([2, 1])
    close()
  })
})
