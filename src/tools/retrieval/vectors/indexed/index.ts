export { createIndexKeeping, type IndexKeeping } from './keeping.ts'
export { findIndexed } from './search.ts'
