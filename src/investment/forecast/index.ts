export {
  answerForecast,
  forecastEach,
  forecastLimits,
  levelsDefault,
  type Asked,
  type AskedSeries,
  type ForecastAnswer,
} from './answers.ts'
export { readExhaustion } from './budget.ts'
export {
  forecastSeries,
  readForecast,
  type ForecastOptions,
  type Interval,
  type PathSource,
  type SeriesForecast,
} from './forecast.ts'
export { readSeriesFile, type FileSeries, type Layout } from './series-file.ts'
export { createForecastKind } from './model.ts'
export { findMark, readDecimal, type DecimalMark } from './numbers.ts'
export { findReader } from './columns.ts'
export { readRows } from './rows.ts'
