import { sql as raw } from 'kysely'
import type { Store } from '../../store/index.ts'

/** The SQL of idempotency keys. An entry whose time is over is not there any more, whoever made it. */
export interface IdempotencyStore {
  /** Takes the entry for `owner`; what has it already, when somebody else does. */
  begin(entry: NewEntry, nowMs: number): Promise<Entry | undefined>
  /** Keeps the answer; false when the entry is not the owner's any more. */
  finish(place: OwnPlace, kept: Kept): Promise<boolean>
  abandon(place: OwnPlace): Promise<void>
  /** Prolongs everything the owner has in work. */
  prolong(owner: string, expiresAtMs: number): Promise<void>
  /** Deletes what is over. */
  expire(nowMs: number): Promise<void>
  /** Of each tenant, deletes the oldest answers beyond the bounds. Resolves with how many. */
  trim(bounds: Bounds): Promise<number>
}

interface Bounds {
  readonly answersMax: number
  readonly bytesMax: number
}

export interface Place {
  readonly tenant: string
  readonly id: string
}

export interface OwnPlace extends Place {
  readonly owner: string
}

export interface NewEntry extends OwnPlace {
  readonly fingerprint: string
  readonly expiresAtMs: number
}

export interface Entry {
  readonly fingerprint: string
  readonly state: 'begun' | 'done'
  readonly callId: string | undefined
  readonly answer: Uint8Array | undefined
}

export interface Kept {
  readonly callId: string | undefined
  readonly answer: Uint8Array | undefined
  readonly expiresAtMs: number
}

/** An entry that vanished between two statements is tried again so often. */
const triesMax = 5

export function createIdempotencyStore({ sql }: Pick<Store, 'sql'>): IdempotencyStore {
  return {
    async begin(entry, nowMs) {
      for (let tries = 0; tries < triesMax; tries++) {
        if (await take(sql, entry, nowMs)) return undefined
        const found = await find(sql, entry)
        if (found !== undefined) return found
      }
      return { fingerprint: entry.fingerprint, state: 'begun', callId: undefined, answer: undefined }
    },
    async finish({ tenant, id, owner }, { callId, answer, expiresAtMs }) {
      const done = { state: 'done', call_id: callId ?? null, expires_at_ms: expiresAtMs } as const
      const finished = await sql
        .updateTable('repeatable')
        .set({ ...done, answer: answer ?? null, answer_bytes: answer?.length ?? 0 })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .where('owner', '=', owner)
        .where('state', '=', 'begun')
        .returning('id')
        .executeTakeFirst()
      return finished !== undefined
    },
    async abandon({ tenant, id, owner }) {
      await sql
        .deleteFrom('repeatable')
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .where('owner', '=', owner)
        .where('state', '=', 'begun')
        .execute()
    },
    async prolong(owner, expiresAtMs) {
      await sql
        .updateTable('repeatable')
        .set({ expires_at_ms: expiresAtMs })
        .where('owner', '=', owner)
        .where('state', '=', 'begun')
        .execute()
    },
    async expire(nowMs) {
      await sql.deleteFrom('repeatable').where('expires_at_ms', '<=', nowMs).execute()
    },
    trim: (bounds) => trim(sql, bounds),
  }
}

async function take(sql: Store['sql'], entry: NewEntry, nowMs: number): Promise<boolean> {
  const { tenant, id, owner, fingerprint } = entry
  const fresh = {
    fingerprint,
    state: 'begun',
    owner,
    call_id: null,
    answer: null,
    answer_bytes: 0,
    expires_at_ms: entry.expiresAtMs,
  } as const
  const taken = await sql
    .insertInto('repeatable')
    .values({ tenant, id, ...fresh })
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'id']).doUpdateSet(fresh).where('repeatable.expires_at_ms', '<=', nowMs),
    )
    .returning('id')
    .executeTakeFirst()
  return taken !== undefined
}

async function find(sql: Store['sql'], { tenant, id }: Place): Promise<Entry | undefined> {
  const row = await sql
    .selectFrom('repeatable')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { fingerprint, state } = row
  return { fingerprint, state, callId: row.call_id ?? undefined, answer: row.answer ?? undefined }
}

async function trim(sql: Store['sql'], { answersMax, bytesMax }: Bounds): Promise<number> {
  const newest = raw`partition by tenant order by expires_at_ms desc, id`
  const beyond = raw<{ tenant: string; id: string }>`select tenant, id from (
    select tenant, id, state, row_number() over (${newest}) as place, sum(answer_bytes) over (${newest}) as bytes
    from repeatable
  ) as ranked where state = 'done' and (place > ${answersMax} or bytes > ${bytesMax}) limit 10000`
  const { rows } = await beyond.execute(sql)
  for (const { tenant, id } of rows)
    await sql
      .deleteFrom('repeatable')
      .where('tenant', '=', tenant)
      .where('id', '=', id)
      .where('state', '=', 'done')
      .execute()
  return rows.length
}
