import { toIso } from '../../../core/time.ts'
import type { LegalHold } from '../../../governance/retention/index.ts'
import {
  operator,
  operatorTenant,
  readInstant,
  report,
  toMisuse,
  toTable,
  type Command,
  type CommandContext,
} from '../command.ts'
import { toHoldJson } from '../../shapes/index.ts'

export const retention: Command = {
  name: 'retention',
  usage: 'holds | hold NAME --reason R [--in USE-CASE] [--from TIME] [--until TIME] | release ID --reason R | sweep',
  options: { reason: { type: 'string' }, in: { type: 'string' }, from: { type: 'string' }, until: { type: 'string' } },
  async run(context) {
    const [verb, word] = context.words
    if (verb === 'holds') await list(context)
    else if (verb === 'sweep') await sweep(context)
    else if (verb === 'hold' && word !== undefined) await hold(context, word)
    else if (verb === 'release' && word !== undefined) await release(context, word)
    else throw toMisuse(retention)
  },
}

async function list(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const found = await parts.retention.list(operatorTenant)
  report(context.terminal, { object: 'list', data: found.map(toHoldJson) }, toTable(found.map(toRow)))
}

function toRow({ id, name, useCase, fromMs, untilMs, releasedAtMs }: LegalHold): readonly string[] {
  const span = `${fromMs === undefined ? 'the beginning' : toIso(fromMs)} to ${untilMs === undefined ? 'ever' : toIso(untilMs)}`
  return [id, releasedAtMs === undefined ? 'in force' : `released ${toIso(releasedAtMs)}`, useCase ?? 'all', span, name]
}

async function hold(context: CommandContext, name: string): Promise<void> {
  const asked = { name, reason: need(context), useCase: textOf(context, 'in') }
  const span = { fromMs: readInstant(context, 'from'), untilMs: readInstant(context, 'until') }
  const { parts } = await context.open()
  print(context, await parts.retention.hold(operator, { ...asked, ...span }))
}

async function release(context: CommandContext, id: string): Promise<void> {
  const reason = need(context)
  const { parts } = await context.open()
  print(context, await parts.retention.release(operator, id, reason))
}

async function sweep(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const { calls, texts } = await parts.retention.sweep()
  const lines = Object.entries(texts).map(([set, count]) => `words of ${count} ${set} erased`)
  report(context.terminal, { calls, texts }, [`${calls} calls deleted`, ...lines])
}

function print(context: CommandContext, made: LegalHold): void {
  report(context.terminal, toHoldJson(made), [toRow(made).join(' · ')])
}

function need(context: CommandContext): string {
  const reason = textOf(context, 'reason')
  if (reason === undefined) throw toMisuse(retention)
  return reason
}

function textOf(context: CommandContext, name: string): string | undefined {
  const value = context.options[name]
  return typeof value === 'string' ? value : undefined
}
