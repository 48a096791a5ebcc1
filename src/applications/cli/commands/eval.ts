import { open, writeFile } from 'node:fs/promises'
import { PlatformError } from '../../../core/errors.ts'
import { parsePair, type TrainingPair } from '../../../models/learning/index.ts'
import {
  compareScores,
  parseCase,
  toTrainingPairs,
  type Comparison,
  type Evaluation,
  type EvaluationCase,
} from '../../../tools/evaluation/index.ts'
import { createAsk } from '../../ask-model.ts'
import {
  operator,
  operatorTenant,
  readCount,
  report,
  toMisuse,
  toTable,
  type Command,
  type CommandContext,
} from '../command.ts'
import { readFileLines } from '../lines.ts'
import { toEvaluationJson, toComparisonJson } from '../../shapes/index.ts'

export const evaluate: Command = {
  name: 'eval',
  usage: 'run SUITE --models A,B [--judge M] [--out PAIRS] [--limit N] [--at-once N] | compare PAIRS --models A,B',
  options: {
    models: { type: 'string' },
    judge: { type: 'string' },
    out: { type: 'string' },
    limit: { type: 'string' },
    'at-once': { type: 'string' },
  },
  async run(context): Promise<'failed' | void> {
    const [act, path, ...rest] = context.words
    if (path === undefined || rest.length > 0) throw toMisuse(evaluate)
    if (act === 'run') return runSuite(context, path)
    if (act === 'compare') return compare(context, path)
    throw toMisuse(evaluate)
  },
}

async function runSuite(context: CommandContext, path: string): Promise<'failed' | undefined> {
  const { terminal } = context
  const models = readModels(context)
  if (models.length === 0) throw toMisuse(evaluate)
  const limit = readCount(context, 'limit', { max: 1_000_000, otherwise: 1_000_000 })
  const cases: EvaluationCase[] = []
  for await (const { text, number } of readFileLines(path)) {
    if (cases.length >= limit) break
    cases.push(parseCase(text, number))
  }
  if (cases.length === 0) throw new PlatformError('INVALID_REQUEST', `${path} holds no case`)
  const { parts } = await context.open()
  const judge = context.options['judge']
  const judgeModel = typeof judge === 'string' ? judge : undefined
  for (const model of [...models, ...(judgeModel === undefined ? [] : [judgeModel])])
    parts.models.resolve(model, operator)
  const { out } = context.options
  if (typeof out === 'string') await requireWritable(out)
  const evaluation = await parts.evaluations.run(operatorTenant, {
    name: path.slice(-128),
    cases,
    models,
    judge: judgeModel,
    ask: createAsk(parts, { principal: operator, face: 'cli' }),
    atOnce: readCount(context, 'at-once', { max: 64, otherwise: 4 }),
    onProgress: (done, total) => {
      if (done === total || done % 10 === 0) terminal.note(`${done} of ${total} cases`)
    },
  })
  if (typeof out === 'string') await writePairs(out, evaluation)
  report(terminal, toEvaluationJson(evaluation), describe(evaluation))
  const isUnanswered = evaluation.models.some(({ scored, unscored }) => scored + unscored === 0)
  return isUnanswered ? 'failed' : undefined
}

/** Before anything is asked and paid for. */
async function requireWritable(path: string): Promise<void> {
  try {
    await (await open(path, 'a')).close()
  } catch (cause) {
    throw new PlatformError('INVALID_REQUEST', `${path} cannot be written`, { cause })
  }
}

async function writePairs(path: string, evaluation: Evaluation): Promise<void> {
  const lines = toTrainingPairs(evaluation.results).map((pair) => `${JSON.stringify(pair)}\n`)
  await writeFile(path, lines.join('')).catch((cause: unknown) => {
    throw new PlatformError('INVALID_REQUEST', `${path} cannot be written`, { cause })
  })
}

function describe({ id, models, agreement }: Evaluation): readonly string[] {
  const show = (value: number | undefined): string => value?.toFixed(3) ?? 'unmeasured'
  return [
    ...toTable([
      ['model', 'score', '95 %', 'scored', 'unscored', 'failed', 'USD', 'ms'],
      ...models.map((model) => [
        model.model,
        show(model.meanScore),
        model.low95 === undefined ? '' : `${show(model.low95)} to ${show(model.high95)}`,
        String(model.scored),
        String(model.unscored),
        String(model.failed),
        model.usd?.toFixed(6) ?? 'unknown',
        model.latencyMsMean?.toFixed(0) ?? '',
      ]),
    ]),
    ...(agreement === undefined
      ? []
      : [
          `the judge agrees with the exact scores in ${(100 * agreement.accuracy).toFixed(1)} % of ${agreement.cases} cases (kappa ${show(agreement.kappa)}, bias ${agreement.bias.toFixed(3)})`,
        ]),
    id,
  ]
}

async function compare(context: CommandContext, path: string): Promise<void> {
  const [first, second, ...more] = readModels(context)
  if (first === undefined || second === undefined || more.length > 0) throw toMisuse(evaluate)
  const pairs: TrainingPair[] = []
  for await (const { text, number } of readFileLines(path)) pairs.push(parsePair(text, number))
  const scoreOf = (pair: TrainingPair, model: string): number | undefined =>
    Object.hasOwn(pair.scores, model) ? pair.scores[model] : undefined
  for (const model of [first, second]) {
    if (!pairs.some((pair) => scoreOf(pair, model) !== undefined)) {
      throw new PlatformError('INVALID_REQUEST', `no pair has a score of the model ${model}`)
    }
  }
  const comparison = compareScores(
    pairs.flatMap((pair) => {
      const [one, other] = [scoreOf(pair, first), scoreOf(pair, second)]
      return one === undefined || other === undefined ? [] : [{ first: one, second: other }]
    }),
  )
  report(
    context.terminal,
    { first, second, ...toComparisonJson(comparison) },
    describeComparison(comparison, { first, second }),
  )
}

function describeComparison(
  comparison: Comparison | undefined,
  { first, second }: { readonly first: string; readonly second: string },
): readonly string[] {
  if (comparison === undefined) return [`no pair has scores of both ${first} and ${second}`]
  const { cases, difference, low95, high95, wins, losses, ties, pValue, verdict } = comparison
  const better = { first: `${first} is better`, second: `${second} is better`, undecided: 'undecided' }[verdict]
  return [
    `${first} minus ${second}: ${difference.toFixed(4)}, 95 % from ${low95.toFixed(4)} to ${high95.toFixed(4)}: ${better}`,
    `${cases} cases: ${wins} won, ${losses} lost, ${ties} equal; sign test p = ${pValue.toPrecision(2)}`,
  ]
}

function readModels(context: CommandContext): readonly string[] {
  const { models } = context.options
  if (typeof models !== 'string') return []
  return [...new Set(models.split(',').map((each) => each.trim()))].filter((each) => each !== '')
}
