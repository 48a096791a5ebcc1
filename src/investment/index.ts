export {
  budgetRequestSchema,
  createSpending,
  forecastAlertSchema,
  type BudgetRequest,
  type BudgetState,
  type SendAlert,
  type Spending,
} from './budgets/index.ts'
export {
  answerForecast,
  createForecastKind,
  forecastEach,
  forecastLimits,
  levelsDefault,
  readSeriesFile,
  type FileSeries,
  type ForecastAnswer,
  type Layout,
} from './forecast/index.ts'
export { createLookups, type Lookups } from './lookups/index.ts'
export {
  createPriceEntries,
  createPricer,
  entrySchema,
  type PriceBook,
  type PriceEntries,
  type PriceEntry,
} from './prices/index.ts'
export {
  accountSchema,
  billHistory,
  createBilling,
  creditSchema,
  historySchema,
  planSchema,
  toFocus,
  verifyInvoice,
  type AccountView,
  type Billing,
  type EventVerdict,
  type Invoice,
  type PlanView,
  type OwnLine,
  type StatementLine,
  type StoredInvoice,
} from './plans/index.ts'
export {
  actSchema,
  assumptionsSchema,
  createOutcomes,
  kindSchema,
  newOutcomeSchema,
  type OutcomeReport,
  type Outcomes,
  type OutcomeView,
  type ReturnReport,
} from './outcomes/index.ts'
export { createIdempotency, type Idempotency, type IdempotencyDeps, type KeptAnswer } from './idempotency/index.ts'
export { createMeterExport, type MeterExport } from './exports/index.ts'
export { createSpendForecaster, type CallSum, type DaySum, type SpendForecaster } from './spend/index.ts'
export {
  createWhatIf,
  rerunSchema,
  scenarioSchema,
  type AskedAgain,
  type EndpointEstimate,
  type RepriceReport,
  type RerunAsked,
  type RerunReport,
  type Scenario,
  type WhatIf,
  type WhatIfReport,
} from './what-if/index.ts'
