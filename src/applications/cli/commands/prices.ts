import { entrySchema } from '../../../investment/prices/index.ts'
import { toDollars } from '../../../core/money.ts'
import { readAs } from '../json-file.ts'
import { operatorTenant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { toMoneyJson, toPriceEntryJson, toSpan } from '../../shapes/index.ts'

export const prices: Command = {
  name: 'prices',
  usage: 'list | add FILE | rerate [--from DAY] [--to DAY] [--trial]',
  acts: ['add', 'rerate'],
  options: { from: { type: 'string' }, to: { type: 'string' }, trial: { type: 'boolean' } },
  async run(context) {
    const [verb, path, ...more] = context.words
    if (more.length > 0) throw toMisuse(prices)
    if (verb === 'list' && path === undefined) await list(context)
    else if (verb === 'add' && path !== undefined) await add(context, path)
    else if (verb === 'rerate' && path === undefined) await rerate(context)
    else throw toMisuse(prices)
  },
}

async function list(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const entries = parts.priceEntries.list()
  const rows = entries.map((entry) => [
    entry.id,
    entry.kind,
    entry.vendor ?? 'any',
    entry.model,
    `${entry.from ?? 'ever'} to ${entry.to ?? 'ever'}`,
    `${entry.price.currency ?? 'USD'} ${entry.price.input} / ${entry.price.output}`,
    entry.replacedBy === undefined ? '' : `replaced by ${entry.replacedBy}`,
  ])
  report(
    context.terminal,
    { object: 'list', data: entries.map(toPriceEntryJson) },
    toTable([['id', 'kind', 'vendor', 'model', 'in force', 'per million', ''], ...rows]),
  )
}

async function add(context: CommandContext, path: string): Promise<void> {
  const entry = await readAs(entrySchema, path, 1_048_576)
  const { parts } = await context.open()
  const added = await parts.priceEntries.add(entry)
  report(context.terminal, toPriceEntryJson(added), [`${added.id} holds for ${added.model}`])
}

async function rerate(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const { from, to, trial } = context.options
  const textOf = (value: string | boolean | undefined): string | undefined =>
    typeof value === 'string' ? value : undefined
  const { startMs, endMs } = toSpan(textOf(from), textOf(to), Math.trunc(parts.clock.now()) + 1)
  const isTrial = trial === true
  const { difference, ...counts } = await parts.priceEntries.rerate(parts.prices, {
    tenant: operatorTenant,
    fromMs: startMs,
    untilMs: endMs,
    isTrial,
  })
  const { calls, adjusted, becameKnown, unknown, booked, unbooked } = counts
  const figures = { calls, adjusted, became_known: becameKnown, unknown, difference: toMoneyJson(difference) }
  const budgets = { booked, unbooked }
  report(context.terminal, { object: 'rerating', trial: isTrial, ...figures, budgets }, [
    `${calls} calls, ${adjusted} ${isTrial ? 'would be' : 'were'} adjusted by USD ${toDollars(difference)} together; ${becameKnown} costs became known, ${unknown} are not`,
    ...(isTrial ? [] : [`${booked} corrections in the accounts of budgets, ${unbooked} found none`]),
  ])
}
