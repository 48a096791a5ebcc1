import type { Selectable } from 'kysely'
import type { Store, Tables } from '../../../store/index.ts'

export type AlertRow = Selectable<Tables['alert']>

export interface NewAlert {
  readonly account: number
  readonly percent: number
  readonly id: string
  /** JSON: what a forecast said. */
  readonly detail?: string
}

/** The SQL of alerts. */
export interface AlertStore {
  /** A share of an account that has been reached; said again it changes nothing. */
  note(alert: NewAlert, nowMs: number): Promise<void>
  listDue(nowMs: number, max: number): Promise<readonly AlertRow[]>
  /** Takes an alert for one try; false when another process has it. */
  claim(alert: AlertRow, nextMs: number): Promise<boolean>
  markSent(alert: AlertRow, nowMs: number): Promise<void>
}

export function createAlertStore({ sql }: Pick<Store, 'sql'>): AlertStore {
  return {
    async note({ account, percent, id, detail }, nowMs) {
      await sql
        .insertInto('alert')
        .values({
          account,
          percent,
          id,
          at_ms: nowMs,
          sent_at_ms: null,
          tries: 0,
          next_ms: nowMs,
          detail: detail ?? null,
        })
        .onConflict((conflict) => conflict.columns(['account', 'percent']).doNothing())
        .execute()
    },
    listDue: (nowMs, max) =>
      sql
        .selectFrom('alert')
        .selectAll()
        .where('sent_at_ms', 'is', null)
        .where('next_ms', '<=', nowMs)
        .orderBy('at_ms')
        .limit(max)
        .execute(),
    async claim({ account, percent, tries }, nextMs) {
      const claimed = await sql
        .updateTable('alert')
        .set({ tries: tries + 1, next_ms: nextMs })
        .where('account', '=', account)
        .where('percent', '=', percent)
        .where('tries', '=', tries)
        .where('sent_at_ms', 'is', null)
        .returning('id')
        .executeTakeFirst()
      return claimed !== undefined
    },
    async markSent({ account, percent }, nowMs) {
      await sql
        .updateTable('alert')
        .set({ sent_at_ms: nowMs })
        .where('account', '=', account)
        .where('percent', '=', percent)
        .execute()
    },
  }
}
