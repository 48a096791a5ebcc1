import type { Config } from '../../config/index.ts'
import type { Ids } from '../../core/ids.ts'
import type { EventLog } from '../../core/ports.ts'
import type { SpendGate } from '../../core/spending.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { createLedger, type Ledger } from '../ledger/index.ts'
import { createAlerts, type Alerts } from './alerts/alerts.ts'
import { createAlertStore } from './alerts/store.ts'
import { createBudgets, type Budgets } from './budgets.ts'
import { createSpendGate } from './gate.ts'
import { createPurses } from './purses.ts'
import { createCorrections, type Corrections } from './corrections/corrections.ts'
import { createCorrectionStore } from './corrections/store.ts'
import { createOutlooks } from './outlooks/outlooks.ts'
import { createOutlookStore } from './outlooks/store.ts'
import { createBudgetStore } from './store.ts'

/** Budgets, what is held under them, and the books of both. */
export interface Spending {
  readonly gate: SpendGate
  readonly budgets: Budgets
  readonly ledger: Ledger
  readonly alerts: Pick<Alerts, 'use'>
  readonly corrections: Corrections
  /** Holds nothing more; what is held ends with the journal. */
  close(): void
}

export interface SpendingDeps {
  readonly store: Store
  readonly ids: Ids
  readonly clock: Clock
  readonly log: EventLog
  readonly config: () => Config['investment']['holds']
}

/** Joins the ledger, the purses of this process and the gate that calls pass. */
export async function createSpending(deps: SpendingDeps): Promise<Spending> {
  const { store, clock, log, config } = deps
  const ledger = createLedger({ store, clock })
  const queries = createBudgetStore(store)
  const purses = createPurses({ ledger, store: queries, clock, log, config, owner: () => store.owner() })
  const outlooks = createOutlookStore(store)
  const budgets = await createBudgets({ ...deps, store: queries, ledger, purses, outlooks, flush: () => store.flush() })
  const alerts = createAlerts({
    ...deps,
    store: createAlertStore(store),
    ledger,
    outlooks: createOutlooks({ store: outlooks, clock }),
    budgets: () => budgets.alerting(),
  })
  return {
    alerts,
    corrections: createCorrections({ store: createCorrectionStore(store), ledger }),
    gate: createSpendGate({ purses, clock, config, budgetsOf: (tenant) => budgets.of(tenant) }),
    budgets,
    ledger,
    close() {
      alerts.close()
      budgets.close()
      purses.close()
    },
  }
}
