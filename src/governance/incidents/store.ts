import type { Kysely, Transaction } from 'kysely'
import type { Store, Tables } from '../../store/index.ts'

export type IncidentRow = Tables['incident']
export type NoteRow = Tables['incident_note']

/** The SQL of incidents. The tenant is part of every question but that of the clock. */
export interface IncidentQueries {
  find(tenant: string, id: string): Promise<IncidentRow | undefined>
  list(tenant: string, page: IncidentPage): Promise<readonly IncidentRow[]>
  listNotes(tenant: string, id: string): Promise<readonly NoteRow[]>
  insert(row: IncidentRow): Promise<void>
  change(row: Pick<IncidentRow, 'tenant' | 'id'>, changes: Partial<IncidentRow>): Promise<void>
  addNote(row: NoteRow): Promise<void>
  /** Unreported ones of every tenant that are due by then. */
  listDue(atMs: number, limit: number): Promise<readonly IncidentRow[]>
}

export interface IncidentPage {
  readonly before: string | undefined
  readonly limit: number
}

export interface IncidentStore extends IncidentQueries {
  /** Holds one incident until the work is done, among all processes; `undefined` is given when there is none. */
  exclusively<T>(
    incident: Pick<IncidentRow, 'tenant' | 'id'>,
    work: (row: IncidentRow | undefined, queries: IncidentQueries, sql: Transaction<Tables>) => Promise<T>,
  ): Promise<T>
  together<T>(work: (queries: IncidentQueries, sql: Transaction<Tables>) => Promise<T>): Promise<T>
}

export function createIncidentStore(store: Pick<Store, 'sql' | 'transaction'>): IncidentStore {
  return {
    ...createQueries(store.sql),
    together: (work) => store.transaction((sql) => work(createQueries(sql), sql)),
    exclusively: ({ tenant, id }, work) =>
      store.transaction(async (sql) => {
        // Writing the row holds it until the end.
        await sql
          .updateTable('incident')
          .set((where) => ({ state: where.ref('state') }))
          .where('tenant', '=', tenant)
          .where('id', '=', id)
          .execute()
        const queries = createQueries(sql)
        return work(await queries.find(tenant, id), queries, sql)
      }),
  }
}

function createQueries(sql: Kysely<Tables>): IncidentQueries {
  return {
    find: (tenant, id) =>
      sql.selectFrom('incident').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    list(tenant, { before, limit }) {
      const all = sql.selectFrom('incident').selectAll().where('tenant', '=', tenant)
      const older = before === undefined ? all : all.where('id', '<', before)
      return older.orderBy('id', 'desc').limit(limit).execute()
    },
    listNotes: (tenant, id) =>
      sql
        .selectFrom('incident_note')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('incident', '=', id)
        .orderBy('number')
        .execute(),
    async insert(row) {
      await sql.insertInto('incident').values(row).execute()
    },
    async change({ tenant, id }, changes) {
      await sql.updateTable('incident').set(changes).where('tenant', '=', tenant).where('id', '=', id).execute()
    },
    async addNote(row) {
      await sql.insertInto('incident_note').values(row).execute()
    },
    listDue: (atMs, limit) =>
      sql
        .selectFrom('incident')
        .selectAll()
        .where('state', '=', 'open')
        .where('due_at_ms', '<=', atMs)
        .orderBy('due_at_ms')
        .limit(limit)
        .execute(),
  }
}
