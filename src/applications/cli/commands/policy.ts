import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import {
  builtInPacks,
  checkPack,
  controlCatalogues,
  createEngine,
  diffPacks,
  findCases,
  isControlsStale,
  loadControls,
  loadPack,
  type Decision,
} from '../../../governance/policy/index.ts'
import { toDollars } from '../../../core/money.ts'
import { readBytes } from '../files.ts'
import {
  operatorTenant,
  readInstant,
  report,
  toMisuse,
  toTable,
  type Command,
  type CommandContext,
} from '../command.ts'
import { toControlsJson, toDecisionJson, toBacktestJson } from '../../shapes/index.ts'

export const policy: Command = {
  name: 'policy',
  usage:
    'list | questions PACK | controls [CATALOGUE] | decide FACTS.json --pack PACK [--at DATE] | test [PACK] | diff BEFORE AFTER | backtest PACK [--from DATE] [--to DATE]',
  options: { pack: { type: 'string' }, at: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' } },
  isData: ([verb]) => verb === 'decide',
  async run(context) {
    const [verb, first, second] = context.words
    if (verb === 'list') return list(context)
    if (verb === 'questions' && first !== undefined) return listQuestions(context, first)
    if (verb === 'decide' && first !== undefined) return decide(context, first)
    if (verb === 'test') return test(context, first)
    if (verb === 'controls') return listControls(context, first)
    if (verb === 'backtest' && first !== undefined) return backtest(context, first)
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
  const catalogues = controlCatalogues.map((id) => loadControls(id))
  const controlRows = catalogues.map(({ id, version, title, clauses, verifiedOn, staleAfterDays }) => [
    id,
    version,
    `${clauses.length} clauses, ${clauses.filter(({ evidence }) => evidence.length > 0).length} with evidence`,
    `verified ${verifiedOn}, for ${staleAfterDays} days`,
    'controls',
    title,
  ])
  const nowMs = context.process.clock.now()
  const controls = catalogues.map((catalogue) => toControlsJson(catalogue, isControlsStale(catalogue, nowMs)))
  report(context.terminal, { object: 'list', data, controls }, toTable([...rows, ...controlRows]))
}

function listControls(context: CommandContext, name: string | undefined): void {
  const nowMs = context.process.clock.now()
  const catalogues = (name === undefined ? controlCatalogues : [name]).map((id) => loadControls(id))
  const lines = catalogues.flatMap((catalogue) => [
    `${catalogue.title} (${catalogue.corpus}; verified ${catalogue.verifiedOn}${isControlsStale(catalogue, nowMs) ? ', stale' : ''})`,
    ...catalogue.clauses.flatMap(({ clause, title, evidence }) => [
      `${clause}  ${title}${evidence.length === 0 ? ': nothing here is evidence for it' : ''}`,
      ...evidence.map(({ shows, at }) => `    ${shows} [${at.join(', ')}]`),
    ]),
  ])
  const data = catalogues.map((catalogue) => toControlsJson(catalogue, isControlsStale(catalogue, nowMs)))
  report(context.terminal, { object: 'list', data }, [...lines, 'Tags, not a certification.'])
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
  const atMs = readInstant(context, 'at') ?? context.process.clock.now()
  const engine = createEngine(loadPack(name))
  const decision = engine.decide(engine.read(parseFacts(await readBytes(path, factsBytesMax), path)), atMs)
  report(context.terminal, toDecisionJson(decision, atMs), toLines(decision))
}

const dayMs = 86_400_000
const daysDefault = 30

async function backtest(context: CommandContext, name: string): Promise<void> {
  const { parts } = await context.open()
  const untilMs = readInstant(context, 'to') ?? context.process.clock.now()
  const fromMs = readInstant(context, 'from') ?? untilMs - daysDefault * dayMs
  // A file of the operator's own is a pack too; over HTTP only ids are taken.
  const pack = /[./\\]/.test(name) ? createEngine(loadPack(name)) : name
  const found = await parts.backtest(pack, { tenant: operatorTenant, fromMs, untilMs })
  const { calls, callsUnknown, byDecision, newlyRefused, newlyAllowed, groups } = found
  report(context.terminal, toBacktestJson(found), [
    `${calls} calls under ${found.pack.id} ${found.pack.version}: ${byDecision.allow.calls} allowed, ${byDecision.review.calls} for review, ${byDecision.deny.calls} denied`,
    `${newlyRefused.calls} answered then would not be now; they cost USD ${toDollars(newlyRefused.cost)}${newlyRefused.callsOfUnknownCost === 0 ? '' : `, and ${newlyRefused.callsOfUnknownCost} of them are of unknown cost`}`,
    `${newlyAllowed} refused then would be answered; of ${callsUnknown} no declared use case is known`,
    ...groups.map(
      ({ useCase, decision, calls: count, articles, reasons, missing }) =>
        `  ${decision.padEnd(6)} ${count} of ${useCase ?? 'no use case'}${articles.length === 0 ? '' : `: ${articles.join(', ')}. ${reasons.join(' ')}`}${missing.length === 0 ? '' : ` Not known: ${missing.join(', ')}.`}`,
    ),
    'Not legal advice.',
  ])
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
