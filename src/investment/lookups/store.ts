import { sql as raw, type Kysely, type Selectable } from 'kysely'
import type { JsonValue } from '../../core/json.ts'
import { toAnswerReference, type AnswerReference } from '../../core/ports-lookups.ts'
import type { Usage } from '../../core/usage.ts'
import type { Store, Tables } from '../../store/index.ts'
import { nextVersion, roundOf } from '../prices/index.ts'

type SqlHandle = Kysely<Tables>

/** A call that its vendor is to be asked about, or whose answer is not in all books yet. */
export interface OpenLookup {
  readonly tenant: string
  readonly rootId: string
  readonly callId: string
  readonly endpoint: string
  readonly vendorModel: string
  readonly answer: AnswerReference
  readonly startedAtMs: number
  readonly state: 'open' | 'found'
  readonly attempts: number
  readonly nextAtMs: number
  readonly reason: string | undefined
}

/** What the vendor said, and what that costs; `undefined` where no price is known. */
export interface Told {
  readonly usage: Usage
  readonly cost: bigint | undefined
  readonly priceVersion: string | undefined
  readonly atMs: number
}

export interface LookupStore {
  /** The longest due first. Those never asked about wait `delayMs` from their end. */
  listDue(nowMs: number, delayMs: number, limit: number): Promise<readonly OpenLookup[]>
  /** Moves its next turn to `untilMs`; false when somebody else has moved it since it was read. */
  claim(call: OpenLookup, untilMs: number): Promise<boolean>
  /** Puts on record what the vendor said, with the adjustment of the cost; false when somebody else has. */
  tell(call: OpenLookup, told: Told): Promise<boolean>
  /** All accounts know. */
  finish(call: OpenLookup): Promise<void>
  postpone(
    call: OpenLookup,
    next: { readonly reason: string; readonly attempts: number; readonly nextAtMs: number },
  ): Promise<void>
  giveUp(call: OpenLookup, reason: string): Promise<void>
}

export function createLookupStore({ sql, transaction }: Pick<Store, 'sql' | 'transaction'>): LookupStore {
  return {
    async listDue(nowMs, delayMs, limit) {
      const rows = await sql
        .selectFrom('call_lookup')
        .selectAll()
        .where('state', 'in', ['open', 'found'])
        .where('next_at_ms', '<=', nowMs)
        .where(raw<boolean>`(attempts > 0 or next_at_ms <= ${nowMs - delayMs})`)
        .orderBy('next_at_ms')
        .orderBy('root_id')
        .limit(limit)
        .execute()
      return rows.map(toLookup).filter((call) => call !== undefined)
    },
    async claim(call, untilMs) {
      const { numUpdatedRows } = await at(sql, call)
        .where('state', '=', call.state)
        .where('next_at_ms', '=', call.nextAtMs)
        .set({ next_at_ms: untilMs })
        .executeTakeFirst()
      return Number(numUpdatedRows) === 1
    },
    tell: (call, told) => transaction((within) => tell(within, call, told)),
    async finish(call) {
      await at(sql, call).where('state', '=', 'found').set({ state: 'booked' }).execute()
    },
    async postpone(call, { reason, attempts, nextAtMs }) {
      await at(sql, call).where('state', '=', 'open').set({ reason, attempts, next_at_ms: nextAtMs }).execute()
    },
    async giveUp(call, reason) {
      await at(sql, call).where('state', '=', 'open').set({ state: 'none', reason }).execute()
    },
  }
}

function at(sql: SqlHandle, { rootId, callId }: Pick<OpenLookup, 'rootId' | 'callId'>) {
  return sql.updateTable('call_lookup').where('root_id', '=', rootId).where('call_id', '=', callId)
}

/** The answer and the adjustment commit together: one is never on record without the other, and each is there once. */
async function tell(sql: SqlHandle, call: OpenLookup, { usage, cost, priceVersion, atMs }: Told): Promise<boolean> {
  const { numUpdatedRows } = await at(sql, call)
    .where('state', '=', 'open')
    .set({
      state: 'found',
      attempts: call.attempts + 1,
      reason: null,
      told_at_ms: atMs,
      input_total: usage.inputTotal ?? null,
      cache_read: usage.cacheRead ?? null,
      cache_write_5m: usage.cacheWrite5m ?? null,
      cache_write_1h: usage.cacheWrite1h ?? null,
      output_total: usage.outputTotal ?? null,
      reasoning: usage.reasoning ?? null,
      usage_raw: usage.raw === undefined ? null : JSON.stringify(usage.raw),
    })
    .executeTakeFirst()
  if (Number(numUpdatedRows) !== 1) return false
  if (cost === undefined) return true
  const { tenant, rootId, callId } = call
  const last = await findLast(sql, call)
  if (last.cost === cost) return true
  await sql
    .insertInto('call_adjustment')
    .values({
      tenant,
      root_id: rootId,
      call_id: callId,
      price_version: nextVersion(`${priceVersion ?? ''} lookup`, last.version),
      before: last.cost ?? null,
      after: cost,
      created_at_ms: atMs,
    })
    .execute()
  return true
}

interface LastCost {
  /** Corrected prices included; `undefined` when nobody knows. */
  readonly cost: bigint | undefined
  /** The last correction; `undefined` when there was none. */
  readonly version: string | undefined
}

async function findLast(sql: SqlHandle, { tenant, rootId, callId }: OpenLookup): Promise<LastCost> {
  const corrections = await sql
    .selectFrom('call_adjustment')
    .select(['after', 'price_version'])
    .where('tenant', '=', tenant)
    .where('root_id', '=', rootId)
    .where('call_id', '=', callId)
    .execute()
  const [last] = corrections.toSorted((one, other) => roundOf(other.price_version) - roundOf(one.price_version))
  if (last !== undefined) return { cost: toCost(last.after), version: last.price_version }
  const call = await sql
    .selectFrom('call')
    .select('cost')
    .where('root_id', '=', rootId)
    .where('id', '=', callId)
    .executeTakeFirst()
  return { cost: toCost(call?.cost ?? null), version: undefined }
}

function toCost(column: number | bigint | null): bigint | undefined {
  return column === null ? undefined : BigInt(column)
}

function toLookup(row: Selectable<Tables['call_lookup']>): OpenLookup | undefined {
  const answer = toAnswerReference(JSON.parse(row.answer) as JsonValue) // JSON, written by the record
  if (answer === undefined || (row.state !== 'open' && row.state !== 'found')) return undefined
  return {
    tenant: row.tenant,
    rootId: row.root_id,
    callId: row.call_id,
    endpoint: row.endpoint,
    vendorModel: row.vendor_model,
    answer,
    startedAtMs: row.started_at_ms,
    state: row.state,
    attempts: row.attempts,
    nextAtMs: row.next_at_ms,
    reason: row.reason ?? undefined,
  }
}
