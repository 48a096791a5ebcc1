import { PlatformError } from '../../core/errors.ts'

/** Which loss is bounded: what is lost minus what is won against the reference, or what is lost alone. */
export type LossKind = 'net' | 'one-sided'

/** How a p-value was computed. All hold for any number of labels, without approximation for many. */
export type TestName = 'exact-binomial' | 'exact-ternary' | 'betting'

export interface RiskTest {
  readonly name: TestName
  /** P-value of "the expected loss is ε or more", from the losses of one policy. Small: the loss is below ε. */
  pValue(losses: Float64Array): number
  /** Whether the p-value is at most 0.85 δ; cheaper than the p-value where many policies are tested. */
  rejects(losses: Float64Array): boolean
}

export interface RiskQuestion {
  readonly kind: LossKind
  readonly epsilon: number
  readonly delta: number
  /** Labels, the same for every policy. */
  readonly count: number
  /** Whether every loss is −1, 0 or 1. */
  readonly isWhole: boolean
}

/**
 * Tests are held to this share of δ. Exact tests break their bound nearly as often as they are allowed to, and whoever
 * repeats a simulation a thousand times would then find it broken a little more often than δ about every other time.
 */
export const auditShare = 0.85

/** The test for a kind of loss: exact where losses are whole, by betting where they are graded. */
export function createRiskTest(question: RiskQuestion): RiskTest {
  checkQuestion(question)
  const { kind, epsilon, count, isWhole } = question
  const delta = auditShare * question.delta
  if (!isWhole) {
    const pValue = (losses: Float64Array): number => bet(losses, { epsilon, least: kind === 'net' ? -1 : 0, most: 1 })
    return { name: 'betting', pValue, rejects: (losses) => pValue(losses) <= delta }
  }
  if (kind === 'one-sided') {
    const pValue = (losses: Float64Array): number => binomialCdf(countOf(losses, 1), count, epsilon)
    return { name: 'exact-binomial', pValue, rejects: (losses) => pValue(losses) <= delta }
  }
  const test = createTernaryTest(count, epsilon)
  let critical: number | undefined
  return {
    name: 'exact-ternary',
    pValue: (losses) => test.pValue(countOf(losses, 1), countOf(losses, -1)),
    rejects(losses) {
      critical ??= test.criticalScore(delta)
      return test.score(countOf(losses, 1), countOf(losses, -1)) <= critical
    },
  }
}

function checkQuestion({ epsilon, delta, count }: RiskQuestion): void {
  const fault = !(epsilon > 0 && epsilon < 1)
    ? 'epsilon must lie between 0 and 1'
    : !(delta > 0 && delta < 1)
      ? 'delta must lie between 0 and 1'
      : !(count >= 1)
        ? 'there is no label to certify with'
        : undefined
  if (fault !== undefined) throw new PlatformError('INVALID_REQUEST', fault, { param: 'guarantee' })
}

function countOf(losses: Float64Array, value: number): number {
  let count = 0
  for (const loss of losses) if (loss === value) count++
  return count
}

interface TernaryTest {
  /** The score statistic of so many losses and wins; small speaks for a loss below ε. */
  score(lost: number, won: number): number
  pValue(lost: number, won: number): number
  /** The largest score at which the p-value is still at most δ. */
  criticalScore(delta: number): number
}

/**
 * The exact unconditional test of P(lost) − P(won) ≥ ε for pairs (Hsueh, Liu & Chen, Biometrics 2001): score statistic
 * with the restricted estimate of Nam (1997); the p-value is the largest over the unknown share of pairs that differ,
 * searched on a grid of 81 shares, finer where they are small.
 */
export function createTernaryTest(count: number, epsilon: number): TernaryTest {
  const score = (lost: number, won: number): number => scoreOf({ lost, won, count, epsilon })
  const nuisances = listNuisances(count, epsilon)
  const tail = (most: number, enough = 1): number => {
    const bounds = new Map<number, number>()
    let largest = 0
    for (const { chances, lostShare } of nuisances) {
      let sum = 0
      for (const [differing, chance] of chances) {
        let bound = bounds.get(differing)
        if (bound === undefined) bounds.set(differing, (bound = findBound(differing, most, score)))
        if (bound >= 0) sum += chance * binomialCdf(bound, differing, lostShare)
      }
      largest = Math.max(largest, sum)
      if (largest > enough) break
    }
    return largest
  }
  return {
    score,
    pValue: (lost, won) => Math.min(1, tail(score(lost, won) + 1e-12)),
    criticalScore(delta) {
      let [low, high] = [-12, 0]
      if (tail(low, delta) > delta) return Number.NEGATIVE_INFINITY
      for (let round = 0; round < 16; round++) {
        const middle = (low + high) / 2
        if (tail(middle, delta) <= delta) low = middle
        else high = middle
      }
      return low
    },
  }
}

interface Counts {
  readonly lost: number
  readonly won: number
  readonly count: number
  readonly epsilon: number
}

function scoreOf({ lost, won, count, epsilon }: Counts): number {
  const half = (lost + won) * (1 - epsilon) + 2 * epsilon * (lost - count)
  const root = Math.sqrt(half * half + 8 * count * won * epsilon * (1 - epsilon))
  const wonChance = Math.max(0, Math.min((1 - epsilon) / 2, (half + root) / (4 * count)))
  const variance = count * (2 * wonChance + epsilon - epsilon * epsilon)
  return (lost - won - count * epsilon) / Math.sqrt(variance)
}

/** Most losses among `differing` pairs whose score is at most `most`; −1 when there is none. The score rises with them. */
function findBound(differing: number, most: number, score: (lost: number, won: number) => number): number {
  let low = -1
  let high = differing + 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (score(middle, differing - middle) <= most) low = middle
    else high = middle
  }
  return low
}

interface Nuisance {
  readonly lostShare: number
  /** How likely so many pairs differ, where it is likely at all. */
  readonly chances: readonly (readonly [differing: number, chance: number])[]
}

function listNuisances(count: number, epsilon: number): readonly Nuisance[] {
  const steps = 80
  return Array.from({ length: steps + 1 }, (_, step) => {
    const won = ((1 - epsilon) / 2) * (step / steps) ** 2
    const differ = Math.min(1, 2 * won + epsilon)
    const spread = Math.sqrt(count * differ * (1 - differ))
    const first = Math.max(0, Math.floor(count * differ - 5.5 * spread - 3))
    const last = Math.min(count, Math.ceil(count * differ + 5.5 * spread + 3))
    const chances: [number, number][] = []
    for (let differing = first; differing <= last; differing++) {
      chances.push([differing, binomialChance(differing, count, differ)])
    }
    return { lostShare: (won + epsilon) / differ, chances }
  })
}

/**
 * P-value by betting (Waudby-Smith & Ramdas, JRSS B 2024): the inverse of the mean wealth of gamblers who each stake a
 * constant share on the loss being below ε. Valid for any bounded loss, by Markov's inequality.
 */
export function bet(
  losses: Float64Array,
  bounds: { readonly epsilon: number; readonly least: number; readonly most: number },
): number {
  const { epsilon, most } = bounds
  const stakeMax = 1 / (most - epsilon)
  const stakes = Array.from({ length: 40 }, (_, step) => stakeMax * 0.97 * ((step + 1) / 40) ** 2)
  const logs = stakes.map((stake) => {
    let wealth = 0
    for (const loss of losses) wealth += Math.log1p(stake * (epsilon - loss))
    return wealth
  })
  const largest = Math.max(...logs)
  const mean = logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length
  return Math.min(1, Math.exp(-largest) / mean)
}

/** P(X ≤ successes) of a binomial, by the incomplete beta function. */
export function binomialCdf(successes: number, count: number, chance: number): number {
  if (successes < 0) return 0
  if (successes >= count) return 1
  if (chance <= 0) return 1
  if (chance >= 1) return 0
  return incompleteBeta(1 - chance, count - successes, successes + 1)
}

function binomialChance(successes: number, count: number, chance: number): number {
  if (chance >= 1) return successes === count ? 1 : 0
  if (chance <= 0) return successes === 0 ? 1 : 0
  const ways = logGamma(count + 1) - logGamma(successes + 1) - logGamma(count - successes + 1)
  return Math.exp(ways + successes * Math.log(chance) + (count - successes) * Math.log1p(-chance))
}

/** Regularised incomplete beta function by its continued fraction (Lentz). */
function incompleteBeta(x: number, a: number, b: number): number {
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  let c = 1
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1), tiny)
  let value = d
  for (let step = 1; step <= 500; step++) {
    const even = (step * (b - step) * x) / ((a + 2 * step - 1) * (a + 2 * step))
    d = 1 / nonZero(1 + even * d, tiny)
    c = nonZero(1 + even / c, tiny)
    value *= d * c
    const odd = (-(a + step) * (a + b + step) * x) / ((a + 2 * step) * (a + 2 * step + 1))
    d = 1 / nonZero(1 + odd * d, tiny)
    c = nonZero(1 + odd / c, tiny)
    value *= d * c
    if (Math.abs(d * c - 1) < 1e-13) break
  }
  return value
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value
}

/** ln Γ for positive arguments (Lanczos, g = 7, nine terms). */
function logGamma(x: number): number {
  const shifted = x - 1
  let sum = 0.999_999_999_999_809_9
  for (const [place, coefficient] of lanczos.entries()) sum += coefficient / (shifted + place + 1)
  const base = shifted + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum)
}

const lanczos = [
  676.520_368_121_885_1, -1_259.139_216_722_402_8, 771.323_428_777_653_1, -176.615_029_162_140_6,
  12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6, 1.505_632_735_149_311_6e-7,
]
