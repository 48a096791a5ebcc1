import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError } from '../../../core/errors.ts'
import { toDollars } from '../../../core/money.ts'
import { toIso } from '../../../core/time.ts'
import type { ComparedQuestion, ContextView, ScoreComparison } from '../../../tools/retrieval/index.ts'
import { readFileLines } from '../lines.ts'
import { operator, operatorTenant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import {
  comparedQuestion,
  toComparedQuestion,
  toContextComparisonJson,
  toContextJson,
  toGenerationComparisonJson,
  toLineageJson,
} from '../../shapes/index.ts'

export const knowledge: Command = {
  name: 'knowledge',
  usage:
    'status [COLLECTION [DOCUMENT]] | delete COLLECTION [DOCUMENT] | verify [COLLECTION | DOCUMENT] | compare COLLECTION GENERATION QUESTIONS.jsonl [--against GENERATION] | contexts COLLECTION [--with MODEL | --off] | gain COLLECTION QUESTIONS.jsonl',
  options: { against: { type: 'string' }, with: { type: 'string' }, off: { type: 'boolean' } },
  acts: ['contexts'],
  async run(context) {
    const [act, ...words] = context.words
    if (act === 'status' && words.length === 0) return status(context)
    if (act === 'status' && words.length === 1) return listDocuments(context, words[0] ?? '')
    if (act === 'status' && words.length === 2) return showDocument(context, words)
    if (act === 'delete' && (words.length === 1 || words.length === 2)) return remove(context, words)
    if (act === 'verify' && words.length <= 1) return verify(context, words[0])
    if (act === 'compare' && words.length === 3) return compare(context, words)
    if (act === 'contexts' && words.length === 1) return contexts(context, words[0] ?? '')
    if (act === 'gain' && words.length === 2) return gain(context, words)
    throw toMisuse(knowledge)
  },
}

async function status(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const collections = await parts.knowledge.listCollections(operatorTenant)
  const data = collections.map(({ createdAtMs, ...rest }) => ({ ...rest, created_at: toIso(createdAtMs) }))
  const rows = data.map(({ name, documents, created_at: createdAt }) => [name, `${documents}`, createdAt])
  const table = rows.length === 0 ? ['no collections'] : toTable([['collection', 'documents', 'created'], ...rows])
  report(context.terminal, { object: 'list', data }, table)
}

const documentsShownMax = 1_000

async function listDocuments(context: CommandContext, collection: string): Promise<void> {
  const { parts } = await context.open()
  const page = { limit: documentsShownMax + 1 }
  const found = await parts.knowledge.listDocuments(operatorTenant, collection, page)
  const shown = found.slice(0, documentsShownMax)
  const rows = shown.map(({ externalId, version, chunks }) => [externalId, version, `${chunks}`])
  const table = rows.length === 0 ? ['no documents'] : toTable([['document', 'version', 'passages'], ...rows])
  const more = found.length > shown.length ? [`and more than ${documentsShownMax} in all`] : []
  report(context.terminal, { object: 'list', data: shown, has_more: more.length > 0 }, [...table, ...more])
}

/** What happened to a document, and what was done with each of its versions on the way in. */
async function showDocument(context: CommandContext, [collection = '', wanted = '']: readonly string[]): Promise<void> {
  const { parts } = await context.open()
  const named = await parts.knowledge.findDocument(operatorTenant, collection, wanted)
  const { id, externalId } = named ?? (await parts.knowledge.getDocument(operatorTenant, collection, wanted))
  const events = await parts.knowledge.listEvents(operatorTenant, id)
  const versions = await parts.knowledge.listLineage(operatorTenant, id)
  const lines = versions.flatMap(({ version, stages }) => [
    '',
    version,
    ...toTable([
      ['stage', 'outcome', 'made by', 'ms', 'input', 'configuration'],
      ...stages.map((stage) => [
        stage.isReused ? `${stage.stage} (reused)` : stage.stage,
        stage.outcome,
        stage.version,
        stage.durationMs === undefined ? '' : `${stage.durationMs}`,
        stage.input.slice(0, 12),
        stage.configuration.slice(0, 12),
      ]),
    ]),
  ])
  const happened = events.map(({ number, event, atMs }) => `${number}  ${toIso(atMs)}  ${event}`)
  const json = { document: id, external_id: externalId, events, versions: versions.map(toLineageJson) }
  report(context.terminal, json, [`${externalId} (${id})`, ...happened, ...lines])
}

/** By the id of the document or by its external id. */
async function remove(context: CommandContext, [collection = '', wanted]: readonly string[]): Promise<void> {
  const { parts } = await context.open()
  if (wanted === undefined) {
    await parts.knowledge.deleteCollection(operatorTenant, collection)
    return report(context.terminal, { deleted: true, collection }, [`${collection} is deleted`])
  }
  const named = await parts.knowledge.findDocument(operatorTenant, collection, wanted)
  const id = named?.id ?? wanted
  const { statement, publicKey, signature } = await parts.knowledge.deleteDocument(operatorTenant, collection, id)
  const json = {
    deleted: true,
    document: id,
    statement: statement ?? null,
    public_key: publicKey ?? null,
    signature: signature ?? null,
  }
  report(context.terminal, json, [`${wanted} is deleted; receipt of ${id}:`, `  ${statement ?? 'not checked yet'}`])
}

/** Of a collection whether everything agrees; of a deleted document its receipt; without a word every collection. */
async function verify(context: CommandContext, name: string | undefined): Promise<'failed' | void> {
  const { parts } = await context.open()
  const collections = (await parts.knowledge.listCollections(operatorTenant)).map((collection) => collection.name)
  if (name !== undefined && !collections.includes(name)) {
    const receipt = await parts.knowledge.getReceipt(operatorTenant, name).catch(() => undefined)
    if (receipt === undefined) {
      throw new PlatformError('NOT_FOUND', `"${name}" is neither a collection nor a deleted document`)
    }
    return report(context.terminal, receipt, [receipt.statement ?? 'deleted, and not checked yet'])
  }
  await parts.knowledge.checkDeletions()
  const reports: object[] = []
  const lines: string[] = []
  let isSound = true
  for (const collection of name === undefined ? collections : [name]) {
    const found = await parts.knowledge.verify(operatorTenant, collection)
    const { documents, formerDocuments, passages, historyBreak, ...faults } = found
    const isWhole = historyBreak === undefined && Object.values(faults).every((count) => count === 0)
    isSound &&= isWhole
    reports.push({ collection, isWhole, ...found, historyBreak: historyBreak ?? null })
    const what = isWhole ? 'everything agrees' : JSON.stringify({ ...faults, historyBreak })
    lines.push(`${collection}: ${documents} documents, ${passages} passages, ${what}`)
    if (formerDocuments > 0) {
      lines.push(
        `  ${formerDocuments} were indexed by an older analyser: found by what has not changed since, until a running server has indexed them anew`,
      )
    }
  }
  report(context.terminal, { object: 'list', data: reports }, lines.length === 0 ? ['no collections'] : lines)
  return isSound ? undefined : 'failed'
}

/** Which of two generations ranks better for the questions of a file, one JSON a line: `{query, expected: [{document}]}`. */
async function compare(
  context: CommandContext,
  [collection = '', number, path = '']: readonly string[],
): Promise<void> {
  const questions = await readQuestions(path)
  const { against } = context.options
  const { parts } = await context.open()
  const compared = await parts.knowledge.compareGenerations({
    tenant: operatorTenant,
    collection,
    generation: Number(number),
    against: typeof against === 'string' ? Number(against) : undefined,
    questions,
    principal: operator,
  })
  const nameOf = (generation: number | undefined): string => (generation === undefined ? 'words' : `${generation}`)
  const names = [nameOf(compared.first.generation), nameOf(compared.second.generation)] as const
  const lines = describe(compared, names, `generation ${names[0]}`)
  report(context.terminal, toGenerationComparisonJson(compared), lines)
}

/** What written contexts gain for the questions of a file. */
async function gain(context: CommandContext, [collection = '', path = '']: readonly string[]): Promise<void> {
  const questions = await readQuestions(path)
  const { parts } = await context.open()
  const compared = await parts.knowledge.compareContexts({ tenant: operatorTenant, collection, questions })
  const lines = describe(compared, ['with', 'without'], 'search with contexts')
  report(context.terminal, toContextComparisonJson(compared), lines)
}

const progressEveryMs = 2_000

/** Has them written or taken out, until that is done, or says how far it is. */
async function contexts(context: CommandContext, collection: string): Promise<'failed' | void> {
  const { with: model, off } = context.options
  if (model !== undefined && off === true) throw toMisuse(knowledge)
  const { parts } = await context.open()
  const { knowledge: rooms } = parts
  if (typeof model === 'string') {
    await rooms.planContexts({ tenant: operatorTenant, collection, model, principal: operator })
  }
  if (off === true) await rooms.removeContexts(operatorTenant, collection)
  if (model !== undefined || off === true) {
    const settled = rooms.embedding.settled().then(() => true)
    const pause = (): Promise<boolean> => sleep(progressEveryMs, false, { ref: false })
    while (!(await Promise.race([settled, pause()]))) {
      const { written, passages, cost } = await rooms.getContexts(operatorTenant, collection)
      context.terminal.note(`${written} of ${passages} passages, $${toDollars(cost)}`)
    }
  }
  if (off === true)
    return report(context.terminal, { deleted: true, collection }, [`${collection} has no contexts now`])
  const view = await rooms.getContexts(operatorTenant, collection)
  report(context.terminal, toContextJson(view), describeContexts(view))
  return view.fault === undefined ? undefined : 'failed'
}

function describeContexts(view: ContextView): readonly string[] {
  const { model, passages, written, waiting, degraded, fault, cost, unpriced, asked } = view
  const unknown = unpriced === 0 ? '' : `, ${unpriced} of them without a known price`
  return [
    `${written} of ${passages} passages have a context by ${model}; ${waiting} wait`,
    ...Object.entries(degraded).map(([reason, count]) => `${count} are without: ${reason}`),
    `${asked} answers, $${toDollars(cost)}${unknown}; of ${view.inputTokens} input tokens ${view.cachedTokens} from the cache`,
    ...(fault === undefined ? [] : [`the last run ended early: ${fault}`]),
  ]
}

async function readQuestions(path: string): Promise<readonly ComparedQuestion[]> {
  const questions: ComparedQuestion[] = []
  for await (const line of readFileLines(path)) questions.push(toComparedQuestion(parseQuestion(line, path)))
  return questions
}

function parseQuestion({ text, number }: { readonly text: string; readonly number: number }, path: string) {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  const parsed = comparedQuestion.safeParse(value)
  if (parsed.success) return parsed.data
  throw new PlatformError('INVALID_REQUEST', `${path}:${number} is no {"query", "expected": [{"document"}]}`)
}

function describe(
  { questions, first, second, difference, verdict }: ScoreComparison,
  names: readonly [string, string],
  subject: string,
): readonly string[] {
  const rows = Object.entries(difference).map(([figure, { mean, low, high }]) => {
    const of = (scores: typeof first): string => format(Object.entries(scores).find(([name]) => name === figure)?.[1])
    return [figure, of(first), of(second), format(mean), `${format(low)} … ${format(high)}`]
  })
  const head = ['figure', ...names, 'difference', '95 % interval']
  return [`${questions} questions; ${subject} is ${verdict}`, ...toTable([head, ...rows])]
}

function format(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(3)
}
