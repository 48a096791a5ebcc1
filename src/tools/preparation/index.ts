export { createDuplicateIndex, type DuplicateIndex, type DuplicateOptions } from './duplicates/index.ts'
export { createPreparation, type Preparation, type PreparedDocument, type SourceFile } from './preparation.ts'
export type { Chunk } from './chunks.ts'
