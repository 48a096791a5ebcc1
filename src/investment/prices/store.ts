import type { Insertable, Kysely } from 'kysely'
import { roundOf } from './rounds.ts'
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
        .execute()
      const inOrder = rows.toSorted((one, other) => roundOf(one.price_version) - roundOf(other.price_version))
      return new Map(inOrder.map((row) => [row.call_id, { version: row.price_version, after: BigInt(row.after ?? 0) }]))
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
    .leftJoin('call_lookup as told', (join) =>
      join
        .onRef('told.root_id', '=', 'call.root_id')
        .onRef('told.call_id', '=', 'call.id')
        .on('told.state', 'in', ['found', 'booked']),
    )
    .selectAll('call')
    .select([
      'told.call_id as told_call',
      'told.input_total as told_input_total',
      'told.cache_read as told_cache_read',
      'told.cache_write_5m as told_cache_write_5m',
      'told.cache_write_1h as told_cache_write_1h',
      'told.output_total as told_output_total',
      'told.reasoning as told_reasoning',
      'told.usage_raw as told_usage_raw',
    ])
    .where('call.tenant', '=', tenant)
    .where('call.kind', '=', 'dispatch')
    .where((where) => where.or([where('call.usage_source', 'is not', null), where('told.call_id', 'is not', null)]))
    .where('call.started_at_ms', '>=', fromMs)
    .where('call.started_at_ms', '<', untilMs)
  if (after !== undefined) {
    rows = rows.where((where) =>
      where.or([
        where('call.root_id', '>', after.rootId),
        where.and([where('call.root_id', '=', after.rootId), where('call.id', '>', after.callId)]),
      ]),
    )
  }
  const found = await rows.orderBy('call.root_id').orderBy('call.id').limit(limit).execute()
  return found.map((row) => ({
    tenant: row.tenant,
    rootId: row.root_id,
    callId: row.id,
    endpoint: row.name,
    vendorModel: row.vendor_model ?? '',
    atMs: row.started_at_ms,
    usage: row.told_call === null ? toUsage(row) : toUsage(toldOf(row)),
    cost: row.cost === null ? undefined : BigInt(row.cost),
    priceVersion: row.price_version,
  }))
}

type UsageColumn = keyof Tables['call_lookup'] &
  keyof Tables['call'] &
  (`${string}_total` | `cache_${string}` | 'reasoning' | 'usage_raw')
type UsageRow = Pick<Tables['call'], UsageColumn> & Partial<Pick<Tables['call'], 'usage_source'>>
type ToldRow = { readonly [Column in UsageColumn as `told_${Column}`]: UsageRow[Column] }

/** What the vendor said later stands in for what the record has. */
function toldOf(row: ToldRow): UsageRow {
  return {
    input_total: row.told_input_total,
    cache_read: row.told_cache_read,
    cache_write_5m: row.told_cache_write_5m,
    cache_write_1h: row.told_cache_write_1h,
    output_total: row.told_output_total,
    reasoning: row.told_reasoning,
    usage_raw: row.told_usage_raw,
  }
}

function toUsage(row: UsageRow): PricedCall['usage'] {
  return {
    source: row.usage_source ?? 'reported',
    inputTotal: row.input_total,
    cacheRead: row.cache_read,
    cacheWrite5m: row.cache_write_5m,
    cacheWrite1h: row.cache_write_1h,
    outputTotal: row.output_total,
    reasoning: row.reasoning,
    raw: row.usage_raw,
  }
}
