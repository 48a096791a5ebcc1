import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { intervalOfMean, mean } from '../../src/core/bootstrap.ts'
import type { Principal } from '../../src/core/call.ts'
import type { Passage } from '../../src/core/ports.ts'
import type { ContextAsk, ContextWriter } from '../../src/core/ports-contexts.ts'
import { createSeededRandom } from '../../src/core/random.ts'
import { readContextualSet, type ContextualSet } from '../kit/contextual-set.ts'
import { openKnowledge, tenant } from '../kit/knowledge.ts'
import { writeOutline } from '../kit/outline-writer.ts'
import { isReported } from '../kit/question-sets.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

/** What contexts gain where passages lack what their document says once. */
export const scorecard: Scorecard = {
  name: 'contexts',
  purpose:
    'Pass@k of contextual code with written contexts and without: written by rules from the outline of each file, and by a model where contexts.jsonl has its answers',
  async run(options): Promise<Measurement> {
    const folder = join(options.dataFolder, 'retrieval', 'contextual')
    const set = readContextualSet(folder)
    if (set === undefined) return { figures: {}, promised, unmeasured: Object.keys(promised) }
    const outline = await measure(options, set, { name: 'outline', write: writeOutline })
    const answers = readAnswers(join(folder, 'contexts.jsonl'))
    if (answers === undefined) return { figures: outline, promised, unmeasured: ['model.gain10'] }
    const model = await measure(options, set, { name: 'model', write: ({ own }) => answers.get(own) })
    return { figures: { ...outline, ...model }, promised, unmeasured: [] }
  },
}

const promised = {
  'outline.written': ['=', 1],
  'outline.sharedShare': ['>=', 0.8],
} as const

interface Writer {
  readonly name: string
  /** Nothing where it has no answer. */
  readonly write: (asked: ContextAsk) => string | undefined
}

const collection = 'measured'
const account: Principal = { tenant, keyId: 'scorecard', role: 'admin', models: undefined, regions: undefined }

/** Reported are the questions that took no part in choosing the weight; Pass@k is the share of golden chunks among the first k. */
async function measure(
  options: ScorecardOptions,
  set: ContextualSet,
  { name, write }: Writer,
): Promise<Record<string, number>> {
  const shared = new Set<string>()
  const counted = { all: 0, shared: 0 }
  const contextWriter: ContextWriter = {
    write(asked) {
      counted.all += asked.shared.length + asked.own.length
      if (shared.has(asked.shared)) counted.shared += asked.shared.length
      shared.add(asked.shared)
      return Promise.resolve({ text: write(asked) ?? '', isCut: false, usage: undefined, cost: undefined })
    },
  }
  const open = await openKnowledge({ ...options, contextWriter })
  try {
    const { knowledge } = open
    await knowledge.createCollection(tenant, collection)
    const documents = set.files.map(({ id, text, cuts }) => ({
      externalId: id,
      name: `${id}.txt`,
      bytes: Buffer.from(text),
      cuts,
    }))
    await knowledge.putDocuments(tenant, collection, documents)
    const questions = set.questions.filter(({ text }) => isReported(text))
    const search = (text: string): Promise<readonly Passage[]> =>
      knowledge.search({ tenant, collections: [collection], query: text, passagesMax: 20 })
    const without = await Promise.all(questions.map(({ text }) => search(text)))
    await knowledge.planContexts({ tenant, collection, model: name, principal: account })
    await knowledge.embedding.settled()
    const view = await knowledge.getContexts(tenant, collection)
    const withThem = await Promise.all(questions.map(({ text }) => search(text)))
    const figures: Record<string, number> = {
      questions: questions.length,
      written: view.written / view.passages,
      sharedShare: counted.shared / counted.all,
    }
    const random = createSeededRandom(options.seed)
    for (const k of [5, 10, 20]) {
      const toPass = (found: readonly (readonly Passage[])[]) =>
        questions.map(({ golden }, index) => passOf(set, (found[index] ?? []).slice(0, k), golden))
      const [before, after] = [toPass(without), toPass(withThem)]
      const gains = after.map((pass, index) => pass - (before[index] ?? 0))
      const [low, high] = intervalOfMean(gains, random)
      Object.assign(figures, {
        [`without.pass${k}`]: mean(before),
        [`with.pass${k}`]: mean(after),
        [`gain${k}`]: mean(gains),
        [`gain${k}Low`]: low,
        [`gain${k}High`]: high,
      })
    }
    return Object.fromEntries(Object.entries(figures).map(([key, figure]) => [`${name}.${key}`, figure]))
  } finally {
    await open.close()
  }
}

function passOf({ files }: ContextualSet, passages: readonly Passage[], golden: readonly string[]): number {
  const found = new Set(
    passages.map(({ source, start }) => {
      const file = files.find(({ id }) => `${id}.txt` === source)
      return `${file?.id}/${file?.cuts.findLastIndex((cut) => cut <= start)}`
    }),
  )
  return (100 * golden.filter((chunk) => found.has(chunk)).length) / golden.length
}

/** Answers of a model by what it was asked behind the document, one JSON a line: `{"own", "context"}`. */
function readAnswers(path: string): ReadonlyMap<string, string> | undefined {
  if (!existsSync(path)) return undefined
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return new Map(
    lines.map((line) => {
      const { own, context } = JSON.parse(line) as { readonly own: string; readonly context: string }
      return [own, context]
    }),
  )
}
