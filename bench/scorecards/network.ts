import { configSchema, type ModelNode } from '../../src/config/index.ts'
import { collectAnswer } from '../../src/core/answer.ts'
import { createRootCall } from '../../src/core/call.ts'
import { createChat, type ChatRequest } from '../../src/core/chat.ts'
import { createIds } from '../../src/core/ids.ts'
import type { Model } from '../../src/core/model.ts'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { createFakeClock } from '../../src/core/time.ts'
import {
  createModelTree,
  readRouter,
  trainRouter,
  writeRouter,
  type Router,
  type TrainingPair,
} from '../../src/models/index.ts'
import { runNetwork } from '../../test/kit/network/index.ts'
import type { Measurement } from '../kit/report.ts'
import { readRoutingSet } from '../kit/routing-sets.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'
import { createToldEndpoints, type ToldEndpoints } from '../kit/told-endpoints.ts'

const trees = 100_000

/** What networks of models never do, and what voting and cascades save. */
export const scorecard: Scorecard = {
  name: 'network',
  purpose: `${trees} random trees over upstreams that fail; votes of simulated samples; a cascade over the recorded answers of GSM8K`,
  async run(options): Promise<Measurement> {
    const { seed, print, dataFolder } = options
    const onTrees = (done: number): void => {
      if (done % 10_000 === 0) print(`${done} trees`)
    }
    const laws = await runNetwork({ trees, seed, requestsPerTree: 1, onTrees })
    const votes = await measureVotes(options)
    const gsm8k = readRoutingSet(dataFolder, 'gsm8k')
    const cascade = gsm8k === undefined ? undefined : await measureCascade(gsm8k, options)
    const none = ['=', 0] as const
    return {
      figures: { ...laws, ...votes, ...cascade },
      promised: {
        trees: ['=', trees],
        budgetsExceeded: none,
        regionsLeft: none,
        callsUncancelled: none,
        deadlocks: none,
        worstCaseBroken: none,
        lateSends: none,
        unexpected: none,
        'vote.strong.samplesShare': ['<=', 1 / 3],
        'vote.strong.accuracyLost': ['<=', 0.005],
        'cascade.accuracyGained': ['>=', 0],
        'cascade.strongShare': ['<=', 0.55],
      },
      unmeasured: cascade === undefined ? ['cascade.accuracyGained', 'cascade.strongShare'] : [],
    }
  },
}

const questions = 4_000
const fixedSamples = 10
/** The least at which two equal answers of ten may end a vote; chosen on simulations of other seeds. */
const voteConfidence = 0.93

/**
 * Questions of which a model answers each rightly with a probability of its own, drawn so that its mean is that of the
 * weak or the strong model of the GSM8K record and most questions are easy or hopeless; wrong answers repeat, by a power
 * law over fifteen. The record itself holds one answer of each model, so that votes can only be simulated.
 */
async function measureVotes({ seed, print }: ScorecardOptions): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  for (const [name, mean] of [
    ['weak', 0.637],
    ['strong', 0.858],
  ] as const) {
    const random = createSeededRandom(seed + 17)
    const adaptive = { used: 0, right: 0 }
    const fixed = { used: 0, right: 0 }
    for (let question = 0; question < questions; question++) {
      const samples = drawSamples(random, mean)
      await vote(samples, { confidence: voteConfidence, stop: 'adaptive' }, adaptive)
      await vote(samples, { stop: 'all' }, fixed)
    }
    figures[`vote.${name}.samplesShare`] = adaptive.used / fixed.used
    figures[`vote.${name}.accuracy`] = adaptive.right / questions
    figures[`vote.${name}.accuracyFixed`] = fixed.right / questions
    figures[`vote.${name}.accuracyLost`] = (fixed.right - adaptive.right) / questions
    print(
      `${name}: ${(adaptive.used / questions).toFixed(2)} samples of ${fixedSamples}, right ${adaptive.right} against ${fixed.right}`,
    )
  }
  return figures
}

async function vote(
  samples: readonly string[],
  settings: object,
  tally: { used: number; right: number },
): Promise<void> {
  let next = 0
  const endpoints = createToldEndpoints({ a: () => samples[next++] ?? '' })
  const model = build({ vote: { of: 'a', n: fixedSamples, parallel: 1, ...settings } }, endpoints)
  const answer = await ask(model, '?')
  tally.used += endpoints.counts['a'] ?? 0
  if (answer.endsWith(' 0')) tally.right++
}

/** Answer 0 is the right one. */
function drawSamples(random: Random, mean: number): readonly string[] {
  const right = drawBeta(random, mean * 1.2, (1 - mean) * 1.2)
  const power = 0.5 + 1.5 * random.next()
  const weights = Array.from({ length: 15 }, (_, rank) => (rank + 1) ** -power)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const drawWrong = (): number => {
    let rest = random.next() * total
    const found = weights.findIndex((weight) => (rest -= weight) < 0)
    return (found === -1 ? 14 : found) + 1
  }
  return Array.from({ length: fixedSamples }, () => `The answer is ${random.next() < right ? 0 : drawWrong()}`)
}

/** By Jöhnk's method, which is quick for small parameters. */
function drawBeta(random: Random, left: number, right: number): number {
  for (;;) {
    const one = random.next() ** (1 / left)
    const other = random.next() ** (1 / right)
    if (one + other <= 1 && one + other > 0) return one / (one + other)
  }
}

const folds = 5

/** Trained on one half of the prompts; the threshold is chosen there too, on predictions for prompts not trained on. */
async function measureCascade(
  set: { readonly train: readonly TrainingPair[]; readonly test: readonly TrainingPair[] },
  options: ScorecardOptions,
): Promise<Record<string, number>> {
  const { train, test } = set
  const gains = predictGains(train, options.seed)
  const threshold = chooseThreshold(gains)
  const router = trainOn(train, options.seed)
  let current: TrainingPair | undefined
  const endpoints = createToldEndpoints({ weak: () => current?.answers?.['weak'] ?? '', strong: () => 'strong' })
  const cascade = { cascade: [{ use: 'weak', accept: { learned: 'r', threshold } }, { use: 'strong' }] }
  const model = build(cascade, endpoints, router)
  let right = 0
  for (const row of test) {
    current = row
    const answer = await ask(model, row.prompt)
    right += scoreOf(row, answer === 'strong' ? 'strong' : 'weak')
  }
  const strong = test.reduce((sum, row) => sum + scoreOf(row, 'strong'), 0)
  options.print(
    `cascade: ${right} right of ${test.length}, the strong model alone ${strong}; threshold ${threshold.toFixed(3)}`,
  )
  return {
    'cascade.accuracy': right / test.length,
    'cascade.strongAccuracy': strong / test.length,
    'cascade.accuracyGained': (right - strong) / test.length,
    'cascade.strongShare': (endpoints.counts['strong'] ?? 0) / test.length,
  }
}

/**
 * The largest threshold below which the predicted gains of the strong answers sum up to nothing: what is lost where it is
 * better is won back where the weak one is. Predictions are calibrated, so that their sum is steadier than a count of
 * right answers, which moves by chance.
 */
function chooseThreshold(gains: readonly number[]): number {
  let sum = 0
  let threshold = 0
  for (const gain of gains.toSorted((left, right) => left - right)) {
    sum += gain
    if (sum > 0) break
    threshold = gain
  }
  return Math.min(1, Math.max(0, threshold))
}

/** What each prompt's stronger answer is expected to gain, by routers that have not seen the prompt. */
function predictGains(rows: readonly TrainingPair[], seed: number): readonly number[] {
  const gains: number[] = []
  for (let fold = 0; fold < folds; fold++) {
    const router = trainOn(
      rows.filter((_, index) => index % folds !== fold),
      seed,
    )
    for (const [index, row] of rows.entries()) {
      if (index % folds !== fold) continue
      const scores = router.scoreAnswer(row.prompt, { model: 'weak', answer: row.answers?.['weak'] ?? '' })
      gains[index] = scores === undefined ? 1 : scores.strong - scores.answer
    }
  }
  return gains
}

function trainOn(rows: readonly TrainingPair[], seed: number): Router {
  const { content } = trainRouter({ pairs: rows, seed, nowMs: 0, weak: 'weak', strong: 'strong' })
  return readRouter(Buffer.from(writeRouter(content)))
}

function scoreOf({ scores }: TrainingPair, model: 'weak' | 'strong'): number {
  return scores[model] ?? 0
}

function build(node: unknown, endpoints: ToldEndpoints, router?: Router): Model {
  const routers = {
    find: () => (router === undefined ? undefined : { router, certificate: undefined }),
    names: () => ['r'],
  }
  const config: Readonly<Record<string, ModelNode>> = configSchema.parse({ models: { it: node } }).models
  const tree = createModelTree({ config, endpoints, nodeKinds: [], clock: createFakeClock(0), routers })
  const model = tree.find('it')
  if (model === undefined) throw new Error('the tree lost its model')
  return model
}

async function ask(model: Model, text: string): Promise<string> {
  const clock = createFakeClock(0)
  const call = createRootCall(
    { clock, ids: createIds({ clock, random: createSeededRandom(1) }) },
    {
      name: model.id,
      principal: { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined },
      labels: { allowedRegions: ['local'] },
      durationMsMax: 1_000_000,
    },
  )
  const chat = createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text }] }] })
  const request: ChatRequest = { model: 'it', stream: false, outputTokensMax: undefined, wire: undefined, chat }
  return (await collectAnswer(await model.answer(request, call))).text
}
