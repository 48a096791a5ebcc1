import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { configSchema } from '../../src/config/index.ts'
import { createIds } from '../../src/core/ids.ts'
import type { EventLog } from '../../src/core/ports.ts'
import { createSystemRandom } from '../../src/core/random.ts'
import type { Clock } from '../../src/core/time.ts'
import { createStore } from '../../src/store/index.ts'
import { createKnowledge, type Knowledge } from '../../src/tools/retrieval/index.ts'
import { median, type Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

/** How well search finds the one paragraph that answers a question, in two sets of Chinese questions. */
export const scorecard: Scorecard = {
  name: 'retrieval',
  purpose:
    'the paragraph that answers a question stands high among all paragraphs (DRCD traditional, CMRC 2018 simplified)',
  async run(options): Promise<Measurement> {
    const figures: Record<string, number> = {}
    const unmeasured: string[] = []
    for (const set of sets) {
      const path = join(options.dataFolder, 'retrieval', set.file)
      if (!existsSync(path)) {
        unmeasured.push(...measures.map((measure) => `${set.name}.${measure}`))
        continue
      }
      for (const [measure, figure] of Object.entries(await measureSet(path, options))) {
        figures[`${set.name}.${measure}`] = figure
      }
    }
    return { figures, promised: { 'drcd.ndcg10': ['>=', 0.97], 'cmrc2018.ndcg10': ['>=', 0.98] }, unmeasured }
  },
}

const sets = [
  { name: 'drcd', file: 'drcd/DRCD_test.json' },
  { name: 'cmrc2018', file: 'cmrc2018/cmrc2018_dev.json' },
] as const

const measures = ['ndcg10', 'hit5Share', 'noResultShare', 'searchMsP50', 'searchMsP99', 'takeInPerSecond'] as const

const squad = z.looseObject({
  data: z.array(
    z.looseObject({
      paragraphs: z.array(
        z.looseObject({ context: z.string(), qas: z.array(z.looseObject({ question: z.string() })) }),
      ),
    }),
  ),
})

const silentLog: EventLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/** The tenant and the collection of the measurement. */
const place = { tenant: 'default', collection: 'paragraphs' } as const

async function measureSet(path: string, options: ScorecardOptions): Promise<Record<(typeof measures)[number], number>> {
  const { clock } = options
  const paragraphs = squad.parse(JSON.parse(readFileSync(path, 'utf8'))).data.flatMap((each) => each.paragraphs)
  const folder = mkdtempSync(join(tmpdir(), 'strata-retrieval-'))
  const config = configSchema.parse({ store: { folder } })
  const store = await createStore({ config: config.store, clock, log: silentLog })
  try {
    const ids = createIds({ clock, random: createSystemRandom() })
    const knowledge = createKnowledge({ store, clock, ids, config: config.knowledge, log: silentLog })
    await knowledge.createCollection(place.tenant, place.collection)
    const startedMs = clock.monotonicMs()
    for (const [index, { context }] of paragraphs.entries()) await takeIn(knowledge, index, context)
    const takeInMs = clock.monotonicMs() - startedMs
    const questions = paragraphs.flatMap(({ qas }, index) => qas.map(({ question }) => ({ question, index })))
    return { ...(await askAll(knowledge, questions, clock)), takeInPerSecond: (paragraphs.length * 1_000) / takeInMs }
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Numbered names without letters, so that only the text decides. */
async function takeIn(knowledge: Knowledge, index: number, text: string): Promise<void> {
  const document = { externalId: `${index}`, name: `${index}.txt`, bytes: Buffer.from(text) }
  await knowledge.putDocument(place.tenant, place.collection, document)
}

interface Question {
  readonly question: string
  /** Of the paragraph that answers it. */
  readonly index: number
}

type Found = Omit<Record<(typeof measures)[number], number>, 'takeInPerSecond'>

async function askAll(knowledge: Knowledge, questions: readonly Question[], clock: Clock): Promise<Found> {
  const times: number[] = []
  let gain = 0
  let hits = 0
  let empty = 0
  for (const { question, index } of questions) {
    const query = { tenant: place.tenant, collections: [place.collection], query: question, passagesMax: 30 }
    const startedMs = clock.monotonicMs()
    const passages = await knowledge.search(query)
    times.push(clock.monotonicMs() - startedMs)
    const sources = [...new Set(passages.map((passage) => passage.source))].slice(0, 10)
    const rank = sources.indexOf(`${index}.txt`)
    if (rank >= 0) gain += 1 / Math.log2(rank + 2) // one relevant paragraph: its discounted gain is the nDCG
    if (rank >= 0 && rank < 5) hits++
    if (passages.length === 0) empty++
  }
  const sorted = times.toSorted((a, b) => a - b)
  return {
    ndcg10: gain / questions.length,
    hit5Share: hits / questions.length,
    noResultShare: empty / questions.length,
    searchMsP50: median(sorted) ?? Number.NaN,
    searchMsP99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
  }
}
