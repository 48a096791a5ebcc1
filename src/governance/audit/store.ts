import type { Kysely, Transaction } from 'kysely'
import type { JsonValue } from '../../core/json.ts'
import type { Store, Tables } from '../../store/index.ts'
import type { PolicyMaterial } from '../policy/index.ts'

export interface Subject {
  readonly kind: 'call' | 'act'
  readonly tenant: string
  readonly id: string
}

/** A row of the outbox: subjects that have no leaf yet. */
export interface Waiting {
  readonly number: number
  readonly subjects: readonly Subject[]
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
  /** What has no leaf yet, in the order in which it was put on record: whole rows, until they hold `limit` subjects. */
  listWaiting(limit: number): Promise<readonly Waiting[]>
  findActs(ids: readonly string[]): Promise<readonly Act[]>
  addAct(act: Omit<Act, 'kind'>, within?: Transaction<Tables>): Promise<void>
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
  /** Rows of the outbox whose subjects all have leaves. */
  dropWaiting(numbers: readonly number[]): Promise<void>
  addCheckpoint(row: CheckpointRow): Promise<void>
}

export function createAuditStore(store: Pick<Store, 'sql' | 'transaction'>): AuditStore {
  const { sql: database } = store
  return {
    listWaiting: (limit) => listWaiting(database, limit),
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

/** Rows read at once: a row holds what one fold brought, one subject at least. */
const rowsMax = 200

async function listWaiting(database: Kysely<Tables>, limit: number): Promise<readonly Waiting[]> {
  const rows = await database
    .selectFrom('outbox')
    .select(['number', 'calls'])
    .orderBy('number')
    .limit(rowsMax)
    .execute()
  const waiting: Waiting[] = []
  let count = 0
  for (const { number, calls } of rows) {
    // JSON, written by us.
    const subjects = (JSON.parse(calls) as (readonly [string, string])[]).map(toSubject)
    if (count > 0 && count + subjects.length > limit) break
    count += subjects.length
    waiting.push({ number, subjects })
  }
  return waiting
}

/** The ids of acts begin with their kind, as those of calls do. */
function toSubject([tenant, id]: readonly [string, string]): Subject {
  return { kind: id.startsWith('act_') ? 'act' : 'call', tenant, id }
}

async function findActs(database: Kysely<Tables>, ids: readonly string[]): Promise<readonly Act[]> {
  if (ids.length === 0) return []
  const rows = await database.selectFrom('audit_act').selectAll().where('id', 'in', ids).execute()
  // JSON, written by us.
  return rows.map((row) => ({
    kind: 'act',
    tenant: row.tenant,
    id: row.id,
    atMs: row.at_ms,
    body: JSON.parse(row.body) as JsonValue,
  }))
}

function createWriter(database: Transaction<Tables>): AuditWriter {
  return {
    findLastCheckpoint: () => findLastCheckpoint(database),
    async findSequence(tenant) {
      const row = await database
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
      const rows = await database.selectFrom('audit_leaf').select('subject').where('subject', 'in', subjects).execute()
      return new Set(rows.map(({ subject }) => subject))
    },
    async addLeaves(rows) {
      if (rows.length > 0) await database.insertInto('audit_leaf').values(rows).execute()
    },
    async dropWaiting(numbers) {
      if (numbers.length > 0) await database.deleteFrom('outbox').where('number', 'in', numbers).execute()
    },
    async addCheckpoint({ size, atMs, note, frontier }) {
      await database
        .insertInto('audit_checkpoint')
        .values({ size, at_ms: atMs, note, frontier: JSON.stringify(frontier) })
        .execute()
    },
  }
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

function toCheckpoint(row: Tables['audit_checkpoint']): CheckpointRow {
  // JSON, written by us.
  return { size: row.size, atMs: row.at_ms, note: row.note, frontier: JSON.parse(row.frontier) as string[] }
}
