import { PlatformError } from '../../../core/errors.ts'
import {
  parseRational,
  readStatement,
  reconcile as compareStatements,
  toRational,
  type OwnLine,
  type Rational,
  type StatementLine,
} from '../../../investment/plans/index.ts'
import type { DecimalMark } from '../../../investment/forecast/index.ts'
import type { DaySum } from '../../../investment/spend/index.ts'
import { createUsage } from '../../../core/usage.ts'
import type { HttpParts } from '../../http/index.ts'
import { readBytes } from '../files.ts'
import { readText } from '../text-file.ts'
import { operatorTenant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'

export const reconcile: Command = {
  name: 'reconcile',
  usage: 'CSV [--ours CSV] [--vendor V] [--endpoint E] [--usd-rate R] [--decimal point|comma]',
  options: {
    ours: { type: 'string' },
    'usd-rate': { type: 'string' },
    decimal: { type: 'string' },
    vendor: { type: 'string' },
    endpoint: { type: 'string' },
  },
  async run(context) {
    const [path, ...more] = context.words
    if (path === undefined || more.length > 0) throw toMisuse(reconcile)
    const options = { usdRate: readRate(context), decimal: readMark(context) }
    const theirs = readStatement(readText(path, await readBytes(path, fileBytesMax)), options)
    const { parts } = await context.open()
    const ours = await readOurs(context, parts, theirs)
    const found = compareStatements(theirs, ours, (line) => priceOf(context, parts, line))
    const rows = found.lines.map((line) => [
      line.day,
      line.model,
      line.theirs,
      line.ours,
      line.difference,
      line.because.map(({ reason, amount }) => `${amount} ${reason}`).join('; '),
    ])
    report(context.terminal, { object: 'reconciliation', ...found }, [
      ...toTable([['day', 'model', 'theirs', 'ours', 'difference', 'because'], ...rows]),
      `theirs ${found.theirs}, ours ${found.ours}, difference ${found.difference}, of it unexplained ${found.unexplained}`,
    ])
  },
}

function readMark(context: CommandContext): DecimalMark | undefined {
  const { decimal } = context.options
  if (decimal === undefined || decimal === 'point' || decimal === 'comma') return decimal
  throw new PlatformError('INVALID_REQUEST', '--decimal is point or comma')
}

/** Dollars for one unit of the currency of the invoice. */
function readRate(context: CommandContext): Rational | undefined {
  const text = context.options['usd-rate']
  if (typeof text !== 'string') return undefined
  const rate = parseRational(text)
  if (rate !== undefined && rate.n > 0n) return rate
  throw new PlatformError('INVALID_REQUEST', '--usd-rate must be a decimal above 0: dollars for one of the invoice')
}

const fileBytesMax = 67_108_864
const dayMs = 86_400_000

async function readOurs(
  context: CommandContext,
  parts: HttpParts,
  theirs: readonly StatementLine[],
): Promise<readonly OwnLine[]> {
  const { ours } = context.options
  if (typeof ours === 'string') {
    const lines = readStatement(readText(ours, await readBytes(ours, fileBytesMax)))
    return lines.map((line) => ({ ...line, calls: 0, unknown: 0, estimated: 0 }))
  }
  const days = theirs.map(({ day }) => Date.parse(day)).toSorted((left, right) => left - right)
  const [first, last] = [days[0], days.at(-1)]
  if (first === undefined || last === undefined) return []
  return (await parts.billing.sumDays(operatorTenant, { startMs: first, endMs: last + dayMs })).map(toOwn)
}

function toOwn(sum: DaySum): OwnLine {
  return {
    day: new Date(sum.day * dayMs).toISOString().slice(0, 10),
    model: sum.model,
    inputTokens: sum.inputTokens,
    cachedTokens: sum.cachedTokens,
    outputTokens: sum.outputTokens,
    cost: toRational(sum.cost, 1_000_000_000_000n),
    line: 0,
    calls: sum.calls,
    unknown: sum.unknown,
    estimated: sum.estimated,
  }
}

/** The vendor's quantities at the price book's prices of that day. */
function priceOf(context: CommandContext, parts: HttpParts, line: StatementLine) {
  const textOf = (name: string): string | undefined => {
    const value = context.options[name]
    return typeof value === 'string' ? value : undefined
  }
  const atMs = Date.parse(line.day) + dayMs / 2
  const query = { endpoint: textOf('endpoint') ?? '', vendor: textOf('vendor'), model: line.model, atMs }
  const usage = createUsage({
    inputTotal: toCount(line.inputTokens),
    cacheRead: toCount(line.cachedTokens),
    cacheWrite5m: toCount(line.written5mTokens),
    cacheWrite1h: toCount(line.written1hTokens),
    outputTotal: toCount(line.outputTokens),
  })
  const cost = parts.prices.find(query)?.cost(usage)
  return cost === undefined ? undefined : toRational(cost, 1_000_000_000_000n)
}

function toCount(tokens: bigint | undefined): number | undefined {
  return tokens === undefined ? undefined : Number(tokens)
}
