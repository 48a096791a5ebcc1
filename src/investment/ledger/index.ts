export { createLedger, type Ledger, type LedgerDeps } from './ledger.ts'
export type { AccountKey, StatedAccount } from './store.ts'
export type { Audit } from './audit/store.ts'
export type { Balance, LegAmount, LegRequest, Operation, Outcome, Standing } from './operations.ts'
