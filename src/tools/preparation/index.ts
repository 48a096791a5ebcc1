export { createDuplicateIndex, type DuplicateIndex, type DuplicateOptions } from './duplicates/index.ts'
export {
  createPreparation,
  type ParsedDocument,
  type Preparation,
  type PreparedDocument,
  type PrepareOptions,
  type SourceFile,
} from './preparation.ts'
export { createOcrInstaller } from './ocr/index.ts'
export { toMarkdown } from './canonical/index.ts'
export { readableExtensions } from './parsers/index.ts'
export { toParseReport, type ParseReport } from './report.ts'
export type { Chunk } from './chunks.ts'
export type { Block, Mark, Origin, Page, Section, Span } from './parsers/index.ts'
