import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { PlatformError } from '../../../core/errors.ts'
import { parseInstant, toIso } from '../../../core/time.ts'
import { documentForms, toMarkdown } from '../../../governance/documentation/index.ts'
import type { FullStanding, UseCaseStanding } from '../../../governance/index.ts'
import { readAs } from '../json-file.ts'
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
import { toDraftJson, newUseCase, toLiteracyJson, toUseCaseJson, toFullUseCaseJson } from '../../shapes/index.ts'
import { draftFor } from '../../draft-documentation.ts'

export const useCase: Command = {
  name: 'use-case',
  usage:
    'list | show NAME | questions [PACK] | register NAME FILE.json | document NAME SLOT FILE --owner O --date D | activate NAME | retire NAME | documents NAME [--form annex-iv|fria] [--format md|json] [--days N] | literacy [PERSON --measure M --date D]',
  options: {
    owner: { type: 'string' },
    date: { type: 'string' },
    measure: { type: 'string' },
    form: { type: 'string' },
    format: { type: 'string' },
    days: { type: 'string' },
  },
  async run(context) {
    const [verb, name, third, fourth] = context.words
    if (verb === 'list') await list(context)
    else if (verb === 'questions') await questions(context, name)
    else if (verb === 'literacy') await literacy(context, name)
    else if (name === undefined) throw toMisuse(useCase)
    else if (verb === 'show') await show(context, name)
    else if (verb === 'documents') await draft(context, name)
    else if (verb === 'register' && third !== undefined) await register(context, name, third)
    else if (verb === 'document' && third !== undefined && fourth !== undefined) {
      await addDocument(context, { name, slot: third, path: fourth })
    } else if (verb === 'activate' || verb === 'retire') await move(context, name, verb)
    else throw toMisuse(useCase)
  },
}

async function list(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const found = parts.useCases.list(operatorTenant)
  const head = ['name', 'from', 'state', 'tier', 'decisions']
  report(context.terminal, { object: 'list', data: found.map(toUseCaseJson) }, toTable([head, ...found.map(toRow)]))
}

function toRow({ name, source, state, tier, tierPossible, decisions }: UseCaseStanding): readonly string[] {
  const possible = tierPossible === tier || tierPossible === undefined ? '' : ` (up to ${tierPossible})`
  const said = decisions.map(
    ({ mode, decision }) => `${decision.pack.id} ${decision.decision}${mode === 'shadow' ? ' (shadow)' : ''}`,
  )
  return [name, source, state, `${tier ?? 'none'}${possible}`, said.join(', ')]
}

async function show(context: CommandContext, name: string): Promise<void> {
  const { parts } = await context.open()
  const standing = await parts.useCases.get(operatorTenant, name)
  report(context.terminal, toFullUseCaseJson(standing, parts.clock.now()), toLines(standing))
}

function toLines(standing: FullStanding): readonly string[] {
  const { decisions, slots, coming, signals } = standing
  const missing = decisions.flatMap(({ decision }) => decision.effects.flatMap((effect) => effect.missing))
  return [
    toRow(standing).join(' · '),
    ...(missing.length === 0 ? [] : [`  not answered: ${[...new Set(missing)].join(', ')}`]),
    ...decisions.flatMap(({ decision }) =>
      decision.obligations.map(
        ({ article, text, isFulfilled }) => `  owes ${article}: ${text}${isFulfilled === false ? ' MISSING' : ''}`,
      ),
    ),
    ...slots
      .filter(({ articles, present }) => articles.length > 0 || present !== undefined)
      .map(
        ({ slot, present }) =>
          `  document ${slot}: ${present === undefined ? 'missing' : `${present.dated}, ${present.owner}, ${present.hash.slice(0, 12)}`}`,
      ),
    ...coming.map(({ atMs, decisions: then }) => {
      const said = then.map(
        ({ decision }) => `${decision.pack.id} ${decision.decision}, tier ${decision.tier ?? 'none'}`,
      )
      return `  from ${toIso(atMs).slice(0, 10)}: ${said.join('; ')}`
    }),
    ...signals.map(
      ({ signal, count, tier, lastAtMs }) =>
        `  hint ${signal}: ${count} times, last ${toIso(lastAtMs)}; would be ${tier}`,
    ),
    'Not legal advice.',
  ]
}

async function questions(context: CommandContext, pack: string | undefined): Promise<void> {
  const { parts } = await context.open()
  const all = parts.useCases.questions()
  if (pack !== undefined && all[pack] === undefined) {
    throw new PlatformError('NOT_FOUND', `${pack.slice(0, 64)} is not in force; strata policy questions shows any pack`)
  }
  const chosen = pack === undefined ? all : { [pack]: all[pack] ?? {} }
  const lines = Object.entries(chosen).flatMap(([id, facts]) => [
    id,
    ...Object.entries(facts)
      .filter(([fact]) => fact !== 'evidence')
      .flatMap(([fact, definition]) => [
        `  ${fact} (${definition.type}): ${definition.question}`,
        ...('values' in definition
          ? Object.entries(definition.values).map(([value, means]) => `    ${value}: ${means}`)
          : []),
      ]),
  ])
  report(context.terminal, { object: 'questions', packs: chosen }, lines)
}

async function register(context: CommandContext, name: string, path: string): Promise<void> {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) {
    throw new PlatformError('INVALID_REQUEST', 'a name has lower-case letters, digits, dot, dash or underscore')
  }
  const said = await readAs(newUseCase, path, answersBytesMax)
  const { parts } = await context.open()
  print(context, await parts.useCases.register(operator, name, said))
}

const answersBytesMax = 1_048_576

interface NamedFile {
  readonly name: string
  readonly slot: string
  readonly path: string
}

async function addDocument(context: CommandContext, { name, slot, path }: NamedFile): Promise<void> {
  const { owner } = context.options
  if (typeof owner !== 'string') throw toMisuse(useCase)
  const dated = readDate(context)
  const hash = await hashFile(path)
  const { parts } = await context.open()
  print(context, await parts.useCases.addDocument(operator, name, { slot, hash, dated, owner, place: undefined }))
}

async function move(context: CommandContext, name: string, verb: 'activate' | 'retire'): Promise<void> {
  const { parts } = await context.open()
  print(context, await parts.useCases[verb](operator, name))
}

async function draft(context: CommandContext, name: string): Promise<void> {
  const { form: asked = documentForms[0], format = 'md' } = context.options
  const form = documentForms.find((each) => each === asked)
  if (form === undefined || (format !== 'md' && format !== 'json')) throw toMisuse(useCase)
  const days = readCount(context, 'days', { max: 3_650, otherwise: 90 })
  const { parts } = await context.open()
  const document = await draftFor(parts, operator, { name, form, days })
  const lines = format === 'json' ? [JSON.stringify(toDraftJson(document), null, 2)] : [toMarkdown(document)]
  report(context.terminal, toDraftJson(document), lines)
}

async function literacy(context: CommandContext, person: string | undefined): Promise<void> {
  const { measure } = context.options
  if (person === undefined) {
    const { parts } = await context.open()
    const rows = await parts.useCases.registry.listLiteracy(operatorTenant)
    const lines = rows.map((row) => [row.dated, row.person, row.measure])
    report(context.terminal, { object: 'list', data: rows.map(toLiteracyJson) }, toTable(lines))
    return
  }
  if (typeof measure !== 'string') throw toMisuse(useCase)
  const dated = readDate(context)
  const { parts } = await context.open()
  const row = await parts.useCases.registry.addLiteracy(operator, { person, measure, dated, hash: null })
  report(context.terminal, toLiteracyJson(row), [`${person}: ${measure}, ${dated}`])
}

function print(context: CommandContext, standing: UseCaseStanding): void {
  report(context.terminal, toUseCaseJson(standing), [toRow(standing).join(' · ')])
}

function readDate(context: CommandContext): string {
  const { date } = context.options
  if (typeof date === 'string' && date.length === 10 && parseInstant(date) !== undefined) return date
  throw new PlatformError('INVALID_REQUEST', '--date must be a date, 2026-12-02')
}

async function hashFile(path: string): Promise<string> {
  const digest = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer) // a stream without encoding gives buffers
  } catch (thrown) {
    throw new PlatformError('NOT_FOUND', `there is no file ${path.slice(0, 300)}`, { cause: thrown })
  }
  return digest.digest('hex')
}
