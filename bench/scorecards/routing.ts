import { createSeededRandom } from '../../src/core/random.ts'
import {
  measureRouting,
  readRouter,
  trainRouter,
  writeRouter,
  type Router,
  type TrainingPair,
} from '../../src/models/index.ts'
import { median, type Measurement } from '../kit/report.ts'
import { readRoutingSet, sample, type RoutingSet } from '../kit/routing-sets.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

/** How well a learned router tells which prompts need the strong model, on the sets and with the metrics of RouteLLM. */
export const scorecard: Scorecard = {
  name: 'routing',
  purpose: 'a router trained on one half of the prompts chooses between two models on the other half (RouteLLM sets)',
  async run(options): Promise<Measurement> {
    const figures: Record<string, number> = {}
    const unmeasured: string[] = []
    const sets = {
      mmlu: readRoutingSet(options.dataFolder, 'mmlu'),
      gsm8k: readRoutingSet(options.dataFolder, 'gsm8k'),
      mtbench: readRoutingSet(options.dataFolder, 'mtbench'),
    }
    if (sets.mmlu === undefined) unmeasured.push(...mmluKeys)
    else Object.assign(figures, measureMmlu(sets.mmlu, options))
    if (sets.gsm8k === undefined) unmeasured.push(...gsm8kKeys)
    else Object.assign(figures, measureGsm8k(sets.gsm8k, options))
    const { mmlu, gsm8k, mtbench } = sets
    if (mmlu === undefined || gsm8k === undefined || mtbench === undefined) unmeasured.push('mtbench.apgr')
    else Object.assign(figures, measureMtbench([...mmlu.train, ...gsm8k.train], mtbench, options))
    return { figures, promised, unmeasured }
  },
}

const promised = {
  'mmlu.labels1500.apgr': ['>=', 0.65],
  'mmlu.half.apgr': ['>=', 0.68],
  'mmlu.half.cpt50': ['<=', 26],
  'mmlu.half.cpt80': ['<=', 57],
  'gsm8k.question.apgr': ['>=', 0.64],
  'gsm8k.answer.apgr': ['>=', 0.78],
  decisionMsP50: ['<=', 0.2],
  trainMs: ['<=', 10_000],
  headBytesMax: ['<=', 1_048_576],
} as const

const mmluKeys = ['mmlu.labels1500.apgr', 'mmlu.half.apgr', 'mmlu.half.cpt50', 'mmlu.half.cpt80']
const gsm8kKeys = ['gsm8k.question.apgr', 'gsm8k.answer.apgr']

/** Chance decides which labels are drawn and how the training half is parted; never what is reported on. */
const seedCount = 3

function seedsOf({ seed }: ScorecardOptions): readonly number[] {
  return Array.from({ length: seedCount }, (_, step) => seed + step)
}

function measureMmlu(set: RoutingSet, options: ScorecardOptions): Record<string, number> {
  const { clock, print } = options
  const few = seedsOf(options).map((seed) => {
    const pairs = sample(set.train, 1_500, createSeededRandom(seed))
    return judge(train(pairs, seed), set.test)
  })
  print(`MMLU, 1,500 labels: APGR ${few.map(({ apgr }) => apgr.toFixed(4)).join(', ')}`)
  const times: number[] = []
  const processorTimes: number[] = []
  const half = seedsOf(options).map((seed) => {
    const startedMs = clock.monotonicMs()
    const used = process.cpuUsage()
    const router = train(set.train, seed)
    processorTimes.push(process.cpuUsage(used).user / 1_000)
    times.push(clock.monotonicMs() - startedMs)
    return { router, judged: judge(router, set.test) }
  })
  print(`MMLU, ${set.train.length} labels: APGR ${half.map(({ judged }) => judged.apgr.toFixed(4)).join(', ')}`)
  const [first] = half
  return {
    ...spread('mmlu.labels1500', few),
    ...spread(
      'mmlu.half',
      half.map(({ judged }) => judged),
    ),
    ...(first === undefined ? {} : measureNoise('mmlu.half', first.router, set.test)),
    trainMs: median(times) ?? Number.NaN,
    // What stays comparable on a machine that others use too.
    trainProcessorMs: median(processorTimes) ?? Number.NaN,
    ...(first === undefined ? {} : measureDecision(first.router, set.test, options)),
    headBytesMax: largestHead(set.train.slice(0, 4_000)),
  }
}

function measureGsm8k(set: RoutingSet, options: ScorecardOptions): Record<string, number> {
  const routers = seedsOf(options).map((seed) => train(set.train, seed))
  const question = routers.map((router) =>
    judge(
      router,
      set.test.map(({ prompt, scores }) => ({ prompt, scores })),
    ),
  )
  const answer = routers.map((router) => judge(router, set.test))
  const [first] = routers
  return {
    ...spread('gsm8k.question', question),
    ...spread('gsm8k.answer', answer),
    ...(first === undefined ? {} : measureNoise('gsm8k.answer', first, set.test)),
  }
}

/** Nobody has labelled enough conversations to learn from: trained on the other sets, judged on all 72 questions. */
function measureMtbench(
  pairs: readonly TrainingPair[],
  set: RoutingSet,
  options: ScorecardOptions,
): Record<string, number> {
  const all = [...set.train, ...set.test]
  const routers = seedsOf(options).map((seed) => train(pairs, seed))
  const [first] = routers
  return {
    ...spread(
      'mtbench',
      routers.map((router) => judge(router, all)),
    ),
    ...(first === undefined ? {} : measureNoise('mtbench', first, all)),
  }
}

function train(pairs: readonly TrainingPair[], seed: number): Router {
  const { content } = trainRouter({ pairs, seed, nowMs: 0, weak: 'weak', strong: 'strong' })
  return readRouter(Buffer.from(writeRouter(content))) // as it comes out of its file
}

type Figures = ReturnType<typeof measureRouting>

function judge(router: Router, pairs: readonly TrainingPair[]): Figures {
  return measureRouting(toRouted(router, pairs))
}

function toRouted(router: Router, pairs: readonly TrainingPair[]): Parameters<typeof measureRouting>[0] {
  return {
    gains: Float64Array.from(pairs, ({ prompt, answers }) => router.gain(prompt, answers?.['weak'])),
    weak: Float64Array.from(pairs, ({ scores }) => scores['weak'] ?? Number.NaN),
    strong: Float64Array.from(pairs, ({ scores }) => scores['strong'] ?? Number.NaN),
  }
}

/** Means over seeds, and the standard deviation of the APGR between them. */
function spread(key: string, judged: readonly Figures[]): Record<string, number> {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const apgr = judged.map((each) => each.apgr)
  const middle = mean(apgr)
  const squares = apgr.reduce((sum, value) => sum + (value - middle) ** 2, 0)
  return {
    [`${key}.apgr`]: middle,
    [`${key}.apgrSeedDeviation`]: Math.sqrt(squares / Math.max(1, apgr.length - 1)),
    [`${key}.cpt50`]: mean(judged.map((each) => each.cpt50)),
    [`${key}.cpt80`]: mean(judged.map((each) => each.cpt80)),
  }
}

/** The standard deviation of the APGR over 200 draws of as many prompts: what another set of the same kind would differ by. */
function measureNoise(key: string, router: Router, pairs: readonly TrainingPair[]): Record<string, number> {
  const { gains, weak, strong } = toRouted(router, pairs)
  const random = createSeededRandom(1)
  const drawn = Array.from({ length: 200 }, () => {
    const rows = Array.from(pairs, () => Math.floor(random.next() * pairs.length))
    const choose = (values: ArrayLike<number>): Float64Array => Float64Array.from(rows, (row) => values[row] ?? 0)
    return measureRouting({ gains: choose(gains), weak: choose(weak), strong: choose(strong) }).apgr
  }).toSorted((one, other) => one - other)
  return { [`${key}.apgrLow95`]: drawn[5] ?? Number.NaN, [`${key}.apgrHigh95`]: drawn[194] ?? Number.NaN }
}

function measureDecision(
  router: Router,
  pairs: readonly TrainingPair[],
  { clock }: ScorecardOptions,
): Record<string, number> {
  for (const { prompt } of pairs.slice(0, 500)) router.gain(prompt)
  const times = pairs.slice(0, 5_000).map(({ prompt }) => {
    const startedMs = clock.monotonicMs()
    router.gain(prompt)
    return clock.monotonicMs() - startedMs
  })
  const sorted = times.toSorted((one, other) => one - other)
  return {
    decisionMsP50: median(sorted) ?? Number.NaN,
    decisionMsP99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
  }
}

/** The largest head in a router file, in bytes of its text. */
function largestHead(pairs: readonly TrainingPair[]): number {
  const { content } = trainRouter({ pairs, seed: 1, nowMs: 0 })
  const file = JSON.parse(writeRouter(content)) as { readonly questions: { readonly heads: readonly unknown[] } }
  return Math.max(...file.questions.heads.map((head) => JSON.stringify(head).length))
}
