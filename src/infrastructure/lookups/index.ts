export { createVendorLookups, type VendorLookups } from './lookups.ts'
export { findLookupWay, keepsAnswer, readAnswerIdOf } from './ways.ts'
