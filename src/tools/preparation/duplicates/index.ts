export { createDuplicateIndex, type DuplicateIndex, type DuplicateOptions } from './duplicate-index.ts'
