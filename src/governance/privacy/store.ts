import type { Kysely } from 'kysely'
import type { Tables } from '../../store/index.ts'

/** The SQL of the vault. The tenant is part of every question. */
export interface VaultRows {
  findKey(tenant: string): Promise<string | undefined>
  /** Does nothing when the tenant has a key. */
  insertKey(row: Tables['privacy_key']): Promise<void>
  replaceKey(tenant: string, wrapped: string): Promise<void>
  deleteKey(tenant: string): Promise<void>
  /** Passes over tokens that are kept already. */
  insertValues(rows: readonly Tables['privacy_value'][]): Promise<void>
  findValues(tenant: string, tokens: readonly string[]): Promise<readonly Tables['privacy_value'][]>
  /** How many there were. */
  deleteValues(tenant: string): Promise<number>
}

const rowsPerStatementMax = 200

export function createVaultRows(sql: Kysely<Tables>): VaultRows {
  return {
    async findKey(tenant) {
      const row = await sql.selectFrom('privacy_key').select('wrapped').where('tenant', '=', tenant).executeTakeFirst()
      return row?.wrapped
    },
    async insertKey(row) {
      await sql
        .insertInto('privacy_key')
        .values(row)
        .onConflict((conflict) => conflict.columns(['tenant']).doNothing())
        .execute()
    },
    async replaceKey(tenant, wrapped) {
      await sql.updateTable('privacy_key').set({ wrapped }).where('tenant', '=', tenant).execute()
    },
    async deleteKey(tenant) {
      await sql.deleteFrom('privacy_key').where('tenant', '=', tenant).execute()
    },
    async insertValues(rows) {
      for (let from = 0; from < rows.length; from += rowsPerStatementMax) {
        await sql
          .insertInto('privacy_value')
          .values(rows.slice(from, from + rowsPerStatementMax))
          .onConflict((conflict) => conflict.columns(['tenant', 'token']).doNothing())
          .execute()
      }
    },
    async findValues(tenant, tokens) {
      const found: Tables['privacy_value'][] = []
      for (let from = 0; from < tokens.length; from += rowsPerStatementMax) {
        const part = tokens.slice(from, from + rowsPerStatementMax)
        const rows = await sql
          .selectFrom('privacy_value')
          .selectAll()
          .where('tenant', '=', tenant)
          .where('token', 'in', part)
          .execute()
        found.push(...rows)
      }
      return found
    },
    async deleteValues(tenant) {
      const result = await sql.deleteFrom('privacy_value').where('tenant', '=', tenant).executeTakeFirst()
      return Number(result.numDeletedRows)
    },
  }
}
