export { createSpendForecaster, type SpendForecaster } from './forecast/spend-forecaster.ts'
export { createSpendQueries, type CallSum, type DaySum, type SpendQueries } from './store.ts'
