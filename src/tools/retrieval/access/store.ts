import type { Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'

/** What tells who may see what. */
export interface AccessReads {
  accessVersion(tenant: string): Promise<number>
  listAccess(tenant: string, after: number): Promise<readonly Tables['access_list'][]>
  listMembers(tenant: string, after: number): Promise<readonly Tables['access_member'][]>
}

export function createAccessReads(database: Kysely<Tables>): AccessReads {
  return {
    async accessVersion(tenant) {
      const version = database.selectFrom('access_version').select('version').where('tenant', '=', tenant)
      return (await version.executeTakeFirst())?.version ?? 0
    },
    listAccess: (tenant, after) =>
      database
        .selectFrom('access_list')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('version', '>', after)
        .execute(),
    listMembers: (tenant, after) =>
      database
        .selectFrom('access_member')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('version', '>', after)
        .execute(),
  }
}

/** Each change is one row, with the next number of its tenant. Within a transaction. */
export interface AccessWrites {
  writeList(list: Omit<Tables['access_list'], 'version'>): Promise<void>
  writeMember(member: Omit<Tables['access_member'], 'version'>): Promise<void>
  deleteList(tenant: string, id: string): Promise<void>
}

export function createAccessWrites(sql: Kysely<Tables>): AccessWrites {
  const next = async (tenant: string): Promise<number> => {
    // Its row is held until the transaction ends, so numbers are committed in their order.
    const row = await sql
      .insertInto('access_version')
      .values({ tenant, version: 1 })
      .onConflict((conflict) =>
        conflict.column('tenant').doUpdateSet((build) => ({ version: build('access_version.version', '+', 1) })),
      )
      .returning('version')
      .executeTakeFirstOrThrow()
    return row.version
  }
  return {
    async writeList(list) {
      const version = await next(list.tenant)
      const { allow, deny } = list
      await sql
        .insertInto('access_list')
        .values({ ...list, version })
        .onConflict((conflict) => conflict.columns(['tenant', 'id']).doUpdateSet({ allow, deny, version }))
        .execute()
    },
    async writeMember(member) {
      const version = await next(member.tenant)
      const { is_member } = member
      await sql
        .insertInto('access_member')
        .values({ ...member, version })
        .onConflict((conflict) =>
          conflict.columns(['tenant', 'group_name', 'member']).doUpdateSet({ is_member, version }),
        )
        .execute()
    },
    async deleteList(tenant, id) {
      await sql.deleteFrom('access_list').where('tenant', '=', tenant).where('id', '=', id).execute()
    },
  }
}
