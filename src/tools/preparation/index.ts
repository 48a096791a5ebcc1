export { createPreparation, type Preparation, type PreparedDocument, type SourceFile } from './preparation.ts'
export type { Chunk } from './chunks.ts'
