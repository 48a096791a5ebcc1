export {
  createRouterCatalogue,
  type RouterCatalogue,
  type RouterInForce,
} from './catalogue.ts'
export {
  checkCertificate,
  createCertificate,
  readCertificate,
  type Certificate,
  type CertificateVerdict,
} from './certificate.ts'
export {
  certifyFamily,
  certifyThreshold,
  type FamilyVerdict,
  type Guarantee,
  type RouterPolicy,
  type ThresholdVerdict,
} from './certify.ts'
export { certifyRouter, type CertifyRouterOptions, type RouterCertification } from './certify-router.ts'
export { rankCandidates, type Candidate, type Ranked, type Terms } from './decide.ts'
export { createRiskTest, type LossKind } from './risk-tests.ts'
export { createDriftWatch, type DriftSave, type DriftState, type DriftWatch } from './drift.ts'
export { checkEquations, type EquationCheck } from './equations.ts'
export { measureRouting, type Routed, type RoutingFigures } from './metrics.ts'
export { findParity, type Parity } from './parity.ts'
export { parsePair, type TrainingPair } from './pairs.ts'
export { toPromptText } from './prompt-text.ts'
export { readRouter, routerBytesMax, writeRouter } from './router-file.ts'
export type { AnswerScores, ModelAbout, Router, RouterAbout, RouterScores } from './router.ts'
export { trainRouter, type HeldOut, type Trained, type TrainOptions } from './train.ts'
export { createLearning, type Learning } from './learning.ts'
export { createFeedbackTexts, createFeedbackWords } from './store.ts'
export type { FeedbackView, OnlineEstimate, VersionComparison } from './feedback.ts'
export type { KeptRouter } from './kept-routers.ts'
export { findTopics, nameTopic, type Topic } from './topics.ts'
export { createShadows, type JudgedShadow, type Judging, type Shadows } from './shadow.ts'
