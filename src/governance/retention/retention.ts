import type { Transaction } from 'kysely'
import type { Config } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { EventLog } from '../../core/ports.ts'
import { toIso, type Clock } from '../../core/time.ts'
import type { AgedTexts, Store, Tables } from '../../store/index.ts'
import type { AuditLog } from '../audit/index.ts'
import { covers } from './holds.ts'
import { createRetentionStore, type CallPlace, type HoldRow, type RetentionQueries } from './store.ts'
import { sweepTexts, type TextsErased } from './texts.ts'

/** Deletes calls by the clock, and what stops that. */
export interface Retention {
  /** From now on nothing that it covers is deleted. */
  hold(who: Holder, hold: NewHold): Promise<LegalHold>
  /** Rejects with NOT_FOUND, CONFLICT when it was released before. */
  release(who: Holder, id: string, reason: string): Promise<LegalHold>
  list(tenant: string): Promise<readonly LegalHold[]>
  /** Deletes what is old enough and not held. Happens by itself every hour. */
  sweep(): Promise<Swept>
  close(): void
}

export interface Swept {
  /** Calls that went. */
  readonly calls: number
  /** Of each set that has a number of days: how many lost their words. */
  readonly texts: TextsErased
}

export interface Holder {
  readonly tenant: string
  readonly keyId: string
}

export interface NewHold {
  readonly name: string
  readonly reason: string
  /** Calls of one use case; all when absent. */
  readonly useCase: string | undefined
  /** Calls that began in this span, milliseconds UTC, the end not included; unbounded when absent. */
  readonly fromMs: number | undefined
  readonly untilMs: number | undefined
}

export interface LegalHold extends NewHold {
  readonly id: string
  readonly createdAtMs: number
  readonly releasedAtMs: number | undefined
}

export interface RetentionDeps {
  readonly store: Pick<Store, 'sql' | 'transaction' | 'scrub'>
  readonly clock: Clock
  readonly ids: Ids
  readonly log: EventLog
  readonly audit: Pick<AuditLog, 'act'>
  /** Words that go by clocks of their own. */
  readonly texts: readonly AgedTexts[]
  /** Read at each use. */
  readonly config: () => Config['governance']['retention']
}

const sweepMs = 3_600_000
/** Calls of one transaction: bounds how long the place of the writer is held. */
const batchMax = 200
const dayMs = 86_400_000

export function createRetention(deps: RetentionDeps): Retention {
  const { clock, ids, audit, log } = deps
  const rows = createRetentionStore(deps.store)
  const now = (): number => Math.trunc(clock.now())

  async function sweepCalls(): Promise<number> {
    let [deleted, after]: [number, CallPlace] = [0, { tenant: '', rootId: '' }]
    for (;;) {
      const from = after
      const batch = await rows.exclusively((queries, sql) => sweepBatch({ ...deps, queries, sql }, from))
      if (batch === undefined) return deleted
      deleted += batch.deleted
      after = batch.last
    }
  }

  // Texts first: while their calls are on record, a hold tells by these what it covers.
  async function sweep(): Promise<Swept> {
    const texts = await sweepTexts(deps, rows)
    return { calls: await sweepCalls(), texts }
  }

  const timer = setInterval(() => {
    sweep().catch((thrown: unknown) => {
      log.warn({ reason: thrown instanceof Error ? thrown.message : 'unexpected' }, 'what is old could not be deleted')
    })
  }, sweepMs).unref()

  return {
    async hold(who, hold) {
      if (hold.fromMs !== undefined && hold.untilMs !== undefined && hold.untilMs <= hold.fromMs) {
        throw new PlatformError('INVALID_REQUEST', 'until is not after from', { param: 'until' })
      }
      const row = toRow(who, hold, { id: ids.create('hold'), atMs: now() })
      await rows.exclusively(async (queries, sql) => {
        await queries.insertHold(row)
        await audit.act(who.tenant, toAct('retention.hold', row, who), sql)
      })
      return toHold(row)
    },
    async release(who, id, reason) {
      const atMs = now()
      const row = await rows.exclusively(async (queries, sql) => {
        const found = await queries.findHold(who.tenant, id)
        if (found === undefined) throw new PlatformError('NOT_FOUND', 'there is no such hold')
        if (found.released_at_ms !== null) throw new PlatformError('CONFLICT', 'the hold was released before')
        await queries.release(found, atMs)
        await audit.act(who.tenant, { ...toAct('retention.release', found, who), reason }, sql)
        return { ...found, released_at_ms: atMs }
      })
      return toHold(row)
    },
    list: async (tenant) => (await rows.listHolds(tenant)).map(toHold),
    sweep,
    close: () => clearInterval(timer),
  }
}

export type Sweeping = RetentionDeps & {
  readonly queries: RetentionQueries
  readonly sql: Transaction<Tables>
}

/** One batch of the calls after a place; `undefined` when there is none. */
async function sweepBatch(
  { queries, sql, clock, audit, config }: Sweeping,
  after: CallPlace,
): Promise<{ readonly deleted: number; readonly last: CallPlace } | undefined> {
  const { days, useCases } = config()
  const shortest = Math.min(...[days, ...Object.values(useCases)].filter((each) => each !== undefined))
  if (!Number.isFinite(shortest)) return undefined
  const atMs = Math.trunc(clock.now())
  const aged = await queries.listAged({ beforeMs: atMs - shortest * dayMs, after, limit: batchMax })
  if (aged === undefined) return undefined
  const holds = await queries.listInForce()
  const due = aged.calls.filter((call) => {
    const own = (call.useCase === undefined ? undefined : useCases[call.useCase]) ?? days
    return (
      own !== undefined &&
      call.startedAtMs < atMs - own * dayMs &&
      !holds.some((hold) => covers(hold, call.tenant, call))
    )
  })
  await queries.deleteCalls(due, atMs)
  for (const [tenant, own] of Map.groupBy(due, (call) => call.tenant)) {
    const sequences = toRanges(own.map(({ sequence }) => sequence))
    await audit.act(tenant, { act: 'retention.delete', set: 'calls', calls: own.length, sequences }, sql)
  }
  return { deleted: due.length, last: aged.last }
}

/** Numbers as runs of consecutive ones, first and last. */
function toRanges(numbers: readonly number[]): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = []
  for (const number of numbers.toSorted((left, right) => left - right)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === number - 1) last[1] = number
    else ranges.push([number, number])
  }
  return ranges
}

function toRow(who: Holder, hold: NewHold, made: { readonly id: string; readonly atMs: number }): HoldRow {
  return {
    id: made.id,
    tenant: who.tenant,
    name: hold.name,
    reason: hold.reason,
    use_case: hold.useCase ?? null,
    from_ms: hold.fromMs ?? null,
    until_ms: hold.untilMs ?? null,
    key_id: who.keyId,
    created_at_ms: made.atMs,
    released_at_ms: null,
  }
}

function toHold(row: HoldRow): LegalHold {
  return {
    id: row.id,
    name: row.name,
    reason: row.reason,
    useCase: row.use_case ?? undefined,
    fromMs: row.from_ms ?? undefined,
    untilMs: row.until_ms ?? undefined,
    createdAtMs: row.created_at_ms,
    releasedAtMs: row.released_at_ms ?? undefined,
  }
}

function toAct(act: string, row: HoldRow, who: Holder): JsonObject {
  const time = (ms: number | null): string | null => (ms === null ? null : toIso(ms))
  return {
    act,
    hold: row.id,
    use_case: row.use_case,
    from: time(row.from_ms),
    until: time(row.until_ms),
    key: who.keyId,
  }
}
