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

export interface CheckpointRow {
  readonly size: number
  readonly atMs: number
  readonly note: string
  readonly frontier: readonly string[]
}

/** The SQL of the audit log. */
export interface AuditStore {
  /** What has no leaf yet, oldest first: call trees whose root's id is at least `fromId`, and every act. */
  listUnsealed(options: { readonly fromId: string; readonly limit: number }): Promise<readonly Subject[]>
  findAct(id: string): Promise<Act | undefined>
  addAct(act: Omit<Act, 'kind'>): Promise<void>
  keepMaterials(materials: readonly PolicyMaterial[]): Promise<void>
  listMaterials(): Promise<readonly PolicyMaterial[]>
  findLastCheckpoint(): Promise<CheckpointRow | undefined>
  listCheckpoints(): Promise<readonly CheckpointRow[]>
  /** Leaves from a place on, in order. */
  listLeaves(options: { readonly from: number; readonly limit: number }): Promise<readonly LeafRow[]>
  /** Where a tenant's subject stands; `undefined` when it is not in the log, or another tenant's. */
  findLeaf(tenant: string, subject: string): Promise<LeafRow | undefined>
  /** One writer at a time among all processes. */
  exclusively<T>(work: (writer: AuditWriter) => Promise<T>): Promise<T>
}

export interface AuditWriter {
  findLastCheckpoint(): Promise<CheckpointRow | undefined>
  /** The highest sequence of a tenant; 0 when it has none. */
  findSequence(tenant: string): Promise<number>
  /** Those of the subjects that have a leaf already. */
  findSealed(subjects: readonly string[]): Promise<ReadonlySet<string>>
  addLeaves(rows: readonly LeafRow[]): Promise<void>
  addCheckpoint(row: CheckpointRow): Promise<void>
}

export function createAuditStore(store: Pick<Store, 'sql' | 'transaction'>): AuditStore {
  const { sql } = store
  return {
    listUnsealed: (options) => listUnsealed(sql, options),
    async findAct(id) {
      const row = await sql.selectFrom('audit_act').selectAll().where('id', '=', id).executeTakeFirst()
      if (row === undefined) return undefined
      // JSON, written by us.
      return { kind: 'act', tenant: row.tenant, id, atMs: row.at_ms, body: JSON.parse(row.body) as JsonValue }
    },
    async addAct({ id, tenant, atMs, body }) {
      await sql
        .insertInto('audit_act')
        .values({ id, tenant, at_ms: atMs, body: JSON.stringify(body) })
        .execute()
    },
    async keepMaterials(materials) {
      for (const { hash, kind, text } of materials) {
        await sql
          .insertInto('audit_material')
          .values({ hash, kind, text })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }
    },
    listMaterials: () => sql.selectFrom('audit_material').selectAll().orderBy('hash').execute(),
    findLastCheckpoint: () => findLastCheckpoint(sql),
    async listCheckpoints() {
      const rows = await sql.selectFrom('audit_checkpoint').selectAll().orderBy('size').execute()
      return rows.map(toCheckpoint)
    },
    listLeaves: ({ from, limit }) =>
      sql.selectFrom('audit_leaf').selectAll().where('place', '>=', from).orderBy('place').limit(limit).execute(),
    findLeaf: (tenant, subject) =>
      sql
        .selectFrom('audit_leaf')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('subject', '=', subject)
        .executeTakeFirst(),
    exclusively: (work) =>
      store.transaction(async (transaction) => {
        // Writing the row holds it until the end: whoever comes second waits here, and then sees what was appended.
        await transaction
          .updateTable('audit_head')
          .set((where) => ({ turns: where('turns', '+', 1) }))
          .where('id', '=', 1)
          .execute()
        return work(createWriter(transaction))
      }),
  }
}

async function listUnsealed(
  sql: Kysely<Tables>,
  { fromId, limit }: { readonly fromId: string; readonly limit: number },
): Promise<readonly Subject[]> {
  const acts = await sql
    .selectFrom('audit_act')
    .select(['id', 'tenant'])
    .where((where) =>
      where.not(
        where.exists(
          where.selectFrom('audit_leaf').select('place').whereRef('audit_leaf.subject', '=', 'audit_act.id'),
        ),
      ),
    )
    .orderBy('at_ms')
    .orderBy('id')
    .limit(limit)
    .execute()
  const tenants = await sql.selectFrom('tenant').select('id').orderBy('id').execute()
  const subjects: Subject[] = acts.map(({ id, tenant }) => ({ kind: 'act', tenant, id }))
  for (const tenant of tenants) {
    const rows = await sql
      .selectFrom('call')
      .select('root_id')
      .where('tenant', '=', tenant.id)
      .where('root_id', '>=', fromId)
      .whereRef('id', '=', 'root_id')
      .where((where) =>
        where.not(
          where.exists(
            where.selectFrom('audit_leaf').select('place').whereRef('audit_leaf.subject', '=', 'call.root_id'),
          ),
        ),
      )
      .orderBy('root_id')
      .limit(limit)
      .execute()
    subjects.push(...rows.map(({ root_id: id }) => ({ kind: 'call' as const, tenant: tenant.id, id })))
  }
  return subjects.slice(0, limit)
}

function createWriter(sql: Transaction<Tables>): AuditWriter {
  return {
    findLastCheckpoint: () => findLastCheckpoint(sql),
    async findSequence(tenant) {
      const row = await sql
        .selectFrom('audit_leaf')
        .select('sequence')
        .where('tenant', '=', tenant)
        .orderBy('sequence', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row?.sequence ?? 0
    },
    async findSealed(subjects) {
      if (subjects.length === 0) return new Set()
      const rows = await sql.selectFrom('audit_leaf').select('subject').where('subject', 'in', subjects).execute()
      return new Set(rows.map(({ subject }) => subject))
    },
    async addLeaves(rows) {
      if (rows.length > 0) await sql.insertInto('audit_leaf').values(rows).execute()
    },
    async addCheckpoint({ size, atMs, note, frontier }) {
      await sql
        .insertInto('audit_checkpoint')
        .values({ size, at_ms: atMs, note, frontier: JSON.stringify(frontier) })
        .execute()
    },
  }
}

async function findLastCheckpoint(sql: Kysely<Tables>): Promise<CheckpointRow | undefined> {
  const row = await sql.selectFrom('audit_checkpoint').selectAll().orderBy('size', 'desc').limit(1).executeTakeFirst()
  return row === undefined ? undefined : toCheckpoint(row)
}

function toCheckpoint(row: Tables['audit_checkpoint']): CheckpointRow {
  // JSON, written by us.
  return { size: row.size, atMs: row.at_ms, note: row.note, frontier: JSON.parse(row.frontier) as string[] }
}
