import type { Ids } from '../../../core/ids.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Clock } from '../../../core/time.ts'
import type { Store } from '../../../store/index.ts'
import { addGroup, changeGroup, removeGroup } from './groups.ts'
import { addPerson, changePerson, removePerson } from './people.ts'
import {
  isActive,
  one,
  toGroup,
  toPeople,
  type Act,
  type Group,
  type NewGroup,
  type NewPerson,
  type Page,
  type Person,
  type PersonStanding,
  type Provider,
} from './records.ts'
import {
  createProvisioningRows,
  exclusively,
  toNameKey,
  type GroupFilter,
  type PersonFilter,
  type Slice,
  type Sql,
} from './store.ts'

/** People and groups as an identity provider brings them in, and what follows for keys: who is not active has none. */
export interface Directory {
  /** Rejects with CONFLICT when the user name is taken, OVERLOADED when there are too many. */
  addPerson(by: Provider, person: NewPerson): Promise<Person>
  findPerson(tenant: string, id: string): Promise<Person | undefined>
  listPeople(tenant: string, filter: PersonFilter, slice: Slice): Promise<Page<Person>>
  /**
   * Replaces what is known of a person. Who becomes inactive loses every key made for them, sessions too, at once. Rejects with
   * NOT_FOUND, and CONFLICT when the user name is taken.
   */
  changePerson(by: Provider, id: string, change: (person: Person) => NewPerson): Promise<Person>
  /** Deactivates for good: of the person only the names stay. Rejects with NOT_FOUND. */
  removePerson(by: Provider, id: string): Promise<void>
  /** Rejects with CONFLICT when the name is taken, NOT_FOUND for members that there are not. */
  addGroup(by: Provider, group: NewGroup): Promise<Group>
  findGroup(tenant: string, id: string): Promise<Group | undefined>
  listGroups(tenant: string, filter: GroupFilter, slice: Slice): Promise<Page<Group>>
  /** Sessions of who joins or leaves end: the next one has the roles of the new groups. Rejects as `addGroup` does. */
  changeGroup(by: Provider, id: string, change: (group: Group) => NewGroup): Promise<Group>
  removeGroup(by: Provider, id: string): Promise<void>
  /** The person who is known by any of these names; `undefined` when nobody is. */
  standingOf(tenant: string, names: readonly string[]): Promise<PersonStanding | undefined>
}

export interface DirectoryDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: { act(tenant: string, body: JsonObject, within: Sql): Promise<void> }
  /** Makes what was done to keys count in this process at once. */
  readonly refresh: () => Promise<void>
  readonly limits: () => { readonly peopleMax: number; readonly groupsMax: number; readonly membersMax: number }
}

export function createDirectory(deps: DirectoryDeps): Directory {
  const reads = createProvisioningRows(deps.store.sql)
  const work = createWork(deps)
  return {
    addPerson: (by, person) => work(by, (act) => addPerson(deps, act, person)),
    async findPerson(tenant, id) {
      const [row] = await reads.listPeople(tenant, { id }, one)
      return row === undefined ? undefined : (await toPeople(reads, tenant, [row]))[0]
    },
    async listPeople(tenant, filter, slice) {
      const rows = slice.limit === 0 ? [] : await reads.listPeople(tenant, filter, slice)
      return { total: await reads.countPeople(tenant, filter), items: await toPeople(reads, tenant, rows) }
    },
    changePerson: (by, id, change) => work(by, (act) => changePerson(act, { id, change })),
    removePerson: (by, id) => work(by, (act) => removePerson(act, id)),
    addGroup: (by, group) => work(by, (act) => addGroup(deps, act, group)),
    async findGroup(tenant, id) {
      const [row] = await reads.listGroups(tenant, { id }, one)
      return row === undefined ? undefined : toGroup(row, await reads.listMembers(tenant, id))
    },
    async listGroups(tenant, filter, slice) {
      const rows = slice.limit === 0 ? [] : await reads.listGroups(tenant, filter, slice)
      const items: Group[] = []
      for (const row of rows) items.push(toGroup(row, await reads.listMembers(tenant, row.id)))
      return { total: await reads.countGroups(tenant, filter), items }
    },
    changeGroup: (by, id, change) => work(by, (act) => changeGroup(deps, act, { id, change })),
    removeGroup: (by, id) => work(by, (act) => removeGroup(act, id)),
    async standingOf(tenant, names) {
      const known = await reads.listKnown(tenant, names.map(toNameKey))
      const person = known.find(isActive) ?? known[0]
      if (person === undefined) return undefined
      const groups = await reads.listGroupsOf(tenant, [person.id])
      const { user_name: userName } = person
      return { userName, isActive: isActive(person), groups: groups.map(({ display_name: name }) => name) }
    },
  }
}

/** One change at a time, on record exactly when it is done; keys that end are refused here from then on. */
function createWork(deps: DirectoryDeps) {
  return async <T>(by: Provider, change: (act: Act) => Promise<T>): Promise<T> => {
    const { tenant, keyId } = by
    const done = await exclusively(deps.store, (sql) =>
      change({
        tenant,
        rows: createProvisioningRows(sql),
        atMs: Math.trunc(deps.clock.now()),
        note: (act, what) => deps.audit.act(tenant, { act, by: keyId, ...what }, sql),
      }),
    )
    await deps.refresh()
    return done
  }
}
