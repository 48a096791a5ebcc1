/** What is known of one figure of an arm: one value for each subject, its mean over the subject's calls. */
export interface Sample {
  readonly count: number
  readonly mean: number
  /** Of the values, not of the mean; 0 for a single one. */
  readonly variance: number
}

/** How an arm differs from the control. */
export interface Difference {
  /** Mean of the arm minus that of the control. */
  readonly difference: number
  /** Holds the true difference with 95 % probability at all looks together, however often one looks. */
  readonly low: number
  readonly high: number
  /** Of "there is no difference"; stays valid under looking again and stopping when it pleases. */
  readonly pValue: number
}

/** Fewer subjects than this in an arm are too few for what holds of means. */
const subjectsMin = 10

const alpha = 0.05
/** Effects of a fifth of a standard deviation are found soonest; the validity does not depend on it. */
const effectScale = 0.2

export function toSample(values: readonly number[]): Sample | undefined {
  if (values.length === 0) return undefined
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { count: values.length, mean, variance: values.length === 1 ? 0 : squares / (values.length - 1) }
}

/**
 * The mixture sequential probability ratio test of two means (Johari, Pekelis & Walsh, arXiv 1512.04922), normal by the
 * number of subjects, corrected for as many comparisons (Bonferroni). `undefined` with fewer than ten subjects in
 * either arm.
 */
export function compareSamples(arm: Sample, control: Sample, comparisons: number): Difference | undefined {
  if (arm.count < subjectsMin || control.count < subjectsMin) return undefined
  const difference = arm.mean - control.mean
  const noise = arm.variance / arm.count + control.variance / control.count
  if (noise === 0) return { difference, low: difference, high: difference, pValue: difference === 0 ? 1 : 0 }
  const prior = (effectScale ** 2 * (arm.variance + control.variance)) / 2
  const both = noise + prior
  const ratio = Math.sqrt(noise / both) * Math.exp((prior * difference ** 2) / (2 * noise * both))
  const level = alpha / comparisons
  const reach = Math.sqrt(((2 * noise * both) / prior) * Math.log(Math.sqrt(both / noise) / level))
  return {
    difference,
    low: difference - reach,
    high: difference + reach,
    pValue: Math.min(1, comparisons / ratio),
  }
}

/** The 95 % interval of a mean (Student), at one look; `undefined` for fewer than ten. */
export function intervalOf({
  count,
  mean,
  variance,
}: Sample): { readonly low: number; readonly high: number } | undefined {
  if (count < subjectsMin) return undefined
  const reach = toStudent(count - 1) * Math.sqrt(variance / count)
  return { low: mean - reach, high: mean + reach }
}

/** The 97.5 % quantile of Student's distribution by its expansion (Fisher & Cornish, 1960); 1 % off at 9 degrees. */
function toStudent(degrees: number): number {
  const z = 1.959_964
  return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2)
}

/**
 * P-value of "subjects fall into the arms by their shares" (chi-square). A small one says that what was drawn is not what is
 * counted, and that no difference can be trusted.
 */
export function testShares(arms: readonly { readonly subjects: number; readonly share: number }[]): number | undefined {
  const total = arms.reduce((sum, { subjects }) => sum + subjects, 0)
  const shares = arms.reduce((sum, { share }) => sum + share, 0)
  if (total === 0 || arms.length < 2 || shares <= 0) return undefined
  const statistic = arms.reduce((sum, { subjects, share }) => {
    const expected = (total * share) / shares
    return sum + (subjects - expected) ** 2 / expected
  }, 0)
  return chiSquareTail(statistic, arms.length - 1)
}

/** By the cube root of Wilson and Hilferty; for one degree exactly what the normal distribution says. */
function chiSquareTail(statistic: number, degrees: number): number {
  if (degrees === 1) return 2 * normalTail(Math.sqrt(statistic))
  const spread = 2 / (9 * degrees)
  return normalTail((Math.cbrt(statistic / degrees) - 1 + spread) / Math.sqrt(spread))
}

/** P(Z > z), to seven digits (Abramowitz & Stegun 26.2.17). */
function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z)
  const t = 1 / (1 + 0.231_641_9 * z)
  const series =
    t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
}
