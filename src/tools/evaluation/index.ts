export { compareScores, type Comparison } from './compare.ts'
export {
  compareModels,
  createEvaluations,
  toTrainingPairs,
  type Evaluation,
  type Evaluations,
} from './evaluation.ts'
export { createEvaluationTexts, createEvaluationWords } from './store.ts'
export { readJudgement, toJudgePrompt } from './judge.ts'
export type { Asked, AskModel, CaseResult, ModelSummary } from './run.ts'
export { caseSchema, parseCase, type EvaluationCase } from './suite.ts'
