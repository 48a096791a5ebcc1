export { createPricer, type PriceBook, type PriceDescription, type PriceSource } from './prices.ts'
export type { BookPrice, Charge, ChargePart } from './price.ts'
