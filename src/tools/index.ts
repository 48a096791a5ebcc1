export {
  caseSchema,
  compareModels,
  createEvaluations,
  createEvaluationTexts,
  createEvaluationWords,
  readJudgement,
  toJudgePrompt,
  toTrainingPairs,
  type Asked,
  type AskModel,
  type CaseResult,
  type Comparison,
  type Evaluation,
  type EvaluationCase,
  type Evaluations,
  type ModelSummary,
} from './evaluation/index.ts'
export { createGroundKind } from './ground/index.ts'
export {
  createPreparation,
  type ParsedDocument,
  type Preparation,
} from './preparation/index.ts'
export {
  createKnowledge,
  noDocument,
  type CollectionReport,
  type CollectionView,
  type DeletionReceipt,
  type DocumentView,
  type ComparedQuestion,
  type ContextView,
  type GenerationComparison,
  type GenerationView,
  type Knowledge,
  type NewDocument,
  type ScoreComparison,
  type VersionLineage,
  type VersionView,
  type Viewer,
} from './retrieval/index.ts'
export { createIngestion, type Ingestion, type IngestionJob } from './ingestion/index.ts'
export { createSources, type Sources, type SourceSend, type SourceView, type SyncView } from './sources/index.ts'
export { createDuplicateIndex, type DuplicateIndex, type DuplicateOptions } from './preparation/index.ts'
