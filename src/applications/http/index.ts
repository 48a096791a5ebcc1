export { createHttpServer, describeCause, type HttpServer } from './server.ts'
export { createRoutes } from './routes.ts'
export type { GetParts, HttpParts } from './parts.ts'
export { toRoute } from './extension.ts'
export { toTraits } from './openai/index.ts'
export {
  bodyDialects,
  priceBody,
  toBudgetJson,
  toCallJson,
  toComparisonJson,
  toDecisionJson,
  toEvaluationJson,
  toKeyJson,
  toTreeJson,
} from './strata/index.ts'
