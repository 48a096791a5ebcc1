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
