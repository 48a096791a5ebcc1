export {
  createKnowledge,
  type CollectionView,
  type CollectionReport,
  type DeletionReceipt,
  type DocumentView,
  type Knowledge,
  type KnowledgeParts,
  type NewDocument,
  type Page,
  type VersionView,
  type Viewer,
} from './knowledge.ts'
export type { VersionLineage } from './lineage/lineage.ts'
export type { ContextView } from './contexts/contexts.ts'
export type { ComparedQuestion, GenerationComparison, ScoreComparison } from './vectors/comparing.ts'
export type { GenerationView } from './vectors/generations.ts'
export { toUnitBytes, toUnitVector, VectorBlock } from './vectors/block.ts'
export { noDocument } from './views.ts'
