import type { Kysely, Transaction } from 'kysely'
import type { JsonValue } from '../../core/json.ts'
import type { Store, Tables } from '../../store/index.ts'
import type { PolicyMaterial } from '../policy/index.ts'

export interface Subject {
  readonly kind: 'call' | 'act'
  readonly tenant: string
  readonly id: string
}

export interface Act extends Subject {
  readonly atMs: number
  readonly body: JsonValue
}

export interface LeafRow {
  readonly place: number
  readonly tenant: string
  readonly sequence: number
  readonly kind: 'call' | 'act'
  readonly subject: string
  readonly hash: string
}

/** A leaf as it is read: with when retention deleted what it is of. */
export interface StoredLeaf extends LeafRow {
  readonly gone_at_ms: number | null
}

export interface CheckpointRow {
  readonly size: number
  readonly atMs: number
  readonly note: string
  readonly frontier: readonly string[]
}

/** The SQL of the audit log. */
export interface AuditStore {
  findActs(ids: readonly string[]): Promise<readonly Act[]>
  addAct(act: Omit<Act, 'kind'>, within?: Transaction<Tables>): Promise<void>
  keepMaterials(materials: readonly PolicyMaterial[]): Promise<void>
  findMaterial(hash: string): Promise<string | undefined>
  listMaterials(): Promise<readonly PolicyMaterial[]>
  findLastCheckpoint(): Promise<CheckpointRow | undefined>
  listCheckpoints(): Promise<readonly CheckpointRow[]>
  /** Leaves from a place on, in order. */
  listLeaves(options: { readonly from: number; readonly limit: number }): Promise<readonly StoredLeaf[]>
  /** Where a tenant's subject stands; `undefined` when it is not in the log, or another tenant's. */
  findLeaf(tenant: string, subject: string): Promise<StoredLeaf | undefined>
}

export function createAuditStore(store: Pick<Store, 'sql' | 'transaction'>): AuditStore {
  const { sql: database } = store
  return {
    findActs: (ids) => findActs(database, ids),
    async addAct({ id, tenant, atMs, body }, within) {
      const add = async (transaction: Transaction<Tables>): Promise<void> => {
        const act = { id, tenant, at_ms: atMs, body: JSON.stringify(body) }
        await transaction.insertInto('audit_act').values(act).execute()
        const waiting = { journal_id: '', at_ms: atMs, calls: JSON.stringify([[tenant, id]]) }
        await transaction.insertInto('outbox').values(waiting).execute()
      }
      await (within === undefined ? store.transaction(add) : add(within))
    },
    async keepMaterials(materials) {
      for (const { hash, kind, text } of materials) {
        await database
          .insertInto('audit_material')
          .values({ hash, kind, text })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }
    },
    async findMaterial(hash) {
      const row = await database.selectFrom('audit_material').select('text').where('hash', '=', hash).executeTakeFirst()
      return row?.text
    },
    listMaterials: () => database.selectFrom('audit_material').selectAll().orderBy('hash').execute(),
    findLastCheckpoint: () => findLastCheckpoint(database),
    async listCheckpoints() {
      const rows = await database.selectFrom('audit_checkpoint').selectAll().orderBy('size').execute()
      return rows.map(toCheckpoint)
    },
    listLeaves: ({ from, limit }) =>
      database.selectFrom('audit_leaf').selectAll().where('place', '>=', from).orderBy('place').limit(limit).execute(),
    findLeaf: (tenant, subject) =>
      database
        .selectFrom('audit_leaf')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('subject', '=', subject)
        .executeTakeFirst(),
  }
}

async function findActs(database: Kysely<Tables>, ids: readonly string[]): Promise<readonly Act[]> {
  if (ids.length === 0) return []
  return toActs(await database.selectFrom('audit_act').selectAll().where('id', 'in', ids).execute())
}

/** Rows of table `audit_act`, however they were read. */
export function toActs(rows: readonly Readonly<Record<string, unknown>>[]): readonly Act[] {
  return rows.map((row) => ({
    kind: 'act',
    tenant: String(row['tenant']),
    id: String(row['id']),
    atMs: Number(row['at_ms']),
    body: JSON.parse(String(row['body'])) as JsonValue, // JSON, written by us
  }))
}

async function findLastCheckpoint(database: Kysely<Tables>): Promise<CheckpointRow | undefined> {
  const row = await database
    .selectFrom('audit_checkpoint')
    .selectAll()
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? undefined : toCheckpoint(row)
}

/** A row of table `audit_checkpoint`, however it was read. */
export function toCheckpoint(row: Readonly<Record<string, unknown>>): CheckpointRow {
  // JSON, written by us.
  const frontier = JSON.parse(String(row['frontier'])) as string[]
  return { size: Number(row['size']), atMs: Number(row['at_ms']), note: String(row['note']), frontier }
}
