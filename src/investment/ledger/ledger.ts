import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import type { Operation, Outcome } from './operations.ts'
import { auditBooks, type Audit } from './audit/store.ts'
import { createLedgerStore, type AccountKey, type LedgerStore } from './store.ts'

/** Accounts with limits, and what is held and spent on them. The database is the authority; every process asks it. */
export interface Ledger {
  /**
   * Does one operation. Those that are asked while a transaction is on its way go together in the next one, so many
   * cost little more than one. Rejects with STORE_UNAVAILABLE; then it may be asked again, and has happened once at most.
   */
  run(operation: Operation): Promise<Outcome>
  open(keys: readonly AccountKey[]): Promise<readonly number[]>
  read: LedgerStore['read']
  /** Folds the log beside the balances. `graceMs` is how long a hold may stand after its deadline before it is a phantom. */
  audit(graceMs: number): Promise<Audit>
}

export interface LedgerDeps {
  readonly store: Pick<Store, 'sql' | 'transaction' | 'engine'>
  readonly clock: Clock
  /** Most operations in one transaction. */
  readonly batchMax?: number
}

interface Waiting {
  readonly operation: Operation
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (reason: unknown) => void
}

const batchMaxDefault = 256

export function createLedger(deps: LedgerDeps): Ledger {
  const { clock, batchMax = batchMaxDefault } = deps
  const store = createLedgerStore(deps.store)
  let waiting: Waiting[] = []
  let isRunning = false

  async function drain(): Promise<void> {
    isRunning = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax)
      waiting = waiting.slice(batchMax)
      await runBatch(batch)
    }
    isRunning = false
  }

  async function runBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const operations = batch.map(({ operation }) => operation)
      const outcomes = await store.apply(operations, Math.trunc(clock.now()))
      for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index] ?? { type: 'unknown' })
    } catch (thrown) {
      for (const { reject } of batch) reject(thrown)
    }
  }

  return {
    run: (operation) =>
      new Promise((resolve, reject) => {
        waiting.push({ operation, resolve, reject })
        if (!isRunning) void drain()
      }),
    open: (keys) => store.open(keys, Math.trunc(clock.now())),
    read: (filter) => store.read(filter),
    audit: (graceMs) =>
      deps.store.transaction((database) =>
        auditBooks(database, { engine: deps.store.engine, nowMs: Math.trunc(clock.now()), graceMs }),
      ),
  }
}
