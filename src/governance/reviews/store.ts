import type { ExpressionBuilder, Kysely, Transaction } from 'kysely'
import type { DerivedTexts, Store, Tables } from '../../store/index.ts'

export type ReviewRow = Tables['review']
export type DecisionRow = Tables['review_decision']
export type ContentPart = Tables['review_content']['part']
export type ReviewTransaction = Transaction<Tables>

/** The SQL of reviews. */
export interface ReviewQueries {
  find(tenant: string, id: string): Promise<ReviewRow | undefined>
  list(options: ListOptions): Promise<readonly ReviewRow[]>
  countPending(tenant: string): Promise<number>
  listDecisions(tenant: string, id: string): Promise<readonly DecisionRow[]>
  findContent(tenant: string, id: string, part: ContentPart): Promise<string | undefined>
  insert(row: ReviewRow): Promise<void>
  insertDecision(row: DecisionRow): Promise<void>
  writeContent(row: Tables['review_content']): Promise<void>
  change(row: Pick<ReviewRow, 'tenant' | 'id'>, changes: Partial<ReviewRow>): Promise<void>
  /** Overdue ones of every tenant, oldest first. */
  listOverdue(atMs: number, limit: number): Promise<readonly ReviewRow[]>
  /** Words of reviews that ended before then and that no legal hold covers. How many texts went. */
  eraseContent(endedBeforeMs: number): Promise<number>
  /** Erases the answers that were held in these calls, unless a legal hold covers them. Resolves with how many texts. */
  forget(tenant: string, calls: readonly string[]): Promise<number>
}

export interface ListOptions {
  readonly tenant: string
  readonly state: ReviewRow['state'] | undefined
  /** Reviews made before the one of this id. */
  readonly before: string | undefined
  readonly limit: number
  /** Only those asked for with this key. */
  readonly keyId: string | undefined
  /** Only those of these use cases. */
  readonly useCases: readonly string[] | undefined
}

export interface ReviewStore extends ReviewQueries {
  /**
   * Holds one review until the work is done, among all processes: whoever comes second waits, and then sees what was
   * done. `undefined` is given when there is none of that id.
   */
  exclusively<T>(
    review: Pick<ReviewRow, 'tenant' | 'id'>,
    work: (row: ReviewRow | undefined, queries: ReviewQueries, sql: ReviewTransaction) => Promise<T>,
  ): Promise<T>
  /** All or nothing. */
  together<T>(work: (queries: ReviewQueries, sql: ReviewTransaction) => Promise<T>): Promise<T>
}

export function createReviewStore(store: Pick<Store, 'sql' | 'transaction'>): ReviewStore {
  return {
    ...createQueries(store.sql),
    together: (work) => store.transaction((sql) => work(createQueries(sql), sql)),
    exclusively: ({ tenant, id }, work) =>
      store.transaction(async (sql) => {
        // Writing the row holds it until the end.
        await sql
          .updateTable('review')
          .set((where) => ({ version: where.ref('version') }))
          .where('tenant', '=', tenant)
          .where('id', '=', id)
          .execute()
        const queries = createQueries(sql)
        return work(await queries.find(tenant, id), queries, sql)
      }),
  }
}

function createQueries(sql: Kysely<Tables>): ReviewQueries {
  return {
    find: (tenant, id) =>
      sql.selectFrom('review').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    list({ tenant, state, before, limit, keyId, useCases }) {
      let query = sql.selectFrom('review').selectAll().where('tenant', '=', tenant)
      if (state !== undefined) query = query.where('state', '=', state)
      if (before !== undefined) query = query.where('id', '<', before)
      if (keyId !== undefined) query = query.where('key_id', '=', keyId)
      if (useCases !== undefined) query = query.where('use_case', 'in', useCases)
      return query.orderBy('id', 'desc').limit(limit).execute()
    },
    async countPending(tenant) {
      const row = await sql
        .selectFrom('review')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('tenant', '=', tenant)
        .where('state', '=', 'pending')
        .executeTakeFirstOrThrow()
      return Number(row.count)
    },
    listDecisions: (tenant, id) =>
      sql
        .selectFrom('review_decision')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('review', '=', id)
        .orderBy('at_ms')
        .orderBy('version')
        .orderBy('person')
        .execute(),
    async findContent(tenant, id, part) {
      const row = await sql
        .selectFrom('review_content')
        .select('text')
        .where('tenant', '=', tenant)
        .where('review', '=', id)
        .where('part', '=', part)
        .executeTakeFirst()
      return row?.text
    },
    async insert(row) {
      await sql.insertInto('review').values(row).execute()
    },
    async insertDecision(row) {
      await sql.insertInto('review_decision').values(row).execute()
    },
    async writeContent(row) {
      await sql
        .insertInto('review_content')
        .values(row)
        .onConflict((conflict) => conflict.columns(['review', 'part']).doUpdateSet({ text: row.text }))
        .execute()
    },
    async change({ tenant, id }, changes) {
      await sql.updateTable('review').set(changes).where('tenant', '=', tenant).where('id', '=', id).execute()
    },
    ...createUpkeep(sql),
  }
}

/** Answers that are held for people, or were. */
export function createReviewTexts({ sql }: Pick<Store, 'sql'>): DerivedTexts {
  const kept = createUpkeep(sql)
  return { tables: ['review_content'], forget: (tenant, calls) => kept.forget(tenant, calls) }
}

/** Conditions of one statement stay within what both databases take. */
const callsPerStatement = 200

/** What is ended and erased: by the clock, for every tenant, and with the documents that answers rest on. */
function createUpkeep(sql: Kysely<Tables>): Pick<ReviewQueries, 'listOverdue' | 'eraseContent' | 'forget'> {
  return {
    listOverdue: (atMs, limit) =>
      sql
        .selectFrom('review')
        .selectAll()
        .where('state', '=', 'pending')
        .where('deadline_ms', '<=', atMs)
        .orderBy('deadline_ms')
        .limit(limit)
        .execute(),
    async forget(tenant, calls) {
      let forgotten = 0
      for (let from = 0; from < calls.length; from += callsPerStatement) {
        const part = calls.slice(from, from + callsPerStatement)
        const result = await sql
          .deleteFrom('review_content')
          .where('tenant', '=', tenant)
          .where('part', '!=', 'request')
          .where('review', 'in', (where) =>
            where
              .selectFrom('review')
              .select('id')
              .where('tenant', '=', tenant)
              .where('call', 'in', part)
              .where((each) =>
                each.not(each.exists(each.selectFrom('legal_hold').select('legal_hold.id').where(coversReview))),
              ),
          )
          .executeTakeFirst()
        forgotten += Number(result.numDeletedRows)
      }
      return forgotten
    },
    async eraseContent(endedBeforeMs) {
      const result = await sql
        .deleteFrom('review_content')
        .where('review', 'in', (where) =>
          where
            .selectFrom('review')
            .select('id')
            .where('ended_at_ms', '<', endedBeforeMs)
            .where((each) =>
              each.not(each.exists(each.selectFrom('legal_hold').select('legal_hold.id').where(coversReview))),
            ),
        )
        .executeTakeFirst()
      return Number(result.numDeletedRows)
    },
  }
}

/** A hold in force that covers the review beside it. */
function coversReview(each: ExpressionBuilder<Pick<Tables, 'legal_hold' | 'review'>, 'legal_hold' | 'review'>) {
  return each.and([
    each('legal_hold.tenant', '=', each.ref('review.tenant')),
    each('legal_hold.released_at_ms', 'is', null),
    each.or([each('legal_hold.use_case', 'is', null), each('legal_hold.use_case', '=', each.ref('review.use_case'))]),
    each.or([
      each('legal_hold.from_ms', 'is', null),
      each('legal_hold.from_ms', '<=', each.ref('review.created_at_ms')),
    ]),
    each.or([
      each('legal_hold.until_ms', 'is', null),
      each('legal_hold.until_ms', '>', each.ref('review.created_at_ms')),
    ]),
  ])
}
