import { join } from 'node:path'
import { createSimplifier } from '../../src/core/han.ts'
import type { Passage } from '../../src/core/ports.ts'
import { createSeededRandom } from '../../src/core/random.ts'
import { intervalOfMean, mean } from '../../src/core/bootstrap.ts'
import { readContextualSet } from '../kit/contextual-set.ts'
import { openKnowledge, tenant, type OpenKnowledge } from '../kit/knowledge.ts'
import { isReported, readSquadSet } from '../kit/question-sets.ts'
import { median, type Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'
import { readWholeSpans } from '../kit/span-set.ts'

/** How well search finds what answers a question. Weights were tuned on the half that is not reported. */
export const scorecard: Scorecard = {
  name: 'retrieval',
  purpose:
    'what answers a question stands high (DRCD traditional and CMRC 2018 simplified Chinese, contextual code, chunking_eval English)',
  async run(options): Promise<Measurement> {
    const figures: Record<string, number> = {}
    const unmeasured: string[] = []
    for (const measure of [measureDrcd, measureCmrc, measureContextual, measureSpans]) {
      const found = await measure(options)
      if (typeof found === 'string') unmeasured.push(found)
      else Object.assign(figures, found)
    }
    return { figures, promised, unmeasured }
  },
}

const promised = {
  'drcd.ndcg10': ['>=', 0.975],
  'drcd.simplifiedLoss': ['<=', 0.003],
  'drcd.noResultShare': ['<', 0.005],
  'cmrc2018.ndcg10': ['>=', 0.983],
  'cmrc2018.noResultShare': ['<', 0.005],
  'contextual.pass5': ['>=', 87],
  'contextual.pass10': ['>=', 92],
  'contextual.pass20': ['>=', 94],
  'chunkingEval.spansAddressable': ['=', 790],
  'chunkingEval.recall5': ['>=', 93],
} as const

type Figures = Record<string, number>

const collection = 'measured'

async function measureDrcd(options: ScorecardOptions): Promise<Figures | string> {
  const simplify = createSimplifier()
  const toSimplified = (text: string) => Array.from(text, (character) => simplify(character)).join('')
  return measureSquad(options, { name: 'drcd', file: 'drcd/DRCD_test.json', rewrite: toSimplified })
}

function measureCmrc(options: ScorecardOptions): Promise<Figures | string> {
  return measureSquad(options, { name: 'cmrc2018', file: 'cmrc2018/cmrc2018_dev.json', rewrite: undefined })
}

interface SquadOptions {
  readonly name: string
  readonly file: string
  /** Asks every question a second time, rewritten. */
  readonly rewrite: ((question: string) => string) | undefined
}

/** Each paragraph a document with a number for a name, so that only the text decides. */
async function measureSquad(
  options: ScorecardOptions,
  { name, file, rewrite }: SquadOptions,
): Promise<Figures | string> {
  const set = readSquadSet(name, join(options.dataFolder, 'retrieval', file))
  if (set === undefined) return `${name}.ndcg10`
  const open = await openKnowledge(options)
  try {
    const documents = set.paragraphs.map(({ text }, index) => ({
      externalId: `${index}`,
      name: `${index}.txt`,
      bytes: Buffer.from(text),
    }))
    await open.knowledge.createCollection(tenant, collection)
    await open.knowledge.putDocuments(tenant, collection, documents)
    const questions = set.questions.filter(({ text }) => isReported(text))
    const gains: number[] = []
    const gainsOfText: number[] = []
    const losses: number[] = []
    const times: number[] = []
    let [empty, hits] = [0, 0]
    for (const { text, paragraph } of questions) {
      const startedMs = options.clock.monotonicMs()
      const passages = await ask(open, text, 30)
      times.push(options.clock.monotonicMs() - startedMs)
      const gain = gainOf(passages, `${paragraph}.txt`)
      gains.push(gain)
      gainsOfText.push(gainOf(byTextAlone(passages), `${paragraph}.txt`))
      if (passages.length === 0) empty++
      if (gain >= 1 / Math.log2(6)) hits++
      if (rewrite !== undefined) losses.push(gain - gainOf(await ask(open, rewrite(text), 30), `${paragraph}.txt`))
    }
    const random = createSeededRandom(options.seed)
    const [low, high] = intervalOfMean(gains, random)
    const differences = gains.map((gain, index) => gain - (gainsOfText[index] ?? 0))
    const [gainLow, gainHigh] = intervalOfMean(differences, random)
    return prefix(name, {
      questions: questions.length,
      ndcg10: mean(gains),
      ndcg10Low: low,
      ndcg10High: high,
      gainOverText: mean(differences),
      gainOverTextLow: gainLow,
      gainOverTextHigh: gainHigh,
      hit5Share: hits / questions.length,
      noResultShare: empty / questions.length,
      searchMsP50: median(times) ?? Number.NaN,
      ...(rewrite === undefined ? {} : { simplifiedLoss: mean(losses) }),
    })
  } finally {
    await open.close()
  }
}

/** Pass@k: the share of golden chunks among the first k. Chunks are those of the set, given as cuts. */
async function measureContextual(options: ScorecardOptions): Promise<Figures | string> {
  const set = readContextualSet(join(options.dataFolder, 'retrieval', 'contextual'))
  if (set === undefined) return 'contextual.pass5'
  const open = await openKnowledge(options)
  try {
    await open.knowledge.createCollection(tenant, collection)
    const documents = set.files.map(({ id, text, cuts }) => ({
      externalId: id,
      name: `${id}.txt`,
      bytes: Buffer.from(text),
      cuts,
    }))
    await open.knowledge.putDocuments(tenant, collection, documents)
    const figures: Figures = {}
    for (const half of ['reported', 'all'] as const) {
      const questions = set.questions.filter(({ text }) => half === 'all' || isReported(text))
      const random = createSeededRandom(options.seed)
      const found = await Promise.all(questions.map(({ text }) => ask(open, text, 20)))
      for (const k of [5, 10, 20]) {
        const share = (passages: readonly Passage[], golden: readonly string[]) => {
          const top = new Set(passages.slice(0, k).map((passage) => toChunkKey(set.files, passage)))
          return (100 * golden.filter((chunk) => top.has(chunk)).length) / golden.length
        }
        const passes = questions.map(({ golden }, index) => share(found[index] ?? [], golden))
        const key = half === 'all' ? `all.pass${k}` : `pass${k}`
        figures[key] = mean(passes)
        const [low, high] = intervalOfMean(passes, random)
        figures[`${key}Low`] = low
        figures[`${key}High`] = high
      }
      figures[half === 'all' ? 'all.questions' : 'questions'] = questions.length
    }
    return prefix('contextual', figures)
  } finally {
    await open.close()
  }
}

function toChunkKey(
  files: readonly { readonly id: string; readonly cuts: readonly number[] }[],
  passage: Passage,
): string {
  const file = files.find(({ id }) => `${id}.txt` === passage.source)
  return `${file?.id}/${file?.cuts.findLastIndex((cut) => cut <= passage.start)}`
}

/** No question of this set was tuned on, so all of them are reported. */
async function measureSpans(options: ScorecardOptions): Promise<Figures | string> {
  const folder = join(options.dataFolder, 'retrieval', 'chunking_eval')
  const set = readWholeSpans(folder)
  if (set === undefined) return 'chunkingEval.recall5'
  const open = await openKnowledge(options)
  try {
    await open.knowledge.createCollection(tenant, collection)
    const versions = new Map<string, string>()
    for (const [name, text] of set.corpora) {
      const document = { externalId: name, name: `${name}.md`, bytes: Buffer.from(text) }
      const { version } = await open.knowledge.putDocument(tenant, collection, document)
      versions.set(name, (await open.knowledge.getVersion(tenant, version)).text)
    }
    let addressable = 0
    const recalls: number[] = []
    for (const { text, corpus, spans } of set.questions) {
      for (const { start, end, content } of spans) {
        if (versions.get(corpus)?.slice(start, end) === content) addressable++
      }
      const passages = (await ask(open, text, 5)).filter((passage) => passage.source === `${corpus}.md`)
      const covered = spans.map(({ start, end }) =>
        passages.reduce(
          (sum, passage) => sum + Math.max(0, Math.min(end, passage.end) - Math.max(start, passage.start)),
          0,
        ),
      )
      const whole = spans.reduce((sum, { start, end }) => sum + end - start, 0)
      recalls.push((100 * covered.reduce((sum, each) => sum + each, 0)) / whole)
    }
    const [low, high] = intervalOfMean(recalls, createSeededRandom(options.seed))
    return prefix('chunkingEval', {
      questions: set.questions.length,
      spansAddressable: addressable,
      recall5: mean(recalls),
      recall5Low: low,
      recall5High: high,
    })
  } finally {
    await open.close()
  }
}

function ask({ knowledge }: OpenKnowledge, query: string, passagesMax: number): Promise<readonly Passage[]> {
  return knowledge.search({ tenant, collections: [collection], query, passagesMax })
}

/** One relevant document: its discounted gain among the first ten is the nDCG. */
function gainOf(passages: readonly Passage[], source: string): number {
  const rank = [...new Set(passages.map((passage) => passage.source))].slice(0, 10).indexOf(source)
  return rank < 0 ? 0 : 1 / Math.log2(rank + 2)
}

/** The same passages in the order of the signal `text`: BM25 as it is. */
function byTextAlone(passages: readonly Passage[]): readonly Passage[] {
  return passages.toSorted((a, b) => (b.why?.signals['text'] ?? 0) - (a.why?.signals['text'] ?? 0))
}

function prefix(name: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([key, figure]) => [`${name}.${key}`, figure]))
}
