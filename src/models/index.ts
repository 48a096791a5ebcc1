export { createModelTree, type ModelCatalogue, type ModelTreeParts } from './tree.ts'
export type { RegionRules, Shape } from './shape.ts'
export { createCodeRunner, type CodeRunner } from './code/index.ts'
export {
  type ExperimentReport,
  type Mean as ExperimentMean,
} from './experiments/index.ts'
export { createAnswerCaches, type AnswerCaches } from './node-kinds/index.ts'
export {
  certifyThreshold,
  certifyRouter,
  createRiskTest,
  createFeedbackTexts,
  createFeedbackWords,
  createLearning,
  createRouterCatalogue,
  createShadows,
  findParity,
  findTopics,
  nameTopic,
  measureRouting,
  readRouter,
  trainRouter,
  writeRouter,
  type FeedbackView,
  type Guarantee,
  type HeldOut,
  type KeptRouter,
  type Learning,
  type LossKind,
  type Parity,
  type Router,
  type RouterCatalogue,
  type RouterCertification,
  type Shadows,
  type Topic,
  type Trained,
  type TrainingPair,
  type TrainOptions,
} from './learning/index.ts'
