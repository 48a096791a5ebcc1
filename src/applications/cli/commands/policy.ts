import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import {
  builtInPacks,
  checkPack,
  createPolicyEngine,
  diffPacks,
  findCases,
  loadPack,
  toInstant,
  type Decision,
} from '../../../governance/policy/index.ts'
import { toDecisionJson } from '../../http/index.ts'
import { readBytes } from '../files.ts'
import { report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'

export const policy: Command = {
  name: 'policy',
  usage: 'list | questions PACK | decide FACTS.json --pack PACK [--at DATE] | test [PACK] | diff BEFORE AFTER',
  summary:
    'Decides on facts under a policy pack, and checks and compares packs. PACK is an id or a file. Not legal advice.',
  options: { pack: { type: 'string' }, at: { type: 'string' } },
  async run(context) {
    const [verb, first, second] = context.words
    if (verb === 'list') return list(context)
    if (verb === 'questions' && first !== undefined) return listQuestions(context, first)
    if (verb === 'decide' && first !== undefined) return decide(context, first)
    if (verb === 'test') return test(context, first)
    if (verb === 'diff' && first !== undefined && second !== undefined) return diff(context, first, second)
    throw toMisuse(policy)
  },
}

function list(context: CommandContext): void {
  const packs = builtInPacks.map((id) => loadPack(id))
  const rows = packs.map(({ id, version, title, rules, verifiedOn, staleAfterDays, hash }) => [
    id,
    version,
    `${rules.length} rules`,
    `verified ${verifiedOn}, for ${staleAfterDays} days`,
    hash.slice(0, 12),
    title,
  ])
  const data = packs.map(({ id, version, title, jurisdiction, corpus, verifiedOn, staleAfterDays, hash, rules }) => ({
    id,
    version,
    title,
    jurisdiction,
    corpus,
    verified_on: verifiedOn,
    stale_after_days: staleAfterDays,
    hash,
    rules: rules.map(({ id: rule, article, title: about, from, until, effect, tier, reason }) => ({
      id: rule,
      article,
      title: about,
      from,
      until: until ?? null,
      effect,
      tier: tier ?? null,
      reason,
    })),
  }))
  report(context.terminal, { object: 'list', data }, toTable(rows))
}

function listQuestions(context: CommandContext, name: string): void {
  const { facts } = loadPack(name)
  const lines = Object.entries(facts).flatMap(([fact, definition]) => [
    `${fact} (${definition.type}): ${definition.question}`,
    ...('values' in definition
      ? Object.entries(definition.values).map(([value, means]) => `    ${value}: ${means}`)
      : []),
  ])
  report(context.terminal, { object: 'list', data: facts }, lines)
}

async function decide(context: CommandContext, path: string): Promise<void> {
  const { pack: name } = context.options
  if (typeof name !== 'string') throw toMisuse(policy)
  const atMs = readInstant(context)
  const engine = createPolicyEngine(loadPack(name))
  const decision = engine.decide(engine.read(parseFacts(await readBytes(path, factsBytesMax), path)), atMs)
  report(context.terminal, toDecisionJson(decision, atMs), toLines(decision))
}

/** The instant of `--at`; now when it is not given. */
function readInstant(context: CommandContext): number {
  const { at } = context.options
  if (typeof at !== 'string') return context.process.clock.now()
  const atMs = toInstant(at)
  if (atMs !== undefined) return atMs
  throw new PlatformError('INVALID_REQUEST', '--at must be a date, 2026-12-02, or a time, 2026-12-02T08:00:00Z')
}

const factsBytesMax = 1_048_576

function parseFacts(bytes: Uint8Array, path: string): JsonObject {
  try {
    const given: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (isJsonObject(given)) return given
  } catch (thrown) {
    throw new PlatformError('INVALID_REQUEST', `${path} is not JSON in UTF-8`, { cause: thrown })
  }
  throw new PlatformError('INVALID_REQUEST', `${path} must hold one JSON object: a fact by name`)
}

function toLines(decision: Decision): readonly string[] {
  const { tier, tierPossible, pack, effects, obligations } = decision
  const highest = tierPossible !== tier && tierPossible !== undefined ? `, ${tierPossible} where facts are missing` : ''
  return [
    `${decision.decision}${tier === undefined ? '' : ` · tier ${tier}${highest}`} · ${pack.id} ${pack.version} ${pack.hash.slice(0, 12)}`,
    ...(decision.isStale ? ['The pack was verified longer ago than it may be: look whether the law has changed.'] : []),
    ...effects.map(
      ({ article, decision: own, reason, truth, missing }) =>
        `  ${own.padEnd(6)} ${article}: ${reason}${truth === 'unknown' ? ` Not known: ${missing.join(', ')}.` : ''}`,
    ),
    ...obligations.map(
      ({ id, article, text, isFulfilled }) =>
        `  must   ${article}: ${text} (${id}${isFulfilled === undefined ? '' : isFulfilled ? ', there' : ', missing'})`,
    ),
    'Not legal advice.',
  ]
}

function test(context: CommandContext, name: string | undefined): 'failed' | void {
  const reports = (name === undefined ? builtInPacks : [name]).map((each) => ({
    pack: each,
    ...checkPack(loadPack(each), findCases(each)),
  }))
  const lines = reports.flatMap(({ pack, cases, rules, combinations, findings }) => [
    `${pack}: ${rules} rules, ${cases} cases, ${combinations} combinations of answers`,
    ...findings.map(({ type, about, message }) => `  ${type}: ${about} ${message}`),
  ])
  report(context.terminal, { object: 'list', data: reports }, lines)
  const isFaulty = reports.some(({ findings }) =>
    findings.some(({ type }) => type === 'failed-case' || type === 'unreachable'),
  )
  if (isFaulty) return 'failed'
}

function diff(context: CommandContext, before: string, after: string): void {
  const differences = diffPacks(loadPack(before), loadPack(after))
  const lines = differences.map(
    ({ part, name, change, fields }) =>
      `${change} ${part} ${name}${fields.length === 0 ? '' : `: ${fields.join(', ')}`}`,
  )
  report(context.terminal, { object: 'list', data: differences }, lines.length === 0 ? ['no difference'] : lines)
}
