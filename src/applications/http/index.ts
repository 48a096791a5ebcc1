export { createHttpServer, describeCause, type HttpServer } from './server.ts'
export { createRoutes } from './routes.ts'
export { rightOf } from './route.ts'
export type { GetParts, HttpParts } from './parts.ts'
export { toRoute } from './extension.ts'
export { toTraits } from './openai/index.ts'
export {
  draftFor,
  toDraftJson,
  toHoldJson,
  toIncidentFileJson,
  toIncidentJson,
  newUseCase,
  toFullUseCaseJson,
  toLiteracyJson,
  toUseCaseJson,
  invoiceForms,
  priceBody,
  renderInvoice,
  toAccountJson,
  toBudgetJson,
  toCallJson,
  toComparisonJson,
  toDecisionJson,
  toEvaluationJson,
  toExperimentJson,
  toInvoiceJson,
  toKeyJson,
  toMoneyJson,
  toOutcomeJson,
  comparedQuestion,
  toComparedQuestion,
  toGenerationComparisonJson,
  toLineageJson,
  toPassageJson,
  toPlanJson,
  toPriceEntryJson,
  toReportJson,
  toReturnJson,
  toReviewFileJson,
  toReviewJson,
  toSourceJson,
  toSpan,
  toSyncJson,
  toTreeJson,
  toUsageReport,
  toVerdictJson,
} from './strata/index.ts'
export { toBacktestJson, toControlsJson } from './policy-json.ts'
export { toEstimateJson, toReplayJson, toRepriceJson, toRerunJson } from './what-if-json.ts'
