import { createHash } from 'node:crypto'
import { PlatformError } from '../../core/errors.ts'
import { auditShare, createRiskTest, type LossKind, type RiskTest, type TestName } from './risk-tests.ts'

/** What is asked: expected quality loss against the reference ≤ epsilon, with confidence 1 − delta. */
export interface Guarantee {
  readonly epsilon: number
  readonly delta: number
  readonly loss: LossKind
}

export interface FamilyOptions {
  readonly guarantee: Guarantee
  /** Labelled cases; every policy is judged on all of them. */
  readonly count: number
  readonly policyCount: number
  /**
   * Losses of one policy against the reference, one of each case, in −1…1. Policies are numbered from the safest, and
   * numbered without looking at the labels: else the certificate is void.
   */
  readonly lossesOf: (policy: number) => Float64Array
  /** For many families of one guarantee and count; made anew when absent. */
  readonly test?: RiskTest | undefined
}

export type FamilyVerdict =
  | {
      readonly type: 'certified'
      /** The last policy of the family that is certified. */
      readonly policy: number
      readonly pValue: number
      readonly test: TestName
      /** Mean loss on the labels. */
      readonly meanLoss: number
    }
  /** Nothing beyond the reference itself can be said with so few labels. */
  | { readonly type: 'not-certifiable'; readonly reason: string; readonly test: TestName; readonly pValue: number }

/**
 * Learn-then-Test with fixed-sequence testing (Angelopoulos et al., arXiv 2110.01052): policies are tested from the safest
 * on, each at the same level (0.85 δ, see `auditShare`), until the first that fails. Throws INVALID_REQUEST for impossible figures and losses outside
 * −1…1.
 */
export function certifyFamily(options: FamilyOptions): FamilyVerdict {
  const { guarantee, count, policyCount } = options
  const { epsilon, delta, loss: kind } = guarantee
  const all = options.test === undefined ? listLosses(options) : undefined
  const isWhole = all?.every((row) => row.every((loss) => Number.isInteger(loss))) ?? true
  const test = options.test ?? createRiskTest({ kind, epsilon, delta, count, isWhole })
  let certified: Float64Array | undefined
  let policy = -1
  for (let next = 0; next < policyCount; next++) {
    const row = all?.[next] ?? readLosses(options, next)
    if (!test.rejects(row)) break
    certified = row
    policy = next
  }
  if (certified !== undefined) {
    return { type: 'certified', policy, pValue: test.pValue(certified), test: test.name, meanLoss: mean(certified) }
  }
  const pValue = policyCount === 0 ? 1 : test.pValue(all?.[0] ?? readLosses(options, 0))
  const reason = `not certifiable with ${count} labels: the safest policy beyond the reference has p = ${pValue.toPrecision(2)}, above ${(auditShare * delta).toPrecision(2)}`
  return { type: 'not-certifiable', reason, test: test.name, pValue }
}

function listLosses(options: FamilyOptions): readonly Float64Array[] {
  return Array.from({ length: options.policyCount }, (_, policy) => readLosses(options, policy))
}

function readLosses({ guarantee, count, lossesOf }: FamilyOptions, policy: number): Float64Array {
  const losses = lossesOf(policy)
  if (losses.length !== count) throw refuse(`policy ${policy} has ${losses.length} losses for ${count} cases`)
  if (!losses.every((loss) => loss >= -1 && loss <= 1)) throw refuse(`policy ${policy} has a loss outside -1 to 1`)
  return guarantee.loss === 'net' ? losses : losses.map((loss) => Math.max(0, loss))
}

/** Which policy a certificate speaks of: a threshold on a router's gains. */
export interface RouterPolicy {
  readonly router: string
  /** What the gain is read from: the question, or the weak model's answer too. */
  readonly stage: 'question' | 'answer'
  readonly weak: string
  readonly strong: string
}

/** Of everything that decides but the threshold: a certificate of another hash says nothing of this policy. */
export function hashPolicy({ router, stage, weak, strong }: RouterPolicy): string {
  return createHash('sha256')
    .update(JSON.stringify([router, stage, weak, strong]))
    .digest('hex')
}

export interface ThresholdOptions {
  readonly guarantee: Guarantee
  /** Fixed beforehand, ascending: a prompt whose gain is at least the threshold goes to the strong model. */
  readonly thresholds: readonly number[]
  readonly gains: Float64Array
  /** Quality of each answer, 0…1; a loss or a win beyond that counts as 1. */
  readonly weak: Float64Array
  readonly strong: Float64Array
  readonly test?: RiskTest | undefined
}

export type ThresholdVerdict =
  | (Extract<FamilyVerdict, { type: 'certified' }> & { readonly threshold: number; readonly strongShare: number })
  | Extract<FamilyVerdict, { type: 'not-certifiable' }>

/** Certifies the largest threshold it can. */
export function certifyThreshold(options: ThresholdOptions): ThresholdVerdict {
  const { guarantee, gains, weak, strong } = options
  const thresholds = [...new Set(options.thresholds)].toSorted((one, other) => one - other)
  const verdict = certifyFamily({
    guarantee,
    count: gains.length,
    policyCount: thresholds.length,
    test: options.test,
    lossesOf: (policy) => lossesAt(thresholds[policy] ?? Number.NEGATIVE_INFINITY, { gains, weak, strong }),
  })
  if (verdict.type === 'not-certifiable') return verdict
  const threshold = thresholds[verdict.policy] ?? Number.NEGATIVE_INFINITY
  return { ...verdict, threshold, strongShare: mean(gains.map((gain) => Number(gain >= threshold))) }
}

function lossesAt(
  threshold: number,
  { gains, weak, strong }: Pick<ThresholdOptions, 'gains' | 'weak' | 'strong'>,
): Float64Array {
  return gains.map((gain, row) =>
    gain >= threshold ? 0 : Math.max(-1, Math.min(1, (strong[row] ?? 0) - (weak[row] ?? 0))),
  )
}

function mean(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

function refuse(message: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', message, { param: 'losses' })
}
