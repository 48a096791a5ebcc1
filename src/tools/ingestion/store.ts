import { sql as raw, type Kysely } from 'kysely'
import type { Engine, Tables } from '../../store/index.ts'

export type JobRow = Tables['ingestion_job']

export interface Claim {
  readonly owner: string
  readonly nowMs: number
  readonly untilMs: number
  readonly limit: number
  /** A job that so many processes have begun and none has ended is not begun again. */
  readonly attemptsMax: number
}

export interface JobEnd {
  readonly state: 'done' | 'refused' | 'failed'
  readonly outcome: string | null
  readonly reason: string | null
  readonly endedAtMs: number
}

export interface JobRows {
  insert(row: JobRow): Promise<void>
  find(tenant: string, id: string): Promise<JobRow | undefined>
  countOpen(tenant: string): Promise<number>
  countByState(tenant: string): Promise<Readonly<Record<string, number>>>
  /** The oldest that nobody is at, each given to one process only; how many processes ask does not matter. */
  claim(claim: Claim): Promise<readonly JobRow[]>
  renew(owner: string, untilMs: number): Promise<void>
  /** Ends a job and lets go of its bytes; false when another process has it meanwhile. */
  end(row: Pick<JobRow, 'tenant' | 'id'>, owner: string, end: JobEnd): Promise<boolean>
  /** Gives back what has been claimed and not begun. */
  release(owner: string): Promise<void>
  /** Ends what too many processes have died of. */
  giveUp(attemptsMax: number, nowMs: number): Promise<void>
  /** Forgets jobs that ended before. */
  forget(endedBeforeMs: number): Promise<void>
}

export function createJobRows(sql: Kysely<Tables>, engine: Engine): JobRows {
  return { ...createQueueRows(sql, engine), ...createReads(sql) }
}

function createReads(sql: Kysely<Tables>): Pick<JobRows, 'insert' | 'find' | 'countOpen' | 'countByState'> {
  return {
    async insert(row) {
      await sql.insertInto('ingestion_job').values(row).execute()
    },
    find: (tenant, id) =>
      sql.selectFrom('ingestion_job').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    async countOpen(tenant) {
      const counted = sql.selectFrom('ingestion_job').select((build) => build.fn.countAll<number>().as('count'))
      const row = await counted.where('tenant', '=', tenant).where('ended_at_ms', 'is', null).executeTakeFirst()
      return Number(row?.count ?? 0)
    },
    async countByState(tenant) {
      const rows = await sql
        .selectFrom('ingestion_job')
        .select((build) => ['state', build.fn.countAll<number>().as('count')])
        .where('tenant', '=', tenant)
        .groupBy('state')
        .execute()
      return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]))
    },
  }
}

type QueuePart = Omit<JobRows, 'insert' | 'find' | 'countOpen' | 'countByState'>

function createQueueRows(sql: Kysely<Tables>, engine: Engine): QueuePart {
  return {
    async claim({ owner, nowMs, untilMs, limit, attemptsMax }) {
      // On SQLite the statement is the only writer while it runs; on PostgreSQL rows that another process is just
      // claiming are passed over instead of waited for.
      const lock = raw.raw(engine === 'postgres' ? 'for update skip locked' : '')
      const { rows } = await raw<JobRow>`
        update ingestion_job
        set state = 'running', owner = ${owner}, lease_until_ms = ${untilMs}, attempts = attempts + 1
        where (tenant, id) in (
          select tenant, id from ingestion_job
          where ended_at_ms is null and lease_until_ms < ${nowMs} and attempts < ${attemptsMax}
          order by id limit ${limit} ${lock}
        )
        returning *`.execute(sql)
      return rows.toSorted((one, other) => (one.id < other.id ? -1 : 1))
    },
    async renew(owner, untilMs) {
      const held = sql.updateTable('ingestion_job').set({ lease_until_ms: untilMs }).where('owner', '=', owner)
      await held.where('ended_at_ms', 'is', null).execute()
    },
    async end({ tenant, id }, owner, { state, outcome, reason, endedAtMs }) {
      const ended = await sql
        .updateTable('ingestion_job')
        .set({ state, outcome, reason, ended_at_ms: endedAtMs, bytes: null, owner: null })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .where('owner', '=', owner)
        .where('ended_at_ms', 'is', null)
        .returning('id')
        .executeTakeFirst()
      return ended !== undefined
    },
    async release(owner) {
      await sql
        .updateTable('ingestion_job')
        .set((build) => ({ state: 'waiting', owner: null, lease_until_ms: 0, attempts: build('attempts', '-', 1) }))
        .where('owner', '=', owner)
        .where('ended_at_ms', 'is', null)
        .execute()
    },
    async giveUp(attemptsMax, nowMs) {
      await sql
        .updateTable('ingestion_job')
        .set({
          state: 'failed',
          reason: 'every process that began it has died',
          ended_at_ms: nowMs,
          bytes: null,
          owner: null,
        })
        .where('ended_at_ms', 'is', null)
        .where('lease_until_ms', '<', nowMs)
        .where('attempts', '>=', attemptsMax)
        .execute()
    },
    async forget(endedBeforeMs) {
      await sql.deleteFrom('ingestion_job').where('ended_at_ms', '<', endedBeforeMs).execute()
    },
  }
}
