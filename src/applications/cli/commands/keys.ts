import { PlatformError } from '../../../core/errors.ts'
import { roles, type Role } from '../../../core/rights.ts'
import { toIso } from '../../../core/time.ts'
import { operator, toMisuse, operatorTenant, report, toTable, type Command, type CommandContext } from '../command.ts'
import { toKeyJson } from '../../shapes/index.ts'

export const keys: Command = {
  name: 'keys',
  usage:
    'create NAME [--admin | --role R] [--team T] [--project P] [--user U] [--models A,B] [--regions R,S] [--use-case U] [--composes yes|no] [--days N] | list | revoke ID | rotate ID [--overlap 24h]',
  options: {
    admin: { type: 'boolean' },
    role: { type: 'string' },
    team: { type: 'string' },
    project: { type: 'string' },
    user: { type: 'string' },
    models: { type: 'string' },
    regions: { type: 'string' },
    'use-case': { type: 'string' },
    composes: { type: 'string' },
    days: { type: 'string' },
    overlap: { type: 'string' },
  },
  async run(context) {
    const [verb, word] = context.words
    if (verb === 'create' && word !== undefined) await create(context, word)
    else if (verb === 'list') await list(context)
    else if (verb === 'revoke' && word !== undefined) await revoke(context, word)
    else if (verb === 'rotate' && word !== undefined) await rotate(context, word)
    else throw toMisuse(keys)
  },
}

async function create(context: CommandContext, name: string): Promise<void> {
  const { parts } = await context.open()
  const models = listOf(context.options['models'])
  const made = await parts.keys.create({
    tenant: operatorTenant,
    name,
    role: roleOf(context.options),
    team: wordOf(context.options['team']),
    project: wordOf(context.options['project']),
    user: wordOf(context.options['user']),
    models,
    regions: listOf(context.options['regions']),
    useCase: textOf(context.options['use-case']),
    composes: answerOf(context.options['composes']),
    expiresAtMs: expiryOf(context.options['days'], parts.clock.now()),
  })
  report(context.terminal, { ...toKeyJson(made.record), key: made.key }, [
    made.key,
    `Keep it now: it is not shown again. Its id is ${made.record.id}; running servers know it within two seconds.`,
  ])
  const known = new Set(parts.models.list(operator).map(({ id }) => id))
  for (const model of models ?? []) {
    if (!known.has(model)) context.terminal.note(`there is no model ${model} yet; strata models lists those there are`)
  }
}

async function list(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const listed = await parts.keys.list(operatorTenant)
  const rows = listed.map((key) => [
    key.id,
    key.name,
    key.role,
    `${key.prefix}…`,
    key.models?.join(',') ?? 'every',
    key.regions?.join(',') ?? 'default',
    key.revokedAtMs !== undefined
      ? 'revoked'
      : key.expiresAtMs === undefined
        ? 'never expires'
        : `until ${toIso(key.expiresAtMs)}`,
  ])
  report(
    context.terminal,
    { object: 'list', data: listed.map(toKeyJson) },
    toTable([['id', 'name', 'role', 'key', 'models', 'regions', 'state'], ...rows]),
  )
}

async function revoke(context: CommandContext, id: string): Promise<void> {
  const { parts } = await context.open()
  await parts.keys.revoke(operatorTenant, id)
  report(context.terminal, { revoked: true, id }, [`revoked ${id}; running servers refuse it within seconds`])
}

async function rotate(context: CommandContext, id: string): Promise<void> {
  const { parts } = await context.open()
  const rotated = await parts.keys.rotate(operatorTenant, id, overlapOf(context.options['overlap']))
  const { expiresAtMs } = rotated.former
  report(context.terminal, { ...toKeyJson(rotated.record), key: rotated.key, former: toKeyJson(rotated.former) }, [
    rotated.key,
    `Keep it now: it is not shown again. ${id} works until ${expiresAtMs === undefined ? 'revoked' : toIso(expiresAtMs)}.`,
  ])
}

const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `30m`, `24h`, `7d`; a day when it is not given. */
function overlapOf(value: string | boolean | undefined): number {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(typeof value === 'string' ? value : '24h') ?? []
  const unitMs = unitsMs[unit]
  if (count !== undefined && unitMs !== undefined) return Number(count) * unitMs
  throw new PlatformError('INVALID_REQUEST', '--overlap must be a time such as 30m, 24h or 7d')
}

function roleOf({ admin, role }: CommandContext['options']): Role {
  if (admin === true && role !== undefined)
    throw new PlatformError('INVALID_REQUEST', 'give --admin or --role, not both')
  const named = admin === true ? 'admin' : (role ?? 'member')
  const found = roles.find((each) => each === named)
  if (found !== undefined) return found
  throw new PlatformError('INVALID_REQUEST', `--role must be one of ${roles.join(', ')}`)
}

function wordOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function listOf(value: string | boolean | undefined): readonly string[] | undefined {
  return typeof value === 'string'
    ? value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    : undefined
}

function expiryOf(days: string | boolean | undefined, nowMs: number): number | undefined {
  if (typeof days !== 'string') return undefined
  const count = Number(days)
  if (Number.isFinite(count) && count > 0) return nowMs + Math.ceil(count * 86_400_000)
  throw new PlatformError('INVALID_REQUEST', '--days must be a number above 0')
}

function answerOf(value: string | boolean | undefined): boolean | undefined {
  if (value === undefined) return undefined
  if (value === 'yes' || value === 'no') return value === 'yes'
  throw new PlatformError('INVALID_REQUEST', '--composes must be yes or no')
}

function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
