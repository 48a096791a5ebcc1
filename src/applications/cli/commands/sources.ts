import { PlatformError } from '../../../core/errors.ts'
import type { SyncView } from '../../../tools/sources/index.ts'
import { operatorTenant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { toSourceJson, toSyncJson } from '../../shapes/index.ts'

export const sources: Command = {
  name: 'sources',
  usage: 'list | show NAME | sync NAME [--confirm] | pause NAME | resume NAME | cancel NAME',
  options: { confirm: { type: 'boolean' } },
  async run(context) {
    const [act, name, more] = context.words
    if (more !== undefined) throw toMisuse(sources)
    if (act === 'list' && name === undefined) return list(context)
    if (name === undefined) throw toMisuse(sources)
    if (act === 'show') return show(context, name)
    if (act === 'sync' || act === 'resume') return synchronise(context, name, act)
    if (act !== 'pause' && act !== 'cancel') throw toMisuse(sources)
    const { parts } = await context.open()
    const sync = await parts.sources[act](operatorTenant, name)
    return report(context.terminal, toSyncJson(sync), [describe(sync)])
  },
}

async function list(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const found = await parts.sources.list(operatorTenant)
  const rows = found.map(({ name, kind, collection, sync }) => [name, kind, collection, sync?.state ?? 'never'])
  const table = rows.length === 0 ? ['no sources; `sources` of the configuration has them'] : toTable([heads, ...rows])
  report(context.terminal, { object: 'list', data: found.map(toSourceJson) }, table)
}

const heads = ['source', 'kind', 'collection', 'latest sync']

async function show(context: CommandContext, name: string): Promise<void> {
  const { parts } = await context.open()
  const source = await parts.sources.get(operatorTenant, name)
  const lines = source.faults.map(({ item, reason }) => `not taken in: ${item}  ${reason}`)
  const latest = source.sync === undefined ? `${name} has never been synchronised` : describe(source.sync)
  report(context.terminal, toSourceJson(source), [latest, ...lines])
}

/** Begins or goes on, and shows how far it is until it has ended, is held or paused. */
async function synchronise(context: CommandContext, name: string, act: 'sync' | 'resume'): Promise<'failed' | void> {
  const { parts } = await context.open()
  const confirm = context.options['confirm'] === true
  if (act === 'sync') await parts.sources.sync(operatorTenant, name, { confirm })
  else await parts.sources.resume(operatorTenant, name)
  let last: SyncView | undefined
  for await (const sync of parts.sources.follow(operatorTenant, name, new AbortController().signal)) {
    if (sync.state === 'running') context.terminal.note(describe(sync))
    last = sync
  }
  if (last === undefined) throw new PlatformError('INTERNAL', 'a sync was begun and cannot be followed')
  report(context.terminal, toSyncJson(last), [describe(last)])
  return last.state === 'done' ? undefined : 'failed'
}

function describe({ source, state, counts, reason }: SyncView): string {
  const parts = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name}`]))
  const done = parts.length === 0 ? 'nothing listed yet' : parts.join(', ')
  return `${source} ${state}: ${done}${reason === undefined ? '' : ` (${reason})`}`
}
