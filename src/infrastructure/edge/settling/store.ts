import type { Transaction } from 'kysely'
import { toStamp } from '../../../core/ids.ts'
import type { Store, Tables } from '../../../store/index.ts'

export type EdgeNodeRow = Tables['edge_node']
export type EdgeUplinkRow = Tables['edge_uplink']

export interface WaitingRow {
  readonly sequence: number
  readonly root_id: string
  readonly tree: string | null
  readonly mac: string
}

/** The SQL of both sides: what an edge node has to tell, and how far its centre has heard it. */
export interface SettlingStore {
  /** The state of this node's link to its centre; `undefined` before the first. */
  readUplink(): Promise<EdgeUplinkRow | undefined>
  writeUplink(row: EdgeUplinkRow): Promise<void>
  /** Roots of the tenant that ended, began since, and are not in the queue yet; oldest first. */
  findUnqueued(tenant: string, sinceMs: number | undefined, limit: number): Promise<readonly string[]>
  /** Puts trees at the end of the queue; `sign` is given the sequence of each. A root that is there already is left out. */
  queue(trees: readonly { readonly rootId: string; readonly tree: string }[], sign: Sign): Promise<void>
  /** The first that are not acknowledged. */
  listWaiting(limit: number): Promise<readonly WaitingRow[]>
  countWaiting(): Promise<number>
  /** The MAC under that number; empty when there is none. */
  macOf(sequence: number): Promise<string>
  /** Trees up to a sequence are at the centre: their text goes, that they were there stays. */
  acknowledge(sequence: number): Promise<void>
  /** Numbers what waits from 1 anew, under another epoch; returns its number. */
  renumber(sign: Sign): Promise<number>
  /** Centre: one node at a time, all or nothing. */
  exclusively<T>(key: NodeKey, work: (node: EdgeNodeHandle) => Promise<T>): Promise<T>
  listNodes(tenant: string): Promise<readonly EdgeNodeRow[]>
}

export type Sign = (tree: string, sequence: number) => string

export interface NodeKey {
  readonly tenant: string
  readonly node: string
}

export interface EdgeNodeHandle {
  readonly row: EdgeNodeRow
  update(changed: Partial<Omit<EdgeNodeRow, 'tenant' | 'node'>>): Promise<void>
}

export function createSettlingStore({ sql, transaction }: Pick<Store, 'sql' | 'transaction'>): SettlingStore {
  return { ...createQueue({ sql, transaction }), ...createNodes({ sql, transaction }) }
}

function createQueue({
  sql,
  transaction,
}: Pick<Store, 'sql' | 'transaction'>): Omit<SettlingStore, 'exclusively' | 'listNodes'> {
  return {
    readUplink: () => sql.selectFrom('edge_uplink').selectAll().where('id', '=', 1).executeTakeFirst(),
    async writeUplink(row) {
      await sql
        .insertInto('edge_uplink')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute()
    },
    async findUnqueued(tenant, sinceMs, limit) {
      const rows = await sql
        .selectFrom('call')
        .leftJoin('edge_queue', 'edge_queue.root_id', 'call.root_id')
        .select('call.root_id')
        .where('call.tenant', '=', tenant)
        .whereRef('call.id', '=', 'call.root_id')
        .where('call.root_id', '>=', sinceMs === undefined ? '' : `call_${toStamp(sinceMs)}`)
        .where('edge_queue.root_id', 'is', null)
        .orderBy('call.root_id')
        .limit(limit)
        .execute()
      return rows.map(({ root_id: id }) => id)
    },
    queue: (trees, sign) =>
      transaction(async (inside) => {
        const last = await inside
          .selectFrom('edge_queue')
          .select(({ fn }) => fn.max('sequence').as('sequence'))
          .executeTakeFirst()
        let sequence = Math.max(0, Number(last?.sequence ?? 0))
        for (const { rootId, tree } of trees) {
          const made = await inside
            .insertInto('edge_queue')
            .values({ sequence: sequence + 1, root_id: rootId, tree, mac: sign(tree, sequence + 1) })
            .onConflict((conflict) => conflict.column('root_id').doNothing())
            .returning('sequence')
            .executeTakeFirst()
          if (made !== undefined) sequence++
        }
      }),
    listWaiting: (limit) =>
      sql.selectFrom('edge_queue').selectAll().where('tree', 'is not', null).orderBy('sequence').limit(limit).execute(),
    async countWaiting() {
      const row = await sql
        .selectFrom('edge_queue')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('tree', 'is not', null)
        .executeTakeFirst()
      return Number(row?.count ?? 0)
    },
    async macOf(sequence) {
      const row = await sql.selectFrom('edge_queue').select('mac').where('sequence', '=', sequence).executeTakeFirst()
      return row?.mac ?? ''
    },
    async acknowledge(sequence) {
      await sql
        .updateTable('edge_queue')
        .set({ tree: null })
        .where('sequence', '<=', sequence)
        .where('tree', 'is not', null)
        .execute()
    },
    renumber: (sign) => transaction((inside) => renumber(inside, sign)),
  }
}

/** What is acknowledged moves below 1, so that it is never queued again; the rest begins with 1. */
async function renumber(inside: Transaction<Tables>, sign: Sign): Promise<number> {
  const rows = await inside.selectFrom('edge_queue').selectAll().orderBy('sequence').execute()
  const done = rows.filter(({ tree }) => tree === null)
  const waiting = rows.filter(({ tree }) => tree !== null)
  await inside.deleteFrom('edge_queue').execute()
  const values = [
    ...done.map((row, place) => ({ ...row, sequence: place - done.length })),
    ...waiting.map((row, place) => ({ ...row, sequence: place + 1, mac: sign(row.tree ?? '', place + 1) })),
  ]
  for (let at = 0; at < values.length; at += 500)
    await inside
      .insertInto('edge_queue')
      .values(values.slice(at, at + 500))
      .execute()
  return waiting.length
}

function createNodes({
  sql,
  transaction,
}: Pick<Store, 'sql' | 'transaction'>): Pick<SettlingStore, 'exclusively' | 'listNodes'> {
  return {
    exclusively: ({ tenant, node }, work) =>
      transaction(async (inside) => {
        const none = { epoch: '', head: '', acknowledged: 0, granted: '0', spent: '0', unpriced: 0, expires_at_ms: 0 }
        await inside
          .insertInto('edge_node')
          .values({ tenant, node, ...none, seen_at_ms: 0 })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        const own = () => inside.updateTable('edge_node').where('tenant', '=', tenant).where('node', '=', node)
        // Writing the row first makes whoever comes second wait here, and then see what was done.
        await own().set({ node }).execute()
        const row = await inside
          .selectFrom('edge_node')
          .selectAll()
          .where('tenant', '=', tenant)
          .where('node', '=', node)
          .executeTakeFirstOrThrow()
        return work({
          row,
          async update(changed) {
            await own().set(changed).execute()
          },
        })
      }),
    listNodes: (tenant) =>
      sql.selectFrom('edge_node').selectAll().where('tenant', '=', tenant).orderBy('node').limit(1_000).execute(),
  }
}
