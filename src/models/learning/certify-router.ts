import { PlatformError } from '../../core/errors.ts'
import { toIso } from '../../core/time.ts'
import { createCertificate, type Certificate } from './certificate.ts'
import { certifyThreshold, type Guarantee, type RouterPolicy, type ThresholdVerdict } from './certify.ts'
import type { TrainingPair } from './pairs.ts'
import type { Router } from './router.ts'

export interface CertifyRouterOptions {
  readonly router: Router
  /**
   * Prompts drawn from the traffic, with the scores of the router's weak and strong model. Under `strongShareMin` those
   * that go to the strong model in any case need no scores: their loss is 0.
   */
  readonly pairs: readonly TrainingPair[]
  /** The least share of traffic that will ever go to the strong model; fixed before labels are seen. 0 when absent. */
  readonly strongShareMin?: number | undefined
  readonly guarantee: Guarantee
  /** Who gave the scores. */
  readonly judge: string
  /** What the router reads; after the weak answer where every pair has it and the router has learnt to, when absent. */
  readonly stage?: RouterPolicy['stage'] | undefined
  /** Milliseconds UTC. */
  readonly nowMs: number
}

export interface RouterCertification {
  readonly verdict: ThresholdVerdict
  /** Absent when nothing could be certified. */
  readonly certificate: Certificate | undefined
  readonly stage: RouterPolicy['stage']
  /** Cases judged on, and those of them whose scores were needed. */
  readonly cases: number
  readonly labels: number
  /** Cases whose prompt stood there before. Traffic repeats itself, and then they count; copies of a file would count too. */
  readonly repeated: number
  /** Pairs left out because the router was trained on their prompts, and those that lack a score. */
  readonly leftOut: { readonly seen: number; readonly unscored: number }
}

/**
 * Certifies the largest threshold of a router that it can. Pairs the router has seen are left out: it says too much of
 * them. Throws INVALID_REQUEST when no pair is left, or when the stage asked for was not learnt.
 */
export function certifyRouter(options: CertifyRouterOptions): RouterCertification {
  const { router, guarantee, judge } = options
  const fresh = options.pairs.filter(({ prompt }) => !router.hasSeen(prompt))
  const stage = options.stage ?? chooseStage(router, fresh)
  const thresholds = chooseThresholds(router.thresholds[stage], options.strongShareMin ?? 0)
  const cap = thresholds.at(-1) ?? Number.POSITIVE_INFINITY
  const gainOf = ({ prompt, answers }: TrainingPair): number =>
    router.gain(prompt, stage === 'answer' ? answers?.[router.weak] : undefined)
  const cases = fresh
    .map((pair) => ({ ...pair, gain: gainOf(pair) }))
    .filter(({ scores, gain }) => gain >= cap || (has(scores, router.weak) && has(scores, router.strong)))
  const leftOut = { seen: options.pairs.length - fresh.length, unscored: fresh.length - cases.length }
  if (cases.length === 0) {
    const reason = `${leftOut.seen} of ${options.pairs.length} pairs were trained on, ${leftOut.unscored} lack a score of ${router.weak} or ${router.strong}`
    throw new PlatformError('INVALID_REQUEST', `no pair is left to certify with: ${reason}`, { param: 'pairs' })
  }
  if (stage === 'answer') requireAnswers(router, fresh)
  requireScale(router, cases)
  const { least, most } = router.scale
  const toQuality = (score: number): number => (score - least) / (most - least)
  const verdict = certifyThreshold({
    guarantee,
    thresholds,
    gains: Float64Array.from(cases, ({ gain }) => gain),
    weak: Float64Array.from(cases, ({ scores }) => toQuality(scores[router.weak] ?? 0)),
    strong: Float64Array.from(cases, ({ scores }) => toQuality(scores[router.strong] ?? 0)),
  })
  const policy = { router: router.hash, stage, weak: router.weak, strong: router.strong }
  const labels = cases.filter(({ gain }) => gain < cap).length
  const repeated = cases.length - new Set(cases.map(({ prompt }) => prompt)).size
  const found = { verdict, stage, cases: cases.length, labels, repeated, leftOut }
  if (verdict.type === 'not-certifiable') return { ...found, certificate: undefined }
  const { test, pValue, meanLoss, strongShare, threshold } = verdict
  const certificate = createCertificate({
    ...guarantee,
    cases: cases.length,
    labels,
    judge,
    test,
    pValue,
    meanLoss,
    strongShare,
    policy,
    threshold,
    issuedAt: toIso(options.nowMs),
  })
  return { ...found, certificate }
}

/** Labels by which a scale is told; fewer certify nothing that anybody asks for. */
const scaleLabelsMin = 12

/**
 * Labels in another range than the router's would make every loss too small or too large, and nobody would see it. Right and wrong, and
 * shares, lie within 0 to 1; of other ranges training may have missed the ends, so half a range beyond is still theirs.
 */
function requireScale({ scale, weak, strong }: Router, cases: readonly TrainingPair[]): void {
  const scores = cases.flatMap(({ scores: given }) =>
    [weak, strong].flatMap((model) => (has(given, model) ? [given[model] ?? 0] : [])),
  )
  const range = scale.most - scale.least
  const margin = scale.least === 0 && scale.most === 1 ? 0 : range / 2
  const outside = scores.find((score) => score < scale.least - margin || score > scale.most + margin)
  const isLow = scores.length >= scaleLabelsMin && scores.every((score) => score <= scale.least + range / 8)
  if (outside === undefined && (margin === 0 || !isLow)) return
  const what = outside === undefined ? 'all lie in its lowest eighth' : `there is ${outside}`
  throw new PlatformError(
    'INVALID_REQUEST',
    `the scores are of another range than ${scale.least} to ${scale.most}, which the router was trained on: ${what}; give them in that range, or train with these`,
    { param: 'scores' },
  )
}

/** Thresholds stand for equal shares of what the router was trained on: the cap is the one of the share asked for. */
function chooseThresholds(thresholds: readonly number[], strongShareMin: number): readonly number[] {
  if (!(strongShareMin >= 0 && strongShareMin < 1)) {
    throw new PlatformError('INVALID_REQUEST', 'the least share of the strong model must lie from 0 to below 1', {
      param: 'strongShareMin',
    })
  }
  return thresholds.slice(0, Math.max(1, Math.ceil(thresholds.length * (1 - strongShareMin))))
}

function chooseStage(router: Router, pairs: readonly TrainingPair[]): RouterPolicy['stage'] {
  const areAnswered = pairs.every(({ answers }) => answers !== undefined && Object.hasOwn(answers, router.weak))
  return areAnswered && router.judges.includes(router.weak) ? 'answer' : 'question'
}

function requireAnswers(router: Router, pairs: readonly TrainingPair[]): void {
  if (!router.judges.includes(router.weak)) {
    throw new PlatformError('INVALID_REQUEST', `the router has not learnt to read answers of ${router.weak}`, {
      param: 'stage',
    })
  }
  if (chooseStage(router, pairs) !== 'answer') {
    throw new PlatformError('INVALID_REQUEST', `not every pair has an answer of ${router.weak}`, { param: 'answers' })
  }
}

function has(scores: Readonly<Record<string, number>>, model: string): boolean {
  return Object.hasOwn(scores, model)
}
