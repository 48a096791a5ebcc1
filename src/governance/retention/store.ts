import type { Kysely, Transaction } from 'kysely'
import type { Store, Tables } from '../../store/index.ts'

export type HoldRow = Tables['legal_hold']

/** A sealed call that may be old enough. */
export interface AgedCall {
  readonly place: number
  readonly tenant: string
  readonly sequence: number
  readonly rootId: string
  readonly startedAtMs: number
  readonly useCase: string | undefined
}

/** The SQL of retention. */
export interface RetentionQueries {
  insertHold(row: HoldRow): Promise<void>
  findHold(tenant: string, id: string): Promise<HoldRow | undefined>
  release(row: Pick<HoldRow, 'tenant' | 'id'>, atMs: number): Promise<void>
  /** Those in force, of every tenant. */
  listInForce(): Promise<readonly HoldRow[]>
  /** Calls in the audit log that began before then and are still there, from a place on. */
  listAged(question: {
    readonly beforeMs: number
    readonly fromPlace: number
    readonly limit: number
  }): Promise<readonly AgedCall[]>
  /** The rows of whole trees; their leaves stay, and say that what they were of has gone. */
  deleteCalls(calls: readonly AgedCall[], atMs: number): Promise<void>
}

export interface RetentionStore extends Pick<RetentionQueries, 'findHold'> {
  listHolds(tenant: string): Promise<readonly HoldRow[]>
  /** One at a time among all processes, all or nothing. */
  exclusively<T>(work: (queries: RetentionQueries, sql: Transaction<Tables>) => Promise<T>): Promise<T>
}

export function createRetentionStore(store: Pick<Store, 'sql' | 'transaction'>): RetentionStore {
  return {
    findHold: (tenant, id) => createQueries(store.sql).findHold(tenant, id),
    listHolds: (tenant) =>
      store.sql.selectFrom('legal_hold').selectAll().where('tenant', '=', tenant).orderBy('id').execute(),
    exclusively: (work) =>
      store.transaction(async (sql) => {
        await sql
          .updateTable('retention_head')
          .set((where) => ({ turns: where('turns', '+', 1) }))
          .where('id', '=', 1)
          .execute()
        return work(createQueries(sql), sql)
      }),
  }
}

function createQueries(sql: Kysely<Tables>): RetentionQueries {
  return {
    async insertHold(row) {
      await sql.insertInto('legal_hold').values(row).execute()
    },
    findHold: (tenant, id) =>
      sql.selectFrom('legal_hold').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    async release({ tenant, id }, atMs) {
      await sql
        .updateTable('legal_hold')
        .set({ released_at_ms: atMs })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .where('released_at_ms', 'is', null)
        .execute()
    },
    listInForce: () => sql.selectFrom('legal_hold').selectAll().where('released_at_ms', 'is', null).execute(),
    async listAged({ beforeMs, fromPlace, limit }) {
      const rows = await sql
        .selectFrom('audit_leaf')
        .innerJoin('call', 'call.id', 'audit_leaf.subject')
        .select([
          'audit_leaf.place',
          'audit_leaf.tenant',
          'audit_leaf.sequence',
          'call.root_id',
          'call.started_at_ms',
          'call.detail',
        ])
        .where('audit_leaf.kind', '=', 'call')
        .where('audit_leaf.gone_at_ms', 'is', null)
        .where('audit_leaf.place', '>=', fromPlace)
        .whereRef('call.tenant', '=', 'audit_leaf.tenant')
        .where('call.started_at_ms', '<', beforeMs)
        .orderBy('audit_leaf.place')
        .limit(limit)
        .execute()
      return rows.map(({ root_id: rootId, started_at_ms: startedAtMs, detail, ...rest }) => {
        return { ...rest, rootId, startedAtMs, useCase: readUseCase(detail) }
      })
    },
    async deleteCalls(calls, atMs) {
      for (const [tenant, own] of Map.groupBy(calls, (call) => call.tenant)) {
        const ids = own.map(({ rootId }) => rootId)
        await sql.deleteFrom('call').where('tenant', '=', tenant).where('root_id', 'in', ids).execute()
        await sql.deleteFrom('call_charge').where('root_id', 'in', ids).execute()
        await sql
          .updateTable('audit_leaf')
          .set({ gone_at_ms: atMs })
          .where('tenant', '=', tenant)
          .where('subject', 'in', ids)
          .execute()
      }
    },
  }
}

function readUseCase(detail: string | null): string | undefined {
  const read = detail === null ? {} : (JSON.parse(detail) as { readonly use_case?: unknown }) // written by the store
  return typeof read.use_case === 'string' ? read.use_case : undefined
}
