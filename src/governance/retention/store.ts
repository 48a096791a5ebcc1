import type { Kysely, Transaction } from 'kysely'
import type { Store, Tables } from '../../store/index.ts'
import { findCallLeaves, markGone } from '../audit/index.ts'

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

/** When the tree of a call began, and for what. */
export interface CallStart {
  readonly startedAtMs: number
  readonly useCase: string | undefined
}

/** In the order in which calls are gone through; empty before the first. */
export interface CallPlace {
  readonly tenant: string
  readonly rootId: string
}

export interface AgedPage {
  readonly calls: readonly AgedCall[]
  /** From where to go on. */
  readonly last: CallPlace
}

/** The SQL of retention. */
export interface RetentionQueries {
  insertHold(row: HoldRow): Promise<void>
  findHold(tenant: string, id: string): Promise<HoldRow | undefined>
  release(row: Pick<HoldRow, 'tenant' | 'id'>, atMs: number): Promise<void>
  /** Those in force, of every tenant. */
  listInForce(): Promise<readonly HoldRow[]>
  /** Calls that began before then and are still there, by tenant and id, those that are in the audit log; `undefined` at the end. */
  listAged(question: {
    readonly beforeMs: number
    readonly after: CallPlace
    readonly limit: number
  }): Promise<AgedPage | undefined>
  /** Of the calls that texts were said in, those on record, by `TENANT ID`. */
  listStarts(
    texts: readonly { readonly tenant: string; readonly calls: readonly string[] }[],
  ): Promise<ReadonlyMap<string, CallStart>>
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
    async listAged({ beforeMs, after, limit }) {
      const rows = await sql
        .selectFrom('call')
        .select(['tenant', 'root_id', 'started_at_ms', 'detail'])
        .whereRef('id', '=', 'root_id')
        .where('started_at_ms', '<', beforeMs)
        .where((build) => build(build.refTuple('tenant', 'root_id'), '>', build.tuple(after.tenant, after.rootId)))
        .orderBy('tenant')
        .orderBy('root_id')
        .limit(limit)
        .execute()
      const end = rows.at(-1)
      if (end === undefined) return undefined
      const calls: AgedCall[] = []
      for (const [tenant, own] of Map.groupBy(rows, (row) => row.tenant)) {
        const ids = own.map((row) => row.root_id)
        const leaves = await findCallLeaves(sql, tenant, ids)
        for (const { root_id: rootId, started_at_ms: startedAtMs, detail } of own) {
          const leaf = leaves.get(rootId)
          if (leaf === undefined) continue
          const { place, sequence } = leaf
          calls.push({ place, tenant, sequence, rootId, startedAtMs, useCase: readUseCase(detail) })
        }
      }
      return { calls, last: { tenant: end.tenant, rootId: end.root_id } }
    },
    listStarts: (texts) => listStarts(sql, texts),
    async deleteCalls(calls, atMs) {
      for (const [tenant, own] of Map.groupBy(calls, (call) => call.tenant)) {
        const ids = own.map(({ rootId }) => rootId)
        await sql.deleteFrom('call').where('tenant', '=', tenant).where('root_id', 'in', ids).execute()
        await sql.deleteFrom('call_charge').where('root_id', 'in', ids).execute()
        await sql.deleteFrom('call_lookup').where('root_id', 'in', ids).execute()
      }
      const places = calls.map(({ place }) => place)
      await markGone(sql, places, atMs)
    },
  }
}

const idsPerStatement = 500

async function listStarts(
  sql: Kysely<Tables>,
  texts: Parameters<RetentionQueries['listStarts']>[0],
): Promise<ReadonlyMap<string, CallStart>> {
  const starts = new Map<string, CallStart>()
  for (const [tenant, own] of Map.groupBy(texts, (text) => text.tenant)) {
    const ids = [...new Set(own.flatMap(({ calls }) => calls))]
    for (let from = 0; from < ids.length; from += idsPerStatement) {
      const rows = await sql
        .selectFrom('call')
        .innerJoin('call as root', (on) =>
          on.onRef('root.id', '=', 'call.root_id').onRef('root.tenant', '=', 'call.tenant'),
        )
        .select(['call.id', 'root.started_at_ms', 'root.detail'])
        .where('call.tenant', '=', tenant)
        .where('call.id', 'in', ids.slice(from, from + idsPerStatement))
        .execute()
      for (const { id, started_at_ms: startedAtMs, detail } of rows) {
        starts.set(`${tenant} ${id}`, { startedAtMs, useCase: readUseCase(detail) })
      }
    }
  }
  return starts
}

function readUseCase(detail: string | null): string | undefined {
  const read = detail === null ? {} : (JSON.parse(detail) as { readonly use_case?: unknown }) // written by the store
  return typeof read.use_case === 'string' ? read.use_case : undefined
}
