export { createPricer, type PriceBook } from './prices/index.ts'
