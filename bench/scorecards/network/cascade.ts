import {
  findParity,
  readRouter,
  trainRouter,
  writeRouter,
  type Router,
  type TrainingPair,
} from '../../../src/models/index.ts'
import type { ScorecardOptions } from '../../kit/scorecard.ts'
import { createToldEndpoints } from '../../kit/told-endpoints.ts'
import { ask, build } from './asking.ts'

const folds = 5

/** Trained on one half of the prompts; the threshold is chosen there too, on predictions for prompts not trained on. */
export async function measureCascade(
  set: { readonly train: readonly TrainingPair[]; readonly test: readonly TrainingPair[] },
  options: ScorecardOptions,
): Promise<Record<string, number>> {
  const { train, test } = set
  const gains = predictGains(train, options.seed)
  const threshold = findParity({
    gains,
    weak: train.map((row) => scoreOf(row, 'weak')),
    strong: train.map((row) => scoreOf(row, 'strong')),
  })?.threshold
  const router = trainOn(train, options.seed)
  let current: TrainingPair | undefined
  const endpoints = createToldEndpoints({ weak: () => current?.answers?.['weak'] ?? '', strong: () => 'strong' })
  const cascade = {
    cascade: [
      { use: 'weak', accept: { learned: 'r', threshold: Math.min(1, Math.max(0, threshold ?? 0)) } },
      { use: 'strong' },
    ],
  }
  const model = build(cascade, endpoints, router)
  let right = 0
  for (const row of test) {
    current = row
    const answer = await ask(model, row.prompt)
    right += scoreOf(row, answer === 'strong' ? 'strong' : 'weak')
  }
  const strong = test.reduce((sum, row) => sum + scoreOf(row, 'strong'), 0)
  options.print(
    `cascade: ${right} right of ${test.length}, the strong model alone ${strong}; threshold ${threshold?.toFixed(3)}`,
  )
  return {
    'cascade.accuracy': right / test.length,
    'cascade.strongAccuracy': strong / test.length,
    'cascade.accuracyGained': (right - strong) / test.length,
    'cascade.strongShare': (endpoints.counts['strong'] ?? 0) / test.length,
    // What the same router could do at best: with the threshold that only the judged answers themselves can tell, and when
    // it knew of every answer whether it is right.
    'cascade.hindsightShare': findHindsightShare(test, readGains(router, test)),
    'cascade.hindsightShareTraining': findHindsightShare(train, gains),
    'cascade.knowingShare': test.filter((row) => scoreOf(row, 'weak') === 0).length / test.length,
  }
}

/** The least share of strong calls with which any threshold on these gains reaches the strong model's accuracy. */
function findHindsightShare(rows: readonly TrainingPair[], gains: readonly number[]): number {
  const order = [...rows.keys()].toSorted((one, other) => (gains[one] ?? 1) - (gains[other] ?? 1))
  let gained = 0
  let kept = 0
  for (const [place, row] of order.entries()) {
    const pair = rows[row]
    if (pair === undefined) continue
    gained += scoreOf(pair, 'weak') - scoreOf(pair, 'strong')
    if (gained >= 0) kept = place + 1
  }
  return (rows.length - kept) / rows.length
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
      gains[index] = readGains(router, [row])[0] ?? 1
    }
  }
  return gains
}

function readGains(router: Router, rows: readonly TrainingPair[]): readonly number[] {
  return rows.map(({ prompt, answers }) => router.gain(prompt, answers?.['weak'] ?? ''))
}

function trainOn(rows: readonly TrainingPair[], seed: number): Router {
  const { content } = trainRouter({ pairs: rows, seed, nowMs: 0, weak: 'weak', strong: 'strong' })
  return readRouter(Buffer.from(writeRouter(content)))
}

function scoreOf({ scores }: TrainingPair, model: 'weak' | 'strong'): number {
  return scores[model] ?? 0
}
