import { createSeededRandom, type Random } from '../../../src/core/random.ts'
import type { ScorecardOptions } from '../../kit/scorecard.ts'
import { createToldEndpoints } from '../../kit/told-endpoints.ts'
import { ask, build } from './asking.ts'

const questions = 4_000
const fixedSamples = 10
/** The least at which two equal answers of ten may end a vote; chosen on simulations of other seeds. */
const voteConfidence = 0.93

/**
 * Questions of which a model answers each rightly with a probability of its own, drawn so that its mean is that of the
 * weak or the strong model of the GSM8K record and most questions are easy or hopeless; wrong answers repeat, by a power
 * law over fifteen. The record itself holds one answer of each model, so that votes can only be simulated.
 */
export async function measureVotes({ seed, print }: ScorecardOptions): Promise<Record<string, number>> {
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
