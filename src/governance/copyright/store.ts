import type { Kysely } from 'kysely'
import type { Tables } from '../../store/index.ts'

export type RightRow = Tables['document_right']

/** The SQL of rights in documents. The tenant is part of every question. */
export interface RightRows {
  /** Inserts, or overwrites the row of that document. */
  write(row: RightRow): Promise<void>
  find(tenant: string, document: string): Promise<RightRow | undefined>
  findMany(tenant: string, documents: readonly string[]): Promise<readonly RightRow[]>
  listByWork(tenant: string, work: string): Promise<readonly RightRow[]>
  listForbidden(tenant: string, purpose: 'search' | 'ground' | 'train'): Promise<readonly string[]>
  /** Every document of the work is withdrawn as of then; those that were before stay as they were. */
  withdraw(tenant: string, work: string, atMs: number): Promise<void>
}

const columns = { search: 'may_search', ground: 'may_ground', train: 'may_train' } as const
const idsPerStatementMax = 200

export function createRightRows(sql: Kysely<Tables>): RightRows {
  const within = (tenant: string) => sql.selectFrom('document_right').selectAll().where('tenant', '=', tenant)
  return {
    async write(row) {
      const { tenant: _tenant, document: _document, ...changing } = row
      await sql
        .insertInto('document_right')
        .values(row)
        .onConflict((conflict) => conflict.columns(['tenant', 'document']).doUpdateSet(changing))
        .execute()
    },
    find: (tenant, document) => within(tenant).where('document', '=', document).executeTakeFirst(),
    async findMany(tenant, documents) {
      const found: RightRow[] = []
      for (let from = 0; from < documents.length; from += idsPerStatementMax) {
        const part = documents.slice(from, from + idsPerStatementMax)
        found.push(...(await within(tenant).where('document', 'in', part).execute()))
      }
      return found
    },
    listByWork: (tenant, work) => within(tenant).where('work', '=', work).orderBy('document').execute(),
    async listForbidden(tenant, purpose) {
      const rows = await sql
        .selectFrom('document_right')
        .select('document')
        .where('tenant', '=', tenant)
        .where((each) => each.or([each(columns[purpose], '=', 0), each('withdrawn_at_ms', 'is not', null)]))
        .execute()
      return rows.map(({ document }) => document)
    },
    async withdraw(tenant, work, atMs) {
      await sql
        .updateTable('document_right')
        .set({ withdrawn_at_ms: atMs })
        .where('tenant', '=', tenant)
        .where('work', '=', work)
        .where('withdrawn_at_ms', 'is', null)
        .execute()
    },
  }
}
