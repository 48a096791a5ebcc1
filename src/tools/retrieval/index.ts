export {
  createKnowledge,
  type CollectionView,
  type DocumentView,
  type Knowledge,
  type KnowledgeParts,
  type NewDocument,
  type Page,
  type VersionView,
} from './knowledge.ts'
