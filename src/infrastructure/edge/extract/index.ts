export { createExtractAdapter, type ExtractAdapterDeps } from './adapter.ts'
export { createExtractor } from './extractor.ts'
