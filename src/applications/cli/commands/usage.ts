import { PlatformError } from '../../../core/errors.ts'
import { toDollars } from '../../../core/money.ts'
import { readBytes } from '../files.ts'
import { operatorTenant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { toSpan, toUsageReport, toVerdictJson } from '../../shapes/index.ts'

export const usage: Command = {
  name: 'usage',
  usage: '[record FILE|-] [--from DAY] [--to DAY] [--by model|key]',
  options: { from: { type: 'string' }, to: { type: 'string' }, by: { type: 'string' } },
  async run(context) {
    const [verb, path, ...more] = context.words
    if (more.length > 0 || (verb !== undefined && (verb !== 'record' || path === undefined))) throw toMisuse(usage)
    return path === undefined ? sum(context) : record(context, path)
  },
}

async function sum(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const { from, to, by = 'model' } = context.options
  if (by !== 'model' && by !== 'key') throw new PlatformError('INVALID_REQUEST', '--by must be model or key')
  const textOf = (value: string | boolean | undefined): string | undefined =>
    typeof value === 'string' ? value : undefined
  const span = toSpan(textOf(from), textOf(to), Math.trunc(parts.clock.now()) + 1)
  const sums = await parts.billing.sumCalls(operatorTenant, span)
  const rows = sums.map((each) => [
    each.model,
    each.key,
    String(each.dispatches),
    `${each.inputTokens}`,
    `${each.outputTokens}`,
    toDollars(each.cost),
    String(each.unknownCost),
  ])
  report(
    context.terminal,
    toUsageReport(sums, span, by),
    toTable([['model', 'key', 'calls', 'input', 'output', 'USD', 'unknown'], ...rows]),
  )
}

const fileBytesMax = 268_435_456
const batchEvents = 1_000

/** A JSON array, or an event a line. */
async function record(context: CommandContext, path: string): Promise<'failed' | void> {
  const events = toEvents((await readBytes(path, fileBytesMax)).toString('utf8'), path)
  const { parts } = await context.open()
  const counts = { accepted: 0, duplicate: 0, parked: 0, conflict: 0 }
  const faults: unknown[] = []
  for (let start = 0; start < events.length; start += batchEvents) {
    const verdicts = await parts.billing.record(operatorTenant, events.slice(start, start + batchEvents))
    for (const [index, verdict] of verdicts.entries()) {
      counts[verdict.type]++
      if (verdict.type === 'parked' || verdict.type === 'conflict')
        faults.push({ event: start + index, ...toVerdictJson(verdict) })
    }
  }
  const told = faults.map((fault) => JSON.stringify(fault))
  report(context.terminal, { ...counts, faults }, [
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', '),
    ...told,
  ])
  return faults.length > 0 ? 'failed' : undefined
}

function toEvents(text: string, path: string): readonly unknown[] {
  const refuse = (place: string): never => {
    throw new PlatformError('INVALID_JSON', `${path}${place} is not JSON`)
  }
  if (text.trimStart().startsWith('[')) {
    try {
      const list: unknown = JSON.parse(text)
      if (Array.isArray(list)) return list
    } catch {
      return refuse('')
    }
  }
  return text.split('\n').flatMap((line, index): readonly unknown[] => {
    if (line.trim() === '') return []
    try {
      return [JSON.parse(line)]
    } catch {
      return refuse(`, line ${index + 1},`)
    }
  })
}
