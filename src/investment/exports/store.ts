import type { Selectable } from 'kysely'
import type { Store, Tables } from '../../store/index.ts'

export type OutboxRow = Selectable<Tables['meter_outbox']>

/** Counted events on their way to meters elsewhere. */
export interface OutboxStore {
  listDue(sink: string, page: { readonly nowMs: number; readonly limit: number }): Promise<readonly OutboxRow[]>
  markSent(rows: readonly OutboxRow[], atMs: number): Promise<void>
  postpone(rows: readonly OutboxRow[], next: { readonly attempts: number; readonly nextAtMs: number }): Promise<void>
  countWaiting(): Promise<number>
}

export function createOutboxStore({ sql }: Pick<Store, 'sql'>): OutboxStore {
  const numbers = (rows: readonly OutboxRow[]): readonly number[] => rows.map(({ number }) => number)
  return {
    listDue: (sink, { nowMs, limit }) =>
      sql
        .selectFrom('meter_outbox')
        .selectAll()
        .where('sink', '=', sink)
        .where('sent_at_ms', 'is', null)
        .where('next_at_ms', '<=', Math.trunc(nowMs))
        .orderBy('number')
        .limit(limit)
        .execute(),
    async markSent(rows, atMs) {
      await sql
        .updateTable('meter_outbox')
        .set({ sent_at_ms: Math.trunc(atMs) })
        .where('number', 'in', numbers(rows))
        .execute()
    },
    async postpone(rows, { attempts, nextAtMs }) {
      await sql
        .updateTable('meter_outbox')
        .set({ attempts, next_at_ms: Math.trunc(nextAtMs) })
        .where('number', 'in', numbers(rows))
        .execute()
    },
    async countWaiting() {
      const { waiting } = await sql
        .selectFrom('meter_outbox')
        .select(({ fn }) => fn.countAll<number>().as('waiting'))
        .where('sent_at_ms', 'is', null)
        .executeTakeFirstOrThrow()
      return Number(waiting)
    },
  }
}
