import { isJsonObject, type JsonObject } from '../../core/json.ts'
import type { AgedTexts, DerivedTexts, Store, Tables } from '../../store/index.ts'

export type EvaluationRow = Tables['evaluation']

/** The SQL of evaluations; the tenant is part of every question. */
export interface EvaluationStore {
  add(row: EvaluationRow): Promise<void>
  find(tenant: string, id: string): Promise<EvaluationRow | undefined>
  /** Newest first, without their results. */
  list(
    tenant: string,
    page: { readonly limit: number; readonly before: string | undefined },
  ): Promise<readonly Omit<EvaluationRow, 'results' | 'words_gone_at_ms'>[]>
  /** Erases the answers that were given in these calls. Resolves with how many. */
  forget(tenant: string, calls: readonly string[]): Promise<number>
}

const rowsPerPage = 50
/** Results of an evaluation may be large. */
const agedPerPage = 20

/** Scores, costs and errors stay; what the model said goes. */
function withoutAnswers(results: string, gone: ReadonlySet<string>): { answers: number; results: string } {
  let answers = 0
  const isGone = (value: unknown): value is { readonly call: string; readonly answer: string } =>
    typeof value === 'object' &&
    value !== null &&
    'call' in value &&
    typeof value.call === 'string' &&
    'answer' in value &&
    gone.has(value.call)
  const left = JSON.stringify(JSON.parse(results), (_name, value: unknown) => {
    if (!isGone(value)) return value
    answers++
    const { answer: _, ...rest } = value
    return rest
  })
  return { answers, results: left }
}

/** What models said when they were evaluated. */
export function createEvaluationTexts(store: Pick<Store, 'sql'>): DerivedTexts {
  const kept = createEvaluationStore(store)
  return { tables: ['evaluation'], forget: (tenant, calls) => kept.forget(tenant, calls) }
}

/** What models were asked and said when they were evaluated. Scores, costs and errors stay. */
export function createEvaluationWords(): AgedTexts {
  return {
    set: 'evaluations',
    tables: ['evaluation'],
    async list(sql, { beforeMs, after, limit }) {
      const rows = await sql
        .selectFrom('evaluation')
        .select(['tenant', 'id', 'results', 'at_ms'])
        .where('words_gone_at_ms', 'is', null)
        .where('at_ms', '<', beforeMs)
        .where((each) => each(each.refTuple('tenant', 'id'), '>', each.tuple(after.tenant, after.id)))
        .orderBy('tenant')
        .orderBy('id')
        .limit(Math.min(limit, agedPerPage))
        .execute()
      return rows.map(({ tenant, id, results, at_ms: keptAtMs }) => ({ tenant, id, keptAtMs, calls: callsIn(results) }))
    },
    async erase(sql, texts, atMs) {
      for (const { tenant, id } of texts) {
        const row = () => sql.updateTable('evaluation').where('tenant', '=', tenant).where('id', '=', id)
        const kept = await sql
          .selectFrom('evaluation')
          .select('results')
          .where('tenant', '=', tenant)
          .where('id', '=', id)
          .executeTakeFirst()
        if (kept === undefined) continue
        await row()
          .set({ results: withoutWords(kept.results), words_gone_at_ms: atMs })
          .execute()
      }
    },
  }
}

/** Of results as they are kept: cases, and in them what each model came to. */
function callsIn(results: string): readonly string[] {
  const cases = JSON.parse(results) as readonly JsonObject[] // written by `run`
  const outcomes = cases.flatMap((each) => (isJsonObject(each['outcomes']) ? Object.values(each['outcomes']) : []))
  return outcomes.flatMap((outcome) =>
    isJsonObject(outcome) && typeof outcome['call'] === 'string' ? [outcome['call']] : [],
  )
}

function withoutWords(results: string): string {
  const cases = JSON.parse(results) as readonly JsonObject[] // written by `run`
  const left = cases.map((each) => {
    const { prompt: _, ...rest } = each
    const { outcomes } = each
    if (!isJsonObject(outcomes)) return rest
    const silent = Object.entries(outcomes).map(([model, outcome]) => {
      if (!isJsonObject(outcome)) return [model, outcome] as const
      const { answer: _answer, ...measured } = outcome
      return [model, measured] as const
    })
    return { ...rest, outcomes: Object.fromEntries(silent) }
  })
  return JSON.stringify(left)
}

export function createEvaluationStore({ sql }: Pick<Store, 'sql'>): EvaluationStore {
  return {
    async add(row) {
      await sql.insertInto('evaluation').values(row).execute()
    },
    find: (tenant, id) =>
      sql.selectFrom('evaluation').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    async forget(tenant, calls) {
      const gone = new Set(calls)
      let forgotten = 0
      for (let after = ''; ; ) {
        const rows = await sql
          .selectFrom('evaluation')
          .select(['id', 'results'])
          .where('tenant', '=', tenant)
          .where('id', '>', after)
          .orderBy('id')
          .limit(rowsPerPage)
          .execute()
        for (const { id, results } of rows) {
          const left = withoutAnswers(results, gone)
          if (left.answers === 0) continue
          forgotten += left.answers
          await sql
            .updateTable('evaluation')
            .set({ results: left.results })
            .where('tenant', '=', tenant)
            .where('id', '=', id)
            .execute()
        }
        const last = rows.at(-1)
        if (last === undefined || rows.length < rowsPerPage) return forgotten
        after = last.id
      }
    },
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
