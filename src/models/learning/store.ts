import type { AgedTexts, DerivedTexts, Store, Tables } from '../../store/index.ts'

export type RouterRow = Tables['router']
export type FeedbackRow = Tables['feedback']
type DecisionRow = Tables['router_decision']

export interface RouterKey {
  readonly tenant: string
  readonly name: string
}

export interface VersionRow {
  readonly version: number
  readonly hash: string
  readonly created_at_ms: number
}

/** The SQL of routers, choices and feedback; the tenant is part of every question. */
/** Conditions of one statement stay within what both databases take. */
const callsPerStatement = 200

export interface LearningStore {
  listRouters(tenant: string): Promise<readonly RouterRow[]>
  /** What tells whether anything of a router has changed. */
  listStates(
    tenant: string,
  ): Promise<readonly Pick<RouterRow, 'name' | 'version' | 'certificate' | 'drift' | 'updated_at_ms'>[]>
  findRouter(key: RouterKey): Promise<RouterRow | undefined>
  listVersions(key: RouterKey): Promise<readonly VersionRow[]>
  findFile(key: RouterKey, version: number): Promise<string | undefined>
  /** Adds the next version and puts it in force, without a certificate. Resolves with its number. */
  addVersion(
    key: RouterKey,
    added: { readonly hash: string; readonly file: string; readonly atMs: number },
  ): Promise<number>
  updateRouter(key: RouterKey, changed: Partial<Omit<RouterRow, 'tenant' | 'name'>>): Promise<void>
  addDecision(row: DecisionRow): Promise<void>
  findDecision(tenant: string, id: string): Promise<DecisionRow | undefined>
  /** False when it has been scored before. */
  scoreDecision(key: { readonly tenant: string; readonly id: string }, score: number): Promise<boolean>
  /** Scored choices of a router, newest first. */
  listDecisions(key: RouterKey, limit: number): Promise<readonly DecisionRow[]>
  addFeedback(rows: readonly FeedbackRow[]): Promise<void>
  listFeedback(
    tenant: string,
    page: { readonly limit: number; readonly before: string | undefined },
  ): Promise<readonly FeedbackRow[]>
  /** Mean score of each call that feedback has named since, at most so many calls. */
  listScores(
    tenant: string,
    span: { readonly fromMs: number; readonly limit: number },
  ): Promise<readonly { readonly call_id: string | null; readonly score: number | string }[]>
  /** Oldest first: what came with a prompt, of these calls. */
  listContents(
    tenant: string,
    callIds: readonly string[],
  ): Promise<readonly Pick<FeedbackRow, 'call_id' | 'prompt' | 'answer'>[]>
  /** Newest first: what has a prompt can teach a router. */
  listTeaching(tenant: string, limit: number): Promise<readonly FeedbackRow[]>
  /** Erases what was said in these calls, and what shadows made of it. Resolves with how many rows. */
  forget(tenant: string, calls: readonly string[]): Promise<number>
}

export function createLearningStore(store: Pick<Store, 'sql' | 'transaction'>): LearningStore {
  return { ...routerQueries(store), ...decisionQueries(store), ...feedbackQueries(store) }
}

/** What was said of answers, with the words of both. */
export function createFeedbackTexts(store: Pick<Store, 'sql'>): DerivedTexts {
  const kept = feedbackQueries(store)
  return { tables: ['feedback'], forget: (tenant, calls) => kept.forget(tenant, calls) }
}

/** The words that came with feedback, or those of shadows: two sets of one table. Scores stay. */
export function createFeedbackWords(source: FeedbackRow['source']): AgedTexts {
  return {
    set: source === 'client' ? 'feedback' : 'shadows',
    tables: ['feedback'],
    async list(sql, { beforeMs, after, limit }) {
      const rows = await sql
        .selectFrom('feedback')
        .select(['tenant', 'id', 'call_id', 'made_in', 'at_ms'])
        .where('source', '=', source)
        .where('at_ms', '<', beforeMs)
        .where((each) =>
          each.or([each('prompt', 'is not', null), each('answer', 'is not', null), each('comment', 'is not', null)]),
        )
        .where((each) => each(each.refTuple('tenant', 'id'), '>', each.tuple(after.tenant, after.id)))
        .orderBy('tenant')
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(({ tenant, id, call_id: call, made_in: roots, at_ms: keptAtMs }) => {
        const made = roots === null ? [] : (JSON.parse(roots) as readonly string[]) // written by `addFeedback`
        return { tenant, id, keptAtMs, calls: call === null ? made : [call, ...made] }
      })
    },
    async erase(sql, texts) {
      for (const [tenant, own] of Map.groupBy(texts, (text) => text.tenant)) {
        await sql
          .updateTable('feedback')
          .set({ prompt: null, answer: null, comment: null })
          .where('tenant', '=', tenant)
          .where(
            'id',
            'in',
            own.map(({ id }) => id),
          )
          .execute()
      }
    },
  }
}

type Part<Name extends keyof LearningStore> = Pick<LearningStore, Name>

function routerQueries({
  sql,
  transaction,
}: Pick<Store, 'sql' | 'transaction'>): Part<
  'listRouters' | 'listStates' | 'findRouter' | 'listVersions' | 'findFile' | 'addVersion' | 'updateRouter'
> {
  return {
    listRouters: (tenant) =>
      sql.selectFrom('router').selectAll().where('tenant', '=', tenant).orderBy('name').limit(1_000).execute(),
    listStates: (tenant) =>
      sql
        .selectFrom('router')
        .select(['name', 'version', 'certificate', 'drift', 'updated_at_ms'])
        .where('tenant', '=', tenant)
        .orderBy('name')
        .limit(1_000)
        .execute(),
    findRouter: ({ tenant, name }) =>
      sql.selectFrom('router').selectAll().where('tenant', '=', tenant).where('name', '=', name).executeTakeFirst(),
    listVersions: ({ tenant, name }) =>
      sql
        .selectFrom('router_version')
        .select(['version', 'hash', 'created_at_ms'])
        .where('tenant', '=', tenant)
        .where('name', '=', name)
        .orderBy('version', 'desc')
        .execute(),
    async findFile({ tenant, name }, version) {
      const row = await sql
        .selectFrom('router_version')
        .select('file')
        .where('tenant', '=', tenant)
        .where('name', '=', name)
        .where('version', '=', version)
        .executeTakeFirst()
      return row?.file
    },
    addVersion: ({ tenant, name }, { hash, file, atMs }) =>
      transaction(async (inside) => {
        const none = { certificate: null, drift: null, bandit: null }
        await inside
          .insertInto('router')
          .values({ tenant, name, version: 0, updated_at_ms: atMs, ...none })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        // Writing the row first makes whoever adds at the same time wait for its number.
        const row = () => inside.updateTable('router').where('tenant', '=', tenant).where('name', '=', name)
        await row().set({ updated_at_ms: atMs }).execute()
        const last = await inside
          .selectFrom('router_version')
          .select(({ fn }) => fn.max('version').as('version'))
          .where('tenant', '=', tenant)
          .where('name', '=', name)
          .executeTakeFirst()
        const version = Number(last?.version ?? 0) + 1
        await inside
          .insertInto('router_version')
          .values({ tenant, name, version, hash, file, created_at_ms: atMs })
          .execute()
        await row().set({ version, certificate: null, drift: null }).execute()
        return version
      }),
    async updateRouter({ tenant, name }, changed) {
      await sql.updateTable('router').set(changed).where('tenant', '=', tenant).where('name', '=', name).execute()
    },
  }
}

function decisionQueries({
  sql,
}: Pick<Store, 'sql'>): Part<'addDecision' | 'findDecision' | 'scoreDecision' | 'listDecisions'> {
  return {
    async addDecision(row) {
      await sql.insertInto('router_decision').values(row).execute()
    },
    findDecision: (tenant, id) =>
      sql
        .selectFrom('router_decision')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst(),
    async scoreDecision({ tenant, id }, score) {
      const changed = await sql
        .updateTable('router_decision')
        .set({ score })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .where('score', 'is', null)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    listDecisions: ({ tenant, name }, limit) =>
      sql
        .selectFrom('router_decision')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('router', '=', name)
        .where('score', 'is not', null)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute(),
  }
}

function feedbackQueries({
  sql,
}: Pick<Store, 'sql'>): Part<
  'addFeedback' | 'listFeedback' | 'listScores' | 'listContents' | 'listTeaching' | 'forget'
> {
  return {
    async addFeedback(rows) {
      await sql
        .insertInto('feedback')
        .values([...rows])
        .execute()
    },
    listFeedback(tenant, { limit, before }) {
      const all = sql.selectFrom('feedback').selectAll().where('tenant', '=', tenant)
      const older = before === undefined ? all : all.where('id', '<', before)
      return older.orderBy('id', 'desc').limit(limit).execute()
    },
    listScores: (tenant, { fromMs, limit }) =>
      sql
        .selectFrom('feedback')
        .select(({ fn }) => ['call_id', fn.avg('score').as('score')])
        .where('tenant', '=', tenant)
        .where('call_id', 'is not', null)
        .where('at_ms', '>=', fromMs)
        .groupBy('call_id')
        .limit(limit)
        .execute(),
    listContents: (tenant, callIds) =>
      sql
        .selectFrom('feedback')
        .select(['call_id', 'prompt', 'answer'])
        .where('tenant', '=', tenant)
        .where('call_id', 'in', [...callIds, ''])
        .where('prompt', 'is not', null)
        .orderBy('id')
        .execute(),
    forget: (tenant, calls) => forget(sql, tenant, calls),
    listTeaching: (tenant, limit) =>
      sql
        .selectFrom('feedback')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('prompt', 'is not', null)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute(),
  }
}

async function forget(sql: Store['sql'], tenant: string, calls: readonly string[]): Promise<number> {
  let forgotten = 0
  for (let from = 0; from < calls.length; from += callsPerStatement) {
    const part = calls.slice(from, from + callsPerStatement)
    const said = await sql
      .updateTable('feedback')
      .set({ answer: null })
      .where('tenant', '=', tenant)
      .where('call_id', 'in', part)
      .where('answer', 'is not', null)
      .executeTakeFirst()
    // What a shadow was asked may hold passages itself.
    const shadows = await sql
      .updateTable('feedback')
      .set({ prompt: null, answer: null })
      .where('tenant', '=', tenant)
      .where('source', '=', 'shadow')
      .where('prompt', 'is not', null)
      .where((each) => each.or(part.map((call) => each('made_in', 'like', `%"${call}"%`))))
      .executeTakeFirst()
    forgotten += Number(said.numUpdatedRows) + Number(shadows.numUpdatedRows)
  }
  return forgotten
}
