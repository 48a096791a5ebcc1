import { PlatformError } from '../../../core/errors.ts'
import { toIso } from '../../../core/time.ts'
import { incidentKinds, type Incident, type IncidentKind } from '../../../governance/incidents/index.ts'
import {
  operator,
  operatorTenant,
  readCount,
  readInstant,
  report,
  toMisuse,
  toTable,
  type Command,
  type CommandContext,
} from '../command.ts'
import { toIncidentJson, toIncidentFileJson } from '../../shapes/index.ts'

export const incidents: Command = {
  name: 'incidents',
  usage:
    'list [--limit N] | show ID | open TITLE --kind serious|death|widespread|other --text T --occurred TIME --aware TIME [--in USE-CASE] | note ID --text T [--kind K] | report ID --reference R --text T | close ID --text T',
  options: {
    limit: { type: 'string' },
    kind: { type: 'string' },
    text: { type: 'string' },
    occurred: { type: 'string' },
    aware: { type: 'string' },
    in: { type: 'string' },
    reference: { type: 'string' },
  },
  async run(context) {
    const [verb, word] = context.words
    if (verb === 'list') await list(context)
    else if (word === undefined) throw toMisuse(incidents)
    else if (verb === 'show') await show(context, word)
    else if (verb === 'open') await open(context, word)
    else if (verb === 'note' || verb === 'report' || verb === 'close') await go(context, word, verb)
    else throw toMisuse(incidents)
  },
}

async function list(context: CommandContext): Promise<void> {
  const limit = readCount(context, 'limit', { max: 1_000, otherwise: 50 })
  const { parts } = await context.open()
  const found = await parts.incidents.list(operatorTenant, { before: undefined, limit })
  const nowMs = parts.clock.now()
  const head = ['id', 'kind', 'state', 'use case', 'report due', 'title']
  const rows = found.map((incident) => toRow(incident, nowMs))
  report(context.terminal, { object: 'list', data: found.map(toIncidentJson) }, toTable([head, ...rows]))
}

function toRow(incident: Incident, nowMs: number): readonly string[] {
  const { id, kind, state, useCase, title } = incident
  return [id, kind, state, useCase ?? '', toDue(incident, nowMs), title]
}

function toDue({ dueAtMs, reportedAtMs, isOverdue }: Incident, nowMs: number): string {
  if (dueAtMs === undefined) return 'no report owed'
  if (reportedAtMs !== undefined) return `reported ${toIso(reportedAtMs)}${isOverdue ? ', late' : ''}`
  const hours = Math.floor(Math.abs(dueAtMs - nowMs) / 3_600_000)
  return `${toIso(dueAtMs)}, ${isOverdue ? `OVERDUE by ${hours} h` : `${hours} h left`}`
}

async function show(context: CommandContext, id: string): Promise<void> {
  const { parts } = await context.open()
  const file = await parts.incidents.get(operatorTenant, id)
  const lines = file.notes.map(({ at_ms: atMs, what, text }) => `  ${toIso(atMs)} ${what}: ${text}`)
  report(context.terminal, toIncidentFileJson(file), [toRow(file.incident, parts.clock.now()).join(' · '), ...lines])
}

async function open(context: CommandContext, title: string): Promise<void> {
  const kind = readKind(context)
  if (kind === undefined) throw toMisuse(incidents)
  const [text, occurredAtMs, awareAtMs] = [
    need(context, 'text'),
    needInstant(context, 'occurred'),
    needInstant(context, 'aware'),
  ]
  const { parts } = await context.open()
  const useCase = textOf(context, 'in')
  const incident = { title, text, kind, useCase, occurredAtMs, awareAtMs }
  print(context, await parts.incidents.open(operator, incident), parts.clock.now())
}

async function go(context: CommandContext, id: string, verb: 'note' | 'report' | 'close'): Promise<void> {
  const text = need(context, 'text')
  const reference = verb === 'report' ? need(context, 'reference') : ''
  const kind = readKind(context)
  const { parts } = await context.open()
  const { incidents: register } = parts
  const changed =
    verb === 'note'
      ? await register.note(operator, id, { text, kind })
      : verb === 'report'
        ? await register.report(operator, id, { reference, text })
        : await register.close(operator, id, text)
  print(context, changed, parts.clock.now())
}

function print(context: CommandContext, incident: Incident, nowMs: number): void {
  report(context.terminal, toIncidentJson(incident), [toRow(incident, nowMs).join(' · ')])
}

function readKind(context: CommandContext): IncidentKind | undefined {
  const given = textOf(context, 'kind')
  const kind = incidentKinds.find((each) => each === given)
  if (given === undefined || kind !== undefined) return kind
  throw new PlatformError('INVALID_REQUEST', `--kind must be one of ${incidentKinds.join(', ')}`)
}

function needInstant(context: CommandContext, name: string): number {
  const atMs = readInstant(context, name)
  if (atMs === undefined) throw toMisuse(incidents)
  return atMs
}

function need(context: CommandContext, name: string): string {
  const text = textOf(context, name)
  if (text === undefined) throw toMisuse(incidents)
  return text
}

function textOf(context: CommandContext, name: string): string | undefined {
  const value = context.options[name]
  return typeof value === 'string' ? value : undefined
}
