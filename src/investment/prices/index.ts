export { nextVersion, roundOf } from './rounds.ts'
export { createPricer, type PriceBook, type PriceDescription } from './prices.ts'
export type { BookPrice } from './price.ts'
export { createPriceEntries, entrySchema, type PriceEntries, type PriceEntry } from './entries.ts'
