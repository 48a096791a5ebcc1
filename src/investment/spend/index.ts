export { createSpendQueries, type CallSum, type DaySum, type SpendQueries } from './store.ts'
