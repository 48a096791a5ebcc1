import { PlatformError } from '../../core/errors.ts'
import { toIso } from '../../core/time.ts'
import { createCertificate, type Certificate } from './certificate.ts'
import { certifyThreshold, type Guarantee, type RouterPolicy, type ThresholdVerdict } from './certify.ts'
import type { TrainingPair } from './pairs.ts'
import type { Router } from './router.ts'

export interface CertifyRouterOptions {
  readonly router: Router
  /** Labelled prompts; each needs the scores of the router's weak and strong model. */
  readonly pairs: readonly TrainingPair[]
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
  readonly labels: number
  /** Pairs left out because the router was trained on their prompts, and those that lack a score. */
  readonly leftOut: { readonly seen: number; readonly unscored: number }
}

/**
 * Certifies the largest threshold of a router that it can. Pairs the router has seen are left out: it says too much of
 * them. Throws INVALID_REQUEST when no pair is left, or when the stage asked for was not learnt.
 */
export function certifyRouter(options: CertifyRouterOptions): RouterCertification {
  const { router, guarantee, judge } = options
  const scored = options.pairs.filter(({ scores }) => has(scores, router.weak) && has(scores, router.strong))
  const pairs = scored.filter(({ prompt }) => !router.hasSeen(prompt))
  const leftOut = { seen: scored.length - pairs.length, unscored: options.pairs.length - scored.length }
  if (pairs.length === 0) {
    const reason = `${leftOut.seen} of ${options.pairs.length} pairs were trained on, ${leftOut.unscored} lack a score of ${router.weak} or ${router.strong}`
    throw new PlatformError('INVALID_REQUEST', `no pair is left to certify with: ${reason}`, { param: 'pairs' })
  }
  const stage = options.stage ?? chooseStage(router, pairs)
  if (stage === 'answer') requireAnswers(router, pairs)
  const toQuality = (score: number): number => {
    const { least, most } = router.scale
    return Math.max(0, Math.min(1, (score - least) / (most - least)))
  }
  const verdict = certifyThreshold({
    guarantee,
    thresholds: router.thresholds[stage],
    gains: Float64Array.from(pairs, ({ prompt, answers }) =>
      router.gain(prompt, stage === 'answer' ? answers?.[router.weak] : undefined),
    ),
    weak: Float64Array.from(pairs, ({ scores }) => toQuality(scores[router.weak] ?? 0)),
    strong: Float64Array.from(pairs, ({ scores }) => toQuality(scores[router.strong] ?? 0)),
  })
  const policy = { router: router.hash, stage, weak: router.weak, strong: router.strong }
  const labels = pairs.length
  if (verdict.type === 'not-certifiable') return { verdict, certificate: undefined, stage, labels, leftOut }
  const { test, pValue, meanLoss, strongShare, threshold } = verdict
  const certificate = createCertificate({
    ...guarantee,
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
  return { verdict, certificate, stage, labels, leftOut }
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
