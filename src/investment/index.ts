export {
  budgetRequestSchema,
  createSpending,
  toAmountText,
  type BudgetRequest,
  type BudgetState,
  type SendAlert,
  type Spending,
} from './budgets/index.ts'
export {
  answerForecast,
  createForecastKind,
  createSpendForecaster,
  forecastLimits,
  levelsDefault,
  readSeriesFile,
  type FileSeries,
  type ForecastAnswer,
  type Layout,
  type SpendForecaster,
} from './forecast/index.ts'
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
  focusColumns,
  historySchema,
  planSchema,
  readStatement,
  reconcile,
  toCsv,
  toRational,
  toFocus,
  toInvoiceHtml,
  toInvoicePdf,
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
  toAssumptions,
  createOutcomes,
  estimateReturn,
  kindSchema,
  newOutcomeSchema,
  type OutcomeReport,
  type Outcomes,
  type OutcomeView,
  type ReturnReport,
} from './outcomes/index.ts'
export { createIdempotency, type Idempotency, type KeptAnswer } from './idempotency/index.ts'
export { createMeterExport, type MeterExport } from './exports/index.ts'
export type { CallSum, DaySum } from './spend/index.ts'
export {
  createWhatIf,
  scenarioSchema,
  type EndpointEstimate,
  type RepriceReport,
  type Scenario,
  type WhatIf,
  type WhatIfReport,
} from './what-if/index.ts'
