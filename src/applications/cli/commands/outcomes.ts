import { z } from 'zod'
import { toDollars } from '../../../core/money.ts'
import {
  assumptionsSchema,
  estimateReturn,
  toAssumptions,
  type ReturnReport,
} from '../../../investment/outcomes/index.ts'
import { readAs } from '../json-file.ts'
import { operatorTenant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { toOutcomeJson, toReportJson, toReturnJson, toSpan } from '../../shapes/index.ts'

export const outcomes: Command = {
  name: 'outcomes',
  usage: 'list | report | return ASSUMPTIONS | estimate FILE [--account A] [--kind K] [--from DAY] [--to DAY]',
  options: { account: { type: 'string' }, kind: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' } },
  async run(context) {
    const [verb, path, ...more] = context.words
    if (more.length > 0) throw toMisuse(outcomes)
    if (verb === 'list' && path === undefined) await list(context)
    else if (verb === 'report' && path === undefined) await sum(context)
    else if (verb === 'return' && path !== undefined) await estimate(context, path)
    else if (verb === 'estimate' && path !== undefined) await estimateFile(context, path)
    else throw toMisuse(outcomes)
  },
}

const fileBytesMax = 1_048_576

function filterOf(context: CommandContext, nowMs: number) {
  const textOf = (name: string): string | undefined => {
    const value = context.options[name]
    return typeof value === 'string' ? value : undefined
  }
  const { startMs, endMs } = toSpan(textOf('from') ?? '1970-01-01', textOf('to'), Math.trunc(nowMs) + 1)
  return { account: textOf('account'), kind: textOf('kind'), openedFromMs: startMs, openedBeforeMs: endMs }
}

async function list(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const views = await parts.outcomes.list(operatorTenant, { ...filterOf(context, parts.clock.now()), limit: 1_000 })
  const rows = views.map((view) => [view.id, view.kind, view.account, view.arm, view.state, view.confirmedBy ?? ''])
  report(
    context.terminal,
    { object: 'list', data: views.map(toOutcomeJson) },
    toTable([['task', 'kind', 'account', 'arm', 'state', 'confirmed by'], ...rows]),
  )
}

async function sum(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const found = await parts.outcomes.report(operatorTenant, filterOf(context, parts.clock.now()))
  const each = found.costPerResolved === undefined ? 'unknown' : toDollars(found.costPerResolved)
  report(context.terminal, { object: 'outcome.report', ...toReportJson(found) }, [
    `${found.tasks} tasks, ${found.byState.settled} settled, ${found.escalated} handed over, ${found.reopened} reopened`,
    `USD ${toDollars(found.cost)} for all of them, ${each} for each that settled`,
  ])
}

async function estimate(context: CommandContext, path: string): Promise<void> {
  const assumptions = await readAs(assumptionsSchema, path, fileBytesMax)
  const { parts } = await context.open()
  const { report: found, ...given } = await parts.outcomes.estimate(
    operatorTenant,
    filterOf(context, parts.clock.now()),
    assumptions,
  )
  report(context.terminal, { ...toReturnJson(given), report: toReportJson(found) }, toLines(given))
}

const count = z.int().min(0)
const arm = z
  .strictObject({ tasks: count, settled: count })
  .refine(({ tasks, settled }) => settled <= tasks, 'more have settled than there were')
const inputSchema = z.strictObject({
  treated: arm,
  holdout: arm.optional(),
  escalated: count.default(0),
  reopened: count.default(0),
  model_cost: z.number().min(0),
  assumptions: assumptionsSchema,
})

/** The return of figures that lie in a file, without a database. */
async function estimateFile(context: CommandContext, path: string): Promise<void> {
  const { model_cost: modelCost, assumptions, ...counts } = await readAs(inputSchema, path, fileBytesMax)
  const found = estimateReturn({
    ...counts,
    holdout: counts.holdout,
    modelCost,
    assumptions: toAssumptions(assumptions),
  })
  report(context.terminal, toReturnJson(found), toLines(found))
}

function toLines(found: ReturnReport): readonly string[] {
  const { low, high } = found.interval.net
  return [
    `net USD ${found.net.toFixed(2)} (95 %: ${low.toFixed(2)} to ${high.toFixed(2)}), ${found.label}`,
    `gain ${found.gain.toFixed(2)}, cost ${found.cost.toFixed(2)}, ratio ${found.ratio?.toFixed(2) ?? 'none: nothing was spent'}`,
    'what moves it most:',
    ...found.drivers.map((driver) => `  ${driver.input}: ${driver.low.toFixed(2)} to ${driver.high.toFixed(2)}`),
  ]
}
