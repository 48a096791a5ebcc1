export { toExperimentJson } from './experiments.ts'
export { toBudgetJson } from './budgets.ts'
export { toCallJson, toTreeJson } from './call-json.ts'
export { toKeyJson } from './keys.ts'
export { toDecisionJson } from './policies.ts'
export { toReviewFileJson, toReviewJson } from './reviews.ts'
export { newUseCase, toFullUseCaseJson, toLiteracyJson, toUseCaseJson } from './use-cases.ts'
export { draftFor, toDraftJson } from './documentation.ts'
export { toIncidentFileJson, toIncidentJson } from './incidents.ts'
export { toHoldJson } from './holds.ts'
export { strataRoutes } from './routes.ts'
export { comparedQuestion, toComparedQuestion, toGenerationComparisonJson } from './generations.ts'
export { toLineageJson } from './viewing.ts'
export { toPassageJson } from './search.ts'
export { toSourceJson, toSyncJson } from './sources.ts'
export { priceBody } from './pricing.ts'
export { toComparisonJson, toEvaluationJson } from './evaluations.ts'
export {
  toAccountJson,
  toInvoiceJson,
  toMoneyJson,
  toOutcomeJson,
  toPlanJson,
  toPriceEntryJson,
  toReportJson,
  toVerdictJson,
} from './billing-json.ts'
export { invoiceForms, renderInvoice } from './invoices.ts'
export { toReturnJson } from './outcomes.ts'
export { toSpan, toUsageReport } from './usage.ts'
