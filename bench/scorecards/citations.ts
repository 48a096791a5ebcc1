import { join } from 'node:path'
import { createRootCall } from '../../src/core/call.ts'
import { collectAnswer, createAnswer, type CompleteAnswer } from '../../src/core/answer.ts'
import { unreachable } from '../../src/core/assert.ts'
import { createChat, type AnswerEvent, type ChatRequest, type Citation } from '../../src/core/chat.ts'
import { createIds } from '../../src/core/ids.ts'
import type { Model, Traits } from '../../src/core/model.ts'
import { parsePassages } from '../../src/core/passages.ts'
import type { Passage } from '../../src/core/ports.ts'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { createGroundKind } from '../../src/tools/index.ts'
import { openKnowledge, tenant, type OpenKnowledge } from '../kit/knowledge.ts'
import { readSquadSet, type QuestionSet } from '../kit/question-sets.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'
import { readWholeSpans } from '../kit/span-set.ts'

const questionsPerSet = 600

/** What becomes of quotes, right and wrong, that a model gives for passages of real texts. */
export const scorecard: Scorecard = {
  name: 'citations',
  purpose:
    'citations resolve byte-exactly, planted wrong quotes and wrong facts are caught (DRCD, CMRC 2018, chunking_eval)',
  run: (options) =>
    measureCitations(
      options,
      sets.map(({ name, read }) => ({ name, set: read(options) })),
    ),
}

/** The same on given texts; a set that is not there is unmeasured. */
export async function measureCitations(
  options: ScorecardOptions,
  given: readonly { readonly name: string; readonly set: TextSet | undefined }[],
): Promise<Measurement> {
  const counted = {
    citations: 0,
    resolved: 0,
    rightQuotes: 0,
    rightKept: 0,
    wrongQuotes: 0,
    wrongKept: 0,
    wrongUnmarked: 0,
    wrongFacts: 0,
    wrongFactsUnmarked: 0,
    rightFacts: 0,
    rightFactsMarked: 0,
  }
  const unmeasured: string[] = []
  for (const { name, set } of given) {
    if (set === undefined) unmeasured.push(name)
    else await measure(set, options, counted)
  }
  const { citations, resolved, rightQuotes, rightKept, rightFacts, rightFactsMarked, ...rest } = counted
  const figures = {
    citations,
    resolvedShare: resolved / citations,
    rightQuotes,
    rightKeptShare: rightKept / rightQuotes,
    rightFacts,
    rightFactsMarkedShare: rightFactsMarked / rightFacts,
    ...rest,
  }
  const promised = {
    resolvedShare: ['=', 1],
    rightKeptShare: ['=', 1],
    wrongKept: ['=', 0],
    wrongUnmarked: ['=', 0],
    wrongFactsUnmarked: ['=', 0],
  } as const
  return { figures: unmeasured.length === given.length ? {} : figures, promised, unmeasured }
}

export interface TextSet {
  readonly texts: readonly { readonly name: string; readonly text: string }[]
  readonly questions: readonly string[]
}

const sets: readonly { readonly name: string; readonly read: (options: ScorecardOptions) => TextSet | undefined }[] = [
  {
    name: 'drcd',
    read: ({ dataFolder }) => toTexts(readSquadSet('drcd', join(dataFolder, 'retrieval/drcd/DRCD_test.json'))),
  },
  {
    name: 'cmrc2018',
    read: ({ dataFolder }) =>
      toTexts(readSquadSet('cmrc2018', join(dataFolder, 'retrieval/cmrc2018/cmrc2018_dev.json'))),
  },
  {
    name: 'chunkingEval',
    read({ dataFolder }) {
      const set = readWholeSpans(join(dataFolder, 'retrieval/chunking_eval'))
      if (set === undefined) return undefined
      const texts = [...set.corpora].map(([name, text]) => ({ name: `${name}.md`, text }))
      return { texts, questions: set.questions.map(({ text }) => text) }
    },
  },
]

function toTexts(set: QuestionSet | undefined): TextSet | undefined {
  if (set === undefined) return undefined
  const texts = set.paragraphs.map(({ text }, index) => ({ name: `${index}.txt`, text }))
  return { texts, questions: set.questions.map(({ text }) => text) }
}

type Counted = Record<
  | 'citations'
  | 'resolved'
  | 'rightQuotes'
  | 'rightKept'
  | 'wrongQuotes'
  | 'wrongKept'
  | 'wrongUnmarked'
  | 'wrongFacts'
  | 'wrongFactsUnmarked'
  | 'rightFacts'
  | 'rightFactsMarked',
  number
>

async function measure(set: TextSet, options: ScorecardOptions, counted: Counted): Promise<void> {
  const open = await openKnowledge({ ...options, searchOn: 'same-thread' })
  try {
    await open.knowledge.createCollection(tenant, 'texts')
    const documents = set.texts.map(({ name, text }) => ({ externalId: name, name, bytes: Buffer.from(text) }))
    await open.knowledge.putDocuments(tenant, 'texts', documents)
    const random = createSeededRandom(options.seed)
    const step = Math.max(1, Math.floor(set.questions.length / questionsPerSet))
    for (let index = 0; index < set.questions.length; index += step) {
      await askOnce(open, { options, random, counted, question: set.questions[index] ?? '' })
    }
  } finally {
    await open.close()
  }
}

type Plan = 'exact' | 'folded' | 'invented' | 'altered' | 'wrongfact' | 'rightfact'
const plans: readonly Plan[] = ['exact', 'folded', 'invented', 'altered', 'wrongfact', 'rightfact']

interface Once {
  readonly options: ScorecardOptions
  readonly random: Random
  readonly counted: Counted
  readonly question: string
}

/** One answer of six statements, each with a quote of its own kind; its first word says which. */
async function askOnce(open: OpenKnowledge, { options, random, counted, question }: Once): Promise<void> {
  const { clock, seed } = options
  const told: Plan[] = []
  const writer: Model = {
    id: 'scripted',
    traits,
    answer: (request) => Promise.resolve(createAnswer(write(toPassages(request), random, told), () => undefined)),
  }
  const kind = createGroundKind({ knowledge: open.knowledge, clock })
  const model = kind.create(
    { ground: { in: 'texts', with: 'scripted' } },
    { id: 'grounded', path: 'models.grounded', build: () => writer },
  )
  const call = createRootCall(
    { clock, ids: createIds({ clock, random: createSeededRandom(seed) }) },
    {
      name: 'grounded',
      principal: { tenant, keyId: 'key', role: 'admin', models: undefined, regions: undefined },
      labels: { allowedRegions: ['local'] },
      durationMsMax: 60_000,
    },
  )
  const chat = createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text: question }] }] })
  const request = { model: 'grounded', stream: true, outputTokensMax: undefined, wire: undefined, chat }
  const answer = await collectAnswer(await model.answer(request, call))
  judge(answer, told, counted)
  await resolve(open, answer.citations, counted)
}

const traits: Traits = {
  contextTokens: undefined,
  inputs: ['text'],
  tools: false,
  does: ['chat'],
  regions: undefined,
  callsMax: 1,
  costMax: undefined,
}

function toPassages(request: ChatRequest): readonly Passage[] {
  return request.chat.messages.flatMap((message) =>
    message.role === 'system'
      ? message.parts.flatMap((part) => (part.type === 'text' ? parsePassages(part.text) : []))
      : [],
  )
}

async function* write(passages: readonly Passage[], random: Random, told: Plan[]): AsyncGenerator<AnswerEvent> {
  for (const plan of plans) {
    const number = Math.floor(random.next() * passages.length)
    const passage = passages[number]
    const quote = passage === undefined ? undefined : chooseQuote(passage.text, random)
    if (quote === undefined) continue
    told.push(plan)
    const text = `${toStatement(plan, quote)}【${number + 1}: "${toQuote(plan, quote)}"】\n`
    for (let at = 0; at < text.length; at += 7) yield { type: 'text-delta', text: text.slice(at, at + 7) }
  }
  yield { type: 'finish', reason: 'stop' }
}

/** A stretch of one sentence without brackets or quotation marks. */
function chooseQuote(text: string, random: Random): string | undefined {
  const sentences = text.split(/[。！？；!?\n]+|\.\s/).filter((each) => each.trim().length >= 12)
  const sentence = sentences[Math.floor(random.next() * sentences.length)]?.trim()
  if (sentence === undefined || /["“”「」『』【】[\]]/.test(sentence)) return undefined
  return sentence.slice(0, 60).trim()
}

function toStatement(plan: Plan, quote: string): string {
  switch (plan) {
    case 'exact':
    case 'folded':
    case 'invented':
    case 'altered':
      return `${plan} it stands in the text`
    case 'wrongfact':
      return `${plan} it was 918273645 of them`
    case 'rightfact':
      return `${plan} ${quote}`
    default:
      return unreachable(plan)
  }
}

function toQuote(plan: Plan, quote: string): string {
  const middle = Math.floor(quote.length / 2)
  switch (plan) {
    case 'exact':
    case 'wrongfact':
    case 'rightfact':
      return quote
    case 'folded':
      return quote
        .toUpperCase()
        .replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0))
        .replaceAll(' ', '  ')
    case 'invented':
      return '此句从未写在任何地方囧'
    case 'altered':
      return `${quote.slice(0, middle)}囧${quote.slice(middle + 1)}`
    default:
      return unreachable(plan)
  }
}

/** Each statement is found by its first word. */
function judge({ text, citations, unsupported = [] }: CompleteAnswer, told: readonly Plan[], counted: Counted): void {
  for (const plan of told) {
    const start = text.indexOf(`${plan} `)
    const isAt = (statement: { readonly answerStart?: number | undefined }) => statement.answerStart === start
    const isCited = citations.some(isAt)
    const isMarked = unsupported.some(isAt)
    if (plan === 'exact' || plan === 'folded') {
      counted.rightQuotes++
      if (isCited) counted.rightKept++
    } else if (plan === 'invented' || plan === 'altered') {
      counted.wrongQuotes++
      if (isCited) counted.wrongKept++
      if (!isMarked) counted.wrongUnmarked++
    } else if (plan === 'wrongfact') {
      counted.wrongFacts++
      if (!isMarked) counted.wrongFactsUnmarked++
    } else {
      counted.rightFacts++
      if (isMarked) counted.rightFactsMarked++
    }
  }
}

/** Every citation must be, to the byte, what stands there in the version it names. */
async function resolve({ knowledge }: OpenKnowledge, citations: readonly Citation[], counted: Counted): Promise<void> {
  for (const { version, start, end, text } of citations) {
    counted.citations++
    const source = (await knowledge.getVersion(tenant, version)).text
    if (Buffer.from(source.slice(start, end)).equals(Buffer.from(text))) counted.resolved++
  }
}
