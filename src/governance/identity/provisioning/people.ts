import { PlatformError } from '../../../core/errors.ts'
import { endKeysOf } from './keys.ts'
import { full, one, taken, toPeople, toPerson, type Act, type NewPerson, type Person } from './records.ts'
import type { DirectoryDeps } from './directory.ts'
import { toNameKey, type PersonRow } from './store.ts'

export async function addPerson(deps: DirectoryDeps, act: Act, person: NewPerson): Promise<Person> {
  const { tenant, rows, atMs } = act
  if ((await rows.countPeople(tenant, {})) >= deps.limits().peopleMax) throw full('people')
  const former = await rows.findKey(tenant, toNameKey(person.userName))
  if (former !== undefined && former.removed_at_ms === null) throw taken('userName')
  // Who comes back is somebody new: of who was removed nothing but the names was left.
  if (former !== undefined) await rows.erasePerson(former.id)
  const row = toPersonRow(person, {
    id: deps.ids.create('person'),
    tenant,
    version: 1,
    created_at_ms: atMs,
    changed_at_ms: atMs,
    removed_at_ms: null,
  })
  await rows.writePerson(row, namesOf(person))
  await act.note('person.add', { person: row.id, active: person.active })
  if (!person.active) await endKeysOf(act, row.id, 'person.deactivate')
  return toPerson(row, [])
}

export async function changePerson(
  act: Act,
  { id, change }: { readonly id: string; readonly change: (person: Person) => NewPerson },
): Promise<Person> {
  const { tenant, rows, atMs } = act
  const [former] = await rows.listPeople(tenant, { id }, one)
  if (former === undefined) throw noPerson()
  const [person] = await toPeople(rows, tenant, [former])
  if (person === undefined) throw noPerson()
  const next = change(person)
  const other = await rows.findKey(tenant, toNameKey(next.userName))
  if (other !== undefined && other.id !== id) {
    if (other.removed_at_ms === null) throw taken('userName')
    await rows.erasePerson(other.id)
  }
  // By the names that the person had, so that none of the keys made under them is left.
  if (person.active && !next.active) await endKeysOf(act, id, 'person.deactivate')
  const { id: _, tenant: __, created_at_ms } = former
  const row = toPersonRow(next, {
    id,
    tenant,
    version: former.version + 1,
    created_at_ms,
    changed_at_ms: atMs,
    removed_at_ms: null,
  })
  await rows.writePerson(row, namesOf(next))
  await act.note('person.change', { person: id, active: next.active })
  return toPerson(row, person.groups)
}

export async function removePerson(act: Act, id: string): Promise<void> {
  const { tenant, rows, atMs } = act
  const [row] = await rows.listPeople(tenant, { id }, one)
  if (row === undefined) throw noPerson()
  await endKeysOf(act, id, 'person.remove')
  await rows.leaveGroups(tenant, id)
  const bare = {
    ...row,
    active: 0,
    attributes: '{}',
    external_id: null,
    changed_at_ms: atMs,
    removed_at_ms: atMs,
  } as const
  await rows.writePerson(bare, await rows.listNames(id))
  await act.note('person.remove', { person: id })
}

function namesOf({ userName, externalId, otherNames }: NewPerson): readonly string[] {
  const named = [userName, externalId, ...otherNames].filter((name) => name !== undefined)
  return [...new Set(named.map(toNameKey))].filter((name) => name !== '')
}

type PersonBase = Omit<PersonRow, 'user_name' | 'user_key' | 'external_id' | 'active' | 'attributes'>

function toPersonRow(person: NewPerson, base: PersonBase): PersonRow {
  return {
    ...base,
    user_name: person.userName,
    user_key: toNameKey(person.userName),
    external_id: person.externalId ?? null,
    active: person.active ? 1 : 0,
    attributes: JSON.stringify(person.attributes),
  }
}

function noPerson(): PlatformError {
  return new PlatformError('NOT_FOUND', 'there is no such person')
}
