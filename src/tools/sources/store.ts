import type { Kysely } from 'kysely'
import type { Tables } from '../../store/index.ts'

export type ItemRow = Tables['source_item']
export type SyncRow = Tables['source_sync']

export interface SourcePlace {
  readonly tenant: string
  readonly source: string
}

export interface Lease {
  readonly owner: string
  readonly nowMs: number
  readonly untilMs: number
}

export interface SourceRows {
  listItems(place: SourcePlace): Promise<readonly ItemRow[]>
  listFaults(place: SourcePlace, limit: number): Promise<readonly { readonly item: string; readonly reason: string }[]>
  writeItems(rows: readonly ItemRow[]): Promise<void>
  /** They are there, and as they were. */
  markSeen(place: SourcePlace, items: readonly string[], sync: string): Promise<void>
  deleteItem(place: SourcePlace, item: string): Promise<void>
  findLatest(place: SourcePlace): Promise<SyncRow | undefined>
  /** The one before that sync. */
  findBefore(place: SourcePlace, sync: string): Promise<SyncRow | undefined>
  /** False when another one is open. */
  insertSync(row: SyncRow): Promise<boolean>
  /** Those that have not come to their end, of any tenant, by their source. */
  listOpen(): Promise<readonly SyncRow[]>
  /** Takes a sync that nobody is at: one of several processes gets true. */
  claim(tenant: string, id: string, lease: Lease): Promise<boolean>
  /** Goes on holding it, and writes how far it is; gives its state, which others may have changed. `undefined` once it is another's. */
  renew(tenant: string, id: string, renewal: Lease & { readonly counts: string }): Promise<SyncRow | undefined>
  /** Changes the state of a sync that is in one of some states; false when it is in none of them. */
  change(tenant: string, id: string, change: SyncChange): Promise<boolean>
}

export interface SyncChange {
  readonly from: readonly SyncRow['state'][]
  /** Only while that process has it. */
  readonly by?: string | undefined
  readonly set: Partial<
    Pick<SyncRow, 'state' | 'reason' | 'cursor' | 'counts' | 'confirmed' | 'ended_at_ms' | 'owner' | 'lease_until_ms'>
  >
}

const itemsPerStatement = 100

export function createSourceRows(sql: Kysely<Tables>): SourceRows {
  return { ...createItemRows(sql), ...createSyncRows(sql) }
}

type ItemPart = Pick<SourceRows, 'listItems' | 'listFaults' | 'writeItems' | 'markSeen' | 'deleteItem'>

function createItemRows(sql: Kysely<Tables>): ItemPart {
  const of = ({ tenant, source }: SourcePlace) =>
    sql.selectFrom('source_item').selectAll().where('tenant', '=', tenant).where('source', '=', source)
  return {
    listItems: (place) => of(place).orderBy('item').execute(),
    async listFaults(place, limit) {
      const rows = await of(place).where('reason', 'is not', null).orderBy('item').limit(limit).execute()
      return rows.map(({ item, reason }) => ({ item, reason: reason ?? '' }))
    },
    async writeItems(rows) {
      for (let from = 0; from < rows.length; from += itemsPerStatement) {
        await sql
          .insertInto('source_item')
          .values(rows.slice(from, from + itemsPerStatement))
          .onConflict((conflict) =>
            conflict.columns(['tenant', 'source', 'item']).doUpdateSet((build) => ({
              mark: build.ref('excluded.mark'),
              document_id: build.ref('excluded.document_id'),
              reason: build.ref('excluded.reason'),
              seen_in: build.ref('excluded.seen_in'),
            })),
          )
          .execute()
      }
    },
    async markSeen({ tenant, source }, items, sync) {
      for (let from = 0; from < items.length; from += itemsPerStatement) {
        await sql
          .updateTable('source_item')
          .set({ seen_in: sync })
          .where('tenant', '=', tenant)
          .where('source', '=', source)
          .where('item', 'in', items.slice(from, from + itemsPerStatement))
          .execute()
      }
    },
    async deleteItem({ tenant, source }, item) {
      const gone = sql.deleteFrom('source_item').where('tenant', '=', tenant).where('source', '=', source)
      await gone.where('item', '=', item).execute()
    },
  }
}

function createSyncRows(sql: Kysely<Tables>): Omit<SourceRows, keyof ItemPart> {
  const latest = ({ tenant, source }: SourcePlace) =>
    sql
      .selectFrom('source_sync')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('source', '=', source)
      .orderBy('id', 'desc')
      .limit(1)
  return {
    findLatest: (place) => latest(place).executeTakeFirst(),
    findBefore: (place, sync) => latest(place).where('id', '<', sync).executeTakeFirst(),
    async insertSync(row) {
      const done = sql
        .insertInto('source_sync')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
      const inserted = await done.returning('id').executeTakeFirst()
      return inserted !== undefined
    },
    listOpen: () => sql.selectFrom('source_sync').selectAll().where('ended_at_ms', 'is', null).orderBy('id').execute(),
    async claim(tenant, id, { owner, nowMs, untilMs }) {
      const claimed = await sql
        .updateTable('source_sync')
        .set({ owner, lease_until_ms: untilMs })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .where('state', '=', 'running')
        .where((build) => build.or([build('owner', 'is', null), build('lease_until_ms', '<', nowMs)]))
        .returning('id')
        .executeTakeFirst()
      return claimed !== undefined
    },
    renew: (tenant, id, { owner, untilMs, counts }) =>
      sql
        .updateTable('source_sync')
        .set({ lease_until_ms: untilMs, counts })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .where('owner', '=', owner)
        .returningAll()
        .executeTakeFirst(),
    async change(tenant, id, { from, by, set }) {
      const changed = sql.updateTable('source_sync').set(set).where('tenant', '=', tenant).where('id', '=', id)
      const own = by === undefined ? changed : changed.where('owner', '=', by)
      const row = await own.where('state', 'in', from).returning('id').executeTakeFirst()
      return row !== undefined
    },
  }
}
