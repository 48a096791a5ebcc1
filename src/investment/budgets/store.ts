import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Store, Tables } from '../../store/index.ts'
import { dimensions, type Budget } from './budget.ts'

/** The SQL of budgets. */
export interface BudgetStore {
  /** Changes with every budget made, changed and removed. */
  readMark(): Promise<string>
  readAll(): Promise<readonly Budget[]>
  /** False when the tenant has a budget of that name. */
  insert(budget: Budget): Promise<boolean>
  /** False when the tenant has no such budget. */
  update(budget: Budget): Promise<boolean>
  remove(place: { readonly tenant: string; readonly id: string }, nowMs: number): Promise<boolean>
  /** Processes ask each other for what they hold in reserve. */
  want(accounts: readonly number[], owner: string, untilMs: number): Promise<void>
  /** Of the accounts, those that another process wants something of. */
  readWants(accounts: readonly number[], owner: string, nowMs: number): Promise<readonly number[]>
}

export function createBudgetStore({ sql, transaction }: Pick<Store, 'sql' | 'transaction'>): BudgetStore {
  return {
    async readMark() {
      const row = await sql
        .selectFrom('budget')
        .select(({ fn }) => [fn.countAll().as('made'), fn.sum('changed_at_ms').as('changed')])
        .select(({ fn }) => fn.count('removed_at_ms').as('removed'))
        .executeTakeFirstOrThrow()
      return `${row.made}/${row.changed}/${row.removed}`
    },
    async readAll() {
      const rows = await sql.selectFrom('budget').selectAll().where('removed_at_ms', 'is', null).orderBy('id').execute()
      return rows.map(toBudget)
    },
    async insert(budget) {
      const made = await sql
        .insertInto('budget')
        .values({ ...toRow(budget), changed_at_ms: budget.createdAtMs, removed_at_ms: null })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst()
      return made !== undefined
    },
    async update(budget) {
      const changed = await sql
        .updateTable('budget')
        // Always another sum: two changes within a millisecond are two changes.
        .set((row) => ({ ...toRow(budget), changed_at_ms: row('changed_at_ms', '+', 1) }))
        .where('tenant', '=', budget.tenant)
        .where('id', '=', budget.id)
        .where('removed_at_ms', 'is', null)
        .returning('id')
        .executeTakeFirst()
      return changed !== undefined
    },
    async remove({ tenant, id }, nowMs) {
      const removed = await sql
        .updateTable('budget')
        .set({ removed_at_ms: nowMs, changed_at_ms: nowMs })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .where('removed_at_ms', 'is', null)
        .returning('id')
        .executeTakeFirst()
      return removed !== undefined
    },
    want: (accounts, owner, untilMs) =>
      transaction(async (database) => {
        for (const account of accounts) {
          await database
            .insertInto('want')
            .values({ account, owner, until_ms: untilMs })
            .onConflict((conflict) => conflict.columns(['account', 'owner']).doUpdateSet({ until_ms: untilMs }))
            .execute()
        }
      }),
    async readWants(accounts, owner, nowMs) {
      const rows = await sql
        .selectFrom('want')
        .select('account')
        .distinct()
        .where('account', 'in', [...accounts, -1])
        .where('owner', '!=', owner)
        .where('until_ms', '>', nowMs)
        .execute()
      return rows.map((row) => row.account)
    },
  }
}

const matchSchema = z.partialRecord(z.enum(dimensions), z.string())
const eachSchema = z.array(z.enum(dimensions))
const alertsSchema = z.array(z.number())

export function toBudget(row: Selectable<Tables['budget']>): Budget {
  return {
    tenant: row.tenant,
    id: row.id,
    name: row.name,
    counts: row.counts,
    limit: BigInt(row.limit_amount),
    match: matchSchema.parse(JSON.parse(row.match)),
    eachOf: eachSchema.parse(JSON.parse(row.each_of)),
    period: row.period,
    spanMs: row.span_ms ?? undefined,
    alerts: alertsSchema.parse(JSON.parse(row.alerts)),
    forecast: row.forecast ?? undefined,
    createdAtMs: row.created_at_ms,
  }
}

function toRow(budget: Budget) {
  return {
    tenant: budget.tenant,
    id: budget.id,
    name: budget.name,
    counts: budget.counts,
    limit_amount: budget.limit.toString(),
    match: JSON.stringify(budget.match),
    each_of: JSON.stringify(budget.eachOf),
    period: budget.period,
    span_ms: budget.spanMs ?? null,
    alerts: JSON.stringify(budget.alerts),
    forecast: budget.forecast ?? null,
    created_at_ms: budget.createdAtMs,
  }
}
