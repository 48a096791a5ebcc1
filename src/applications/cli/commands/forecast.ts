import { PlatformError } from '../../../core/errors.ts'
import {
  answerForecast,
  forecastLimits,
  levelsDefault,
  readSeriesFile,
  type DecimalMark,
  type FileSeries,
  type ForecastAnswer,
  type Layout,
} from '../../../investment/forecast/index.ts'
import { readBytes } from '../files.ts'
import { readText } from '../text-file.ts'
import { readCount, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'

/** A file of series may be this large. */
const fileBytesMax = 256 * 1_048_576

export const forecast: Command = {
  name: 'forecast',
  usage:
    'FILE|- --horizon H [--levels 50,80,95] [--seasons 24,168] [--layout columns|rows|long] [--decimal point|comma] ' +
    '[--remaining AMOUNT] [--seed N]',
  options: {
    horizon: { type: 'string', short: 'n' },
    levels: { type: 'string' },
    seasons: { type: 'string' },
    layout: { type: 'string' },
    decimal: { type: 'string' },
    remaining: { type: 'string' },
    seed: { type: 'string' },
  },
  async run(context) {
    const [path, ...more] = context.words
    if (path === undefined || more.length > 0 || context.options['horizon'] === undefined) throw toMisuse(forecast)
    const horizon = readCount(context, 'horizon', { max: forecastLimits.horizonMax, otherwise: 1 })
    const seasons = numbersOf(context, 'seasons', { min: 2, max: forecastLimits.valuesMax })
    const levels = numbersOf(context, 'levels', { min: 1, max: 99.99 })?.map((level) => level / 100) ?? levelsDefault
    const remaining = numbersOf(context, 'remaining', { min: 0, max: Number.MAX_VALUE })?.[0]
    const seed = readCount(context, 'seed', { max: 2 ** 31, otherwise: 1 })
    const { clock } = context.process
    const startedMs = clock.monotonicMs()
    const series = await readFileSeries(context, path)
    const answers = series.map((each) =>
      answerForecast({ ...each, seasons: seasons ?? each.seasons }, { horizon, levels, remaining, seed }),
    )
    const tookMs = clock.monotonicMs() - startedMs
    report(context.terminal, { object: 'forecast', horizon, took_ms: tookMs, series: answers }, toLines(answers))
  },
}

async function readFileSeries(context: CommandContext, path: string): Promise<readonly FileSeries[]> {
  const text = readText(path, await readBytes(path, fileBytesMax))
  const { valuesMax, seriesMax } = forecastLimits
  return readSeriesFile(text, { layout: layoutOf(context), decimal: decimalOf(context), valuesMax, seriesMax })
}

function layoutOf(context: CommandContext): Layout | undefined {
  const layout = context.options['layout']
  if (layout === undefined || layout === 'columns' || layout === 'rows' || layout === 'long') return layout
  throw new PlatformError('INVALID_REQUEST', '--layout is columns, rows or long')
}

function decimalOf(context: CommandContext): DecimalMark | undefined {
  const decimal = context.options['decimal']
  if (decimal === undefined || decimal === 'point' || decimal === 'comma') return decimal
  throw new PlatformError('INVALID_REQUEST', '--decimal is point or comma')
}

function numbersOf(
  context: CommandContext,
  name: string,
  bounds: { readonly min: number; readonly max: number },
): readonly number[] | undefined {
  const text = context.options[name]
  if (typeof text !== 'string') return undefined
  const numbers = text.split(',').map((each) => (each.trim() === '' ? Number.NaN : Number(each)))
  if (numbers.every((each) => each >= bounds.min && each <= bounds.max)) return numbers
  throw new PlatformError(
    'INVALID_REQUEST',
    `--${name} must be numbers from ${bounds.min} to ${bounds.max}, with commas`,
  )
}

function toLines(answers: readonly ForecastAnswer[]): readonly string[] {
  return answers.flatMap((answer, index) => [
    ...(index === 0 ? [] : ['']),
    `${answer.name}: ${answer.method}; seasons: ${answer.seasons.join(', ') || 'none'}`,
    ...toTable([headOf(answer), ...rowsOf(answer)]),
    ...exhaustionOf(answer),
  ])
}

function headOf({ intervals }: ForecastAnswer): readonly string[] {
  return ['step', 'median', ...intervals.map(({ level }) => `${shown(level * 100)} %`)]
}

function rowsOf({ points, dates, intervals }: ForecastAnswer): readonly (readonly string[])[] {
  return points.map((point, index) => [
    dates?.[index] ?? String(index + 1),
    shown(point),
    ...intervals.map(({ lower, upper }) =>
      lower === null || upper === null ? 'not known' : `${shown(lower[index] ?? 0)} … ${shown(upper[index] ?? 0)}`,
    ),
  ])
}

function exhaustionOf({ exhaustion }: ForecastAnswer): readonly string[] {
  if (exhaustion === undefined) return []
  if (exhaustion === null) return ['the series is too short to say when the amount is used up']
  const { remaining, probability, by } = exhaustion
  const when = by.map(
    ({ share, step, date }) => `${share * 100} %: ${date ?? (step === null ? 'later' : `step ${step}`)}`,
  )
  return [
    `${shown(remaining)} is used up within the horizon with probability ${shown(probability)} (${when.join(', ')})`,
  ]
}

function shown(value: number): string {
  return String(Number(value.toPrecision(6)))
}
