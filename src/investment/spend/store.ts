import { sql as raw, type Kysely } from 'kysely'
import type { Tables } from '../../store/index.ts'

/** From the first millisecond to just before the last, UTC. */
interface Span {
  readonly startMs: number
  readonly endMs: number
}

/** What calls used and cost, of one tenant: sums over the record. */
export interface SpendQueries {
  /** What the calls of a stretch of time used and cost, by model and key. */
  sumCalls(tenant: string, span: Span, keys: readonly string[] | undefined): Promise<readonly CallSum[]>
  countRequests(
    tenant: string,
    span: Span,
    keys: readonly string[] | undefined,
  ): Promise<readonly { readonly key: string; readonly model: string; readonly requests: number }[]>
  /** The same by day (UTC) and model, for comparing with vendors' statements. */
  sumDays(tenant: string, span: Span): Promise<readonly DaySum[]>
}

/** Sums may be beyond 64 bits. */
export interface CallSum {
  readonly key: string
  readonly model: string
  readonly dispatches: number
  /** Dispatches that ended well and whose usage, whose cost is not known. */
  readonly unknownUsage: number
  readonly unknownCost: number
  readonly inputTokens: bigint
  readonly cacheRead: bigint
  readonly cacheWrite: bigint
  readonly outputTokens: bigint
  readonly reasoning: bigint
  /** Picodollars, corrections included. */
  readonly cost: bigint
}

/** What a model used on a day. Cost is picodollars, corrections included. */
export interface DaySum {
  /** Days since 1970-01-01, UTC. */
  readonly day: number
  readonly model: string
  readonly calls: number
  readonly unknown: number
  readonly estimated: number
  readonly inputTokens: bigint
  readonly cachedTokens: bigint
  readonly outputTokens: bigint
  readonly cost: bigint
}

const billion = 1_000_000_000n

export function createSpendQueries(sql: Kysely<Tables>): SpendQueries {
  return {
    sumCalls: (tenant, span, keys) => sumCalls(sql, { tenant, span, keys }),
    countRequests: (tenant, span, keys) => countRequests(sql, { tenant, span, keys }),
    sumDays: (tenant, span) => sumDays(sql, { tenant, span, keys: undefined }),
  }
}

interface Asked {
  readonly tenant: string
  readonly span: Span
  readonly keys: readonly string[] | undefined
}

/** The calls of a stretch of time, of all keys or of some. */
function within(sql: Kysely<Tables>, { tenant, span: { startMs, endMs }, keys }: Asked) {
  const calls = sql
    .selectFrom('call')
    .where('call.tenant', '=', tenant)
    .where('call.root_id', '>=', `call_${toStamp(startMs - hourMs)}`)
    .where('call.root_id', '<', `call_${toStamp(endMs)}`)
    .where('call.started_at_ms', '>=', startMs)
    .where('call.started_at_ms', '<', endMs)
  return keys === undefined ? calls : calls.where('call.key_id', 'in', keys.length === 0 ? [''] : keys)
}

async function sumCalls(sql: Kysely<Tables>, asked: Asked): Promise<readonly CallSum[]> {
  const rows = await within(sql, asked)
    .where('call.kind', '=', 'dispatch')
    .select((select) => [
      'call.key_id as key',
      raw<string>`coalesce(call.vendor_model, call.name)`.as('model'),
      select.fn.countAll<number>().as('dispatches'),
      raw<number>`sum(case when call.status = 'ok' and call.usage_source is null then 1 else 0 end)`.as(
        'unknown_usage',
      ),
      raw<number>`sum(case when call.status = 'ok' and call.cost is null then 1 else 0 end)`.as('unknown_cost'),
      raw<number | bigint | string | null>`sum(call.input_total)`.as('input'),
      raw<number | bigint | string | null>`sum(call.cache_read)`.as('cache_read'),
      raw<number | bigint | string | null>`sum(coalesce(call.cache_write_5m, 0) + coalesce(call.cache_write_1h, 0))`.as(
        'cache_write',
      ),
      raw<number | bigint | string | null>`sum(call.output_total)`.as('output'),
      raw<number | bigint | string | null>`sum(call.reasoning)`.as('reasoning'),
      raw<number | bigint | string | null>`sum(call.cost / 1000000000)`.as('cost_high'),
      raw<number | bigint | string | null>`sum(call.cost % 1000000000)`.as('cost_low'),
    ])
    .groupBy(['call.key_id', raw`coalesce(call.vendor_model, call.name)`])
    .orderBy('key')
    .orderBy('model')
    .execute()
  const corrected = await sumCorrections(sql, asked)
  const toldLater = await sumLookups(sql, asked)
  return rows.map((row) => {
    const fix = corrected.find((each) => each.key === row.key && each.model === row.model)
    const told = toldLater.find((each) => each.key === row.key && each.model === row.model)
    return {
      key: row.key,
      model: row.model,
      dispatches: Number(row.dispatches),
      unknownUsage: Number(row.unknown_usage) - Number(told?.known_now ?? 0),
      unknownCost: Number(row.unknown_cost) - Number(fix?.known_now ?? 0),
      inputTokens: toInteger(row.input) + toInteger(told?.input),
      cacheRead: toInteger(row.cache_read) + toInteger(told?.cache_read),
      cacheWrite: toInteger(row.cache_write) + toInteger(told?.cache_write),
      outputTokens: toInteger(row.output) + toInteger(told?.output),
      reasoning: toInteger(row.reasoning) + toInteger(told?.reasoning),
      cost:
        toInteger(row.cost_high) * billion +
        toInteger(row.cost_low) +
        toInteger(fix?.high) * billion +
        toInteger(fix?.low),
    }
  })
}

/** What later prices have changed, by model and key. */
function sumCorrections(sql: Kysely<Tables>, asked: Asked) {
  return within(sql, asked)
    .innerJoin('call_adjustment as fix', (join) =>
      join
        .onRef('fix.tenant', '=', 'call.tenant')
        .onRef('fix.root_id', '=', 'call.root_id')
        .onRef('fix.call_id', '=', 'call.id'),
    )
    .select([
      'call.key_id as key',
      raw<string>`coalesce(call.vendor_model, call.name)`.as('model'),
      raw<number | bigint | string | null>`sum((fix.after - coalesce(fix.before, 0)) / 1000000000)`.as('high'),
      raw<number | bigint | string | null>`sum((fix.after - coalesce(fix.before, 0)) % 1000000000)`.as('low'),
      raw<number>`sum(case when fix.before is null and call.status = 'ok' then 1 else 0 end)`.as('known_now'),
    ])
    .groupBy(['call.key_id', raw`coalesce(call.vendor_model, call.name)`])
    .execute()
}

/** What vendors said later that calls used: how much more, or less, than the record has, by model and key. */
function sumLookups(sql: Kysely<Tables>, asked: Asked) {
  const more = (column: string) =>
    raw<
      number | bigint | string | null
    >`sum(coalesce(${raw.ref(`told.${column}`)}, 0) - coalesce(${raw.ref(`call.${column}`)}, 0))`
  return within(sql, asked)
    .innerJoin('call_lookup as told', (join) =>
      join.onRef('told.root_id', '=', 'call.root_id').onRef('told.call_id', '=', 'call.id'),
    )
    .where('told.state', 'in', ['found', 'booked'])
    .select([
      'call.key_id as key',
      raw<string>`coalesce(call.vendor_model, call.name)`.as('model'),
      more('input_total').as('input'),
      more('cache_read').as('cache_read'),
      raw<number | bigint | string | null>`sum(coalesce(told.cache_write_5m, 0) + coalesce(told.cache_write_1h, 0)
        - coalesce(call.cache_write_5m, 0) - coalesce(call.cache_write_1h, 0))`.as('cache_write'),
      more('output_total').as('output'),
      more('reasoning').as('reasoning'),
      raw<number>`sum(case when call.status = 'ok' and call.usage_source is null then 1 else 0 end)`.as('known_now'),
    ])
    .groupBy(['call.key_id', raw`coalesce(call.vendor_model, call.name)`])
    .execute()
}

async function countRequests(sql: Kysely<Tables>, asked: Asked): ReturnType<SpendQueries['countRequests']> {
  const rows = await within(sql, asked)
    .whereRef('call.id', '=', 'call.root_id')
    .where('call.status', '=', 'ok')
    .select((select) => ['call.key_id as key', 'call.name as model', select.fn.countAll<number>().as('requests')])
    .groupBy(['call.key_id', 'call.name'])
    .orderBy('key')
    .orderBy('model')
    .execute()
  return rows.map(({ key, model, requests }) => ({ key, model, requests: Number(requests) }))
}

async function sumDays(sql: Kysely<Tables>, asked: Asked): Promise<readonly DaySum[]> {
  const dayOf = raw<number | string>`call.started_at_ms / 86400000`
  const rows = await within(sql, asked)
    .leftJoin(
      sql
        .selectFrom('call_adjustment')
        .select([
          'tenant',
          'root_id',
          'call_id',
          raw<number | bigint | string>`cast(sum(after - coalesce(before, 0)) as bigint)`.as('change'),
          raw<number>`max(case when before is null then 1 else 0 end)`.as('known_now'),
        ])
        .groupBy(['tenant', 'root_id', 'call_id'])
        .as('fix'),
      (join) =>
        join
          .onRef('fix.tenant', '=', 'call.tenant')
          .onRef('fix.root_id', '=', 'call.root_id')
          .onRef('fix.call_id', '=', 'call.id'),
    )
    .leftJoin('call_lookup as told', (join) =>
      join
        .onRef('told.root_id', '=', 'call.root_id')
        .onRef('told.call_id', '=', 'call.id')
        .on('told.state', 'in', ['found', 'booked']),
    )
    .where('call.kind', '=', 'dispatch')
    .select((select) => [
      dayOf.as('day'),
      raw<string>`coalesce(call.vendor_model, call.name)`.as('model'),
      select.fn.countAll<number>().as('calls'),
      raw<number>`sum(case when call.status = 'ok' and call.cost is null and coalesce(fix.known_now, 0) = 0 then 1 else 0 end)`.as(
        'unknown',
      ),
      raw<number>`sum(case when call.usage_source = 'estimated' and told.call_id is null then 1 else 0 end)`.as(
        'estimated',
      ),
      raw<
        number | bigint | string | null
      >`sum(case when told.call_id is null then call.input_total else told.input_total end)`.as('input'),
      raw<
        number | bigint | string | null
      >`sum(case when told.call_id is null then call.cache_read else told.cache_read end)`.as('cached'),
      raw<
        number | bigint | string | null
      >`sum(case when told.call_id is null then call.output_total else told.output_total end)`.as('output'),
      raw<number | bigint | string | null>`sum((coalesce(call.cost, 0) + coalesce(fix.change, 0)) / 1000000000)`.as(
        'high',
      ),
      raw<number | bigint | string | null>`sum((coalesce(call.cost, 0) + coalesce(fix.change, 0)) % 1000000000)`.as(
        'low',
      ),
    ])
    .groupBy([raw`call.started_at_ms / 86400000`, raw`coalesce(call.vendor_model, call.name)`])
    .execute()
  return rows.map((row) => ({
    day: Math.trunc(Number(row.day)),
    model: row.model,
    calls: Number(row.calls),
    unknown: Number(row.unknown),
    estimated: Number(row.estimated),
    inputTokens: toInteger(row.input),
    cachedTokens: toInteger(row.cached),
    outputTokens: toInteger(row.output),
    cost: toInteger(row.high) * billion + toInteger(row.low),
  }))
}

const hourMs = 3_600_000

function toInteger(value: number | bigint | string | null | undefined): bigint {
  return value === null || value === undefined ? 0n : BigInt(value)
}

/** The first ten characters of ids made at an instant: ids sort by the time of making. */
function toStamp(instantMs: number): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
  let rest = Math.max(0, Math.trunc(instantMs))
  let stamp = ''
  for (let place = 0; place < 10; place++) {
    stamp = `${alphabet[rest % 32] ?? '0'}${stamp}`
    rest = Math.floor(rest / 32)
  }
  return stamp
}
