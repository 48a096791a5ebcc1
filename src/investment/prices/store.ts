import type { Insertable, Kysely } from 'kysely'
import type { Store, Tables } from '../../store/index.ts'

export type EntryRow = Tables['price_entry']

/** One dispatch whose cost may be another now. */
export interface PricedCall {
  readonly tenant: string
  readonly rootId: string
  readonly callId: string
  readonly endpoint: string
  readonly vendorModel: string
  readonly atMs: number
  readonly usage: {
    readonly source: 'reported' | 'estimated'
    readonly inputTotal: number | null
    readonly cacheRead: number | null
    readonly cacheWrite5m: number | null
    readonly cacheWrite1h: number | null
    readonly outputTotal: number | null
    readonly reasoning: number | null
    readonly raw: string | null
  }
  readonly cost: bigint | undefined
  readonly priceVersion: string | null
}

export interface PriceBookStore {
  listEntries(): Promise<readonly EntryRow[]>
  /** Adds an entry. `check` sees all that are there, and may refuse by throwing; both happen in one transaction. */
  addEntry(row: EntryRow, check: (rows: readonly EntryRow[]) => void): Promise<void>
  countEntries(): Promise<number>
  /** Dispatches that used something, a page at a time, in the order of their names. */
  listCalls(page: CallPage): Promise<readonly PricedCall[]>
  listAdjustments(
    tenant: string,
    roots: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly version: string; readonly after: bigint }>>
  addAdjustment(row: Insertable<Tables['call_adjustment']>): Promise<void>
  flush(): Promise<void>
}

export interface CallPage {
  readonly tenant: string
  readonly fromMs: number
  readonly untilMs: number
  readonly after: { readonly rootId: string; readonly callId: string } | undefined
  readonly limit: number
}

export function createPriceBookStore(store: Pick<Store, 'sql' | 'transaction' | 'flush'>): PriceBookStore {
  const { sql } = store
  const listEntries = (from: Kysely<Tables>) =>
    from.selectFrom('price_entry').selectAll().orderBy('created_at_ms').orderBy('id').execute()
  return {
    listEntries: () => listEntries(sql),
    addEntry: (row, check) =>
      store.transaction(async (transaction) => {
        check(await listEntries(transaction))
        await transaction.insertInto('price_entry').values(row).execute()
      }),
    async countEntries() {
      const { made } = await sql
        .selectFrom('price_entry')
        .select(({ fn }) => fn.countAll<number>().as('made'))
        .executeTakeFirstOrThrow()
      return Number(made)
    },
    listCalls: (page) => listCalls(sql, page),
    async listAdjustments(tenant, roots) {
      if (roots.length === 0) return new Map()
      const rows = await sql
        .selectFrom('call_adjustment')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('root_id', 'in', roots)
        .orderBy('created_at_ms')
        .execute()
      return new Map(rows.map((row) => [row.call_id, { version: row.price_version, after: BigInt(row.after ?? 0) }]))
    },
    async addAdjustment(row) {
      await sql
        .insertInto('call_adjustment')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    flush: () => store.flush(),
  }
}

async function listCalls(
  sql: Kysely<Tables>,
  { tenant, fromMs, untilMs, after, limit }: CallPage,
): Promise<readonly PricedCall[]> {
  let rows = sql
    .selectFrom('call')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('kind', '=', 'dispatch')
    .where('usage_source', 'is not', null)
    .where('started_at_ms', '>=', fromMs)
    .where('started_at_ms', '<', untilMs)
  if (after !== undefined) {
    rows = rows.where((where) =>
      where.or([
        where('root_id', '>', after.rootId),
        where.and([where('root_id', '=', after.rootId), where('id', '>', after.callId)]),
      ]),
    )
  }
  const found = await rows.orderBy('root_id').orderBy('id').limit(limit).execute()
  return found.map((row) => ({
    tenant: row.tenant,
    rootId: row.root_id,
    callId: row.id,
    endpoint: row.name,
    vendorModel: row.vendor_model ?? '',
    atMs: row.started_at_ms,
    usage: {
      source: row.usage_source ?? 'reported',
      inputTotal: row.input_total,
      cacheRead: row.cache_read,
      cacheWrite5m: row.cache_write_5m,
      cacheWrite1h: row.cache_write_1h,
      outputTotal: row.output_total,
      reasoning: row.reasoning,
      raw: row.usage_raw,
    },
    cost: row.cost === null ? undefined : BigInt(row.cost),
    priceVersion: row.price_version,
  }))
}
