import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countFaults, toKeys } from './runs.ts'
import { createSpender, tenant, type Spender } from './spender.ts'
import { startProcess, type Fault } from './start-process.ts'

export interface BoundariesOutcome {
  /** Processes that died, each at another write. */
  readonly kills: number
  /** How many died at each kind of write, by name. */
  readonly covered: ReadonlyMap<string, number>
  /** Whether every write of the whole run was one at which a process died. */
  readonly isComplete: boolean
  /** What the books have wrong, after each death and in the end. */
  readonly faults: number
  /** In the end: what is held, what was spent beyond the limit, what calls cost beyond what is booked. */
  readonly phantoms: bigint
  readonly overspend: bigint
  readonly unbooked: bigint
}

export interface BoundariesRun {
  readonly seed: number
  /** Every how many writes a process dies: 1 for each. */
  readonly step: number
  readonly onKill?: (name: string) => void
}

/**
 * A process dies at its first write, the next one, which has to recover what that left, at its second, and so on until one
 * comes through whole; for each thread, and for the ledger's own operations. Another process keeps the store open.
 */
export async function runBoundaries(run: BoundariesRun): Promise<BoundariesOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-boundaries-'))
  const other = await createSpender({ folder })
  await other.spending.budgets.create(tenant, { name: 'all', limit: '0.00000002' })
  await other.spending.ledger.open(toKeys(3))
  const found = { kills: 0, covered: new Map<string, number>(), faults: 0 }
  const ways = [
    { mode: 'paced', thread: 'main', operations: 10 },
    { mode: 'paced', thread: 'fold', operations: 10 },
    // Last: what its processes hold ends when the next one touches the accounts.
    { mode: 'history', thread: 'main', operations: 8 },
  ] as const
  let isComplete = run.step === 1
  for (const { mode, thread, operations } of ways) {
    for (let number = 1; ; number += run.step) {
      const fault: Fault = { thread, number }
      const said = await startProcess({ mode, folder, seed: run.seed + number, operations }, fault).closed
      const name = /^boundary (.+)$/m.exec(said)?.[1]
      if (name === undefined) {
        isComplete &&= said.includes('whole')
        break
      }
      found.kills++
      found.covered.set(`${mode}, ${name}`, (found.covered.get(`${mode}, ${name}`) ?? 0) + 1)
      run.onKill?.(name)
      found.faults += countFaults(await other.spending.ledger.audit(60_000))
    }
  }
  await other.close()
  const last = await createSpender({ folder })
  const end = await judge(last)
  await last.close()
  rmSync(folder, { recursive: true, force: true })
  return { ...found, ...end, faults: found.faults + end.faults, isComplete }
}

async function judge({ store, spending }: Spender): Promise<{
  readonly faults: number
  readonly phantoms: bigint
  readonly overspend: bigint
  readonly unbooked: bigint
}> {
  await store.flush()
  const accounts = await spending.ledger.read({ tenant })
  const account = accounts.find(({ budget }) => budget.startsWith('budget_'))
  const faults = countFaults(await spending.ledger.audit(60_000))
  const calls = await store.sql.selectFrom('call').select('cost').where('kind', '=', 'dispatch').execute()
  const assumed = await store.sql
    .selectFrom('transfer')
    .select('amount')
    .where('account', '=', account?.id ?? -1)
    .where('kind', 'in', ['assume', 'overrun'])
    .execute()
  const cost = calls.reduce((sum, row) => sum + BigInt(row.cost ?? 0), 0n)
  const booked = (account?.spent ?? 0n) - assumed.reduce((sum, row) => sum + BigInt(row.amount), 0n)
  const over = (account?.spent ?? 0n) - (account?.limit ?? 0n)
  return {
    faults,
    phantoms: account?.held ?? -1n,
    overspend: over > 0n ? over : 0n,
    unbooked: cost - booked,
  }
}
