import { sql as raw } from 'kysely'
import type { JsonObject } from '../../../core/json.ts'
import type { Store } from '../../../store/index.ts'
import type { StatedAccount } from '../../ledger/index.ts'

export interface StatedOutlook {
  readonly asOfMs: number
  readonly body: JsonObject
}

/** The SQL of what forecasts say of accounts. */
export interface OutlookStore {
  /** Takes an account for one step; false when a process has looked at it in that step or later. */
  claim(account: number, asOfMs: number): Promise<boolean>
  write(account: number, asOfMs: number, body: JsonObject): Promise<void>
  list(accounts: readonly number[]): Promise<ReadonlyMap<number, StatedOutlook>>
  /** What calls came to in each step, over all periods of the same budget and subject. Corrections are no use of their time. */
  readSpent(
    account: Pick<StatedAccount, 'tenant' | 'budget' | 'subject'>,
    span: { readonly stepMs: number; readonly fromMs: number },
  ): Promise<ReadonlyMap<number, number>>
}

/** Accounts named in one statement. */
const namedMax = 1_000

export function createOutlookStore({ sql }: Pick<Store, 'sql'>): OutlookStore {
  return {
    async claim(account, asOfMs) {
      const claimed = await sql
        .insertInto('outlook')
        .values({ account, as_of_ms: asOfMs, body: null })
        .onConflict((conflict) =>
          conflict
            .column('account')
            .doUpdateSet({ as_of_ms: asOfMs, body: null })
            .where('outlook.as_of_ms', '<', asOfMs),
        )
        .returning('account')
        .executeTakeFirst()
      return claimed !== undefined
    },
    async write(account, asOfMs, body) {
      await sql
        .updateTable('outlook')
        .set({ body: JSON.stringify(body) })
        .where('account', '=', account)
        .where('as_of_ms', '=', asOfMs)
        .execute()
    },
    async list(accounts) {
      const rows = await selectRows(sql, accounts)
      return new Map(
        rows.flatMap(({ account, as_of_ms, body }) =>
          // Written by `write` and by nobody else.
          body === null ? [] : [[account, { asOfMs: as_of_ms, body: JSON.parse(body) as JsonObject }] as const],
        ),
      )
    },
    async readSpent({ tenant, budget, subject }, { stepMs, fromMs }) {
      const step = raw<number>`transfer.at_ms / ${raw.lit(stepMs)}`
      const rows = await sql
        .selectFrom('transfer')
        .innerJoin('account', 'account.number', 'transfer.account')
        .select([step.as('step'), raw<number>`sum(cast(transfer.amount as double precision))`.as('spent')])
        .where('account.tenant', '=', tenant)
        .where('account.budget', '=', budget)
        .where('account.subject', '=', subject)
        .where('transfer.credit', '=', 'spent')
        .where('transfer.kind', '!=', 'adjust')
        .where('transfer.at_ms', '>=', fromMs)
        .groupBy(step)
        .execute()
      return new Map(rows.map((row) => [Number(row.step), Number(row.spent)]))
    },
  }
}

async function selectRows(sql: Store['sql'], accounts: readonly number[]) {
  const rows = []
  for (let at = 0; at < accounts.length; at += namedMax) {
    const named = accounts.slice(at, at + namedMax)
    rows.push(...(await sql.selectFrom('outlook').selectAll().where('account', 'in', named).execute()))
  }
  return rows
}
