import type { Kysely, Selectable, Transaction } from 'kysely'
import type { JsonValue } from '../../core/json.ts'
import type { Store, Tables } from '../../store/index.ts'
import type { PolicyMaterial } from '../policy/index.ts'
import { pageLeavesMax, readPage } from './pages.ts'

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

/** Where leaves lie. */
export interface PageRow {
  readonly place: number
  readonly entries: string
  readonly hashes: string
}

export interface CheckpointRow {
  readonly size: number
  readonly atMs: number
  readonly note: string
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
  /** Where a tenant's call stands; `undefined` when it is not in the log, or another tenant's. */
  findLeaf(tenant: string, callId: string): Promise<StoredLeaf | undefined>
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
    listLeaves: (options) => listLeaves(database, options),
    async findLeaf(tenant, callId) {
      const leaf = (await findCallLeaves(database, tenant, [callId])).get(callId)
      if (leaf === undefined) return undefined
      const gone = await database.selectFrom('audit_gone').select('at_ms').where('place', '=', leaf.place).execute()
      return { ...leaf, gone_at_ms: gone[0]?.at_ms ?? null }
    },
  }
}

async function listLeaves(
  database: Kysely<Tables>,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<readonly StoredLeaf[]> {
  const end = from + limit
  const pages = await database
    .selectFrom('audit_page')
    .select(['place', 'entries', 'hashes'])
    .where('place', '>', from - pageLeavesMax)
    .where('place', '<', end)
    .orderBy('place')
    .execute()
  const gone = await database
    .selectFrom('audit_gone')
    .selectAll()
    .where('place', '>=', from)
    .where('place', '<', end)
    .execute()
  const goneAtMs = new Map(gone.map(({ place, at_ms: atMs }) => [place, atMs]))
  return pages
    .flatMap((page) => [...readPage(page)])
    .filter(({ place }) => place >= from && place < end)
    .map((leaf) => ({ ...leaf, gone_at_ms: goneAtMs.get(leaf.place) ?? null }))
}

/** The leaves of a tenant's calls that a checkpoint covers, by their ids. Cost: a look at the bounds of every page, and the pages where one may lie. */
export async function findCallLeaves(
  database: Kysely<Tables>,
  tenant: string,
  callIds: readonly string[],
): Promise<ReadonlyMap<string, LeafRow>> {
  const sorted = callIds.toSorted((left, right) => (left < right ? -1 : 1))
  const [first, last] = [sorted.at(0), sorted.at(-1)]
  const found = new Map<string, LeafRow>()
  if (first === undefined || last === undefined) return found
  const pages = await database
    .selectFrom('audit_page')
    .select(['place', 'entries', 'hashes'])
    .where('first_call', '<=', last)
    .where('last_call', '>=', first)
    .orderBy('place')
    .execute()
  const asked = new Set(callIds)
  const signed = (await findLastCheckpoint(database))?.size ?? 0
  for (const page of pages) {
    for (const leaf of readPage(page)) {
      if (leaf.tenant === tenant && leaf.place < signed && asked.has(leaf.subject)) found.set(leaf.subject, leaf)
    }
  }
  return found
}

/** Says of leaves that retention has deleted what they are of. */
export async function markGone(database: Kysely<Tables>, places: readonly number[], atMs: number): Promise<void> {
  if (places.length === 0) return
  await database
    .insertInto('audit_gone')
    .values(places.map((place) => ({ place, at_ms: atMs })))
    .execute()
}

/** A row of table `audit_page`, however it was read. */
export function toPageRow(row: Readonly<Record<string, unknown>>): PageRow {
  return { place: Number(row['place']), entries: String(row['entries']), hashes: String(row['hashes']) }
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

function toCheckpoint(row: Selectable<Tables['audit_checkpoint']>): CheckpointRow {
  return { size: row.size, atMs: row.at_ms, note: row.note }
}
