import type { Kysely, SelectQueryBuilder, Transaction } from 'kysely'
import type { Store, Tables } from '../../../store/index.ts'

export type PersonRow = Tables['provisioned_person']
export type GroupRow = Tables['provisioned_group']
export type Sql = Transaction<Tables>

/** What a list is narrowed to; what is absent narrows nothing. */
export interface PersonFilter {
  readonly id?: string | undefined
  readonly userKey?: string | undefined
  readonly externalId?: string | undefined
  readonly active?: boolean | undefined
  /** Any name the person is known by. */
  readonly name?: string | undefined
}

export interface GroupFilter {
  readonly id?: string | undefined
  readonly displayKey?: string | undefined
  readonly externalId?: string | undefined
  readonly member?: string | undefined
}

export interface Slice {
  readonly offset: number
  readonly limit: number
}

const rowsAtOnce = 500

/** The SQL of people and groups. */
export function createProvisioningRows(sql: Kysely<Tables>) {
  return { ...createPeople(sql), ...createGroups(sql), ...createMembers(sql), ...createPersonalKeys(sql) }
}

function createPeople(sql: Kysely<Tables>) {
  return {
    listPeople: (tenant: string, filter: PersonFilter, slice: Slice): Promise<readonly PersonRow[]> =>
      selectPeople(sql, tenant, filter)
        .selectAll()
        .orderBy('created_at_ms')
        .orderBy('id')
        .offset(slice.offset)
        .limit(slice.limit)
        .execute(),
    countPeople: (tenant: string, filter: PersonFilter): Promise<number> => count(selectPeople(sql, tenant, filter)),
    /** The row of that key, also of who was removed. */
    findKey: (tenant: string, key: string): Promise<PersonRow | undefined> =>
      sql
        .selectFrom('provisioned_person')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('user_key', '=', key)
        .executeTakeFirst(),
    async writePerson(row: PersonRow, names: readonly string[]): Promise<void> {
      const { id, tenant, ...rest } = row
      await sql
        .insertInto('provisioned_person')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute()
      await sql.deleteFrom('provisioned_name').where('person', '=', id).execute()
      await sql
        .insertInto('provisioned_name')
        .values(names.map((name) => ({ tenant, name, person: id })))
        .execute()
    },
    /** Forgets a person altogether. */
    async erasePerson(id: string): Promise<void> {
      await sql.deleteFrom('provisioned_name').where('person', '=', id).execute()
      await sql.deleteFrom('provisioned_person').where('id', '=', id).execute()
    },
    async listNames(person: string): Promise<readonly string[]> {
      const rows = await sql.selectFrom('provisioned_name').select('name').where('person', '=', person).execute()
      return rows.map(({ name }) => name)
    },
    /** Those of these ids that are people of the tenant. */
    async findPeople(tenant: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
      const found = new Set<string>()
      for (let from = 0; from < ids.length; from += rowsAtOnce) {
        const some = ids.slice(from, from + rowsAtOnce)
        for (const { id } of await selectPeople(sql, tenant, {}).select('id').where('id', 'in', some).execute())
          found.add(id)
      }
      return found
    },
    /** People, removed ones too, who are known by any of these names. */
    listKnown: (tenant: string, names: readonly string[]) =>
      sql
        .selectFrom('provisioned_person')
        .innerJoin('provisioned_name', 'provisioned_name.person', 'provisioned_person.id')
        .selectAll('provisioned_person')
        .where('provisioned_name.tenant', '=', tenant)
        .where('provisioned_name.name', 'in', [...names])
        .execute(),
  }
}

function createGroups(sql: Kysely<Tables>) {
  return {
    listGroups: (tenant: string, filter: GroupFilter, slice: Slice): Promise<readonly GroupRow[]> =>
      selectGroups(sql, tenant, filter)
        .selectAll()
        .orderBy('created_at_ms')
        .orderBy('id')
        .offset(slice.offset)
        .limit(slice.limit)
        .execute(),
    countGroups: (tenant: string, filter: GroupFilter): Promise<number> => count(selectGroups(sql, tenant, filter)),
    async writeGroup(row: GroupRow): Promise<void> {
      const { id: _, ...rest } = row
      await sql
        .insertInto('provisioned_group')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute()
    },
    async eraseGroup(tenant: string, id: string): Promise<void> {
      await sql.deleteFrom('provisioned_member').where('tenant', '=', tenant).where('group_id', '=', id).execute()
      await sql.deleteFrom('provisioned_group').where('tenant', '=', tenant).where('id', '=', id).execute()
    },
  }
}

function createMembers(sql: Kysely<Tables>) {
  return {
    async listMembers(tenant: string, group: string): Promise<readonly string[]> {
      const rows = await sql
        .selectFrom('provisioned_member')
        .select('person')
        .where('tenant', '=', tenant)
        .where('group_id', '=', group)
        .orderBy('person')
        .execute()
      return rows.map(({ person }) => person)
    },
    async addMembers(tenant: string, group: string, members: readonly string[]): Promise<void> {
      for (let from = 0; from < members.length; from += rowsAtOnce) {
        const rows = members.slice(from, from + rowsAtOnce).map((person) => ({ tenant, group_id: group, person }))
        await sql.insertInto('provisioned_member').values(rows).execute()
      }
    },
    async removeMembers(tenant: string, group: string, members: readonly string[]): Promise<void> {
      for (let from = 0; from < members.length; from += rowsAtOnce) {
        const some = members.slice(from, from + rowsAtOnce)
        await sql
          .deleteFrom('provisioned_member')
          .where('tenant', '=', tenant)
          .where('group_id', '=', group)
          .where('person', 'in', some)
          .execute()
      }
    },
    async leaveGroups(tenant: string, person: string): Promise<void> {
      await sql.deleteFrom('provisioned_member').where('tenant', '=', tenant).where('person', '=', person).execute()
    },
    /** The groups that people are in. */
    listGroupsOf: (tenant: string, ids: readonly string[]) =>
      ids.length === 0
        ? Promise.resolve([])
        : sql
            .selectFrom('provisioned_member')
            .innerJoin('provisioned_group', 'provisioned_group.id', 'provisioned_member.group_id')
            .select(['provisioned_member.person', 'provisioned_group.id', 'provisioned_group.display_name'])
            .where('provisioned_member.tenant', '=', tenant)
            .where('provisioned_member.person', 'in', [...ids])
            .orderBy('provisioned_group.id')
            .execute(),
  }
}

function createPersonalKeys(sql: Kysely<Tables>) {
  return {
    /** Keys in force that are made for somebody. */
    listPersonalKeys: (tenant: string) =>
      sql
        .selectFrom('api_key')
        .select(['id', 'name', 'user_name'])
        .where('tenant', '=', tenant)
        .where('user_name', 'is not', null)
        .where('revoked_at_ms', 'is', null)
        .execute(),
    async revokeKeys(ids: readonly string[], atMs: number): Promise<void> {
      for (let from = 0; from < ids.length; from += rowsAtOnce) {
        const some = ids.slice(from, from + rowsAtOnce)
        await sql.updateTable('api_key').set({ revoked_at_ms: atMs }).where('id', 'in', some).execute()
      }
    },
  }
}

function selectPeople(sql: Kysely<Tables>, tenant: string, filter: PersonFilter) {
  let query = sql.selectFrom('provisioned_person').where('tenant', '=', tenant).where('removed_at_ms', 'is', null)
  if (filter.id !== undefined) query = query.where('id', '=', filter.id)
  if (filter.userKey !== undefined) query = query.where('user_key', '=', filter.userKey)
  if (filter.externalId !== undefined) query = query.where('external_id', '=', filter.externalId)
  if (filter.active !== undefined) query = query.where('active', '=', filter.active ? 1 : 0)
  const { name } = filter
  if (name !== undefined) {
    const named = sql
      .selectFrom('provisioned_name')
      .select('person')
      .where('tenant', '=', tenant)
      .where('name', '=', name)
    query = query.where('id', 'in', named)
  }
  return query
}

function selectGroups(sql: Kysely<Tables>, tenant: string, filter: GroupFilter) {
  let query = sql.selectFrom('provisioned_group').where('tenant', '=', tenant)
  if (filter.id !== undefined) query = query.where('id', '=', filter.id)
  if (filter.displayKey !== undefined) query = query.where('display_key', '=', filter.displayKey)
  if (filter.externalId !== undefined) query = query.where('external_id', '=', filter.externalId)
  const { member } = filter
  if (member !== undefined) {
    const joined = sql
      .selectFrom('provisioned_member')
      .select('group_id')
      .where('tenant', '=', tenant)
      .where('person', '=', member)
    query = query.where('id', 'in', joined)
  }
  return query
}

export type ProvisioningRows = ReturnType<typeof createProvisioningRows>

async function count<Row extends 'provisioned_person' | 'provisioned_group'>(
  query: SelectQueryBuilder<Tables, Row, object>,
): Promise<number> {
  const { rows } = await query.select(({ fn }) => fn.countAll().as('rows')).executeTakeFirstOrThrow()
  return Number(rows)
}

/** All or nothing, one change of people, groups and keys at a time among all processes. */
export function exclusively<T>(store: Pick<Store, 'transaction'>, work: (sql: Sql) => Promise<T>): Promise<T> {
  return store.transaction(async (sql) => {
    // Writing the row holds it until the end; who makes keys holds it too.
    await sql.updateTable('tenant').set({ name: 'default' }).where('id', '=', 'default').execute()
    return work(sql)
  })
}

/** Whether somebody of that name is known to the tenant, and nobody of the name is active. */
export async function isRetired(sql: Kysely<Tables>, tenant: string, name: string): Promise<boolean> {
  const known = await createProvisioningRows(sql).listKnown(tenant, [toNameKey(name)])
  return known.length > 0 && known.every(({ active, removed_at_ms: removed }) => active === 0 || removed !== null)
}

/** Names are the same whatever their case and width. */
export function toNameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}
