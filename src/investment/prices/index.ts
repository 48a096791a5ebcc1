export { createPricer, type PriceBook, type PriceDescription } from './prices.ts'
export type { BookPrice } from './price.ts'
