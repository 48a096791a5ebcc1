import type { Kysely } from 'kysely'
import type { Store, Tables } from '../../store/index.ts'
import { isRetired } from './provisioning/index.ts'

export type TenantRow = Tables['tenant']
export type KeyRow = Tables['api_key']

export const defaultTenant = 'default'

/** The SQL of tenants and keys. */
export interface IdentityQueries {
  /** Changes with every key and every tenant made and every key revoked, for rows only come and are only revoked. */
  readMark(): Promise<string>
  readTenants(): Promise<readonly TenantRow[]>
  readKeys(): Promise<readonly KeyRow[]>
  findKeyByHash(hash: string): Promise<KeyRow | undefined>
  insertKey(row: KeyRow): Promise<void>
  /** The tenant's key, revoked as of `atMs` or before; `undefined` when it has none of that id. */
  revokeKey(key: { readonly tenant: string; readonly id: string }, atMs: number): Promise<KeyRow | undefined>
  /** The key ends at that instant. */
  endKey(key: Pick<KeyRow, 'id'>, atMs: number): Promise<void>
  /** False when the name is taken. */
  insertTenant(row: TenantRow): Promise<boolean>
  /** Whether somebody of that name was deactivated, and nobody of the name is active. */
  isRetired(tenant: string, user: string): Promise<boolean>
}

export interface IdentityStore extends IdentityQueries {
  /** One at a time among all processes that share the database; all or nothing. Makes the default tenant if need be. */
  exclusively<T>(nowMs: number, work: (queries: IdentityQueries) => Promise<T>): Promise<T>
}

export function createIdentityStore(store: Pick<Store, 'sql' | 'transaction'>): IdentityStore {
  return {
    ...createQueries(store.sql),
    exclusively: (nowMs, work) =>
      store.transaction(async (sql) => {
        const queries = createQueries(sql)
        await queries.insertTenant({ id: defaultTenant, name: defaultTenant, created_at_ms: nowMs })
        // Writing the row holds it until the end: whoever comes second waits here, and then sees what was done.
        await sql.updateTable('tenant').set({ name: defaultTenant }).where('id', '=', defaultTenant).execute()
        return work(queries)
      }),
  }
}

function createQueries(sql: Kysely<Tables>): IdentityQueries {
  return {
    async readMark() {
      const keys = await sql
        .selectFrom('api_key')
        .select(({ fn }) => [fn.countAll().as('made'), fn.count('revoked_at_ms').as('revoked')])
        .executeTakeFirstOrThrow()
      const tenants = await sql
        .selectFrom('tenant')
        .select(({ fn }) => fn.countAll().as('made'))
        .executeTakeFirstOrThrow()
      return `${keys.made}/${keys.revoked}/${tenants.made}`
    },
    readTenants: () => sql.selectFrom('tenant').selectAll().orderBy('created_at_ms').orderBy('id').execute(),
    readKeys: () => sql.selectFrom('api_key').selectAll().orderBy('created_at_ms').orderBy('id').execute(),
    findKeyByHash: (hash) => sql.selectFrom('api_key').selectAll().where('hash', '=', hash).executeTakeFirst(),
    async insertKey(row) {
      await sql.insertInto('api_key').values(row).execute()
    },
    async endKey({ id }, atMs) {
      await sql.updateTable('api_key').set({ expires_at_ms: atMs }).where('id', '=', id).execute()
    },
    async revokeKey({ tenant, id }, atMs) {
      await sql
        .updateTable('api_key')
        .set({ revoked_at_ms: atMs })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .where('revoked_at_ms', 'is', null)
        .execute()
      return sql.selectFrom('api_key').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst()
    },
    isRetired: (tenant, user) => isRetired(sql, tenant, user),
    async insertTenant(row) {
      const made = await sql
        .insertInto('tenant')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst()
      return made !== undefined
    },
  }
}
