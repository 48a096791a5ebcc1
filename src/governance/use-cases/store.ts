import type { Kysely, Transaction } from 'kysely'
import type { Store, Tables } from '../../store/index.ts'

export type UseCaseRow = Tables['use_case']
export type VersionRow = Tables['use_case_version']
export type DocumentRow = Tables['use_case_document']
export type SignalRow = Tables['use_case_signal']
export type LiteracyRow = Tables['literacy_record']
type Key = Pick<UseCaseRow, 'tenant' | 'name'>

/** Everything that requests are decided by, of every tenant. */
export interface Registered {
  readonly cases: readonly UseCaseRow[]
  readonly versions: readonly VersionRow[]
  readonly documents: readonly DocumentRow[]
  readonly signals: readonly SignalRow[]
}

/** The SQL of the registry. */
export interface UseCaseQueries {
  find(key: Key): Promise<UseCaseRow | undefined>
  listVersions(key: Key): Promise<readonly VersionRow[]>
  listDocuments(key: Key): Promise<readonly DocumentRow[]>
  insertCase(row: UseCaseRow): Promise<void>
  insertVersion(row: VersionRow): Promise<void>
  insertDocument(row: DocumentRow): Promise<void>
  change(key: Key, changes: Partial<UseCaseRow>): Promise<void>
  insertLiteracy(row: LiteracyRow): Promise<void>
  countCases(tenant: string): Promise<number>
  /** Forgets what was counted, and says what it was. */
  clearSignals(key: Key): Promise<readonly SignalRow[]>
}

export interface UseCaseStore extends UseCaseQueries {
  /** Changes with every change of what requests are decided by. */
  readMark(): Promise<number>
  readAll(): Promise<Registered>
  /** One at a time among all processes, all or nothing. */
  exclusively<T>(work: (queries: UseCaseQueries, sql: Transaction<Tables>) => Promise<T>): Promise<T>
  listSignals(key: Key): Promise<readonly SignalRow[]>
  /** Adds to what is counted; how much it is then. */
  addSignal(row: SignalRow): Promise<number>
  listLiteracy(tenant: string): Promise<readonly LiteracyRow[]>
}

export function createUseCaseStore(store: Pick<Store, 'sql' | 'transaction'>): UseCaseStore {
  const { sql } = store
  return {
    ...createQueries(sql),
    async readMark() {
      const row = await sql.selectFrom('use_case_head').select('turns').executeTakeFirst()
      return Number(row?.turns ?? 0)
    },
    async readAll() {
      const cases = await sql.selectFrom('use_case').selectAll().orderBy('tenant').orderBy('name').execute()
      const versions = await sql.selectFrom('use_case_version').selectAll().execute()
      const documents = await sql.selectFrom('use_case_document').selectAll().orderBy('number').execute()
      const signals = await sql.selectFrom('use_case_signal').selectAll().execute()
      return { cases, versions, documents, signals }
    },
    exclusively: (work) =>
      store.transaction(async (transaction) => {
        // Writing the row holds it until the end, and tells every process that something changed.
        await transaction
          .updateTable('use_case_head')
          .set((where) => ({ turns: where('turns', '+', 1) }))
          .where('id', '=', 1)
          .execute()
        return work(createQueries(transaction), transaction)
      }),
    listSignals: ({ tenant, name }) =>
      sql
        .selectFrom('use_case_signal')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('name', '=', name)
        .orderBy('signal')
        .execute(),
    async addSignal(row) {
      const added = await sql
        .insertInto('use_case_signal')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['tenant', 'name', 'signal']).doUpdateSet((where) => ({
            count: where('use_case_signal.count', '+', row.count),
            last_at_ms: row.last_at_ms,
          })),
        )
        .returning('count')
        .executeTakeFirstOrThrow()
      return Number(added.count)
    },
    listLiteracy: (tenant) =>
      sql.selectFrom('literacy_record').selectAll().where('tenant', '=', tenant).orderBy('id').execute(),
  }
}

function createQueries(sql: Kysely<Tables>): UseCaseQueries {
  return {
    find: ({ tenant, name }) =>
      sql.selectFrom('use_case').selectAll().where('tenant', '=', tenant).where('name', '=', name).executeTakeFirst(),
    listVersions: ({ tenant, name }) =>
      sql
        .selectFrom('use_case_version')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('name', '=', name)
        .orderBy('version')
        .execute(),
    listDocuments: ({ tenant, name }) =>
      sql
        .selectFrom('use_case_document')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('name', '=', name)
        .orderBy('slot')
        .orderBy('number')
        .execute(),
    async insertCase(row) {
      await sql.insertInto('use_case').values(row).execute()
    },
    async insertVersion(row) {
      await sql.insertInto('use_case_version').values(row).execute()
    },
    async insertDocument(row) {
      await sql.insertInto('use_case_document').values(row).execute()
    },
    async change({ tenant, name }, changes) {
      await sql.updateTable('use_case').set(changes).where('tenant', '=', tenant).where('name', '=', name).execute()
    },
    async insertLiteracy(row) {
      await sql.insertInto('literacy_record').values(row).execute()
    },
    async countCases(tenant) {
      const row = await sql
        .selectFrom('use_case')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('tenant', '=', tenant)
        .executeTakeFirstOrThrow()
      return Number(row.count)
    },
    clearSignals: ({ tenant, name }) =>
      sql.deleteFrom('use_case_signal').where('tenant', '=', tenant).where('name', '=', name).returningAll().execute(),
  }
}
