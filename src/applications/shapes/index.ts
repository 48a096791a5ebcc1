export {
  toMoneyJson,
  toPlanJson,
  toAccountJson,
  toInvoiceJson,
  toVerdictJson,
  toPriceEntryJson,
  toOutcomeJson,
  toReportJson,
  toReturnJson,
} from './billing.ts'
export { toBudgetJson } from './budgets.ts'
export { toCallJson, toTreeJson, type RouteStep, toRoute, toUsageJson } from './calls.ts'
export { toComparisonJson, toEvaluationJson, toSummaryJson } from './evaluations.ts'
export { toExperimentJson } from './experiments.ts'
export { toHoldJson } from './holds.ts'
export { toIncidentJson, toIncidentFileJson } from './incidents.ts'
export { toKeyJson } from './keys.ts'
export {
  toLineageJson,
  toPassageJson,
  comparedQuestion,
  toComparedQuestion,
  toGenerationComparisonJson,
  toContextJson,
  toContextComparisonJson,
} from './knowledge.ts'
export { toTraits } from './models.ts'
export { toBacktestJson, toControlsJson, toDecisionJson } from './policy.ts'
export { toReviewJson, toReviewFileJson } from './reviews.ts'
export { toSourceJson, toSyncJson } from './sources.ts'
export { outOfOrder, type UsageSpan, toSpan, toUsageReport } from './usage.ts'
export {
  toDraftJson,
  newUseCase,
  toLiteracyJson,
  toUseCaseJson,
  toFullUseCaseJson,
  toDocumentJson,
  toVersionJson,
} from './use-cases.ts'
export { toReplayJson, toRepriceJson, toRerunJson, toEstimateJson } from './what-if.ts'
