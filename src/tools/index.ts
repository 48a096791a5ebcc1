export { createGroundKind } from './ground/index.ts'
export {
  createPreparation,
  readableExtensions,
  toMarkdown,
  toParseReport,
  type ParsedDocument,
  type Preparation,
} from './preparation/index.ts'
export { createKnowledge, type CollectionView, type DocumentView, type Knowledge } from './retrieval/index.ts'
export { createDuplicateIndex, type DuplicateIndex, type DuplicateOptions } from './preparation/index.ts'
