import type { Store, Tables } from '../../store/index.ts'

export type EvaluationRow = Tables['evaluation']

/** The SQL of evaluations; the tenant is part of every question. */
export interface EvaluationStore {
  add(row: EvaluationRow): Promise<void>
  find(tenant: string, id: string): Promise<EvaluationRow | undefined>
  /** Newest first, without their results. */
  list(
    tenant: string,
    page: { readonly limit: number; readonly before: string | undefined },
  ): Promise<readonly Omit<EvaluationRow, 'results'>[]>
}

export function createEvaluationStore({ sql }: Pick<Store, 'sql'>): EvaluationStore {
  return {
    async add(row) {
      await sql.insertInto('evaluation').values(row).execute()
    },
    find: (tenant, id) =>
      sql.selectFrom('evaluation').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    list(tenant, { limit, before }) {
      const all = sql
        .selectFrom('evaluation')
        .select(['tenant', 'id', 'name', 'models', 'summary', 'at_ms'])
        .where('tenant', '=', tenant)
      const older = before === undefined ? all : all.where('id', '<', before)
      return older.orderBy('id', 'desc').limit(limit).execute()
    },
  }
}
