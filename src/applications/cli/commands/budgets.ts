import { PlatformError } from '../../../core/errors.ts'
import { toAmountText } from '../../../core/money.ts'
import type { BudgetState } from '../../../investment/index.ts'
import { operatorTenant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { toBudgetJson } from '../../shapes/index.ts'

const creation = 'create NAME --limit N [--counts money|requests|tokens|concurrency] [--match DIMENSION=VALUE,…]'

export const budgets: Command = {
  name: 'budgets',
  usage: `${creation} [--each DIMENSION,…] [--period P] [--seconds S] [--alerts 80,100] [--forecast PROBABILITY] | list | show ID | limit ID --limit N | adjust ID --amount N --reference R [--subject S] | remove ID`,
  acts: ['create', 'limit', 'adjust', 'remove'],
  options: {
    limit: { type: 'string' },
    counts: { type: 'string' },
    match: { type: 'string' },
    each: { type: 'string' },
    period: { type: 'string' },
    seconds: { type: 'string' },
    alerts: { type: 'string' },
    forecast: { type: 'string' },
    amount: { type: 'string' },
    reference: { type: 'string' },
    subject: { type: 'string' },
  },
  async run(context) {
    const [verb, word] = context.words
    if (verb === 'list') await list(context)
    else if (word === undefined) throw toMisuse(budgets)
    else if (verb === 'create') await create(context, word)
    else if (verb === 'show') await show(context, word)
    else if (verb === 'limit') await changeLimit(context, word)
    else if (verb === 'adjust') await adjust(context, word)
    else if (verb === 'remove') await remove(context, word)
    else throw toMisuse(budgets)
  },
}

async function create(context: CommandContext, name: string): Promise<void> {
  const probability = numberOf(context, 'forecast')
  const request = {
    name,
    limit: need(context, 'limit'),
    counts: textOf(context, 'counts'),
    match: readMatch(textOf(context, 'match')),
    each: listOf(textOf(context, 'each')),
    period: textOf(context, 'period'),
    seconds: numberOf(context, 'seconds'),
    alerts: listOf(textOf(context, 'alerts'))?.map(Number),
    forecast: probability === undefined ? undefined : { probability },
  }
  const { parts } = await context.open()
  // What it may hold is checked there, with a message for each field.
  const state = await parts.budgets.create(operatorTenant, request as Parameters<typeof parts.budgets.create>[1])
  print(context, state)
}

async function list(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const states = await parts.budgets.list(operatorTenant)
  report(context.terminal, { object: 'list', data: states.map(toBudgetJson) }, toTable(toRows(states)))
}

async function show(context: CommandContext, id: string): Promise<void> {
  const { parts } = await context.open()
  print(context, await parts.budgets.get(operatorTenant, id))
}

async function changeLimit(context: CommandContext, id: string): Promise<void> {
  const limit = need(context, 'limit')
  const { parts } = await context.open()
  print(context, await parts.budgets.change(operatorTenant, id, { limit }))
}

async function adjust(context: CommandContext, id: string): Promise<void> {
  const [amount, reference] = [need(context, 'amount'), need(context, 'reference')]
  const { parts } = await context.open()
  const subject = textOf(context, 'subject') ?? ''
  print(context, await parts.budgets.adjust(operatorTenant, id, { amount, reference, subject }))
}

async function remove(context: CommandContext, id: string): Promise<void> {
  const { parts } = await context.open()
  await parts.budgets.remove(operatorTenant, id)
  report(context.terminal, { removed: true, id }, [`removed ${id}; what it has counted stays in the books`])
}

function print(context: CommandContext, state: BudgetState): void {
  report(context.terminal, toBudgetJson(state), toTable(toRows([state])))
}

/** One line for each account; one for a budget that has none yet. */
function toRows(states: readonly BudgetState[]): readonly (readonly string[])[] {
  const rows = states.flatMap((state) => {
    const json = toBudgetJson(state)
    const { budget } = state
    const limit = toAmountText(budget, budget.limit)
    const head = [budget.id, budget.name, budget.counts, limit, budget.period]
    if (state.accounts.length === 0) return [[...head, '', '0', '0', limit]]
    const accounts = json['accounts'] as readonly Record<string, string>[] // as toBudgetJson writes them
    return accounts.map((account) => [
      ...head,
      account['subject'] ?? '',
      account['posted'] ?? '',
      account['held'] ?? '',
      account['available'] ?? '',
    ])
  })
  return [['id', 'name', 'counts', 'limit', 'period', 'subject', 'posted', 'held', 'available'], ...rows]
}

function readMatch(text: string | undefined): Readonly<Record<string, string>> {
  const pairs = (listOf(text) ?? []).map((pair) => {
    const at = pair.indexOf('=')
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)] as const
    throw new PlatformError('INVALID_REQUEST', '--match takes DIMENSION=VALUE pairs, for example team=research')
  })
  return Object.fromEntries(pairs)
}

function need(context: CommandContext, name: string): string {
  const text = textOf(context, name)
  if (text === undefined) throw toMisuse(budgets)
  return text
}

function textOf(context: CommandContext, name: string): string | undefined {
  const value = context.options[name]
  return typeof value === 'string' ? value : undefined
}

function numberOf(context: CommandContext, name: string): number | undefined {
  const text = textOf(context, name)
  return text === undefined ? undefined : Number(text)
}

function listOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((part) => part.trim())
}
