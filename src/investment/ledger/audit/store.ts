import { sql, type Transaction } from 'kysely'
import type { Engine, Tables } from '../../../store/index.ts'
import { addTransfer } from '../book.ts'
import type { Balance } from '../operations.ts'
import { toAccount, toLeg, toTransfer } from '../store.ts'

/** What the log says beside what the accounts say. Every figure but the first two is 0 when the books are right. */
export interface Audit {
  readonly accounts: number
  readonly transfers: number
  /** Accounts whose balance is not the fold of their transfers. */
  readonly unequal: number
  /** Accounts whose held amount is not the sum of their live holds. */
  readonly unheld: number
  /** Live holds whose deadline is past by more than `graceMs`. */
  readonly phantoms: number
  /** Accounts that have spent and hold more than their limit, overruns and lowered limits left out. */
  readonly overspent: number
  /** Transfers that debit and credit the same pot, or move nothing. */
  readonly unsound: number
}

export interface AuditOptions {
  readonly engine: Engine
  readonly nowMs: number
  readonly graceMs: number
}

/** Folds the whole log in pieces, so that its length does not matter to memory. */
export async function auditBooks(
  database: Transaction<Tables>,
  { engine, nowMs, graceMs }: AuditOptions,
): Promise<Audit> {
  // All of it as it stood at one instant, whatever others book meanwhile; on SQLite nobody else writes.
  if (engine === 'postgres') await sql`set transaction isolation level repeatable read`.execute(database)
  const rows = await database.selectFrom('account').selectAll().execute()
  const nothing: Balance = { limit: 0n, spent: 0n, held: 0n }
  const folded = new Map<number, Balance>(rows.map((row) => [row.number, nothing]))
  const overruns = new Map<number, bigint>()
  let transfers = 0
  let unsound = 0
  for (let last = 0; ; ) {
    const part = await database
      .selectFrom('transfer')
      .selectAll()
      .where('number', '>', last)
      .orderBy('number')
      .limit(10_000)
      .execute()
    for (const row of part) {
      const transfer = toTransfer(row)
      if (transfer.debit === transfer.credit || transfer.amount <= 0n) unsound += 1
      folded.set(row.account, addTransfer(folded.get(row.account) ?? nothing, transfer))
      const isBeyond =
        row.kind === 'overrun' || row.kind === 'defund' || (row.kind === 'adjust' && row.credit === 'spent')
      if (isBeyond) overruns.set(row.account, (overruns.get(row.account) ?? 0n) + transfer.amount)
    }
    transfers += part.length
    last = part.at(-1)?.number ?? last
    if (part.length < 10_000) break
  }
  const live = (await database.selectFrom('hold').selectAll().where('state', '=', 'live').execute()).map(toLeg)
  const heldOf = (id: number): bigint =>
    live.reduce((sum, leg) => (leg.account === id ? sum + leg.amount - leg.posted : sum), 0n)
  const accounts = rows.map(toAccount)
  return {
    accounts: rows.length,
    transfers,
    unequal: accounts.filter((account) => !isSame(account, folded.get(account.id) ?? nothing)).length,
    unheld: accounts.filter((account) => account.held !== heldOf(account.id)).length,
    phantoms: live.filter((leg) => leg.deadlineMs + graceMs < nowMs && leg.amount > leg.posted).length,
    overspent: accounts.filter(({ id, limit, spent, held }) => spent + held - (overruns.get(id) ?? 0n) > limit).length,
    unsound,
  }
}

function isSame(one: Balance, other: Balance): boolean {
  return one.limit === other.limit && one.spent === other.spent && one.held === other.held
}
