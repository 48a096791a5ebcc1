import type { JsonObject } from '../../core/json.ts'
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
        const kept = await sql
          .selectFrom('evaluation')
          .select('results')
          .where('tenant', '=', tenant)
          .where('id', '=', id)
          .executeTakeFirst()
        if (kept === undefined) continue
        await sql
          .updateTable('evaluation')
          .set({ results: withoutWords(kept.results), words_gone_at_ms: atMs })
          .where('tenant', '=', tenant)
          .where('id', '=', id)
          .execute()
      }
    },
  }
}

/** Results as they are kept: of each case what it asked, and what each model came to. */
type KeptCase = JsonObject & { readonly outcomes: Readonly<Record<string, JsonObject>> }

function readCases(results: string): readonly KeptCase[] {
  return JSON.parse(results) as readonly KeptCase[] // written by `run`
}

function callsIn(results: string): readonly string[] {
  const calls = readCases(results).flatMap(({ outcomes }) => Object.values(outcomes).map(({ call }) => call))
  return calls.filter((call) => typeof call === 'string')
}

/** Scores, costs and errors stay; what was asked and said goes. */
function withoutWords(results: string): string {
  const silent = readCases(results).map((each) => {
    const { prompt: _, ...rest } = each
    return withoutAnswers(rest, () => true).left
  })
  return JSON.stringify(silent)
}

/** The case without the answers of the outcomes that are meant, and how many there were. */
function withoutAnswers<Case extends Pick<KeptCase, 'outcomes'>>(
  kept: Case,
  isMeant: (outcome: JsonObject) => boolean,
): { readonly answers: number; readonly left: Case } {
  let answers = 0
  const outcomes = Object.entries(kept.outcomes).map(([model, outcome]) => {
    const { answer, ...measured } = outcome
    if (answer === undefined || !isMeant(outcome)) return [model, outcome]
    answers++
    return [model, measured]
  })
  return { answers, left: { ...kept, outcomes: Object.fromEntries(outcomes) } }
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
          const cases = readCases(results).map((each) =>
            withoutAnswers(each, ({ call }) => typeof call === 'string' && gone.has(call)),
          )
          const answers = cases.reduce((sum, each) => sum + each.answers, 0)
          if (answers === 0) continue
          forgotten += answers
          await sql
            .updateTable('evaluation')
            .set({ results: JSON.stringify(cases.map(({ left }) => left)) })
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
