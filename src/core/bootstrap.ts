import type { Random } from './random.ts'

/** The 95 % interval of the mean of paired values, by resampling the pairs (percentile bootstrap, 2,000 draws). */
export function intervalOfMean(values: readonly number[], random: Random): readonly [low: number, high: number] {
  const means = Array.from({ length: 2_000 }, () => {
    let sum = 0
    for (let draw = 0; draw < values.length; draw++) sum += values[Math.floor(random.next() * values.length)] ?? 0
    return sum / values.length
  }).toSorted((a, b) => a - b)
  return [means[Math.floor(means.length * 0.025)] ?? Number.NaN, means[Math.floor(means.length * 0.975)] ?? Number.NaN]
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
