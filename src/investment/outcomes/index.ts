export { createOutcomes, type OutcomeReport, type Outcomes, type OutcomeView } from './outcomes.ts'
export { actSchema, assumptionsSchema, kindSchema, newOutcomeSchema, toAssumptions } from './schema.ts'
export { estimateReturn, type ReturnReport } from './return.ts'
