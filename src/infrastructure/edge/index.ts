export { createExtractAdapter, createExtractor, type ExtractAdapterDeps } from './extract/index.ts'
