import type { Kysely } from 'kysely'
import type { Store, Tables } from '../../store/index.ts'

export type KindRow = Tables['outcome_kind']
export type OutcomeRow = Tables['outcome']
export type ActRow = Tables['outcome_act']

/** The SQL of outcomes. Acts are only added; what an outcome is, is read from them. */
export interface OutcomeQueries {
  findKind(tenant: string, id: string): Promise<KindRow | undefined>
  listKinds(tenant: string): Promise<readonly KindRow[]>
  insertKind(row: KindRow): Promise<void>
  find(tenant: string, id: string): Promise<OutcomeRow | undefined>
  insert(row: OutcomeRow): Promise<void>
  listActs(tenant: string, id: string): Promise<readonly ActRow[]>
  insertAct(row: ActRow): Promise<void>
  /** Outcomes of an account (all when absent) and a kind (all when absent), opened before an instant, oldest first. */
  list(
    tenant: string,
    filter: OutcomeFilter,
  ): Promise<readonly { readonly outcome: OutcomeRow; readonly acts: readonly ActRow[] }[]>
  /** Picodollars of each call, corrections included; `undefined` for one whose cost is not known or that there is not. */
  costOfCalls(tenant: string, calls: readonly string[]): Promise<ReadonlyMap<string, bigint>>
}

export interface OutcomeFilter {
  readonly account?: string | undefined
  readonly kind?: string | undefined
  readonly openedFromMs?: number | undefined
  readonly openedBeforeMs?: number | undefined
  readonly limit?: number | undefined
}

export interface OutcomeStore extends OutcomeQueries {
  inTransaction<T>(work: (queries: OutcomeQueries) => Promise<T>): Promise<T>
  flush(): Promise<void>
}

export function createOutcomeStore(store: Pick<Store, 'sql' | 'transaction' | 'flush'>): OutcomeStore {
  return {
    ...createOutcomeQueries(store.sql),
    inTransaction: (work) => store.transaction((sql) => work(createOutcomeQueries(sql))),
    flush: () => store.flush(),
  }
}

/** Most names in one condition: both engines take more, and this keeps statements short. */
const namesMax = 500

/** Where statements go: the database, or a transaction under way. */
export type SqlHandle = Kysely<Tables>

export function createOutcomeQueries(sql: SqlHandle): OutcomeQueries {
  return {
    findKind: (tenant, id) =>
      sql.selectFrom('outcome_kind').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    listKinds: (tenant) =>
      sql.selectFrom('outcome_kind').selectAll().where('tenant', '=', tenant).orderBy('id').execute(),
    async insertKind(row) {
      await sql.insertInto('outcome_kind').values(row).execute()
    },
    find: (tenant, id) =>
      sql.selectFrom('outcome').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    async insert(row) {
      await sql.insertInto('outcome').values(row).execute()
    },
    listActs: (tenant, id) =>
      sql
        .selectFrom('outcome_act')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('outcome', '=', id)
        .orderBy('number')
        .execute(),
    async insertAct(row) {
      await sql.insertInto('outcome_act').values(row).execute()
    },
    list: (tenant, filter) => listOutcomes(sql, tenant, filter),
    costOfCalls: (tenant, calls) => costOfCalls(sql, tenant, calls),
  }
}

async function listOutcomes(sql: SqlHandle, tenant: string, filter: OutcomeFilter): ReturnType<OutcomeQueries['list']> {
  let rows = sql.selectFrom('outcome').selectAll().where('tenant', '=', tenant)
  if (filter.account !== undefined) rows = rows.where('account', '=', filter.account)
  if (filter.kind !== undefined) rows = rows.where('kind', '=', filter.kind)
  if (filter.openedFromMs !== undefined) rows = rows.where('opened_at_ms', '>=', filter.openedFromMs)
  if (filter.openedBeforeMs !== undefined) rows = rows.where('opened_at_ms', '<', filter.openedBeforeMs)
  const ordered = rows.orderBy('opened_at_ms').orderBy('id')
  const outcomes = await (filter.limit === undefined ? ordered : ordered.limit(filter.limit)).execute()
  const acts: ActRow[] = []
  for (const ids of inBatches(outcomes.map(({ id }) => id))) {
    acts.push(
      ...(await sql
        .selectFrom('outcome_act')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('outcome', 'in', ids)
        .orderBy('number')
        .execute()),
    )
  }
  const byOutcome = Map.groupBy(acts, ({ outcome }) => outcome)
  return outcomes.map((outcome) => ({ outcome, acts: byOutcome.get(outcome.id) ?? [] }))
}

async function costOfCalls(
  sql: SqlHandle,
  tenant: string,
  calls: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const costs = new Map<string, bigint>()
  for (const roots of inBatches([...new Set(calls)])) {
    const rows = await sql
      .selectFrom('call')
      .select(['root_id', 'id', 'cost', 'usage_source'])
      .where('tenant', '=', tenant)
      .where('root_id', 'in', roots)
      .where('kind', '=', 'dispatch')
      .execute()
    const fixes = await sql
      .selectFrom('call_adjustment')
      .select(['root_id', 'call_id', 'before', 'after'])
      .where('tenant', '=', tenant)
      .where('root_id', 'in', roots)
      .execute()
    for (const root of roots) {
      const own = rows.filter(({ root_id: id }) => id === root)
      const corrected = fixes.filter(({ root_id: id }) => id === root)
      const isUnknown = own.some(
        ({ id, cost, usage_source: source }) =>
          cost === null && source !== null && !corrected.some((fix) => fix.call_id === id),
      )
      if (own.length === 0 || isUnknown) continue
      const plain = own.reduce((total, { cost }) => total + BigInt(cost ?? 0), 0n)
      costs.set(
        root,
        corrected.reduce((total, { before, after }) => total + BigInt(after ?? 0) - BigInt(before ?? 0), plain),
      )
    }
  }
  return costs
}

function inBatches<Item>(list: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(list.length / namesMax) }, (_, index) =>
    list.slice(index * namesMax, (index + 1) * namesMax),
  )
}
