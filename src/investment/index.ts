export {
  budgetRequestSchema,
  createSpending,
  toAmountText,
  type BudgetRequest,
  type BudgetState,
  type SendAlert,
  type Spending,
} from './budgets/index.ts'
export {
  answerForecast,
  createForecastKind,
  createSpendForecaster,
  forecastLimits,
  levelsDefault,
  readSeriesFile,
  type FileSeries,
  type ForecastAnswer,
  type Layout,
  type SpendForecaster,
} from './forecast/index.ts'
export { createPricer, type PriceBook } from './prices/index.ts'
