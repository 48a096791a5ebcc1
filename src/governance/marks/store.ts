import type { Kysely } from 'kysely'
import type { Store, Tables } from '../../store/index.ts'

export type MarkRow = Tables['mark']

/** The SQL of marks. The tenant is part of every question. */
export interface MarkRows {
  /** A text with its fingerprints; a second one of the same call is passed over. */
  add(row: MarkRow, prints: readonly number[]): Promise<void>
  /** For each call that has any of the fingerprints, which of them. */
  findShared(
    tenant: string,
    prints: readonly number[],
  ): Promise<readonly { readonly call: string; readonly print: number }[]>
  find(tenant: string, calls: readonly string[]): Promise<readonly MarkRow[]>
  /** Those made before then, at most so many. How many texts went. */
  deleteBefore(atMs: number, limit: number): Promise<number>
}

const rowsPerStatementMax = 200

export function createMarkRows(store: Pick<Store, 'sql' | 'transaction'>): MarkRows {
  const { sql } = store
  return {
    add: (row, prints) =>
      store.transaction(async (transaction) => {
        const made = await transaction
          .insertInto('mark')
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .returning('call')
          .executeTakeFirst()
        if (made === undefined) return
        for (const part of chunk(prints)) {
          const { tenant, call } = row
          await transaction
            .insertInto('mark_print')
            .values(part.map((print) => ({ tenant, print, call })))
            .execute()
        }
      }),
    async findShared(tenant, prints) {
      const found: { call: string; print: number }[] = []
      for (const part of chunk(prints)) found.push(...(await findShared(sql, tenant, part)))
      return found
    },
    async find(tenant, calls) {
      if (calls.length === 0) return []
      return sql.selectFrom('mark').selectAll().where('tenant', '=', tenant).where('call', 'in', calls).execute()
    },
    deleteBefore: (atMs, limit) =>
      store.transaction(async (transaction) => {
        const old = await transaction.selectFrom('mark').select('call').where('at_ms', '<', atMs).limit(limit).execute()
        if (old.length === 0) return 0
        const calls = old.map(({ call }) => call)
        await transaction.deleteFrom('mark_print').where('call', 'in', calls).execute()
        await transaction.deleteFrom('mark').where('call', 'in', calls).execute()
        return old.length
      }),
  }
}

async function findShared(sql: Kysely<Tables>, tenant: string, prints: readonly number[]) {
  const rows = await sql
    .selectFrom('mark_print')
    .select(['call', 'print'])
    .where('tenant', '=', tenant)
    .where('print', 'in', prints)
    .execute()
  return rows.map(({ call, print }) => ({ call, print: Number(print) }))
}

function* chunk(prints: readonly number[]): Generator<readonly number[]> {
  for (let from = 0; from < prints.length; from += rowsPerStatementMax)
    yield prints.slice(from, from + rowsPerStatementMax)
}
