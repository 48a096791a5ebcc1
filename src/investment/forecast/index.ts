export {
  forecastSeries,
  type ForecastOptions,
  type Interval,
  type PathSource,
  type SeriesForecast,
} from './forecast.ts'
