export { estimateOffPolicy, type Estimate, type LoggedChoice, type OffPolicy } from './off-policy.ts'
export { rerunSchema, type AskedAgain, type RerunAsked, type RerunReport } from './rerun.ts'
export { scenarioSchema, toNetworks, type Scenario } from './scenario.ts'
export {
  createWhatIf,
  type EndpointEstimate,
  type RepriceReport,
  type Span,
  type WhatIf,
  type WhatIfReport,
} from './what-if.ts'
